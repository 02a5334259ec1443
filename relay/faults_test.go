package relay

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/transport/v4/packetio"
)

// One receiver of thirty loses so much that every frame breaks and asks for key frames ten times a
// second. The publisher is asked a handful of times in half a minute, and never twice in 500 ms.
func TestOneBadPathDoesNotRainKeyFrames(t *testing.T) {
	first, _ := loneSink(t)
	st := loneStream(first)
	publisher := st.source.port
	publisher.keys = keys{}
	sinks := []*Sink{first}
	for range 29 {
		s, _ := loneSink(t)
		s.aim(st.source, wholeOf(st))
		st.source.attach(s)
		sinks = append(sinks, s)
	}
	var asked []micros
	ask := func(now micros) {
		if _, ok := publisher.keys.due(now); ok {
			asked = append(asked, now)
			publisher.keys.arrived(st)
		}
	}
	for now := second; now < 31*second; now += 100 * millisecond {
		if sinks[0].complaints.allow(now) {
			publisher.keys.want(st.source, st.ssrc)
		}
		ask(now)
	}
	if len(asked) < 3 || len(asked) > 7 {
		t.Errorf("one bad path: %d key frames in 30 s", len(asked))
	}
	asked = nil
	for now := 100 * second; now < 101*second; now += 10 * millisecond {
		for i, s := range sinks {
			if now >= 100*second+micros(i)*30*millisecond && s.complaints.allow(now) {
				publisher.keys.want(st.source, st.ssrc)
			}
		}
		ask(now)
	}
	if len(asked) == 0 || len(asked) > 2 {
		t.Errorf("one after the other: %d key frames in a second", len(asked))
	}
	for i := 1; i < len(asked); i++ {
		if asked[i]-asked[i-1] < keyGap {
			t.Errorf("two requests within %d ms", (asked[i]-asked[i-1])/millisecond)
		}
	}
}

// A publisher that sends ten times what it announced gets through what it announced.
func TestPublisherIsCutToItsAllowance(t *testing.T) {
	s, out := loneSink(t)
	st := loneStream(s)
	st.source.claim.Store(&announcement{kind: Camera, on: true, layers: []layerSize{{640, 360, 500}}})
	st.owned.bucket.limit(st.source.allowance(0))
	sender := vp8Sender{}
	sender.packet.Version = 2
	bytes := 0
	for i := range 6000 { // 10 s at about 5 Mbit/s
		sender.frame(1000, i == 0, func(p *rtp.Packet) { forward(t, st, p, micros(i)*10*millisecond/6) })
	}
	for _, p := range out.sent {
		bytes += len(p.Payload)
	}
	seconds := 10.0
	if kbps := float64(bytes) * 8 / 1000 / seconds; kbps > 850*1.3 {
		t.Errorf("%.0f kbit/s went through", kbps)
	}
	if len(out.sent) < 500 || s.port.relay.stats.OverAllowance.Load() == 0 {
		t.Errorf("%d went through, %d over", len(out.sent), s.port.relay.stats.OverAllowance.Load())
	}
}

// A camera's layer that the protocol does not know goes nowhere, and the others are forwarded.
func TestUnknownLayersAreRefused(t *testing.T) {
	r := newRelay(t, Limits{StartKbps: 10000})
	ann := newPage(t, r, "ann", pageOptions{video: 1})
	bob := newPage(t, r, "bob", pageOptions{layers: 3, strange: true})
	eventually(t, 5*time.Second, "control opens", func() bool { return ann.number("bob") != 0 })
	bob.camera.roll(15)
	ann.show(view{member: ann.number("bob"), kind: Camera, width: 1280, height: 720})
	_, video := ann.port.down.slots()
	eventually(t, 8*time.Second, "the best of the two known layers comes", func() bool {
		return r.stats.StreamsOver.Load() == 1 && video[0].layer() == 1
	})
	if bob.port.sources[Camera].streams[2].Load() != nil {
		t.Error("the third one was taken")
	}
}

// A page that opens streams without end gets silence for those beyond its allowance.
func TestStreamsBeyondTheAllowanceAreSwallowed(t *testing.T) {
	s, _ := loneSink(t)
	p := s.port
	p.down.allowed = 3
	for i := range 5 {
		b := p.buffer(packetio.RTPBufferPacket, uint32(i))
		if _, swallowed := b.(*swallow); swallowed != (i >= 3) {
			t.Errorf("stream %d swallowed: %v", i, swallowed)
		}
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	}
	if p.relay.stats.StreamsOver.Load() != 2 {
		t.Error("not counted")
	}
}

// Packets of a payload type that nobody negotiated are dropped; the stream they came in goes on.
func TestAStrangePacketEndsNoStream(t *testing.T) {
	r := newRelay(t, Limits{})
	ann := newPage(t, r, "ann", pageOptions{video: 1})
	bob := newPage(t, r, "bob", pageOptions{video: 1})
	eventually(t, 5*time.Second, "control opens", func() bool { return ann.number("bob") != 0 })
	bob.camera.roll(30)
	slot := slotKey{true, 0}
	eventually(t, 5*time.Second, "picture comes", func() bool { return ann.packets(slot) > 20 })
	strange := bob.camera.layers[0].wire
	before := r.stats.Malformed.Load()
	bob.camera.paused.Store(1)
	for range 20 {
		next := uint16(strange.last.Add(1))
		if _, err := strange.out.WriteRTP(&rtp.Header{Version: 2, PayloadType: 1, SSRC: strange.ssrc, SequenceNumber: next}, []byte("?")); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, 5*time.Second, "they are counted", func() bool { return r.stats.Malformed.Load() >= before+15 })
	bob.camera.paused.Store(0)
	here := ann.packets(slot)
	eventually(t, 5*time.Second, "the picture goes on", func() bool { return ann.packets(slot) > here+40 })
}

// A hundred members open connections at once while two talk; their pictures do not stop for long.
func TestAHundredJoinsDoNotFreezeACall(t *testing.T) {
	r := newRelay(t, Limits{})
	ann := newPage(t, r, "ann", pageOptions{video: 1})
	bob := newPage(t, r, "bob", pageOptions{video: 1})
	eventually(t, 5*time.Second, "control opens", func() bool { return ann.number("bob") != 0 })
	bob.camera.roll(30)
	slot := slotKey{true, 0}
	eventually(t, 5*time.Second, "picture comes", func() bool { return ann.packets(slot) > 20 })
	// The guests' offers name no addresses, so that nobody troubles Bob with their checks.
	offer := regexp.MustCompile(`a=candidate:.*\r\n`).ReplaceAllString(bob.pc.LocalDescription().SDP, "")
	done := make(chan error, 100)
	// What this machine does to a call by itself, before anybody joins and after.
	usual := longestGap(ann, slot, func(stop func()) { time.AfterFunc(time.Second, stop) })
	for i := range 100 {
		go func() {
			_, _, err := r.Room("room").Open(fmt.Sprintf("guest%d", i), "page", offer, &testPage{closed: make(chan string, 4)})
			done <- err
		}()
	}
	worst := longestGap(ann, slot, func(stop func()) {
		go func() {
			defer stop()
			for range 100 {
				if err := <-done; err != nil {
					t.Error(err)
				}
			}
		}()
	})
	usual = max(usual, longestGap(ann, slot, func(stop func()) { time.AfterFunc(time.Second, stop) }))
	t.Logf("longest gap %v, without joins %v", worst, usual)
	if usual > 60*time.Millisecond { // two frames
		t.Skip("this machine is too busy to tell")
	}
	if worst > 300*time.Millisecond {
		t.Errorf("the picture stood still for %v", worst)
	}
}

// longestGap is the longest time without a packet in a slot, until what begins calls stop.
func longestGap(p *testPage, key slotKey, begin func(stop func())) (worst time.Duration) {
	stopped := make(chan struct{})
	begin(func() { close(stopped) })
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for last, count := time.Now(), p.packets(key); ; {
		select {
		case <-stopped:
			return worst
		case <-tick.C:
		}
		if n := p.packets(key); n != count {
			count, last = n, time.Now()
		}
		worst = max(worst, time.Since(last))
	}
}

// Envelopes reach whom they are meant for, with the sender's true number on them.
func TestChat(t *testing.T) {
	r := newRelay(t, Limits{})
	pages := []*testPage{}
	for _, name := range []string{"ann", "bob", "cid"} {
		pages = append(pages, newPage(t, r, name, pageOptions{}))
	}
	ann, bob, cid := pages[0], pages[1], pages[2]
	for _, p := range pages {
		eventually(t, 5*time.Second, "channels open", func() bool { return p.number("cid") != 0 && p.port.chat.open() })
	}
	send := func(from, to uint16, body string) {
		b := binary.BigEndian.AppendUint16(nil, from)
		if err := ann.chat.Send(append(binary.BigEndian.AppendUint16(b, to), body...)); err != nil {
			t.Fatal(err)
		}
	}
	send(ann.number("bob"), everybody, "I am Bob")
	send(0, ann.number("cid"), "psst")
	send(0, everybody, strings.Repeat("x", 20<<10))
	send(0, everybody, "end")
	letters := func(p *testPage) (out []string) {
		p.mu.Lock()
		defer p.mu.Unlock()
		for _, b := range p.letters {
			out = append(out, fmt.Sprintf("%d:%s", binary.BigEndian.Uint16(b), b[4:]))
		}
		return out
	}
	n := bob.number("ann")
	eventually(t, 3*time.Second, "bob gets his", func() bool {
		return fmt.Sprint(letters(bob)) == fmt.Sprintf("[%d:I am Bob %d:end]", n, n)
	})
	eventually(t, 3*time.Second, "cid gets more", func() bool {
		return fmt.Sprint(letters(cid)) == fmt.Sprintf("[%d:I am Bob %d:psst %d:end]", n, n, n)
	})
	if r.stats.ChatRefused.Load() != 1 {
		t.Error("the long envelope was not refused")
	}
}

// A page that takes nothing any more is cut from chat's side; the others get every letter.
func TestSlowReaderIsCut(t *testing.T) {
	r := newRelay(t, Limits{ChatKbps: 5000})
	path := newShaper(t, r)
	slow := newPage(t, r, "slow", pageOptions{reroute: path.reroute})
	ann := newPage(t, r, "ann", pageOptions{})
	bob := newPage(t, r, "bob", pageOptions{})
	for _, p := range []*testPage{slow, ann, bob} {
		eventually(t, 5*time.Second, "channels open", func() bool { return p.number("bob") != 0 && p.port.chat.open() })
	}
	path.loss.Store(1000)
	letter := append([]byte{0, 0, 0xFF, 0xFF}, bytes.Repeat([]byte{1}, 16000)...)
	sent := 0
	eventually(t, 25*time.Second, "the slow one is cut", func() bool {
		if ann.chat.BufferedAmount() < 256<<10 {
			if err := ann.chat.Send(letter); err != nil {
				t.Fatal(err)
			}
			sent++
		}
		select {
		case cause := <-slow.closed:
			if cause != "chat channel full" {
				t.Errorf("cut because of %q", cause)
			}
			return true
		default:
			return false
		}
	})
	eventually(t, 10*time.Second, "bob has every letter", func() bool {
		bob.mu.Lock()
		defer bob.mu.Unlock()
		return len(bob.letters) == sent
	})
}

// A second page of the same member takes its place and keeps its number.
func TestReloadKeepsTheNumber(t *testing.T) {
	r := newRelay(t, Limits{})
	ann := newPage(t, r, "ann", pageOptions{})
	bob := newPage(t, r, "bob", pageOptions{})
	eventually(t, 5*time.Second, "control opens", func() bool { return bob.number("ann") != 0 })
	n := bob.number("ann")
	again := newPage(t, r, "ann", pageOptions{})
	if cause := <-ann.closed; cause != "replaced" {
		t.Errorf("closed because of %q", cause)
	}
	eventually(t, 5*time.Second, "control opens", func() bool { return again.number("bob") != 0 })
	if again.number("ann") != n || bob.number("ann") != n {
		t.Errorf("number %d became %d", n, again.number("ann"))
	}
}

// A room goes with its last Port, and a port that is in use is said to be.
func TestRoomAndPortAreGivenBack(t *testing.T) {
	r := newRelay(t, Limits{})
	if _, err := New(Config{Listen: fmt.Sprintf("127.0.0.1:%d", r.Port()), Log: discard}); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("second relay on one port: %v", err)
	}
	ann := newPage(t, r, "ann", pageOptions{})
	if r.stats.Rooms.Load() != 1 || r.stats.Ports.Load() != 1 {
		t.Error("not counted")
	}
	ann.port.Close()
	eventually(t, time.Second, "the room goes", func() bool { return r.stats.Rooms.Load() == 0 && r.stats.Ports.Load() == 0 })
	for _, bad := range []string{"", "v=0\r\n", strings.Replace(ann.pc.LocalDescription().SDP, "m=audio", "m=video", 1)} {
		if _, _, err := r.Room("room").Open("eve", "page", bad, ann); err == nil {
			t.Errorf("took the offer %.20q", bad)
		}
	}
	eventually(t, time.Second, "nothing is left", func() bool { return r.stats.Rooms.Load() == 0 && r.stats.Ports.Load() == 0 })
}

// What a publisher says of its clocks comes down in the slot's own timestamps, one second after the other.
func TestSenderReportsAreRewritten(t *testing.T) {
	s, out := loneSink(t)
	st := loneStream(s)
	sender := vp8Sender{packet: rtp.Packet{Header: rtp.Header{Version: 2, Timestamp: 5000}}}
	sender.frame(500, true, func(p *rtp.Packet) { forward(t, st, p, second) })
	other := newStream(st.source, 1, 78, st.in)
	s.aim(st.source, wholeOf(other))
	sender.packet.Timestamp = 900000 // the other layer counts from elsewhere
	sender.frame(500, true, func(p *rtp.Packet) { forward(t, other, p, second+100*millisecond) })
	s.port.clocks(other, &rtcp.SenderReport{SSRC: 78, NTPTime: 1000 << 32, RTPTime: 900000}, second+100*millisecond)
	r, ok := s.report(2*second + 100*millisecond)
	if !ok || r.SSRC != 1 {
		t.Fatalf("%+v, %v", r, ok)
	}
	if want := out.sent[1].Timestamp + 90000; r.RTPTime != want {
		t.Errorf("a second after the frame at %d the report says %d", out.sent[1].Timestamp, r.RTPTime)
	}
}
