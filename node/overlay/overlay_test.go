package overlay

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	"go.uber.org/goleak"

	"parley/bridge/signal"
)

// patience is how long a test waits for what should take milliseconds.
const patience = 30 * time.Second

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// errNotToday is the refusal of a relay in these tests.
var errNotToday = errors.New("not today")

// told is a relay that notes what it is asked. It answers an offer by what the offer says, once it is let.
type told struct {
	mu   sync.Mutex
	said []string // guarded by mu
	news chan struct{}
	hold chan struct{} // an offer waits until this is closed
}

func newTold() *told {
	hold := make(chan struct{})
	close(hold)
	return &told{news: make(chan struct{}, 100), hold: hold}
}

func (r *told) note(format string, values ...any) {
	r.mu.Lock()
	r.said = append(r.said, fmt.Sprintf(format, values...))
	r.mu.Unlock()
	r.news <- struct{}{}
}

func (r *told) Load() float64 { return 0.25 }
func (r *told) Capacity() int { return 7 }

func (r *told) Reserve(_ signal.NodeID, room string) error {
	if room == "full" {
		return errNotToday
	}
	r.note("reserve %s", room)
	return nil
}

func (r *told) Offer(ctx context.Context, _ signal.NodeID, o Offer) (signal.SDP, error) {
	select {
	case <-r.hold:
		return "answer to " + o.SDP, nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

func (r *told) Release(_ signal.NodeID, room string)    { r.note("release %s", room) }
func (r *told) Candidate(_ signal.NodeID, t Trickle)    { r.note("candidate %s %d", t.Candidate, t.MLine) }
func (r *told) Gone(_ signal.NodeID, room, peer string) { r.note("gone %s %s", room, peer) }
func (r *told) Parted(signal.NodeID)                    { r.note("parted") }

// heard waits until the relay was told this much.
func (r *told) heard(t *testing.T, want ...string) {
	t.Helper()
	for range want {
		await(t, r.news)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if got := strings.Join(r.said, "; "); got != strings.Join(want, "; ") {
		t.Errorf("the relay was told %q, want %q", got, want)
	}
}

func await[T any](t *testing.T, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(patience):
		t.Fatal("nothing happens")
		panic("unreachable")
	}
}

// machine is one node in these tests.
type machine struct {
	*Overlay
	found chan *Remote
	lost  chan *Remote
}

func identity(t *testing.T) Identity {
	t.Helper()
	me, err := Identify(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return me
}

func listen(t *testing.T, at string) (l Listen) {
	t.Helper()
	if err := l.UnmarshalText([]byte(at)); err != nil {
		t.Fatal(err)
	}
	return l
}

func address(t *testing.T, text string) (a Addresses) {
	t.Helper()
	if err := a.UnmarshalText([]byte(text)); err != nil {
		t.Fatal(err)
	}
	return a
}

func nodes(t *testing.T, ids ...signal.NodeID) (n Nodes) {
	t.Helper()
	for _, one := range ids {
		var next Nodes
		if err := next.UnmarshalText([]byte(one)); err != nil {
			t.Fatal(err)
		}
		n = append(n, next...)
	}
	return n
}

func open(t *testing.T, c Config) *machine {
	t.Helper()
	m := &machine{found: make(chan *Remote, 10), lost: make(chan *Remote, 10)}
	c.Found = func(r *Remote) { m.found <- r }
	c.Lost = func(r *Remote) { m.lost <- r }
	c.Log = slog.New(slog.DiscardHandler)
	var err error
	if m.Overlay, err = Open(c); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return m
}

func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

const anyPort = "/ip4/127.0.0.1/tcp/0"

// pair is a bridge that dials a relay.
func pair(t *testing.T, service RelayService) (relay, bridge *machine, there *Remote) {
	t.Helper()
	r, b := identity(t), identity(t)
	relay = open(t, Config{Me: r, Listen: listen(t, anyPort), Allow: nodes(t, b.Node), Roles: []Role{RoleRelay}, Relay: service, Release: "v1"})
	bridge = open(t, Config{Me: b, Bootstrap: address(t, relay.Address()), Roles: []Role{RoleBridge}})
	return relay, bridge, await(t, bridge.found)
}

func TestARelayOnAnotherMachineIsUsed(t *testing.T) {
	service := newTold()
	relay, bridge, there := pair(t, service)
	if there.Node() != relay.config.Me.Node || !there.Is(RoleRelay) || there.Is(RoleBridge) || there.Capacity() != 7 || there.Load() != 0.25 || there.Release() != "v1" {
		t.Errorf("found %v", there.session.far)
	}
	if here := await(t, relay.found); here.Node() != bridge.config.Me.Node || !here.Is(RoleBridge) || here.Capacity() != 0 {
		t.Errorf("the relay found %v", here.session.far)
	}
	if err := there.Reserve(soon(t), "full"); err == nil || !strings.Contains(err.Error(), "not today") {
		t.Errorf("a full relay says %v", err)
	}
	if err := there.Reserve(soon(t), "a"); err != nil {
		t.Error(err)
	}
	o := Offer{Room: "a", Peer: "ann", Page: "p", Link: "l", SDP: signal.SDP(strings.Repeat("\r\n", maxSDP/4))}
	if sdp, err := there.Offer(soon(t), o); err != nil || sdp != "answer to "+o.SDP {
		t.Errorf("the answer has %d bytes, %v", len(sdp), err)
	}
	there.Candidate(Trickle{Room: "a", Peer: "ann", Link: "l", Candidate: "c", MLine: 2})
	there.Gone("a", "ann")
	there.Free("a")
	service.heard(t, "reserve a", "candidate c 2", "gone a ann", "release a")
	bridge.Close()
	if gone := await(t, relay.lost); gone.Node() != bridge.config.Me.Node {
		t.Errorf("lost %s", gone.Node())
	}
	if err := there.Reserve(soon(t), "b"); !errors.Is(err, errGone) {
		t.Errorf("asking a relay that is gone: %v", err)
	}
	if relay.Stats().Peers.Load() != 0 || relay.Stats().Losses.Load() != 1 {
		t.Error("the loss is not counted")
	}
}

func TestANodeWithoutARelayRefuses(t *testing.T) {
	_, _, there := pair(t, nil)
	there.Free("a") // asks for nothing, is answered by nothing
	if err := there.Reserve(soon(t), "a"); err == nil || !strings.Contains(err.Error(), "no relay") {
		t.Errorf("got %v", err)
	}
}

func TestANodeThatComesBackIsFoundAgain(t *testing.T) {
	me := identity(t)
	relay := open(t, Config{Me: me, Listen: listen(t, anyPort), NetworkKeyFile: networkFile(t, "1"), Roles: []Role{RoleRelay}})
	at := relay.Address()
	bridge := open(t, Config{Me: identity(t), Bootstrap: address(t, at), NetworkKeyFile: networkFile(t, "1")})
	before := await(t, bridge.found)
	asked := make(chan error, 1)
	go func() {
		_, err := before.session.ask(soon(t), beat{}) // is never answered
		asked <- err
	}()
	relay.Close()
	if gone := await(t, bridge.lost); gone != before {
		t.Errorf("lost %s", gone.Node())
	}
	if err := await(t, asked); !errors.Is(err, errGone) {
		t.Errorf("what was asked of it ends with %v", err)
	}
	port, _, _ := strings.Cut(at, "/p2p/")
	open(t, Config{Me: me, Listen: listen(t, port), NetworkKeyFile: networkFile(t, "1")})
	if again := await(t, bridge.found); again.Node() != me.Node || again == before {
		t.Errorf("found %s", again.Node())
	}
}

func TestLookingEndsWhenAllAreFoundOrOutOfReach(t *testing.T) {
	relay := open(t, Config{Me: identity(t), Listen: listen(t, anyPort), NetworkKeyFile: networkFile(t, "1")})
	gone := open(t, Config{Me: identity(t), Listen: listen(t, anyPort)})
	nowhere := gone.Address()
	gone.Close()
	me := identity(t)
	all := strings.Join([]string{relay.Address(), nowhere, "/ip4/127.0.0.1/tcp/1/p2p/" + string(me.Node)}, ",")
	bridge := open(t, Config{Me: me, Bootstrap: address(t, all), NetworkKeyFile: networkFile(t, "1")})
	ctx := soon(t)
	bridge.Look(ctx)
	if ctx.Err() != nil || len(bridge.found) != 1 {
		t.Errorf("%v, and %d are found", ctx.Err(), len(bridge.found))
	}
}

// Both keep the same one of two streams, and nobody is told of a loss for good.
func TestNodesThatDialEachOtherKeepOneStream(t *testing.T) {
	one, two := identity(t), identity(t)
	a := open(t, Config{Me: one, Listen: listen(t, anyPort), Allow: nodes(t, two.Node), Relay: newTold(), Roles: []Role{RoleRelay}})
	a.tries[nodes(t, two.Node)[0]] = &try{over: make(chan struct{})}
	b := open(t, Config{Me: two, Listen: listen(t, anyPort), Bootstrap: address(t, a.Address()), Relay: newTold(), Roles: []Role{RoleRelay}})
	// A begins to dial as B does, though it was made before B's address was known.
	a.running.Add(1)
	go func() { defer a.running.Done(); a.keep(address(t, b.Address())[0]) }()
	for _, m := range []*machine{a, b} {
		for err := error(errGone); err != nil; {
			there := await(t, m.found)
			err = there.Reserve(soon(t), "a")
			if err != nil && !errors.Is(err, errGone) {
				t.Fatal(err)
			}
		}
	}
	if a.session(b.host.ID()).opened == b.session(a.host.ID()).opened {
		t.Error("each keeps its own stream")
	}
}

// Whatever comes first at either end, both keep the same stream. Of two that one end opened, the newer is kept.
func TestBothEndsChooseTheSameStream(t *testing.T) {
	a, b := open(t, Config{Me: identity(t)}), open(t, Config{Me: identity(t)})
	kept := func(at, other *machine, opened ...bool) (first bool) {
		at.sessions = map[peer.ID]*session{}
		for _, by := range opened {
			at.place(&session{peer: other.host.ID(), opened: by})
		}
		defer delete(at.sessions, other.host.ID())
		return at.sessions[other.host.ID()].opened
	}
	for _, first := range []bool{true, false} {
		for _, second := range []bool{true, false} {
			// What one end opened, the other accepted.
			if kept(a, b, first, !first) == kept(b, a, second, !second) {
				t.Errorf("they keep different streams where a opened its first: %v, and b: %v", first, second)
			}
		}
		old, newer := &session{peer: b.host.ID(), opened: first}, &session{peer: b.host.ID(), opened: first}
		a.place(old)
		if got, ok := a.place(newer); got != old || !ok || a.session(b.host.ID()) != newer {
			t.Error("the older of two is kept")
		}
		delete(a.sessions, b.host.ID())
	}
}

func networkFile(t *testing.T, digit string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "network.key")
	text := "/key/swarm/psk/1.0.0/\n/base16/\n" + strings.Repeat(digit, 64) + "\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestNetworkKeyThatIsRefused(t *testing.T) {
	short := networkFile(t, "")
	public := networkFile(t, "1")
	if err := os.Chmod(public, 0o644); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{short: "is not a network key", public: "run chmod 600", "/nowhere/key": "no such file"} {
		_, err := Open(Config{Me: identity(t), NetworkKeyFile: path})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}
}

func TestAPortThatIsTakenIsAnError(t *testing.T) {
	first := open(t, Config{Me: identity(t), Listen: listen(t, anyPort)})
	at, _, _ := strings.Cut(first.Address(), "/p2p/")
	second, err := Open(Config{Me: identity(t), Listen: listen(t, at)})
	if err == nil {
		second.Close()
	}
	if err == nil || !strings.Contains(err.Error(), "address already in use") {
		t.Errorf("got %v", err)
	}
}
