package relay

import (
	"encoding/binary"
	"testing"

	"github.com/pion/rtp"
	"pgregory.net/rapid"
)

// svcCamera makes the packets of one layered stream. Of each frame it knows what it is predicted from.
type svcCamera struct {
	codec             codec
	spatial, temporal int
	keyed             bool // larger layers are predicted from smaller ones in key pictures only
	descriptors       descriptorWriter

	picture int
	seq     uint16
	frame   uint16 // number of the next frame in dependency descriptors
	steady  int    // picture that the newest picture of the lowest rate was
	middle  int    // the same of the next rate
	since   int    // pictures since the last one of the lowest rate
}

type frameID struct{ picture, spatial int }

// madeFrame is one frame with the frames that it refers to.
type madeFrame struct {
	frameID
	temporal int
	refs     []frameID
	packets  []*rtp.Packet
}

const svcExtension = 5 // id of the dependency descriptor

// shoot makes one picture. n is how many packets each frame takes.
func (c *svcCamera) shoot(key bool, n int) (frames []madeFrame) {
	c.picture++
	temporal := 0
	if c.since++; key || c.since >= 1<<(c.temporal-1) {
		c.since = 0
	} else if temporal = c.temporal - 1; c.temporal == 3 && c.since == 2 {
		temporal = 1
	}
	for s := range c.spatial {
		f := madeFrame{frameID: frameID{c.picture, s}, temporal: temporal}
		switch {
		case key:
		case temporal == 2 && c.since == 3:
			f.refs = append(f.refs, frameID{c.middle, s})
		default:
			f.refs = append(f.refs, frameID{c.steady, s})
		}
		if s > 0 && (key || !c.keyed) {
			f.refs = append(f.refs, frameID{c.picture, s - 1})
		}
		for i := range n {
			c.seq++
			p := &rtp.Packet{Header: rtp.Header{
				Version: 2, PayloadType: 96, SSRC: 77, SequenceNumber: c.seq, Timestamp: uint32(c.picture) * 3000,
				Marker: s == c.spatial-1 && i == n-1,
			}}
			c.fill(p, &f, key, i == 0, i == n-1)
			p.Payload = binary.BigEndian.AppendUint16(p.Payload, uint16(c.picture))
			p.Payload = append(p.Payload, byte(s), byte(i))
			f.packets = append(f.packets, p)
		}
		c.frame++
		frames = append(frames, f)
	}
	switch temporal {
	case 0:
		c.steady = c.picture
	case 1:
		c.middle = c.picture
	}
	return frames
}

// fill writes the payload descriptor or the dependency descriptor.
func (c *svcCamera) fill(p *rtp.Packet, f *madeFrame, key, start, end bool) {
	if c.codec == codecAV1 {
		p.Payload = []byte{0x10, 0x32}
		if key && start && f.spatial == 0 {
			p.Payload[0] |= 0x08
		}
		b := c.descriptors.write(c, f, key, start, end)
		if err := p.SetExtension(svcExtension, b); err != nil {
			panic(err)
		}
		return
	}
	bit := func(on bool, b byte) byte {
		if on {
			return b
		}
		return 0
	}
	up := c.temporal == 3 && f.temporal < 2 || f.temporal == 0
	topmost := f.spatial == c.spatial-1 || c.keyed && !key
	p.Payload = []byte{
		0x80 | bit(!key, 0x40) | 0x20 | bit(start, 0x08) | bit(end, 0x04) | bit(topmost, 0x01),
		0x80 | byte(c.picture>>8)&0x7f, byte(c.picture),
		byte(f.temporal)<<5 | bit(up, 0x10) | byte(f.spatial)<<1 | bit(f.spatial > 0 && (key || !c.keyed), 1),
		byte(c.picture),
	}
}

func of(p *rtp.Packet) frameID {
	tail := p.Payload[len(p.Payload)-4:]
	return frameID{int(binary.BigEndian.Uint16(tail)), int(tail[2])}
}

// svcSlot is a slot that a layered stream feeds.
func svcSlot(t testing.TB, codec codec) (*Sink, *stream, *recorder) {
	s, out := loneSink(t)
	ln := *s.lane.Load()
	ln.payload[codec], ln.rtxPayload[codec] = 98, 99
	ln.descriptorExt, ln.profile = svcExtension, rtp.ExtensionProfileTwoByte
	s.lane.Store(&ln)
	st := loneStream(s)
	st.in.codecs[96], st.in.descriptorExt = codec, svcExtension
	st.owned.bucket = bucket{}
	return s, st, out
}

func receive(t testing.TB, st *stream, p *rtp.Packet, at micros) {
	t.Helper()
	raw, err := p.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	st.receive(raw, at)
}

// Whatever layers a slot asks for and whenever: each frame that goes out refers only to frames that
// went out before, numbers have no hole, and the last packet of each picture, and no other, is marked.
func TestLayersThatGoOutCanBeDecoded(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		c := &svcCamera{
			codec:   rapid.SampledFrom([]codec{codecVP9, codecAV1}).Draw(rt, "codec"),
			spatial: rapid.IntRange(1, 3).Draw(rt, "spatial"), temporal: rapid.IntRange(1, 3).Draw(rt, "temporal"),
			keyed: rapid.Bool().Draw(rt, "keyed"), seq: uint16(rapid.IntRange(0, 1<<16-1).Draw(rt, "seq")),
		}
		c.descriptors.custom = rapid.Bool().Draw(rt, "custom")
		s, st, out := svcSlot(t, c.codec)
		gone, refs := map[frameID]bool{}, map[frameID][]frameID{}
		n := rapid.IntRange(1, 3).Draw(rt, "packets")
		base := uint16(rapid.SampledFrom([]int{0, 1, 65530}).Draw(rt, "frame"))
		c.frame = base
		for i := range 80 {
			if rapid.IntRange(0, 9).Draw(rt, "wish") == 0 {
				s.aim(st.source, pick{st, uint8(rapid.IntRange(0, c.spatial-1).Draw(rt, "layer")), uint8(rapid.IntRange(0, 3).Draw(rt, "rate"))})
			}
			key := i == 0 || rapid.IntRange(0, 19).Draw(rt, "key") == 0 || s.waits() != nil && rapid.Bool().Draw(rt, "answer")
			from := len(out.sent)
			for _, f := range c.shoot(key, n) {
				refs[f.frameID] = f.refs
				for _, p := range f.packets {
					receive(t, st, p, micros(i)*33*millisecond)
				}
			}
			for at, p := range out.sent[from:] {
				if last := from+at == len(out.sent)-1; p.Marker != last {
					rt.Fatalf("picture %d: marker %v on packet %d of %d", c.picture, p.Marker, at+1, len(out.sent)-from)
				}
				gone[of(&p)] = true
				if b := p.GetExtension(svcExtension); c.codec == codecAV1 {
					// Frames count from one on, those that were left out included.
					id := of(&p)
					if got, want := describedNumber(b), base+uint16((id.picture-1)*c.spatial+id.spatial); got != want {
						rt.Fatalf("%v is number %d, not %d", id, got, want)
					}
				}
				for _, r := range refs[of(&p)] {
					if !gone[r] {
						rt.Fatalf("%v refers to %v, which was left out", of(&p), r)
					}
				}
			}
		}
		for i := 1; i < len(out.sent); i++ {
			if out.sent[i].SequenceNumber != out.sent[i-1].SequenceNumber+1 {
				rt.Fatalf("number %d follows %d", out.sent[i].SequenceNumber, out.sent[i-1].SequenceNumber)
			}
		}
	})
}

// A slot gets what it asks for: what of each picture goes out, after the key picture that a change needed.
func TestLayersFollowTheWish(t *testing.T) {
	for _, c := range []codec{codecVP9, codecAV1} {
		for _, keyed := range []bool{true, false} {
			camera := &svcCamera{codec: c, spatial: 3, temporal: 3, keyed: keyed}
			s, st, out := svcSlot(t, c)
			now := micros(0)
			roll := func(pictures int, key bool) (packets, marks int) {
				from := len(out.sent)
				for i := range pictures {
					now += 33 * millisecond
					for _, f := range camera.shoot(key && i == 0, 1) {
						receive(t, st, f.packets[0], now)
					}
				}
				for _, p := range out.sent[from:] {
					if p.Marker {
						marks++
					}
				}
				return len(out.sent) - from, marks
			}
			expect := func(what string, packets, marks, wantPackets, wantMarks int) {
				t.Helper()
				if packets != wantPackets || marks != wantMarks {
					t.Errorf("codec %d, keyed %v, %s: %d packets of %d pictures, want %d of %d", c, keyed, what, packets, marks, wantPackets, wantMarks)
				}
			}
			layersOfTop := 3 // a picture of the top layer takes all frames, or, when keyed, one
			if keyed {
				layersOfTop = 1
			}
			s.aim(st.source, pick{st, 0, allTemporal})
			packets, marks := roll(8, true)
			expect("small", packets, marks, 8, 8)
			s.aim(st.source, pick{st, 2, allTemporal})
			if s.waits() != st {
				t.Error("going up does not wait for a key frame")
			}
			packets, marks = roll(8, false)
			expect("waiting", packets, marks, 8, 8)
			packets, marks = roll(8, true)
			expect("large", packets, marks, 3+7*layersOfTop, 8)
			if s.waits() != nil || s.layer() != 2 {
				t.Errorf("layer %d, waits %v", s.layer(), s.waits() != nil)
			}
			s.aim(st.source, pick{st, 0, allTemporal})
			if waits := s.waits() != nil; waits != keyed {
				t.Errorf("going down waits for a key frame: %v", waits)
			}
			packets, marks = roll(8, keyed)
			expect("small again", packets, marks, 8, 8)
			s.aim(st.source, pick{st, 0, 0})
			packets, marks = roll(8, false)
			expect("slow", packets, marks, 2, 2)
			s.aim(st.source, pick{st, 0, allTemporal})
			packets, marks = roll(8, false)
			expect("fast again", packets, marks, 8, 8)
		}
	}
}

// A packet that comes late and is not for a slot fills the hole that was left for it with padding; one
// that is for it takes its place, and a repair carries the marker that the slot was given.
func TestLatePacketsOfLayers(t *testing.T) {
	camera := &svcCamera{codec: codecVP9, spatial: 3, temporal: 1, keyed: true}
	s, st, out := svcSlot(t, codecVP9)
	s.aim(st.source, pick{st, 0, allTemporal})
	var late []*rtp.Packet
	for i := range 10 {
		for _, f := range camera.shoot(i == 0, 2) {
			if i == 5 {
				late = append(late, f.packets[1])
				f.packets = f.packets[:1]
			}
			for _, p := range f.packets {
				receive(t, st, p, micros(i)*33*millisecond)
			}
		}
	}
	was := len(out.sent)
	for _, p := range late {
		receive(t, st, p, second)
	}
	if len(out.sent) != was+3 {
		t.Fatalf("%d more packets", len(out.sent)-was)
	}
	seen := map[uint16]rtp.Packet{}
	for _, p := range out.sent {
		seen[p.SequenceNumber] = p
	}
	first := out.sent[0].SequenceNumber
	for i := range 22 { // ten pictures of two packets, and two holes
		if _, ok := seen[first+uint16(i)]; !ok {
			t.Errorf("number %d is missing", first+uint16(i))
		}
	}
	own, other := out.sent[was], out.sent[was+1]
	if len(own.Payload) == 0 || !own.Marker || len(other.Payload) != 0 || other.Marker || !other.Padding {
		t.Errorf("late: %+v and %+v", own.Header, other.Header)
	}
	var m mender
	s.mu.Lock()
	sp, e, ok := s.numbers.again(own.SequenceNumber, second)
	s.mu.Unlock()
	if !ok || s.repair(&m, sp, e, sentPacket{seq: own.SequenceNumber, at: second}) == 0 || !out.sent[len(out.sent)-1].Marker {
		t.Error("the repair has no marker")
	}
	if s.resend(&m, other.SequenceNumber, second) {
		t.Error("what was left out is sent again")
	}
}

// What each layer takes is measured with what it needs, and its size read from the stream.
func TestLayersWithinAStreamAreMeasured(t *testing.T) {
	camera := &svcCamera{codec: codecAV1, spatial: 3, temporal: 3, keyed: false}
	_, st, _ := svcSlot(t, codecAV1)
	for i := range 60 {
		for _, f := range camera.shoot(i == 0, 3) {
			for _, p := range f.packets {
				receive(t, st, p, micros(i)*33*millisecond)
			}
		}
	}
	r := st.source.rungs(2 * second)
	if r[0].height != 180 || r[1].height != 360 || r[2].height != 720 || !r[2].flowing {
		t.Errorf("layers %+v", r)
	}
	if r[0].kbps == 0 || r[1].kbps < r[0].kbps*19/10 || r[2].kbps < r[0].kbps*28/10 {
		t.Errorf("a layer needs those below: %+v", r)
	}
	thin := st.source.thin()
	if thin[0] == 0 || thin[0] > r[0].kbps/2 || thin[1] <= thin[0] || thin[2] != 0 {
		t.Errorf("with fewer pictures %v of %d", thin, r[0].kbps)
	}
	// The top layer ends: it does not flow, and after a while is not there.
	camera.spatial = 2
	for i := range 120 {
		for _, f := range camera.shoot(false, 1) {
			receive(t, st, f.packets[0], 2*second+micros(i)*33*millisecond)
		}
		if r := st.source.rungs(0); i == 20 && (r[2].flowing || r[2].kbps == 0) || i == 119 && r[2].kbps != 0 {
			t.Errorf("after %d pictures %+v", i, r)
		}
	}
}

// Choosing among layers allocates nothing.
func TestLayersAllocateNothing(t *testing.T) {
	for _, c := range []codec{codecVP9, codecAV1} {
		camera := &svcCamera{codec: c, spatial: 3, temporal: 3, keyed: true}
		s, st, _ := svcSlot(t, c)
		ln, out := *s.lane.Load(), &silence{}
		ln.out = out
		s.lane.Store(&ln)
		s.aim(st.source, pick{st, 1, allTemporal})
		var raw [][]byte
		for i := range 700 {
			for _, f := range camera.shoot(i%100 == 0, 1) {
				b, err := f.packets[0].Marshal()
				if err != nil {
					t.Fatal(err)
				}
				raw = append(raw, b)
			}
		}
		at := 0
		one := func() {
			st.receive(raw[at], micros(at)*10*millisecond)
			at++
		}
		for range 600 {
			one()
		}
		if n := testing.AllocsPerRun(1000, one); n != 0 || out.packets < 500 {
			t.Errorf("codec %d: %v allocations per packet, %d forwarded", c, n, out.packets)
		}
	}
}
