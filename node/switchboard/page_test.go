package switchboard_test

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/gorilla/websocket"

	"parley/bridge"
	"parley/bridge/signal"
	"parley/node/room"
	"parley/node/switchboard"
)

// deadline is how long a test waits for a state. It is generous: machines are shared.
const deadline = time.Minute

// node is a bridge with its switchboard on a real socket, as `parley up` runs them.
type node struct {
	t      testing.TB
	board  *switchboard.Switchboard
	bridge *bridge.Bridge
	server *http.Server
	addr   string
	served chan struct{}
}

var testKey = ed25519.NewKeyFromSeed([]byte("parley switchboard test key 32 b"))

// start runs a node at an address; "" takes a free one.
func start(t testing.TB, addr string, policy room.Policy) *node {
	t.Helper()
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	log := slog.New(slog.DiscardHandler)
	signer := bridge.NewSigner("node-a", testKey)
	board := switchboard.New(switchboard.Config{Node: "node-a", Policy: policy, Codec: "vp9", Signer: signer, Log: log})
	door, err := bridge.New(bridge.Config{
		Rooms: board, Signer: signer, Site: fstest.MapFS{"index.html": {Data: []byte("<!doctype html>")}}, Log: log,
		Limits: bridge.Limits{PerAddress: 10_000, Hellos: 10_000, HellosBurst: 10_000},
		Timing: bridge.Timing{Quiet: deadline}, // hundreds of pages share this process and its cores
	})
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	n := &node{t: t, board: board, bridge: door, server: &http.Server{Handler: door}, addr: ln.Addr().String(), served: make(chan struct{})}
	go func() {
		defer close(n.served)
		_ = n.server.Serve(ln) // ends with http.ErrServerClosed
	}()
	return n
}

// stop ends the node; pages see their sockets end.
func (n *node) stop() {
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	_ = n.server.Close()
	if err := n.bridge.Close(ctx); err != nil {
		n.t.Error(err)
	}
	n.board.Close()
	<-n.served
}

// page is a client that speaks the protocol and answers pings, no more.
type page struct {
	t     testing.TB
	ws    *websocket.Conn
	heard chan signal.Message // closed when the socket ends
	self  *signal.Welcome
	hello signal.Hello
	write sync.Mutex // guards writes to ws: pings are answered from listen
}

func helloOf(roomName, name string) signal.Hello {
	return signal.Hello{
		Version: signal.Version, Room: signal.RoomName(roomName), Name: name, Page: "page-" + strings.ReplaceAll(name, " ", "-") + "-0000",
		Media: signal.Media{Microphone: "on", Camera: "on", Screen: "off"},
	}
}

// dial opens a socket and says hello; the answer is whatever is heard next.
func dial(t testing.TB, addr string, hello signal.Hello) (*page, error) {
	ws, _, err := websocket.DefaultDialer.Dial("ws://"+addr+"/signal", nil)
	if err != nil {
		return nil, fmt.Errorf("dial: %w", err)
	}
	p := &page{t: t, ws: ws, heard: make(chan signal.Message, 4096), hello: hello}
	go p.listen()
	p.say(&hello)
	return p, nil
}

func (p *page) listen() {
	defer close(p.heard)
	for {
		_, frame, err := p.ws.ReadMessage()
		if err != nil {
			return
		}
		m, fault := signal.Decode(frame, signal.FromServer)
		if fault != nil {
			p.t.Errorf("the bridge sent what it may not: %v", fault)
			return
		}
		switch m.(type) {
		case *signal.Ping:
			p.say(&signal.Pong{})
		default:
			p.heard <- m
		}
	}
}

// say sends; a socket that has ended is noticed by listen.
func (p *page) say(m signal.Message) {
	p.write.Lock()
	defer p.write.Unlock()
	_ = p.ws.WriteMessage(websocket.TextMessage, signal.Encode(m))
}

// join enters a room and waits for the welcome.
func (n *node) join(roomName, name string) *page {
	n.t.Helper()
	return n.enter(helloOf(roomName, name))
}

func (n *node) enter(hello signal.Hello) *page {
	n.t.Helper()
	p, err := dial(n.t, n.addr, hello)
	if err != nil {
		n.t.Fatal(err)
	}
	n.t.Cleanup(p.hangUp)
	p.self = expect(p, "welcome", func(*signal.Welcome) bool { return true })
	return p
}

// again is the hello with which this page comes back.
func (p *page) again() signal.Hello {
	h := p.hello
	h.Pass, h.Snapshot, h.Epoch, h.Settings, h.Password = p.self.Pass, p.self.Snapshot, p.self.Plan.Epoch, nil, ""
	return h
}

// hangUp cuts the socket without a word.
func (p *page) hangUp() { _ = p.ws.Close() }

// expect reads on until a message of the type meets the condition.
func expect[M signal.Message](p *page, what string, is func(M) bool) M {
	p.t.Helper()
	m, err := await(p, is)
	if err != nil {
		p.t.Fatalf("%s of %s: %v", what, p.hello.Name, err)
	}
	return m
}

func await[M signal.Message](p *page, is func(M) bool) (M, error) {
	var none M
	late := time.NewTimer(deadline)
	defer late.Stop()
	var seen []string
	for {
		select {
		case m, open := <-p.heard:
			if !open {
				return none, fmt.Errorf("the socket ended; heard %s", strings.Join(seen, " "))
			}
			if got, ok := m.(M); ok && is(got) {
				return got, nil
			}
			if f, ok := m.(*signal.Fault); ok {
				seen = append(seen, "fault:"+string(f.Code))
			} else {
				seen = append(seen, signal.Name(m))
			}
		case <-late.C:
			return none, fmt.Errorf("not within %v; heard %s", deadline, strings.Join(seen, " "))
		}
	}
}

// until waits for a state of the node.
func (n *node) until(what string, is func() bool) {
	n.t.Helper()
	late := time.After(deadline)
	look := time.NewTicker(time.Millisecond)
	defer look.Stop()
	for !is() {
		select {
		case <-look.C:
		case <-late:
			n.t.Fatalf("not within %v: %s", deadline, what)
		}
	}
}

func anyOf[M any](M) bool { return true }
