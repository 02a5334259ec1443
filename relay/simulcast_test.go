package relay

import (
	"sync"
	"testing"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
)

// packetRate counts what comes in a slot during a window, in packets per second.
func packetRate(p *testPage, key slotKey, window time.Duration) float64 {
	p.mu.Lock()
	before := 0
	if log := p.got[key]; log != nil {
		before = log.packets
	}
	p.mu.Unlock()
	<-time.After(window)
	return float64(p.packets(key)-before) / window.Seconds()
}

// The size of a tile decides the layer, and a change of layer leaves no trace in the numbers.
func TestLayerFollowsTheTile(t *testing.T) {
	r := newRelay(t, Limits{StartKbps: 10000})
	ann := newPage(t, r, "ann", pageOptions{audio: 1, video: 1})
	bob := newPage(t, r, "bob", pageOptions{layers: 3})
	eventually(t, 5*time.Second, "control opens", func() bool { return ann.number("bob") != 0 })
	bob.camera.roll(15)
	n, slot := ann.number("bob"), slotKey{true, 0}
	// One, two and six packets a frame at 15 frames a second.
	for _, step := range []struct {
		height   uint16
		from, to float64
	}{{180, 12, 18}, {720, 70, 95}, {360, 25, 35}, {180, 12, 18}} {
		ann.show(view{member: n, kind: Camera, width: step.height * 16 / 9, height: step.height})
		rate := 0.0
		eventually(t, 8*time.Second, "the tile's layer comes", func() bool {
			rate = packetRate(ann, slot, time.Second)
			return rate >= step.from && rate <= step.to
		})
	}
	ann.show()
	eventually(t, 3*time.Second, "a hidden tile is not sent", func() bool {
		return packetRate(ann, slot, 300*time.Millisecond) == 0
	})
	ann.mu.Lock()
	defer ann.mu.Unlock()
	gapless(t, ann.got[slot])
}

// A lost packet comes again on the repair stream, at most three times however often it is asked for.
func TestAnswersNACKFromItsCache(t *testing.T) {
	s, out := loneSink(t)
	st := loneStream(s)
	sender := vp8Sender{packet: rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: 65530}}}
	for i := range 20 {
		sender.frame(1500, i == 0, func(p *rtp.Packet) { forward(t, st, p, micros(i)*33*millisecond) })
	}
	if len(out.sent) != 40 {
		t.Fatalf("%d packets forwarded", len(out.sent))
	}
	lost := out.sent[31]
	out.sent = nil
	for i := range 10 {
		s.port.resendAll(s, &rtcp.TransportLayerNack{Nacks: rtcp.NackPairsFromSequenceNumbers([]uint16{lost.SequenceNumber})},
			second+micros(i)*100*millisecond)
	}
	if len(out.sent) != maxAnswers {
		t.Fatalf("answered %d times", len(out.sent))
	}
	again := out.sent[0]
	if again.SSRC != 2 || again.PayloadType != 97 || again.Timestamp != lost.Timestamp || again.Marker != lost.Marker {
		t.Errorf("repair header %+v for %+v", again.Header, lost.Header)
	}
	if got := uint16(again.Payload[0])<<8 | uint16(again.Payload[1]); got != lost.SequenceNumber {
		t.Errorf("repairs %d instead of %d", got, lost.SequenceNumber)
	}
	if string(again.Payload[2:]) != string(lost.Payload) {
		t.Error("repaired payload differs")
	}
	if out.sent[1].SequenceNumber == again.SequenceNumber {
		t.Error("a repair number was used twice, which would break the seal")
	}
}

// recorder is an outlet that keeps what would be sealed and sent.
type recorder struct{ sent []rtp.Packet }

func (r *recorder) WriteRTP(h *rtp.Header, payload []byte) (int, error) {
	r.sent = append(r.sent, rtp.Packet{Header: h.Clone(), Payload: append([]byte(nil), payload...)})
	return len(payload), nil
}

// unconnected is a connection that never comes about: what is written to it goes nowhere.
var unconnected = sync.OnceValue(func() *webrtc.PeerConnection {
	pc, err := webrtc.NewAPI(webrtc.WithInterceptorRegistry(&interceptor.Registry{})).NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		panic(err)
	}
	return pc
})

// loneSink is a video slot without a connection below it.
func loneSink(t testing.TB) (*Sink, *recorder) {
	t.Helper()
	out := &recorder{}
	r := &Relay{config: Config{Limits: DefaultLimits()}, stats: &Stats{}}
	p := &Port{relay: r, number: 7, room: newRoom(&Relay{log: discard}, "room"), pc: unconnected()}
	p.down.init(r.config.Limits)
	s := p.down.newSink(p, true)
	ln := &lane{out: out, ssrc: 1, rtxSSRC: 2, twccExt: 3, profile: rtp.ExtensionProfileOneByte}
	ln.payload[codecVP8], ln.rtxPayload[codecVP8] = 96, 97
	s.lane.Store(ln)
	return s, out
}

// loneStream is a published camera stream that feeds s.
func loneStream(s *Sink) *stream {
	source := newSource(s.port, 9, Camera)
	in := &intake{}
	in.codecs[96] = codecVP8
	st := newStream(source, 0, 77, in)
	source.streams[0].Store(st)
	s.aim(source, wholeOf(st))
	source.attach(s)
	return st
}

func forward(t testing.TB, st *stream, p *rtp.Packet, at micros) {
	t.Helper()
	p.PayloadType, p.SSRC = 96, 77
	raw, err := p.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	st.receive(raw, at)
}

// A packet that comes twice goes on once.
func TestDropsRepeats(t *testing.T) {
	s, out := loneSink(t)
	st := loneStream(s)
	sender := vp8Sender{}
	sender.packet.Version = 2
	var twice rtp.Packet
	for i := range 10 {
		sender.frame(500, i == 0, func(p *rtp.Packet) {
			forward(t, st, p, micros(i)*33*millisecond)
			if i == 5 {
				twice = *p
				twice.Payload = append([]byte(nil), p.Payload...)
			}
		})
	}
	forward(t, st, &twice, second)
	if len(out.sent) != 10 || s.port.relay.stats.Repeated.Load() != 1 {
		t.Fatalf("%d sent, %d repeats counted", len(out.sent), s.port.relay.stats.Repeated.Load())
	}
}

// What was lost or overtaken on the way up keeps its number, so that it still fits when it comes.
func TestLatePacketTakesItsPlace(t *testing.T) {
	s, out := loneSink(t)
	st := loneStream(s)
	sender := vp8Sender{}
	sender.packet.Version = 2
	var held rtp.Packet
	for i := range 10 {
		sender.frame(500, i == 0, func(p *rtp.Packet) {
			if i == 4 {
				held = *p
				held.Payload = append([]byte(nil), p.Payload...)
				return
			}
			forward(t, st, p, micros(i)*33*millisecond)
		})
	}
	forward(t, st, &held, second)
	before, late, after := out.sent[3], out.sent[9], out.sent[4]
	if late.SequenceNumber != before.SequenceNumber+1 || late.SequenceNumber != after.SequenceNumber-1 {
		t.Fatalf("late packet got %d between %d and %d", late.SequenceNumber, before.SequenceNumber, after.SequenceNumber)
	}
	if late.CSRC[0] != 9 {
		t.Errorf("CSRC %v", late.CSRC)
	}
}

// A top layer that begins late is still asked for, and taken when it comes.
func TestLateLayerIsNotPausedAway(t *testing.T) {
	r := newRelay(t, Limits{StartKbps: 10000})
	ann := newPage(t, r, "ann", pageOptions{video: 1})
	bob := newPage(t, r, "bob", pageOptions{layers: 3})
	eventually(t, 5*time.Second, "control opens", func() bool { return ann.number("bob") != 0 })
	bob.camera.paused.Store(1 << 2)
	bob.camera.roll(15)
	ann.show(view{member: ann.number("bob"), kind: Camera, width: 1280, height: 720})
	slot := slotKey{true, 0}
	eventually(t, 5*time.Second, "the middle layer comes", func() bool { return ann.packets(slot) > 20 })
	<-time.After(time.Duration(pauseAfter+second) * time.Microsecond)
	bob.mu.Lock()
	wished := bob.wished[Camera]
	bob.mu.Unlock()
	if wished&(1<<2) == 0 {
		t.Fatalf("layers %b are asked for", wished)
	}
	bob.camera.paused.Store(0)
	eventually(t, 5*time.Second, "the top layer is taken", func() bool {
		_, video := ann.port.down.slots()
		return video[0].layer() == 2
	})
}
