package bot

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
	"go.uber.org/goleak"

	"parley/bridge/signal"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// wire stands where pion encrypts and sends: it hands every packet to an inlet, unless fault says otherwise.
type wire struct {
	webrtc.TrackLocalWriter
	to    *inlet
	count int
	fault func(count int, p *rtp.Packet) []*rtp.Packet
}

func (w *wire) WriteRTP(header *rtp.Header, payload []byte) (int, error) {
	p := &rtp.Packet{Header: *header, Payload: payload}
	sent := []*rtp.Packet{p}
	if w.fault != nil {
		sent = w.fault(w.count, p)
	}
	w.count++
	for _, p := range sent {
		w.to.take(p, time.Now())
	}
	return len(payload), nil
}

// perform plays one kind as from, for some time, to somebody who believes that it comes from taken.
func perform(t *testing.T, kind Kind, from, taken signal.PeerID, fault func(int, *rtp.Packet) []*rtp.Packet) Tally {
	t.Helper()
	lib, err := clips()
	if err != nil {
		t.Fatal(err)
	}
	var l ledger
	synctest.Test(t, func(t *testing.T) {
		l.begin(taken)
		l.want(true, time.Now())
		in := newInlet(lib, new(atomic.Int64))
		in.turn(source{taken, kind}, &l, func() {})
		o := newOutlet(kind, "")
		o.bound.Store(&binding{writer: &wire{to: in, fault: fault}})
		o.open.Store(true)
		p := newPlayer(lib, from)
		p.layer.Store(&layers[1])
		p.on[kind].Store(true)
		p.add(o)
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		p.run(ctx)
	})
	return l.read()
}

func TestAPlayerKeepsPaceAndItsReceiverFindsNothing(t *testing.T) {
	picture := perform(t, Camera, "ann", "ann", nil)
	if picture.Frames < 19*picturesPerSecond || picture.Frames > 20*picturesPerSecond || picture.KeyFrames < 19 {
		t.Errorf("%+v", picture)
	}
	sound := perform(t, Microphone, "ann", "ann", nil)
	if sound.Frames < 20*soundsPerSecond-1 || sound.Frames > 20*soundsPerSecond+1 {
		t.Errorf("%+v", sound)
	}
	for _, got := range []Tally{picture, sound} {
		if got.Lost+got.Duplicates+got.Late+got.Restarts+got.Timestamps+got.Broken+got.Misplaced != 0 || got.Number < 0 {
			t.Errorf("%+v", got)
		}
	}
}

func TestAReceiverFindsEachFaultOfAStream(t *testing.T) {
	var held *rtp.Packet
	var stretch []*rtp.Packet
	for _, c := range []struct {
		name  string
		kind  Kind
		fault func(int, *rtp.Packet) []*rtp.Packet
		found func(Tally) bool
	}{
		{"every fiftieth packet lost", Camera, func(i int, p *rtp.Packet) []*rtp.Packet {
			if i%50 == 25 {
				return nil
			}
			return []*rtp.Packet{p}
		}, func(t Tally) bool { return t.Lost > 5 && t.Broken > 5 && t.Misplaced == 0 }},
		{"packets twice", Microphone, func(_ int, p *rtp.Packet) []*rtp.Packet { return []*rtp.Packet{p, p} },
			func(t Tally) bool { return t.Duplicates*2 == t.Packets && t.Frames == t.Duplicates }},
		{"every second packet after the next", Camera, func(i int, p *rtp.Packet) []*rtp.Packet {
			if i%2 == 0 {
				held = p
				return nil
			}
			return []*rtp.Packet{p, held}
		}, func(t Tally) bool { return t.Late > 250 && t.Lost+t.Duplicates+t.Broken == 0 && t.KeyFrames >= 19 }},
		{"a second of packets after the next second's", Camera, func(i int, p *rtp.Packet) []*rtp.Packet {
			switch {
			case i >= 100 && i < 130:
				stretch = append(stretch, p)
				return nil
			case i == 160:
				return append(stretch, p)
			}
			return []*rtp.Packet{p}
		}, func(t Tally) bool { return t.Late == 30 && t.Backwards+t.Lost == 0 && t.KeyFrames >= 18 }},
		{"a picture's payload spoilt", Camera, func(i int, p *rtp.Packet) []*rtp.Packet {
			spoilt := p.Clone()
			if len(spoilt.Payload) > 8 {
				spoilt.Payload[7] ^= 0xff // the start code of a key frame
			}
			return []*rtp.Packet{spoilt}
		}, func(t Tally) bool { return t.Broken >= 18 && t.KeyFrames == 0 && t.FirstMillis == -1 }},
		{"no payload behind the descriptor", Camera, func(_ int, p *rtp.Packet) []*rtp.Packet {
			p.Payload = p.Payload[:3]
			return []*rtp.Packet{p}
		}, func(t Tally) bool { return t.Frames == 0 && t.Broken > 100 }},
		{"time stands still", Microphone, func(_ int, p *rtp.Packet) []*rtp.Packet {
			p.Timestamp = 1
			return []*rtp.Packet{p}
		}, func(t Tally) bool { return t.Timestamps > 900 }},
		{"the stream begins anew", Microphone, func(i int, p *rtp.Packet) []*rtp.Packet {
			if i > 500 {
				p.SequenceNumber += 30_000
			}
			return []*rtp.Packet{p}
		}, func(t Tally) bool { return t.Restarts == 1 }},
		{"a gap of two seconds", Microphone, func(i int, p *rtp.Packet) []*rtp.Packet {
			if i > 500 && i <= 600 {
				return nil
			}
			return []*rtp.Packet{p}
		}, func(t Tally) bool { return t.LongestMillis >= 2000 && t.LongestMillis <= 2040 && t.Lost == 100 }},
	} {
		if got := perform(t, c.kind, "ann", "ann", c.fault); !c.found(got) {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
}

func TestAnotherPersonsFaceOrVoiceIsMisplaced(t *testing.T) {
	// Which two can be told apart follows from their phases: these are about three seconds of six apart.
	ann, bob := signal.PeerID("ann"), signal.PeerID("bob4")
	if apart := (phaseOf(bob) - phaseOf(ann)).Abs(); apart < 2200*time.Millisecond || apart > 3800*time.Millisecond {
		t.Fatalf("choose other names: these are %v apart", apart)
	}
	if got := perform(t, Camera, ann, bob, nil); got.Misplaced < 18 {
		t.Errorf("%+v", got)
	}
	if got := perform(t, Microphone, ann, bob, nil); got.Misplaced < 900 {
		t.Errorf("%+v", got)
	}
}

func TestAPlayerSleepsBetweenFrames(t *testing.T) {
	p := newPlayer(&library{}, "ann")
	now := time.UnixMilli(1_800_000_000_123)
	for range 1000 {
		for _, perSecond := range []int{soundsPerSecond, picturesPerSecond} {
			until := p.untilNext(perSecond, now)
			if until <= 0 || until > time.Second/time.Duration(perSecond)+time.Microsecond {
				t.Fatalf("%v until the next of %d a second", until, perSecond)
			}
			if place(now.Add(until), p.phase, perSecond) != place(now, p.phase, perSecond)+1 {
				t.Fatalf("after %v it is not time for the next", until)
			}
		}
		now = now.Add(7 * time.Millisecond)
	}
}
