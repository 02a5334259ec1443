package bot

import (
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
)

// inlet is where media arrives in one place of one link: always the same person's on a link to a member, whoever
// the relay seats there on a link to a relay. One goroutine owns it.
type inlet struct {
	lib     *library
	rank    *atomic.Int64 // of its link
	of      source
	ledger  *ledger
	order   order
	picture assembly
	newest  uint32    // timestamp of the newest picture shown
	decoded func()    // called at the first frame of the source that could be decoded
	heard   bool      // it has been
	shows   bool      // newest is of this source
	asked   time.Time // the last request for a key frame
}

func newInlet(lib *library, rank *atomic.Int64) *inlet { return &inlet{lib: lib, rank: rank} }

// turn says whose media follows.
func (in *inlet) turn(to source, l *ledger, decoded func()) {
	in.of, in.ledger, in.decoded = to, l, decoded
	in.order.video = to.kind.video()
	in.picture, in.heard, in.shows = assembly{}, false, false
}

// read takes in a track until its connection ends.
func (in *inlet) read(track *webrtc.TrackRemote, ask func([]rtcp.Packet) error) {
	for {
		packet, _, err := track.ReadRTP()
		if err != nil {
			return
		}
		in.serve(packet, track, ask)
	}
}

// serve takes one packet and asks for a key frame where one is missing.
func (in *inlet) serve(packet *rtp.Packet, track *webrtc.TrackRemote, ask func([]rtcp.Packet) error) {
	if in.take(packet, time.Now()) {
		// An error means that the connection is ending; the next read tells.
		_ = ask([]rtcp.Packet{&rtcp.PictureLossIndication{MediaSSRC: uint32(track.SSRC())}})
	}
}

// take checks and counts one packet. It tells whether a key frame is to be asked for.
func (in *inlet) take(p *rtp.Packet, now time.Time) (askForKey bool) {
	f := in.order.take(arrival{p.SequenceNumber, p.Timestamp, p.Marker, len(p.Payload) == 0, now})
	in.ledger.packet(f, len(p.Payload))
	if !f.Fresh || len(p.Payload) == 0 {
		return false
	}
	if !in.of.kind.video() {
		number, known := in.lib.sounds[string(p.Payload)]
		if !known {
			number = -1
		}
		in.arrived(number, true, now)
		return false
	}
	broken := in.picture.broken
	picture, err := in.picture.push(f.Seq, p.Timestamp, p.Marker, p.Payload)
	if err != nil {
		in.ledger.broken(1)
	}
	in.ledger.broken(in.picture.broken - broken)
	if picture != nil && !in.missed(p.Timestamp) {
		in.show(picture, now)
	}
	return in.wantsKey(in.picture.broken > broken, now)
}

// missed tells that a picture comes so much after a newer one that no page would wait for it: packets that were lost
// are sent again.
func (in *inlet) missed(stamp uint32) bool {
	behind := int32(in.newest - stamp)
	if in.shows && behind > maxAge {
		return true
	}
	if !in.shows || behind < 0 {
		in.newest, in.shows = stamp, true
	}
	return false
}

// show decodes what can be decoded.
func (in *inlet) show(picture []byte, now time.Time) {
	if !isKey(picture) {
		in.arrived(-1, false, now)
		return
	}
	decoded, err := decodeKey(picture)
	if err != nil {
		in.ledger.broken(1)
		return
	}
	number, err := readNumber(decoded)
	if err != nil {
		number = -1 // a picture of somebody who paints none
	}
	in.arrived(number, true, now)
}

func (in *inlet) arrived(number int, decoded bool, now time.Time) {
	in.ledger.frame(shown{in.of.kind, number, decoded, in.rank.Load()}, now)
	if decoded && !in.heard {
		in.heard = true
		in.decoded()
	}
}

// wantsKey asks at most once a second, after a loss or as long as nothing could be decoded.
func (in *inlet) wantsKey(lost bool, now time.Time) bool {
	if !lost && in.heard || now.Sub(in.asked) < time.Second {
		return false
	}
	in.asked = now
	return true
}
