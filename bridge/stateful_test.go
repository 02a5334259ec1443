package bridge

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/gorilla/websocket"
	"pgregory.net/rapid"

	"parley/bridge/signal"
)

// visitor is what the model knows of one page.
type visitor struct {
	*page
	guest *guest // nil before hello
	pass  signal.Secret
	said  []int64 // epochs of the ready messages that its seat must have got
}

// visit is the model of a door and a few pages at it.
type visit struct {
	door    *door
	witness *visitor
	pages   []*visitor
	ended   []*visitor
}

// Whatever a few pages do in whatever order: each gets exactly the answers it must get, each seat
// exactly the good messages and one loss of the right kind, and a page that does nothing wrong
// notices nothing.
func TestAnySessionHurtsNobodyElse(t *testing.T) {
	d := openDoor(t, func(c *Config) {
		l := &c.Limits
		l.PerAddress, l.Hellos, l.HellosBurst, l.Strikes = 1<<20, 1e6, 1<<20, 1<<20
		l.MessagesBurst, l.BytesBurst = 1<<20, 1<<30
	})
	rapid.Check(t, func(rt *rapid.T) {
		v := &visit{door: d}
		v.witness = v.arrive(rt)
		v.hello(v.witness)
		defer func() { // also when the check fails: the next try finds an empty door
			v.witness.ws.Close()
			for _, p := range v.pages {
				p.ws.Close()
			}
			eventually(t, "all are gone", func() bool { return d.Stats().Open.Load() == 0 })
		}()
		rt.Repeat(map[string]func(*rapid.T){
			"":         v.settled,
			"arrive":   func(rt *rapid.T) { v.pages = append(v.pages, v.arrive(rt)) },
			"hello":    func(rt *rapid.T) { v.hello(v.pick(rt)) },
			"resume":   v.resume,
			"good":     v.good,
			"bad":      v.bad,
			"mutate":   v.mutate,
			"refuse":   v.refuse,
			"cut":      v.cut,
			"goodbye":  v.goodbye,
			"hang up":  v.hangUp,
			"fragment": v.fragment,
		})
		for len(v.pages) > 0 {
			v.end(v.pages[0], Broken, func(p *visitor) { _ = p.ws.NetConn().Close() })
		}
	})
}

func (v *visit) arrive(rt *rapid.T) *visitor {
	if len(v.pages) > 6 {
		rt.Skip("enough pages")
	}
	return &visitor{page: v.door.dial()}
}

func (v *visit) pick(rt *rapid.T) *visitor {
	if len(v.pages) == 0 {
		rt.Skip("no page")
	}
	return rapid.SampledFrom(v.pages).Draw(rt, "page")
}

func (v *visit) hello(p *visitor) {
	p.say(newHello("room", "Ann"))
	if p.guest != nil {
		p.wantsFault(signal.CodeOrder, false)
		return
	}
	p.pass = wants[signal.Welcome](p.page).Pass
	p.guest = receive(v.door.t, v.door.house.guests)
}

// resume comes with the pass of somebody who was, or still is, here: that is the room's business.
func (v *visit) resume(rt *rapid.T) {
	entered := slices.DeleteFunc(slices.Concat(v.pages, v.ended), func(p *visitor) bool { return p.guest == nil })
	if len(entered) == 0 {
		rt.Skip("nobody entered")
	}
	earlier := rapid.SampledFrom(entered).Draw(rt, "earlier")
	p := v.arrive(rt)
	hello := newHello("room", "Ann")
	hello.Pass = earlier.pass
	p.say(hello)
	w := wants[signal.Welcome](p.page)
	p.pass, p.guest = w.Pass, receive(v.door.t, v.door.house.guests)
	if !w.Resumed || p.guest.Peer != earlier.guest.Peer {
		rt.Fatalf("came back as %+v", p.guest.Arrival)
	}
	v.pages = append(v.pages, p)
}

func (v *visit) good(rt *rapid.T) {
	p := v.pick(rt)
	for _, e := range rapid.SliceOfN(rapid.Int64Min(1), 1, 20).Draw(rt, "epochs") {
		p.say(&signal.Ready{Epoch: e})
		if p.guest == nil {
			p.wantsFault(signal.CodeOrder, false)
		} else {
			p.said = append(p.said, e)
		}
	}
}

var badFrames = map[string]signal.Code{
	`nonsense`:                        signal.CodeMalformed,
	`{"type":"ready"}`:                signal.CodeMalformed,
	`{"type":"settled"}`:              signal.CodeUnknown,
	`{"type":"ready","epoch":1e400}`:  signal.CodeMalformed,
	`{"type":"media","media":{}}`:     signal.CodeMalformed,
	strings.Repeat(" ", 70<<10):       signal.CodeTooLarge,
	`{"type":"hello","version":"1"}`:  signal.CodeVersion,
	`{"type":"hello","version":null}`: signal.CodeVersion,
}

func (v *visit) bad(rt *rapid.T) {
	p := v.pick(rt)
	keys := make([]string, 0, len(badFrames))
	for k := range badFrames {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	frame := rapid.SampledFrom(keys).Draw(rt, "frame")
	code := badFrames[frame]
	p.sayText(frame)
	p.wantsFault(code, code == signal.CodeVersion)
	if code == signal.CodeVersion {
		v.end(p, Broken, func(*visitor) {})
	}
}

// mutate sends any bytes at all; the answer must be what the decoder says.
func (v *visit) mutate(rt *rapid.T) {
	p := v.pick(rt)
	frame := rapid.OneOf(rapid.SliceOf(rapid.Byte()), rapid.Custom(func(rt *rapid.T) []byte {
		b := slices.Clone(signal.Encode(newHello("room", "Eve")))
		for range rapid.IntRange(1, 6).Draw(rt, "changes") {
			b[rapid.IntRange(0, len(b)-1).Draw(rt, "at")] = rapid.Byte().Draw(rt, "to")
		}
		return b
	})).Draw(rt, "bytes")
	_, fault := signal.Decode(frame, signal.FromClient)
	if fault == nil {
		return // it is a message
	}
	p.sayText(string(frame))
	p.wantsFault(fault.Code, fault.Fatal)
	if fault.Fatal {
		v.end(p, Broken, func(*visitor) {})
	}
}

func (v *visit) refuse(rt *rapid.T) {
	p := v.pick(rt)
	hello := newHello("room", "Eve")
	what := rapid.SampledFrom([]signal.Code{signal.CodeBadName, signal.CodeBadRoom, signal.CodeBadPass}).Draw(rt, "what")
	switch what {
	case signal.CodeBadName:
		hello.Name = "\u202e"
	case signal.CodeBadRoom:
		hello.Room = "/"
	default:
		hello.Pass = "a.b.c"
	}
	p.say(hello)
	if p.guest != nil {
		p.wantsFault(signal.CodeOrder, false)
		return
	}
	p.wantsFault(what, true)
	v.end(p, Broken, func(*visitor) {})
}

func (v *visit) cut(rt *rapid.T) {
	p := v.pick(rt)
	if p.guest == nil {
		return // nobody to cut it
	}
	v.end(p, Broken, func(p *visitor) {
		p.guest.Conn.Cut(signal.Faulty(signal.CodeFull, "This room is full."))
		p.wantsFault(signal.CodeFull, true)
	})
}

func (v *visit) goodbye(rt *rapid.T) {
	v.end(v.pick(rt), Closed, func(p *visitor) {
		_ = p.ws.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseGoingAway, ""))
	})
}

func (v *visit) hangUp(rt *rapid.T) {
	v.end(v.pick(rt), Broken, func(p *visitor) { _ = p.ws.NetConn().Close() })
}

// fragment sends one message in pieces, with others' messages in between.
func (v *visit) fragment(rt *rapid.T) {
	p := v.pick(rt)
	w, err := p.ws.NextWriter(websocket.TextMessage)
	if err != nil {
		rt.Fatal(err)
	}
	for _, b := range signal.Encode(&signal.Ping{}) {
		_, _ = w.Write([]byte{b})
	}
	v.witness.alive()
	_ = w.Close()
	wants[signal.Pong](p.page)
}

// end ends a page in some way and checks what its seat was told in all.
func (v *visit) end(p *visitor, want Loss, how func(*visitor)) {
	t := v.door.t
	t.Helper()
	how(p)
	v.pages = slices.DeleteFunc(v.pages, func(q *visitor) bool { return q == p })
	v.ended = append(v.ended, p)
	if p.guest == nil {
		return
	}
	if got := receive(t, p.guest.lost); got != want {
		t.Fatalf("lost as %s, want %s", got, want)
	}
	var got []int64
	for len(p.guest.got) > 0 {
		got = append(got, (<-p.guest.got).(*signal.Ready).Epoch)
	}
	// Who hangs up may take back what was not read yet; nothing is ever made up or out of order.
	if len(got) > len(p.said) || fmt.Sprint(got) != fmt.Sprint(p.said[:len(got)]) || want == Closed && len(got) != len(p.said) {
		t.Fatalf("the seat got %v, the page said %v", got, p.said)
	}
}

func (v *visit) settled(rt *rapid.T) {
	v.witness.alive()
	for _, p := range slices.Concat(v.pages, []*visitor{v.witness}) {
		p.alive()
		if p.guest != nil && len(p.guest.lost) > 0 {
			rt.Fatal("a page that is here was lost")
		}
	}
	for _, p := range v.ended {
		if p.guest != nil && len(p.guest.lost) > 0 {
			rt.Fatal("a page was lost twice")
		}
	}
}
