package bridge

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"parley/bridge/signal"
)

func TestLoss(t *testing.T) {
	goodbye := func(code int) func(p *page) {
		return func(p *page) {
			_ = p.ws.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(code, ""))
		}
	}
	tests := []struct {
		name string
		end  func(p *page)
		want Loss
	}{
		{"closed", goodbye(websocket.CloseNormalClosure), Closed},
		{"going away", goodbye(websocket.CloseGoingAway), Closed},
		{"no status", func(p *page) { _ = p.ws.WriteMessage(websocket.CloseMessage, nil) }, Broken},
		{"some error", goodbye(websocket.CloseInternalServerErr), Broken},
		{"hung up", func(p *page) { _ = p.ws.NetConn().Close() }, Broken},
		{"not a WebSocket any more", func(p *page) { _, _ = p.ws.NetConn().Write([]byte("GET / HTTP/1.1\r\n\r\n")) }, Broken},
		{"a flood of WebSocket pings", func(p *page) {
			for range 2 * pingBurst {
				_ = p.ws.WriteMessage(websocket.PingMessage, nil)
			}
		}, Broken},
	}
	d := openDoor(t, nil)
	witness, _ := d.enterAs("Witness")
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, g := d.enterAs("Ann")
			tt.end(p)
			if got := receive(t, g.lost); got != tt.want {
				t.Errorf("lost as %s, want %s", got, tt.want)
			}
			p.wantsEnd()
		})
	}
	eventually(t, "only the witness is counted", func() bool { return d.Stats().Open.Load() == 1 })
	witness.alive()
}

// A cut tells all that was queued, then the fault, and hangs up at once; the seat hears of it once.
func TestCut(t *testing.T) {
	d := openDoor(t, func(c *Config) { c.Timing.Linger = time.Minute }) // so that waiting for it would show
	p, g := d.enterAs("Ann")
	for i := range 50 {
		g.Conn.Send(signal.Encode(&signal.Left{Peer: signal.PeerID(fmt.Sprint(i)), Why: "left"}))
	}
	g.Conn.Cut(signal.Faulty(signal.CodeReplaced, "A newer page came."))
	g.Conn.Cut(signal.Faulty(signal.CodeSlow, "Too late."))
	g.Conn.Send(signal.Encode(&signal.Ping{}))
	for i := range 50 {
		if m := wants[signal.Left](p); m.Peer != signal.PeerID(fmt.Sprint(i)) {
			t.Fatalf("message %d is %+v", i, m)
		}
	}
	p.wantsFault(signal.CodeReplaced, true)
	if !websocket.IsCloseError(p.end, websocket.ClosePolicyViolation) {
		t.Errorf("ended with %v", p.end)
	}
	if receive(t, g.lost) != Broken {
		t.Error("a cut must count as broken")
	}
	eventually(t, "the connection is forgotten", func() bool { return d.Stats().Open.Load() == 0 })
	if len(g.lost) != 0 {
		t.Error("lost twice")
	}
	if n := d.Stats().Cuts.Of("replaced"); n != 1 || d.Stats().Cuts.Of("slow") != 0 {
		t.Errorf("counted %d cuts", n)
	}
}

// The bridge ends its half of the connection with its last word: browsers wait for that.
func TestCutHangsUpFirst(t *testing.T) {
	d := openDoor(t, func(c *Config) { c.Timing.Linger = time.Minute })
	ws, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(d.http.URL, "http")+"/signal", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ws.Close()
	if err := ws.WriteMessage(websocket.TextMessage, signal.Encode(newHello("", "Ann"))); err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, _, err = ws.ReadMessage()
	}
	if !websocket.IsCloseError(err, websocket.ClosePolicyViolation) {
		t.Fatal(err)
	}
	_ = ws.NetConn().SetReadDeadline(time.Now().Add(patience))
	if n, err := ws.NetConn().Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("read %d, %v", n, err)
	}
}

// A page that does not read is cut; somebody else gets every message meanwhile.
func TestSlowReaderIsCut(t *testing.T) {
	d := openDoor(t, func(c *Config) {
		c.Limits.QueueBytes = 512 << 10
		c.Timing.Linger = patience
	})
	witness, w := d.enterAs("Witness")
	ws, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(d.http.URL, "http")+"/signal", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ws.Close()
	if err := ws.WriteMessage(websocket.TextMessage, signal.Encode(newHello("room", "Slow"))); err != nil {
		t.Fatal(err)
	}
	slow := receive(t, d.house.guests)
	frame := signal.Encode(&signal.Snapshot{Snapshot: signal.Secret(strings.Repeat("s", 32<<10))})
	sent := 0
	for ; !slow.Conn.over(); sent++ { // until the kernel's buffers are full, and then the queue
		if sent > 1000 { // kernels hold a few megabytes
			t.Fatal("the queue has no bound in bytes")
		}
		slow.Conn.Send(frame)
		w.Conn.Send(frame)
		wants[signal.Snapshot](witness)
	}
	if receive(t, slow.lost) != Broken || d.Stats().Cuts.Of("slow") != 1 {
		t.Error("the slow page was not cut for being slow")
	}
	witness.alive()

	// A page that reads again in time has what was on its way, and then the fault at once: not what was queued.
	p := newPage(t, ws)
	wants[signal.Welcome](p)
	got := 0
	m := p.next()
	for ; m != nil; m = p.next() {
		if f, ok := m.(*signal.Fault); ok {
			if f.Code != signal.CodeSlow {
				t.Errorf("fault %s", f.Code)
			}
			break
		}
		got++
	}
	if queued := d.config.Limits.QueueBytes / len(frame); m == nil || got > sent-queued {
		t.Errorf("%d of %d frames, then %v", got, sent, m)
	}
	eventually(t, "only the witness is left", func() bool { return d.Stats().Open.Load() == 1 })
}

// A page that takes nothing at all, not even enough to fill the queue, is cut by the write deadline.
func TestStalledReaderIsCut(t *testing.T) {
	d := openDoor(t, func(c *Config) {
		c.Limits.QueueBytes, c.Limits.Queue = 1<<30, 1<<20
		c.Timing.Write, c.Timing.Linger = 100*time.Millisecond, 10*time.Millisecond
	})
	ws, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(d.http.URL, "http")+"/signal", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ws.Close()
	if err := ws.WriteMessage(websocket.TextMessage, signal.Encode(newHello("room", "Slow"))); err != nil {
		t.Fatal(err)
	}
	stalled := receive(t, d.house.guests)
	frame := signal.Encode(&signal.Snapshot{Snapshot: signal.Secret(strings.Repeat("s", 32<<10))})
	for range 1000 { // more than loopback buffers hold
		stalled.Conn.Send(frame)
	}
	if receive(t, stalled.lost) != Broken || d.Stats().Cuts.Of("slow") != 1 {
		t.Error("the stalled page was not cut for being slow")
	}
}

// Many slow pages, each within its own bounds, do not fill the memory: the slowest is cut, and not the
// page that happened to be sent something.
func TestAllQueuesTogetherAreBounded(t *testing.T) {
	const most = 4 << 20
	d := openDoor(t, func(c *Config) {
		c.Limits.AllBytes, c.Limits.QueueBytes, c.Limits.Queue = most, 1<<30, 1<<20
		c.Timing.Linger = 10 * time.Millisecond
	})
	witness, w := d.enterAs("Witness")
	var slow []*guest
	for range 7 {
		_, g := d.stuck(most / 16)
		slow = append(slow, g)
	}
	_, slowest := d.stuck(most * 3 / 8)
	for i := 0; d.Stats().Cuts.Of("slow") == 0; i++ {
		if d.waiting.Load() > most {
			t.Fatalf("%d bytes are waiting", d.waiting.Load())
		}
		slow[i%len(slow)].Conn.Send(largeFrame)
		w.Conn.Send(largeFrame)
		wants[signal.Snapshot](witness)
	}
	if receive(t, slowest.lost) != Broken || d.Stats().Cuts.Of("slow") != 1 {
		t.Error("another page than the slowest was cut")
	}
	witness.alive()
}

// What waits for a page that has ended counts for nothing, nor does what its room still sends.
func TestNothingWaitsForWhoIsGone(t *testing.T) {
	d := openDoor(t, func(c *Config) { c.Timing.Linger = 10 * time.Millisecond })
	gone, g := d.stuck(1 << 20)
	_, cut := d.stuck(1 << 20)
	if d.waiting.Load() < 1<<20 {
		t.Fatalf("%d bytes are waiting", d.waiting.Load())
	}
	_ = gone.Close()
	cut.Conn.Cut(signal.Faulty(signal.CodeReplaced, "A newer page came."))
	eventually(t, "both are gone", func() bool { return d.Stats().Open.Load() == 0 })
	g.Conn.Send(largeFrame)
	cut.Conn.Send(largeFrame)
	if n := d.waiting.Load(); n != 0 {
		t.Errorf("%d bytes are waiting", n)
	}
}

var largeFrame = signal.Encode(&signal.Snapshot{Snapshot: signal.Secret(strings.Repeat("s", 32<<10))})

// stuck is a page that never reads, with so many bytes sent to it.
func (d *door) stuck(bytes int) (*websocket.Conn, *guest) {
	d.t.Helper()
	ws, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(d.http.URL, "http")+"/signal", nil)
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() { _ = ws.Close() })
	if err := ws.WriteMessage(websocket.TextMessage, signal.Encode(newHello("room", "Slow"))); err != nil {
		d.t.Fatal(err)
	}
	g := receive(d.t, d.house.guests)
	for _, end := range []net.Conn{ws.NetConn(), g.Conn.ws.NetConn()} { // kernels would take megabytes
		_ = end.(*net.TCPConn).SetReadBuffer(4 << 10)
		_ = end.(*net.TCPConn).SetWriteBuffer(4 << 10)
	}
	for range bytes / len(largeFrame) {
		g.Conn.Send(largeFrame)
	}
	return ws, g
}

func TestLiveness(t *testing.T) {
	const silence = 600 * time.Millisecond // long enough for a busy machine to answer in
	d := openDoor(t, func(c *Config) { c.Timing.Ping, c.Timing.Quiet = 20*time.Millisecond, silence })
	answers, g := d.enterAs("Answers")
	silent, gs := d.enterAs("Silent")
	for start := time.Now(); time.Since(start) < 2*silence; {
		if m, ok := receive(t, answers.in).(*signal.Ping); !ok {
			t.Fatalf("got %T, want a ping", m)
		}
		answers.say(&signal.Pong{})
	}
	answers.alive()
	if len(g.lost) != 0 {
		t.Error("a page that answers was lost")
	}
	silent.wantsFault(signal.CodeQuiet, true)
	if receive(t, gs.lost) != Broken {
		t.Error("a silent page must count as broken")
	}
}

// Who never says hello is cut, whatever else is said.
func TestHelloMustComeSoon(t *testing.T) {
	d := openDoor(t, func(c *Config) { c.Timing.Hello, c.Timing.Ping = 300*time.Millisecond, 20*time.Millisecond })
	p := d.dial()
	for m := range p.in {
		switch m := m.(type) {
		case *signal.Ping:
			p.say(&signal.Pong{})
		case *signal.Fault:
			if m.Code != signal.CodeQuiet {
				t.Fatalf("got %+v", m)
			}
			return
		}
	}
	t.Fatal("the connection ended without a fault")
}

func TestCloseTellsEverybody(t *testing.T) {
	d := openDoor(t, nil)
	var pages []*page
	var guests []*guest
	for i := range 20 {
		p, g := d.enterAs(fmt.Sprint("Guest ", i))
		pages, guests = append(pages, p), append(guests, g)
	}
	pages = append(pages, d.dial()) // one that has not said hello
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := d.Close(ctx); err != nil {
		t.Fatal(err)
	}
	for _, p := range pages {
		p.wantsFault(signal.CodeRestarting, true)
		if !websocket.IsCloseError(p.end, websocket.CloseServiceRestart) {
			t.Errorf("ended with %v", p.end)
		}
	}
	for _, g := range guests {
		if receive(t, g.lost) != Broken {
			t.Error("the bridge's own end must count as broken")
		}
	}
	_, answer, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(d.http.URL, "http")+"/signal", nil)
	if err == nil || answer.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("a bridge that closes took a connection: %v", err)
	}
}

// Close does not wait for a page that will not go.
func TestCloseGivesUp(t *testing.T) {
	d := openDoor(t, func(c *Config) { c.Timing.Linger = time.Hour })
	ws, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(d.http.URL, "http")+"/signal", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ws.Close() // and never reads
	eventually(t, "it is open", func() bool { return d.Stats().Open.Load() == 1 })
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if err := d.Close(ctx); err == nil || d.Stats().Open.Load() != 0 {
		t.Errorf("closed with %v, %d open", err, d.Stats().Open.Load())
	}
}

// panicking is a house whose seats fail.
type panicking struct{ *house }

func (p panicking) Enter(a Arrival) Seat { return panickingSeat{p.house.Enter(a).(*guest)} }

type panickingSeat struct{ *guest }

func (panickingSeat) Receive(signal.Message) { panic("of the test") }

// An error of ours costs the connection in whose way it was, no other.
func TestPanicCostsOneConnection(t *testing.T) {
	d := openDoor(t, func(c *Config) { c.Rooms = panicking{c.Rooms.(*house)} })
	witness, _ := d.enterAs("Witness")
	p, g := d.enterAs("Ann")
	p.say(&signal.Leave{})
	p.wantsFault(signal.CodeInternal, true)
	if receive(t, g.lost) != Broken {
		t.Error("must count as broken")
	}
	witness.alive()
}
