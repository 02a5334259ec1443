package overlay

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/p2p/transport/tcp"
)

// foreign is a libp2p host that is not ours and says what it likes.
func foreign(t *testing.T, me Identity) host.Host {
	t.Helper()
	key, err := crypto.UnmarshalEd25519PrivateKey(me.Key)
	if err != nil {
		t.Fatal(err)
	}
	h, err := libp2p.New(libp2p.Identity(key), libp2p.NoListenAddrs, libp2p.Transport(tcp.NewTCPTransport), libp2p.DisableMetrics())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.Close() })
	return h
}

// dial opens a stream from a foreign host to a node, as far as that goes.
func dial(t *testing.T, h host.Host, to *machine) (network.Stream, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	target := address(t, to.Address())[0]
	if err := h.Connect(ctx, target); err != nil {
		return nil, err
	}
	s, err := h.NewStream(ctx, target.ID, streamProtocol)
	if err == nil {
		err = s.SetDeadline(time.Now().Add(patience))
	}
	return s, err
}

func say(t *testing.T, to io.Writer, m message) error {
	t.Helper()
	text, err := encode(0, m)
	if err != nil {
		t.Fatal(err)
	}
	_, err = to.Write(text)
	return err
}

// hear reads messages until there is one that is no beat.
func hear(from io.Reader) (uint64, message, error) {
	for {
		text, err := readFrame(from)
		if err != nil {
			return 0, nil, err
		}
		id, m, err := decode(text)
		if _, dull := m.(beat); !dull || err != nil {
			return id, m, err
		}
	}
}

// meet says hello and hears it.
func meet(t *testing.T, h host.Host, to *machine) network.Stream {
	t.Helper()
	s, err := dial(t, h, to)
	if err != nil {
		t.Fatal(err)
	}
	if err := say(t, s, hello{Version: Version}); err != nil {
		t.Fatal(err)
	}
	if _, m, err := hear(s); err != nil {
		t.Fatalf("got %v, %v", m, err)
	}
	await(t, to.found)
	return s
}

// acquainted is a node and a foreign host that it lets in.
func acquainted(t *testing.T) (*machine, host.Host) {
	t.Helper()
	me := identity(t)
	return open(t, Config{Me: identity(t), Listen: listen(t, anyPort), Allow: nodes(t, me.Node), Relay: newTold()}), foreign(t, me)
}

// Connect of a stranger may well return nil: only a stream shows whether anybody listens.
func TestAStrangerGetsNoStream(t *testing.T) {
	friend := identity(t)
	for name, c := range map[string]Config{
		"knows nobody":  {},
		"knows another": {Allow: nodes(t, friend.Node)},
		"has a key":     {NetworkKeyFile: networkFile(t, "1")},
	} {
		c.Me, c.Listen = identity(t), listen(t, anyPort)
		closed := open(t, c)
		s, err := dial(t, foreign(t, identity(t)), closed)
		if err == nil {
			if err = say(t, s, hello{Version: Version}); err == nil {
				_, _, err = hear(s)
			}
		}
		if err == nil || len(closed.found) > 0 {
			t.Errorf("%s: a stranger is heard", name)
		}
		if c.NetworkKeyFile == "" && closed.Stats().Strangers.Load() == 0 {
			t.Errorf("%s: the stranger is not counted", name)
		}
	}
}

func TestRubbishEndsTheStreamAndNothingElse(t *testing.T) {
	node, h := acquainted(t)
	for name, rubbish := range map[string]string{
		"no JSON":  "\x00\x00\x00\x04abcd",
		"too long": "\xff\xff\xff\xff",
		"bad body": "\x00\x00\x00\x1e" + `{"kind":"reserve","body":true}`,
		"no room":  "\x00\x00\x00\x1c" + `{"kind":"release","body":{}}`,
		"bad beat": "\x00\x00\x00\x23" + `{"kind":"beat","body":{"load":1.5}}`,
	} {
		s := meet(t, h, node)
		if _, err := s.Write([]byte(rubbish)); err != nil {
			t.Fatal(err)
		}
		if _, m, err := hear(s); err == nil {
			t.Errorf("%s: it answers %v", name, m)
		}
		await(t, node.lost)
	}
	if got := node.Stats().Malformed.Load(); got != 5 {
		t.Errorf("%d are counted, want 5", got)
	}
	if conns := h.Network().Conns(); len(conns) != 1 {
		t.Errorf("there are %d connections, want the one from the beginning", len(conns))
	}
}

// A node of a newer release may say and ask more than this one knows.
func TestWhatIsUnknownIsLeftOutOrRefused(t *testing.T) {
	node, h := acquainted(t)
	s := meet(t, h, node)
	if _, err := s.Write([]byte("\x00\x00\x00\x19" + `{"kind":"news","body":{}}` + "\x00\x00\x00\x21" + `{"kind":"dance","id":7,"body":{}}`)); err != nil {
		t.Fatal(err)
	}
	id, m, err := hear(s)
	if no, ok := m.(refused); err != nil || id != 7 || !ok || no.Reason == "" {
		t.Errorf("got %d %v, %v", id, m, err)
	}
}

func TestHelloComesFirstAndOfTheSameVersion(t *testing.T) {
	node, h := acquainted(t)
	for _, first := range []message{beat{}, hello{Version: Version + 1}} {
		s, err := dial(t, h, node)
		if err != nil {
			t.Fatal(err)
		}
		if err := say(t, s, first); err != nil {
			t.Fatal(err)
		}
		hear(s) // its hello; both say that at once
		if _, m, err := hear(s); err == nil {
			t.Errorf("after %v it says %v", first, m)
		}
	}
	if len(node.found) > 0 {
		t.Error("it is taken for a node")
	}
}

// A node that is frozen or cut off says nothing, and its connection looks alive.
func TestANodeThatIsSilentIsGone(t *testing.T) {
	node, h := acquainted(t)
	s := meet(t, h, node)
	beats := make(chan int, 1)
	go func() {
		for n := 0; ; n++ {
			if _, err := readFrame(s); err != nil {
				beats <- n
				return
			}
		}
	}()
	began := time.Now()
	await(t, node.lost)
	took := time.Since(began)
	t.Logf("seen after %v", took)
	if took < silence-100*time.Millisecond {
		t.Errorf("gone after %v, although %v are allowed", took, silence)
	}
	if n := await(t, beats); n < 2 {
		t.Errorf("the silent one heard %d beats meanwhile", n)
	}
}

// A node that does not read cannot make this one wait, nor fill its memory.
func TestANodeThatDoesNotReadIsGone(t *testing.T) {
	node, h := acquainted(t)
	s, err := dial(t, h, node)
	if err != nil {
		t.Fatal(err)
	}
	if err := say(t, s, hello{Version: Version}); err != nil {
		t.Fatal(err)
	}
	go func() {
		for tick := time.Tick(beatEvery); say(t, s, beat{}) == nil; {
			<-tick // it is alive, and only does not read
		}
	}()
	there := await(t, node.found)
	for sent := 0; ; sent++ {
		err := there.session.send(0, Offer{Room: "a", Peer: "p", Page: "p", Link: "l", SDP: signalText(1 << 10)})
		if err != nil {
			if !errors.Is(err, errGone) || sent < maxQueue {
				t.Errorf("after %d: %v", sent, err)
			}
			break
		}
	}
	await(t, node.lost)
	if !errors.Is(there.session.cause, errSlow) {
		t.Errorf("it ended by %v", there.session.cause)
	}
}

func TestOffersAreBounded(t *testing.T) {
	service := newTold()
	service.hold = make(chan struct{})
	_, _, there := pair(t, service)
	answers := make(chan error, 2*maxOffers)
	for range maxOffers + 1 {
		go func() {
			_, err := there.Offer(soon(t), Offer{Room: "a", Peer: "p", Page: "p", Link: "l"})
			answers <- err
		}()
	}
	if err := await(t, answers); err == nil || !strings.Contains(err.Error(), "too many offers") {
		t.Errorf("the one too many got %v", err)
	}
	close(service.hold)
	for range maxOffers {
		if err := await(t, answers); err != nil {
			t.Error(err)
		}
	}
}

func TestARequestHasADeadline(t *testing.T) {
	service := newTold()
	service.hold = make(chan struct{})
	_, bridge, there := pair(t, service)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := there.Offer(ctx, Offer{Room: "a", Peer: "p", Page: "p", Link: "l"}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	close(service.hold) // the answer comes too late, and nobody minds
	if err := there.Reserve(soon(t), "a"); err != nil {
		t.Error(err)
	}
	if bridge.Stats().Unanswered.Load() != 1 {
		t.Error("it is not counted")
	}
}
