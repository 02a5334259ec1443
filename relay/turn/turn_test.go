package turn

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/pion/stun/v3"
	"github.com/pion/turn/v3"
)

// relayed reads the relayed address of an answer to Allocate.
func relayed(t testing.TB, m *stun.Message) netip.AddrPort {
	t.Helper()
	value, err := m.Get(stun.AttrXORRelayedAddress)
	at, ok := peerAddress(value, m.TransactionID)
	if err != nil || !ok {
		t.Fatal("there is no relayed address")
	}
	return at
}

// Words of every small length go both ways, over channels and in indications.
func TestDataGoesBothWays(t *testing.T) {
	n := start(t, nil)
	for _, way := range ways {
		t.Run(way, func(t *testing.T) {
			c := n.dial(t, way).as(n, "ann")
			at := relayed(t, c.ask(stun.MethodAllocate, transport(relayUDP)))
			bob := newFar(t, "127.0.0.1:0")
			if got := code(c.ask(stun.MethodChannelBind, number(0x4001), peer(bob.at()))); got != 0 {
				t.Fatalf("ChannelBind is answered %d", got)
			}
			for _, text := range []string{"1", "12", "123", "1234", "12345678901"} {
				c.write(channelData(0x4001, text))
				heard, from := bob.hear(patience)
				if heard != text || from != at {
					t.Fatalf("the peer heard %q from %v, want %q from %v", heard, from, text, at)
				}
				bob.say(at, text)
				if got := string(c.read(patience)); got != string(channelData(0x4001, text)[:4+len(text)]) {
					t.Fatalf("the client got %q", got)
				}
			}
			carl := newFar(t, "127.0.0.1:0")
			c.indication(carl.at(), "by indication") // the channel's permission is for the address
			if heard, _ := carl.hear(patience); heard != "by indication" {
				t.Fatalf("the peer heard %q", heard)
			}
			carl.say(at, "and back")
			m := &stun.Message{Raw: c.read(patience)}
			value, err := stun.RawAttribute{}, m.Decode()
			if err == nil {
				value.Value, err = m.Get(stun.AttrData)
			}
			if err != nil || string(value.Value) != "and back" {
				t.Fatalf("the client got %q, %v", value.Value, err)
			}
		})
	}
	eventually(t, "18 packets are counted each way", func() bool {
		return n.Stats().PacketsToPeers.Load() == 18 && n.Stats().PacketsToClients.Load() == 18
	})
	eventually(t, "the connections are forgotten", func() bool { return n.Stats().Connections.Load() == 0 })
}

// pion's own client finds it as any other server.
func TestPionsClient(t *testing.T) {
	n := start(t, nil)
	for _, way := range ways {
		t.Run(way, func(t *testing.T) {
			conn := n.dial(t, way).conn
			packets := net.PacketConn(turn.NewSTUNConn(conn))
			if way == "udp" {
				socket, err := net.ListenPacket("udp4", "127.0.0.1:0")
				if err != nil {
					t.Fatal(err)
				}
				defer socket.Close()
				packets = socket
			}
			user, credential, err := n.secrets.Issue(time.Now(), "ann", time.Hour)
			if err != nil {
				t.Fatal(err)
			}
			server := n.UDP()[0].String()
			if way != "udp" {
				server = conn.RemoteAddr().String()
			}
			c, err := turn.NewClient(&turn.ClientConfig{
				STUNServerAddr: server, TURNServerAddr: server, Conn: packets, Username: user, Password: credential, Realm: Realm,
				LoggerFactory: &quiet{log: discard},
			})
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			if err := c.Listen(); err != nil {
				t.Fatal(err)
			}
			relay, err := c.Allocate()
			if err != nil {
				t.Fatal(err)
			}
			defer relay.Close()
			bob := newFar(t, "127.0.0.1:0")
			for i := range 5 {
				text := fmt.Sprint("hello ", i)
				if _, err := relay.WriteTo([]byte(text), bob.conn.LocalAddr()); err != nil {
					t.Fatal(err)
				}
				heard, from := bob.hear(patience)
				if heard != text {
					t.Fatalf("the peer heard %q", heard)
				}
				bob.say(from, text)
				b := make([]byte, 100)
				if err := relay.SetReadDeadline(time.Now().Add(patience)); err != nil {
					t.Fatal(err)
				}
				if k, _, err := relay.ReadFrom(b); err != nil || string(b[:k]) != text {
					t.Fatalf("the client got %q, %v", b[:k], err)
				}
			}
		})
	}
}

// A drained server serves whom it has, and nobody new.
func TestDrain(t *testing.T) {
	n := start(t, nil)
	c := n.dial(t, "udp").as(n, "ann").allocated()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- n.Drain(ctx) }()
	eventually(t, "draining", n.draining.Load)
	if got := code(n.dial(t, "udp").as(n, "bob").ask(stun.MethodAllocate, transport(relayUDP))); got != stun.CodeInsufficientCapacity {
		t.Errorf("a new Allocate is answered %d", got)
	}
	if got := code(c.ask(stun.MethodRefresh, lifetime(600))); got != 0 {
		t.Errorf("a Refresh is answered %d", got)
	}
	select {
	case err := <-ended:
		t.Fatalf("it is drained while there is an allocation: %v", err)
	default:
	}
	if got := code(c.ask(stun.MethodRefresh, lifetime(0))); got != 0 {
		t.Errorf("the last Refresh is answered %d", got)
	}
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(patience):
		t.Error("it is never drained")
	}
}
