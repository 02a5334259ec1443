package bridge

import (
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"parley/bridge/signal"
)

func TestHelloBecomesAnArrival(t *testing.T) {
	d := openDoor(t, nil)
	hello := newHello("  The  ROOM ", " Zoe\u0308  B. ")
	hello.Epoch = 7
	_, g, w := d.enter(hello)
	a := g.Arrival
	if a.Room != "the room" || a.Name != "Zoë B." || a.Page != "page-0001" || a.Floor != 7 || a.Media.Screen != "off" {
		t.Errorf("arrival %+v", a)
	}
	if a.Key != "" || a.Settings != nil || a.Resumed || a.Snapshot != nil {
		t.Errorf("a first arrival brings %+v", a)
	}
	if len(a.Peer) != 16 || strings.Trim(string(a.Peer), "abcdefghijklmnopqrstuvwxyz234567") != "" || w.Self != a.Peer {
		t.Errorf("peer id %q", a.Peer)
	}
}

func TestMessagesReachTheSeatInOrder(t *testing.T) {
	d := openDoor(t, nil)
	p, g := d.enterAs("Ann")
	for i := range 100 {
		p.say(&signal.Ready{Epoch: int64(i + 1)})
	}
	p.say(&signal.Ping{}) // never reaches the seat
	p.say(&signal.Pong{})
	p.say(&signal.Leave{})
	for i := range 100 {
		if m := receive(t, g.got).(*signal.Ready); m.Epoch != int64(i+1) {
			t.Fatalf("message %d is %+v", i, m)
		}
	}
	if _, ok := receive(t, g.got).(*signal.Leave); !ok {
		t.Error("leave did not come next")
	}
	if n := d.Stats().Received.Of("ready"); n != 100 {
		t.Errorf("counted %d ready", n)
	}
}

// Every kind of bad input, before and after hello, gets its fault; those that are not fatal leave
// the connection as it was; and somebody else in the same room notices nothing.
func TestBadInputGetsItsFault(t *testing.T) {
	hello := func(change func(h *signal.Hello)) string {
		h := newHello("room", "Bob")
		change(h)
		return string(signal.Encode(h))
	}
	sdp := strings.Repeat("v", 49<<10)
	tests := []struct {
		name  string
		frame string
		code  signal.Code
		fatal bool
		when  string // "before" or "after" hello, "" for both
	}{
		{"not JSON", "hello?", signal.CodeMalformed, false, ""},
		{"empty", "", signal.CodeMalformed, false, ""},
		{"half JSON", `{"type":"pi`, signal.CodeMalformed, false, ""},
		{"a list", `[1,2]`, signal.CodeMalformed, false, ""},
		{"no type", `{"epoch":1}`, signal.CodeMalformed, false, ""},
		{"type of the wrong shape", `{"type":{}}`, signal.CodeMalformed, false, ""},
		{"deep nesting", `{"type":"ready","epoch":` + strings.Repeat("[", 20000), signal.CodeMalformed, false, ""},
		{"invalid UTF-8", "{\"type\":\"\xff\xfe\"}", signal.CodeUnknown, false, ""},
		{"unknown type", `{"type":"dance"}`, signal.CodeUnknown, false, ""},
		{"a type only bridges send", `{"type":"welcome"}`, signal.CodeUnknown, false, ""},
		{"field of the wrong shape", `{"type":"ready","epoch":"x"}`, signal.CodeMalformed, false, ""},
		{"field out of range", `{"type":"ready","epoch":-1}`, signal.CodeMalformed, false, ""},
		{"field too large", `{"type":"describe","epoch":1,"to":"x","page":"page-0001","link":"link-0001","kind":"offer","sdp":"` + sdp + `"}`, signal.CodeTooLarge, false, ""},
		{"frame too large", strings.Repeat("x", signal.MaxFrame+1), signal.CodeTooLarge, false, ""},
		{"frame far too large", strings.Repeat("x", maxSkipped+signal.MaxFrame+2), signal.CodeTooLarge, true, ""},
		{"message before hello", `{"type":"leave"}`, signal.CodeOrder, false, "before"},
		{"second hello", hello(func(*signal.Hello) {}), signal.CodeOrder, false, "after"},
		{"version", hello(func(h *signal.Hello) { h.Version = 99 }), signal.CodeVersion, true, "before"},
		{"no name", hello(func(h *signal.Hello) { h.Name = " " }), signal.CodeBadName, true, "before"},
		{"name too long", hello(func(h *signal.Hello) { h.Name = strings.Repeat("x", 41) }), signal.CodeBadName, true, "before"},
		{"name turns text", hello(func(h *signal.Hello) { h.Name = "Bob\u202e" }), signal.CodeBadName, true, "before"},
		{"no room", hello(func(h *signal.Hello) { h.Room = "" }), signal.CodeBadRoom, true, "before"},
		{"room with a slash", hello(func(h *signal.Hello) { h.Room = "a/b" }), signal.CodeBadRoom, true, "before"},
		{"page id", hello(func(h *signal.Hello) { h.Page = "<script>" }), signal.CodeMalformed, false, "before"},
		{"settings", hello(func(h *signal.Hello) { h.Settings = &signal.Settings{Max: 1} }), signal.CodeBadSetting, true, "before"},
		{"pass", hello(func(h *signal.Hello) { h.Pass = "x" }), signal.CodeBadPass, true, "before"},
	}
	d := openDoor(t, nil)
	witness, _ := d.enterAs("Witness")
	for _, tt := range tests {
		for _, when := range []string{"before", "after"} {
			if tt.when != "" && tt.when != when {
				continue
			}
			t.Run(tt.name+", "+when+" hello", func(t *testing.T) {
				p := d.dial()
				p.t = t
				var g *guest
				if when == "after" {
					p.say(newHello("room", "Bob"))
					wants[signal.Welcome](p)
					g = receive(t, d.house.guests)
				}
				p.sayText(tt.frame)
				p.wantsFault(tt.code, tt.fatal)
				if !tt.fatal {
					p.alive()
				} else if g != nil && receive(t, g.lost) != Broken {
					t.Error("a cut must count as broken")
				}
				if g != nil && len(g.got) != 0 {
					t.Errorf("bad input reached the seat: %+v", <-g.got)
				}
			})
		}
	}
	witness.alive()
}

func TestBinaryFramesAreRefused(t *testing.T) {
	d := openDoor(t, nil)
	p, _ := d.enterAs("Ann")
	if err := p.ws.WriteMessage(websocket.BinaryMessage, signal.Encode(&signal.Ping{})); err != nil {
		t.Fatal(err)
	}
	p.wantsFault(signal.CodeMalformed, false)
	p.alive()
}

// After a fatal fault the rest of what had arrived already counts for nothing.
func TestNothingIsHeardAfterAFatalFault(t *testing.T) {
	d := openDoor(t, nil)
	p := d.dial()
	bad := newHello("room", "")
	p.say(bad)
	for range 20 {
		p.say(newHello("room", "Ann"))
	}
	p.wantsFault(signal.CodeBadName, true)
	if len(d.house.guests) != 0 {
		t.Error("a refused page entered")
	}
}

func TestTooManyMessages(t *testing.T) {
	d := openDoor(t, func(c *Config) {
		c.Limits.Messages, c.Limits.MessagesBurst, c.Limits.Strikes = 0.001, 10, 5
	})
	witness, _ := d.enterAs("Witness")
	p, g := d.enterAs("Ann") // the hello is one of the ten
	for range 9 + 5 {
		p.say(&signal.Ready{Epoch: 1})
	}
	for range 5 {
		p.wantsFault(signal.CodeTooOften, false)
	}
	p.say(&signal.Ready{Epoch: 1})
	p.wantsFault(signal.CodeTooOften, true)
	if receive(t, g.lost) != Broken || len(g.got) != 9 {
		t.Errorf("%d messages got through", len(g.got))
	}
	witness.alive()
}

func TestTooManyBytes(t *testing.T) {
	d := openDoor(t, func(c *Config) { c.Limits.Bytes, c.Limits.BytesBurst = 1, 100<<10 })
	p, g := d.enterAs("Ann")
	large := &signal.Describe{Epoch: 1, To: "bob", Page: "page-0002", Link: "link-0001", Kind: "offer", SDP: signal.SDP(strings.Repeat("v", 40<<10))}
	for range 3 {
		p.say(large)
	}
	p.wantsFault(signal.CodeTooOften, false)
	if len(g.got) != 2 {
		t.Errorf("%d messages got through", len(g.got))
	}
}

func TestRefusalsAreBounded(t *testing.T) {
	d := openDoor(t, func(c *Config) { c.Limits.Strikes = 3 })
	p, _ := d.enterAs("Ann")
	for range 10 {
		p.sayText("?")
	}
	for range 3 {
		p.wantsFault(signal.CodeMalformed, false)
	}
	p.wantsFault(signal.CodeTooOften, true)

	// Those of the room behind the bridge count as well.
	bob, g := d.enterAs("Bob")
	for range 4 {
		g.Conn.Refuse(signal.Faulty(signal.CodeOrder, "Not now."))
	}
	for range 3 {
		bob.wantsFault(signal.CodeOrder, false)
	}
	bob.wantsFault(signal.CodeTooOften, true)
	if n := d.Stats().Faults.Of("order"); n != 3 {
		t.Errorf("counted %d", n)
	}
}

// Candidates may be on their way to many who leave at once: that is no page's fault.
func TestWhoIsGoneIsNoStrike(t *testing.T) {
	d := openDoor(t, func(c *Config) { c.Limits.Strikes = 3 })
	p, g := d.enterAs("Ann")
	for range 60 {
		g.Conn.Refuse(signal.Faulty(signal.CodeNoPeer, "Nobody of that id is here."))
	}
	for range 60 {
		p.wantsFault(signal.CodeNoPeer, false)
	}
	p.alive()
	if n := d.Stats().Faults.Of("no-peer"); n != 60 {
		t.Errorf("counted %d", n)
	}
}
