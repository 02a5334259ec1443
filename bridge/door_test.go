package bridge

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"parley/bridge/signal"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what must come.
const patience = 10 * time.Second

// house is the Rooms of these tests: it takes everybody, and remembers what it was told.
type house struct {
	signer *Signer
	guests chan *guest // who entered, in order

	mu    sync.Mutex
	gates map[signal.RoomName]Gate
}

// guest is a Seat.
type guest struct {
	Arrival
	got  chan signal.Message
	lost chan Loss
}

func (h *house) Gate(room signal.RoomName) Gate {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.gates[room]
}

func (h *house) setGate(room signal.RoomName, g Gate) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.gates[room] = g
}

func (h *house) Enter(a Arrival) Seat {
	g := &guest{Arrival: a, got: make(chan signal.Message, 4096), lost: make(chan Loss, 9)}
	a.Conn.Send(signal.Encode(&signal.Welcome{
		Version: signal.Version, Self: a.Peer, Node: h.signer.Node(), Room: a.Room, Resumed: a.Resumed,
		Pass:     h.signer.Pass(Pass{Room: a.Room, Peer: a.Peer, Name: a.Name, Lock: a.Key}),
		Snapshot: h.signer.Seal([]byte(`{"room":"` + string(a.Room) + `"}`)),
	}))
	h.guests <- g
	return g
}

func (g *guest) Receive(m signal.Message) { g.got <- m }
func (g *guest) Lost(how Loss)            { g.lost <- how }

// door is a bridge that listens, with its house behind it.
type door struct {
	*Bridge
	t     testing.TB
	house *house
	http  *httptest.Server
}

func newSigner(node signal.NodeID, seed byte) *Signer {
	return NewSigner(node, ed25519.NewKeyFromSeed([]byte(strings.Repeat(string(rune('a'+seed)), ed25519.SeedSize))))
}

func testSite() fstest.MapFS {
	return fstest.MapFS{
		"index.html":            {Data: []byte("<!doctype html><title>Parley</title>" + strings.Repeat("<p>hello</p>", 100))},
		"assets/app-1a2b3c4.js": {Data: []byte(strings.Repeat("console.log(1);", 500))},
		"assets/ring.mp3":       {Data: []byte("0123456789")},
		"icon.svg":              {Data: []byte("<svg/>")},
		"app.webmanifest":       {Data: []byte("{}")},
	}
}

func openDoor(t testing.TB, change func(*Config)) *door {
	t.Helper()
	signer := newSigner("12D3KooWTestNode", 0)
	h := &house{signer: signer, guests: make(chan *guest, 4096), gates: map[signal.RoomName]Gate{}}
	config := Config{Rooms: h, Signer: signer, Site: testSite()}
	if change != nil {
		change(&config)
	}
	b, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	d := &door{Bridge: b, t: t, house: h, http: httptest.NewServer(b)}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := b.Close(ctx); err != nil {
			t.Error(err)
		}
		d.http.Client().CloseIdleConnections()
		d.http.Close()
	})
	return d
}

// page is the far end of a connection: what a browser would be.
type page struct {
	t  testing.TB
	ws *websocket.Conn
	in chan signal.Message
	// end is how the connection ended, there once in is closed
	end error
}

func (d *door) dial() *page {
	d.t.Helper()
	ws, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(d.http.URL, "http")+"/signal", nil)
	if err != nil {
		d.t.Fatal(err)
	}
	return newPage(d.t, ws)
}

func newPage(t testing.TB, ws *websocket.Conn) *page {
	p := &page{t: t, ws: ws, in: make(chan signal.Message, 1<<14)}
	go p.read()
	t.Cleanup(func() { _ = ws.Close() })
	return p
}

func (p *page) read() {
	defer close(p.in)
	for {
		_, frame, err := p.ws.ReadMessage()
		if err != nil {
			p.end = err
			_ = p.ws.Close()
			return
		}
		m, fault := signal.Decode(frame, signal.FromServer)
		if fault != nil {
			p.end = errors.New("a frame that is not the protocol's: " + string(frame))
			return
		}
		p.in <- m
	}
}

func (p *page) say(m signal.Message) { p.sayText(string(signal.Encode(m))) }

func (p *page) sayText(frame string) {
	// Errors show in what does not come back: a bridge may hang up while this is written.
	_ = p.ws.WriteMessage(websocket.TextMessage, []byte(frame))
}

// next waits for the next message that is not a ping, and returns nil when the connection has ended.
func (p *page) next() signal.Message {
	p.t.Helper()
	deadline := time.After(patience)
	for {
		select {
		case m := <-p.in:
			if _, ping := m.(*signal.Ping); !ping {
				return m
			}
		case <-deadline:
			p.t.Fatal("nothing came")
		}
	}
}

// wants waits for a message of a type.
func wants[T any](p *page) *T {
	p.t.Helper()
	m := p.next()
	want, ok := m.(any).(*T)
	if !ok {
		text, _ := json.Marshal(m)
		p.t.Fatalf("got %T %s (%v), want %T", m, text, p.end, want)
	}
	return want
}

func (p *page) wantsFault(code signal.Code, fatal bool) *signal.Fault {
	p.t.Helper()
	f := wants[signal.Fault](p)
	if f.Code != code || f.Fatal != fatal {
		p.t.Fatalf("got fault %s (fatal: %v) %q, want %s (fatal: %v)", f.Code, f.Fatal, f.Text, code, fatal)
	}
	if !strings.HasSuffix(f.Text, ".") {
		p.t.Errorf("fault %s has no sentence: %q", code, f.Text)
	}
	if fatal {
		p.wantsEnd()
	}
	return f
}

// wantsEnd waits for the end of the connection.
func (p *page) wantsEnd() {
	p.t.Helper()
	if m := p.next(); m != nil {
		p.t.Fatalf("got %T, want the end of the connection", m)
	}
}

// alive proves that the connection still works both ways.
func (p *page) alive() {
	p.t.Helper()
	p.say(&signal.Ping{})
	wants[signal.Pong](p)
}

func newHello(room, name string) *signal.Hello {
	return &signal.Hello{Version: signal.Version, Room: signal.RoomName(room), Name: name, Page: "page-0001",
		Media: signal.Media{Microphone: "on", Camera: "on", Screen: "off"}}
}

// enter dials and says hello.
func (d *door) enter(hello *signal.Hello) (*page, *guest, *signal.Welcome) {
	d.t.Helper()
	p := d.dial()
	p.say(hello)
	w := wants[signal.Welcome](p)
	return p, receive(d.t, d.house.guests), w
}

func (d *door) enterAs(name string) (*page, *guest) {
	d.t.Helper()
	p, g, _ := d.enter(newHello("room", name))
	return p, g
}

// receive waits for something to come out of a channel.
func receive[T any](t testing.TB, from <-chan T) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(patience):
		t.Fatal("nothing came")
		panic("unreachable")
	}
}

// eventually waits until something is so.
func eventually(t testing.TB, what string, is func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	deadline := time.After(patience)
	for !is() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("not within %v: %s", patience, what)
		}
	}
}
