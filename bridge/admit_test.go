package bridge

import (
	"crypto/ed25519"
	"encoding/json"
	"net/netip"
	"strings"
	"testing"
	"time"

	"parley/bridge/signal"
)

// home is the address of every page of a test; addr makes others.
var home = network(netip.AddrFrom4([4]byte{127, 0, 0, 1}))

func addr(i byte) netip.Prefix { return network(netip.AddrFrom4([4]byte{192, 0, 2, i})) }

func TestPassBringsBack(t *testing.T) {
	d := openDoor(t, nil)
	_, g, w := d.enter(newHello("room", "Ann"))
	again := newHello("Room", "Anna")
	again.Page, again.Pass, again.Snapshot, again.Epoch = "page-0002", w.Pass, w.Snapshot, 9
	again.Settings = &signal.Settings{Max: 3} // means nothing for who comes back
	_, g2, w2 := d.enter(again)
	a := g2.Arrival
	if a.Peer != g.Peer || !a.Resumed || a.Name != "Anna" || a.Page != "page-0002" || a.Floor != 9 || a.Settings != nil {
		t.Errorf("came back as %+v", a)
	}
	if string(a.Snapshot) != `{"room":"room"}` || !w2.Resumed {
		t.Errorf("with snapshot %s", a.Snapshot)
	}
}

func TestBadPasses(t *testing.T) {
	d := openDoor(t, nil)
	_, _, w := d.enter(newHello("room", "Ann"))
	_, _, elsewhere := d.enter(newHello("elsewhere", "Ann"))
	signer := d.house.signer
	other := newSigner("12D3KooWOtherNode", 1)
	thief := newSigner(signer.Node(), 1) // names this node, has another key
	old, err := json.Marshal(Pass{Room: "room", Peer: w.Self, Issued: time.Now().Add(-passLife - time.Hour).UnixMilli()})
	if err != nil {
		t.Fatal(err)
	}
	good := Pass{Room: "room", Peer: w.Self, Name: "Ann"}
	parts := strings.Split(string(w.Pass), ".")
	body := func(p Pass) string {
		text, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		return base64url.EncodeToString(text)
	}
	tests := []struct {
		name           string
		pass, snapshot signal.Secret
	}{
		{"nonsense", "nonsense", ""},
		{"dots", "..", ""},
		{"not base64", signal.Secret(parts[0] + ".!." + parts[2]), ""},
		{"no signature", signal.Secret(parts[0] + "." + parts[1] + "."), ""},
		{"short signature", signal.Secret(parts[0] + "." + parts[1] + "." + parts[2][:20]), ""},
		{"altered", signal.Secret(parts[0] + "." + body(Pass{Room: "room", Peer: "aaaaaaaaaaaaaaaa", Issued: time.Now().UnixMilli()}) + "." + parts[2]), ""},
		{"padded", w.Pass + "=", ""},
		{"another spelling of the same bytes", respell(w.Pass), ""},
		{"under another node's name", signal.Secret("12D3KooWOtherNode." + parts[1] + "." + parts[2]), ""},
		{"another node's", other.Pass(good), ""},
		{"another node's, with this one's name", signal.Secret(parts[0] + "." + strings.SplitN(string(other.Pass(good)), ".", 2)[1]), ""},
		{"forged", thief.Pass(good), ""},
		{"another room's", elsewhere.Pass, ""},
		{"a snapshot", signer.Seal([]byte(`{"room":"room","peer":"aaaaaaaaaaaaaaaa","issued":99999999999999}`)), ""},
		{"too old", signer.sign(passHeading, old), ""},
		{"not an object", signer.sign(passHeading, []byte("7")), ""},
		{"good, with a forged snapshot", w.Pass, thief.Seal([]byte(`{}`))},
		{"good, with itself as the snapshot", w.Pass, w.Pass},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := d.dial()
			p.t = t
			hello := newHello("room", "Eve")
			hello.Pass, hello.Snapshot = tt.pass, tt.snapshot
			p.say(hello)
			p.wantsFault(signal.CodeBadPass, true)
		})
	}
}

// respell changes bits of the last character that stand for nothing: 64 bytes take 85 characters and a third.
func respell(token signal.Secret) signal.Secret {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := len(token) - 1
	at := strings.IndexByte(alphabet, token[last])
	return token[:last] + signal.Secret(alphabet[at^1:(at^1)+1])
}

// Who was never in the room cannot bring a snapshot into it.
func TestSnapshotWithoutPassIsIgnored(t *testing.T) {
	d := openDoor(t, nil)
	hello := newHello("room", "Ann")
	hello.Snapshot = d.house.signer.Seal([]byte(`{}`))
	_, g, _ := d.enter(hello)
	if g.Snapshot != nil {
		t.Errorf("the room got %s", g.Snapshot)
	}
}

func FuzzTokens(f *testing.F) {
	signer := newSigner("12D3KooWTestNode", 0)
	genuine := signer.Pass(Pass{Room: "room", Peer: "aaaaaaaaaaaaaaaa"})
	f.Add(string(genuine))
	f.Add(string(signer.Seal([]byte(`{}`))))
	f.Add("a.b.c")
	f.Fuzz(func(t *testing.T, token string) {
		if _, err := signer.ReadPass(signal.Secret(token)); err == nil {
			parts := strings.Split(token, ".")
			body, _ := base64url.DecodeString(parts[1])
			sig, _ := base64url.DecodeString(parts[2])
			if !ed25519.Verify(signer.key.Public().(ed25519.PublicKey), signed(passHeading, signer.node, body), sig) {
				t.Error("a token that is not signed was taken")
			}
		}
	})
}

func TestCreatorSetsTheLock(t *testing.T) {
	d := openDoor(t, nil)
	meshMax := 3
	hello := newHello("room", "Ann")
	hello.Settings = &signal.Settings{Password: "sesame", Max: 4, MeshMax: &meshMax}
	_, g, w := d.enter(hello)
	s := g.Settings
	if s == nil || s.Max != 4 || *s.MeshMax != 3 || s.Password != "" {
		t.Fatalf("settings %+v", s)
	}
	if !strings.HasPrefix(g.Key, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Fatalf("lock %q", g.Key)
	}
	d.house.setGate("room", Gate{Open: true, Lock: g.Key})

	for _, tt := range []struct {
		name string
		say  func(h *signal.Hello)
		want signal.Code
	}{
		{"no password", func(*signal.Hello) {}, signal.CodeLocked},
		{"wrong", func(h *signal.Hello) { h.Password = "Sesame" }, signal.CodePassword},
		{"settings of a room that is there", func(h *signal.Hello) { h.Settings = &signal.Settings{Password: "sesame"} }, signal.CodeExists},
	} {
		p := d.dial()
		h := newHello("room", "Bob")
		tt.say(h)
		p.say(h)
		p.wantsFault(tt.want, true)
	}
	if d.Stats().Wrong.Load() != 1 {
		t.Error("the wrong password was not counted")
	}

	right := newHello("room", "Bob")
	right.Password = "sesame"
	if _, bob, _ := d.enter(right); bob.Key != g.Key || bob.Settings != nil {
		t.Errorf("entered with %+v", bob.Arrival)
	}
	back := newHello("room", "Ann")
	back.Pass = w.Pass
	if _, ann, _ := d.enter(back); ann.Key != g.Key || !ann.Resumed {
		t.Errorf("came back with %+v", ann.Arrival)
	}
}

// The room ended and another one with another password is there now: the old pass is what the room makes
// of it, and a password mends it.
func TestOldPassAtANewLock(t *testing.T) {
	d := openDoor(t, nil)
	hello := newHello("room", "Ann")
	hello.Password = "sesame"
	_, g, w := d.enter(hello)
	back := newHello("room", "Ann")
	back.Pass = w.Pass
	lock, err := d.guard.forge(home, "other")
	if err != nil {
		t.Fatal(err)
	}
	d.house.setGate("room", Gate{Open: true, Lock: lock})
	if _, ann, _ := d.enter(back); ann.Key != g.Key {
		t.Errorf("an old pass entered with %q", ann.Key)
	}
	back.Password = "other"
	if _, ann, _ := d.enter(back); ann.Key != lock || !ann.Resumed {
		t.Errorf("a pass and the new password entered with %+v", ann.Arrival)
	}

	// With a snapshot the lock may be a newcomer's, who was first after a restart: the pass's comes back with it.
	back.Snapshot = w.Snapshot
	if _, ann, _ := d.enter(back); ann.Key != g.Key || ann.Snapshot == nil {
		t.Errorf("a pass, its snapshot and a password entered with %+v", ann.Arrival)
	}
}

// A password for a room that is not there any more opens it with that password.
func TestPasswordFoundsARoom(t *testing.T) {
	d := openDoor(t, nil)
	hello := newHello("room", "Ann")
	hello.Password = "sesame"
	_, g, _ := d.enter(hello)
	if ok, err := fits(g.Key, "sesame"); !ok || err != nil || g.Settings == nil {
		t.Errorf("entered with %+v: %v", g.Arrival, err)
	}
}

// racing is a house in which somebody else opens the room while this one's password is hashed.
type racing struct {
	*house
	asked chan struct{}
	then  Gate
}

func (r *racing) Gate(room signal.RoomName) Gate {
	select {
	case <-r.asked:
		return Gate{}
	default:
		return r.then
	}
}

func TestRoomOpensWhileItsPasswordIsHashed(t *testing.T) {
	lock, err := newGuard(1).forge(home, "sesame")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		then Gate
		say  func(h *signal.Hello)
		want signal.Code // "" to enter
	}{
		{"same password", Gate{Open: true, Lock: lock}, func(h *signal.Hello) { h.Password = "sesame" }, ""},
		{"another password", Gate{Open: true, Lock: lock}, func(h *signal.Hello) { h.Password = "x" }, signal.CodePassword},
		{"no password", Gate{Open: true}, func(h *signal.Hello) { h.Password = "x" }, ""},
		{"settings", Gate{Open: true}, func(h *signal.Hello) { h.Settings = &signal.Settings{Password: "x"} }, signal.CodeExists},
		{"full", Gate{Open: true, Full: true}, func(h *signal.Hello) { h.Password = "x" }, signal.CodeFull},
	} {
		d := openDoor(t, func(c *Config) {
			r := &racing{house: c.Rooms.(*house), asked: make(chan struct{}, 1), then: tt.then}
			r.asked <- struct{}{}
			c.Rooms = r
		})
		p := d.dial()
		h := newHello("room", "Bob")
		tt.say(h)
		p.say(h)
		if tt.want != "" {
			p.wantsFault(tt.want, true)
			continue
		}
		wants[signal.Welcome](p)
		if g := receive(t, d.house.guests); g.Key != tt.then.Lock || g.Settings != nil {
			t.Errorf("%s: entered with %+v", tt.name, g.Arrival)
		}
	}
}

func TestFullRoom(t *testing.T) {
	d := openDoor(t, nil)
	_, _, w := d.enter(newHello("room", "Ann"))
	d.house.setGate("room", Gate{Open: true, Full: true})
	p := d.dial()
	p.say(newHello("room", "Bob"))
	p.wantsFault(signal.CodeFull, true)
	back := newHello("room", "Ann")
	back.Pass = w.Pass
	d.enter(back) // is one of those who fill it
	back.Password = "x"
	d.enter(back)
}
