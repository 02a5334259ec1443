package relay

import (
	"encoding/binary"
	"errors"
)

// Messages of the control channel (data channel 0), relay to page from 0x01, page to relay from
// 0x81. Numbers are big-endian; PROTOCOL.md has the layouts.
const (
	msgMembers  = 0x01
	msgTable    = 0x02
	msgFilled   = 0x03
	msgSpeakers = 0x04
	msgSlots    = 0x05
	msgLayers   = 0x06
	msgHeld     = 0x07

	msgAck      = 0x81
	msgView     = 0x82
	msgMesh     = 0x83
	msgAnnounce = 0x84
)

// maxControl is the longest control message a page may send, in bytes.
const maxControl = 4096

var errControl = errors.New("relay: read control message: malformed")

// Seat is one line of the slot table: which member's what is in a receiving slot.
type Seat struct {
	Slot   uint8
	Member uint16
	Kind   Kind
}

// view is one tile that a page shows.
type view struct {
	member        uint16
	kind          Kind
	width, height uint16
	pinned        bool
}

// mesh is what a page sends and receives on its mesh links, in kbit/s.
type mesh struct{ up, down uint32 }

// layerSize is one layer that a page sends: picture size and the bit rate it will not exceed.
type layerSize struct {
	width, height, kbps uint16
}

// announcement is what a page says it sends of one kind.
type announcement struct {
	kind   Kind
	on     bool
	layers []layerSize // smallest first; empty for sound
}

func encodeMembers(list []memberName) []byte {
	b := []byte{msgMembers}
	b = binary.BigEndian.AppendUint16(b, uint16(len(list)))
	for _, m := range list {
		b = binary.BigEndian.AppendUint16(b, m.number)
		b = append(b, byte(len(m.id)))
		b = append(b, m.id...)
	}
	return b
}

func encodeTable(revision uint32, audio, video []Seat) []byte {
	b := binary.BigEndian.AppendUint32([]byte{msgTable}, revision)
	for _, seats := range [][]Seat{audio, video} {
		b = append(b, byte(len(seats)))
		for _, s := range seats {
			b = append(b, s.Slot)
			b = binary.BigEndian.AppendUint16(b, s.Member)
			b = append(b, byte(s.Kind))
		}
	}
	return b
}

func encodeFilled(s Seat, timestamp uint32) []byte {
	b := []byte{msgFilled, s.Slot}
	b = binary.BigEndian.AppendUint16(b, s.Member)
	b = append(b, byte(s.Kind))
	return binary.BigEndian.AppendUint32(b, timestamp)
}

func encodeSpeakers(speaker uint16, loudest []loudness) []byte {
	b := binary.BigEndian.AppendUint16([]byte{msgSpeakers}, speaker)
	b = append(b, byte(len(loudest)))
	for _, l := range loudest {
		b = binary.BigEndian.AppendUint16(b, l.number)
		b = append(b, byte(l.level))
	}
	return b
}

func encodeSlots(audio, video int) []byte { return []byte{msgSlots, byte(audio), byte(video)} }

func encodeLayers(kind Kind, mask uint32) []byte { return []byte{msgLayers, byte(kind), byte(mask)} }

func encodeHeld(slots []uint8) []byte { return append([]byte{msgHeld, byte(len(slots))}, slots...) }

// decode reads a page's message into one of uint32 (an acknowledged revision), []view, mesh or announcement.
func decode(b []byte) (any, error) {
	if len(b) == 0 || len(b) > maxControl {
		return nil, errControl
	}
	r := reader{b: b[1:]}
	var m any
	switch b[0] {
	case msgAck:
		m = r.u32()
	case msgView:
		m = r.views()
	case msgMesh:
		m = mesh{up: r.u32(), down: r.u32()}
	case msgAnnounce:
		m = r.announcement()
	default:
		return nil, errControl
	}
	if r.bad || len(r.b) > 0 {
		return nil, errControl
	}
	return m, nil
}

// reader takes numbers off the front of a message; bad is set once anything was missing or wrong.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) take(n int) []byte {
	if r.bad || len(r.b) < n {
		r.bad = true
		return make([]byte, n)
	}
	taken := r.b[:n]
	r.b = r.b[n:]
	return taken
}

func (r *reader) u8() uint8   { return r.take(1)[0] }
func (r *reader) u16() uint16 { return binary.BigEndian.Uint16(r.take(2)) }
func (r *reader) u32() uint32 { return binary.BigEndian.Uint32(r.take(4)) }

func (r *reader) kind() Kind {
	k := Kind(r.u8())
	if k >= kindCount {
		r.bad = true
		return 0
	}
	return k
}

func (r *reader) views() []view {
	list := make([]view, 0, 8)
	for range r.u8() {
		v := view{member: r.u16(), kind: r.kind(), width: r.u16(), height: r.u16(), pinned: r.u8()&1 != 0}
		if r.bad || !v.kind.Video() {
			r.bad = true
			return nil
		}
		list = append(list, v)
	}
	return list
}

func (r *reader) announcement() announcement {
	a := announcement{kind: r.kind(), on: r.u8()&1 != 0}
	count := r.u8()
	if count > maxLayers {
		r.bad = true
		return a
	}
	for range count {
		a.layers = append(a.layers, layerSize{r.u16(), r.u16(), r.u16()})
	}
	return a
}
