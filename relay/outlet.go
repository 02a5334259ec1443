package relay

import "github.com/pion/rtp"

// outlet is the door between forwarding and the network: it seals a packet and sends it. pion's
// write stream is one; a socket that seals by itself and sends in batches can be another without a
// change on this side of the door. It must be safe for several goroutines, must not keep header or
// payload after it returns, and must see each (SSRC, sequence number) at most once, because sealing one index
// twice under one key would break the cipher: sending again goes by RTX with a number of its own.
type outlet interface {
	WriteRTP(header *rtp.Header, payload []byte) (int, error)
}

// lane is what a Sink learned when its m-line was negotiated. It never changes afterwards.
type lane struct {
	out         outlet
	ssrc        uint32
	rtxSSRC     uint32
	payload     [codecCount]uint8 // payload type per codec, 0 where this page does not take it
	rtxPayload  [codecCount]uint8
	twccExt     uint8 // header extension ids on this page's connection, 0 where not negotiated
	levelExt    uint8
	rotationExt uint8
	profile     uint16 // header extension profile, 0 for no extensions

	descriptorExt uint8
}
