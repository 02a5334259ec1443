package relay

import (
	"encoding/binary"

	"github.com/pion/rtcp"
)

// toldArrival is one packet of a transport-wide feedback message.
type toldArrival struct {
	seq      uint16
	received bool
	at       micros // on the receiver's clock
}

// feedbackReader goes through one transport-wide feedback message (draft-holmer-rmcat-transport-wide-
// cc-extensions-01, section 3.1) without a copy of it: these messages are the most frequent of all.
type feedbackReader struct {
	chunks, deltas []byte
	seq            uint16
	left           int // packets
	at             micros
	chunk          uint16
	inChunk        int // symbols of chunk that are still to come
}

const (
	feedbackHead  = 20 // bytes before the chunks
	feedbackTick  = 250
	feedbackEpoch = 64 * millisecond
)

// isFeedback reports whether an RTCP packet is a transport-wide feedback message.
func isFeedback(b []byte) bool {
	return len(b) >= feedbackHead && b[0]&0x1f == rtcp.FormatTCC && b[1] == byte(rtcp.TypeTransportSpecificFeedback)
}

// newFeedbackReader finds where a message's parts are; false for one that is cut short.
func newFeedbackReader(b []byte) (r feedbackReader, ok bool) {
	r.seq = binary.BigEndian.Uint16(b[12:])
	r.left = int(binary.BigEndian.Uint16(b[14:]))
	reference := int32(uint32(b[16])<<24|uint32(b[17])<<16|uint32(b[18])<<8) >> 8
	r.at = micros(reference) * feedbackEpoch
	rest := b[feedbackHead:]
	for symbols := 0; symbols < r.left; {
		if len(rest) < 2 {
			return r, false
		}
		symbols += symbolsIn(binary.BigEndian.Uint16(rest))
		rest = rest[2:]
	}
	r.chunks, r.deltas = b[feedbackHead:len(b)-len(rest)], rest
	return r, true
}

// symbolsIn tells how many packets a chunk speaks of.
func symbolsIn(chunk uint16) int {
	switch {
	case chunk&0x8000 == 0:
		return int(chunk & 0x1fff)
	case chunk&0x4000 == 0:
		return 14
	}
	return 7
}

// next tells the next packet; false at the end, and where a delta is missing.
func (r *feedbackReader) next() (t toldArrival, ok bool) {
	if r.left == 0 {
		return t, false
	}
	for r.inChunk == 0 {
		if len(r.chunks) < 2 {
			return t, false
		}
		r.chunk, r.chunks = binary.BigEndian.Uint16(r.chunks), r.chunks[2:]
		r.inChunk = symbolsIn(r.chunk)
	}
	r.inChunk--
	symbol := uint16(0)
	switch {
	case r.chunk&0x8000 == 0:
		symbol = r.chunk >> 13 & 3
	case r.chunk&0x4000 == 0:
		symbol = r.chunk >> r.inChunk & 1
	default:
		symbol = r.chunk >> (2 * r.inChunk) & 3
	}
	size := 0
	switch symbol {
	case rtcp.TypeTCCPacketReceivedSmallDelta:
		if size = 1; len(r.deltas) >= 1 {
			r.at += micros(r.deltas[0]) * feedbackTick
		}
	case rtcp.TypeTCCPacketReceivedLargeDelta:
		if size = 2; len(r.deltas) >= 2 {
			r.at += micros(int16(binary.BigEndian.Uint16(r.deltas))) * feedbackTick
		}
	}
	if len(r.deltas) < size {
		return t, false
	}
	r.deltas = r.deltas[size:]
	t = toldArrival{seq: r.seq, received: size > 0, at: r.at}
	r.seq++
	r.left--
	return t, true
}
