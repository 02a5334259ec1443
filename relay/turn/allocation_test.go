package turn

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/pion/stun/v3"
)

// Two clients who are both here reach each other by their relayed addresses, each by its own numbers, whatever way
// they came, with a channel on both sides or on one.
func TestClientToClient(t *testing.T) {
	for _, left := range ways {
		for _, right := range ways {
			t.Run(left+" to "+right, func(t *testing.T) {
				n := start(t, func(c *Config) { c.AllowPeers = hostPrefix(t) })
				ann, bob := n.dial(t, left).as(n, "ann"), n.dial(t, right).as(n, "bob")
				a, b := relayed(t, ann.ask(stun.MethodAllocate, transport(relayUDP))), relayed(t, bob.ask(stun.MethodAllocate, transport(relayUDP)))
				ann.ask(stun.MethodChannelBind, number(0x4001), peer(b))
				ann.write(channelData(0x4001, "too early")) // bob has not asked for it
				eventually(t, "it is refused", func() bool { return n.Stats().Refused(NoPermission) == 1 })
				bob.ask(stun.MethodCreatePermission, peer(a))
				ann.write(channelData(0x4001, "with a permission"))
				if got := bob.read(patience); !strings.Contains(string(got), "with a permission") || got[0] != 0 {
					t.Errorf("bob got %q", got)
				}
				bob.ask(stun.MethodChannelBind, number(0x4002), peer(a))
				for _, text := range []string{"1", "12", "123", "1234"} {
					ann.write(channelData(0x4001, text))
					if got, want := string(bob.read(patience)), string(channelData(0x4002, text)[:4+len(text)]); got != want {
						t.Errorf("bob got %q, want %q", got, want)
					}
					bob.write(channelData(0x4002, text))
					if got, want := string(ann.read(patience)), string(channelData(0x4001, text)[:4+len(text)]); got != want {
						t.Errorf("ann got %q, want %q", got, want)
					}
				}
				eventually(t, "each is counted both ways", func() bool {
					return n.Stats().PacketsToPeers.Load() == 10 && n.Stats().PacketsToClients.Load() == 9
				})
			})
		}
	}
}

// What is handed over counts against the limits of both.
func TestHandingOverIsLimited(t *testing.T) {
	for name, limits := range map[string]Limits{"of one": {UserBandwidth: 40_000}, "of all": {Bandwidth: 40_000}} {
		t.Run(name, func(t *testing.T) {
			n := start(t, func(c *Config) { c.AllowPeers, c.Limits = hostPrefix(t), limits })
			ann, bob := n.dial(t, "tcp").as(n, "ann"), n.dial(t, "udp").as(n, "bob") // by TCP none is lost on the way here
			relays := map[*client]netip.AddrPort{}
			for _, c := range []*client{ann, bob} {
				relays[c] = relayed(t, c.ask(stun.MethodAllocate, transport(relayUDP)))
			}
			ann.ask(stun.MethodChannelBind, number(0x4000), peer(relays[bob]))
			bob.ask(stun.MethodChannelBind, number(0x4000), peer(relays[ann]))
			for range 100 {
				ann.write(channelData(0x4000, strings.Repeat("x", 1000)))
			}
			eventually(t, "all are counted", func() bool {
				return n.Stats().PacketsToPeers.Load()+n.Stats().Refused(Bandwidth) == 100
			})
			if n.Stats().Refused(Bandwidth) == 0 {
				t.Error("all came through")
			}
		})
	}
}

// A datagram that says it is longer than it is carries nothing: what lies behind it in memory is of another.
func TestShortDatagramsCarryNothing(t *testing.T) {
	n := start(t, nil)
	c := n.dial(t, "udp").as(n, "ann").allocated()
	bob := newFar(t, "127.0.0.1:0")
	c.ask(stun.MethodChannelBind, number(0x4000), peer(bob.at()))
	short := channelData(0x4000, strings.Repeat("secret", 20))[:8]
	c.write(short)
	c.write(short[:3])
	c.write(channelData(0x4000, "whole"))
	if heard, _ := bob.hear(patience); heard != "whole" {
		t.Errorf("the peer heard %q", heard)
	}
	if got := n.Stats().Refused(Malformed); got != 2 {
		t.Errorf("%d datagrams are refused, want 2", got)
	}
}

// Nothing is handed over to a connection: who hands over would wait for it, and with him all who came by his way.
func TestNothingIsHandedToConnections(t *testing.T) {
	n := start(t, func(c *Config) { c.AllowPeers = hostPrefix(t) })
	ann := n.dial(t, "udp").as(n, "ann")
	at := relayed(t, ann.ask(stun.MethodAllocate, transport(relayUDP)))
	from := ann.door(n).client(netip.MustParseAddrPort(ann.conn.LocalAddr().String()))
	for way, want := range map[string]bool{"udp": true, "tcp": false, "tls": false} {
		bob := n.dial(t, way).as(n, "bob")
		relay := relayed(t, bob.ask(stun.MethodAllocate, transport(relayUDP)))
		bob.ask(stun.MethodChannelBind, number(0x4000), peer(at))
		to, ok := n.relays.Load(relay)
		if !ok {
			t.Fatal("nobody has bob's relayed address")
		}
		if got := from.handOver(n.now(), channelData(0x4000, "word"), to.(*allocation)); got != want {
			t.Errorf("%s: handed over: %v", way, got)
		}
	}
}

// Close takes what is given to it twice, as pion may.
func TestAllocationsCloseOnce(t *testing.T) {
	n := start(t, nil)
	c := n.dial(t, "udp").as(n, "ann").allocated()
	a := c.door(n).client(netip.MustParseAddrPort(c.conn.LocalAddr().String()))
	for range 2 {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	}
	if got := n.Stats().Allocations.Load(); got != 0 {
		t.Errorf("%d allocations are left", got)
	}
	eventually(t, "pion has noticed", func() bool {
		return code(n.dial(t, "udp").as(n, "ann").ask(stun.MethodAllocate, transport(relayUDP))) == 0
	})
}

// Carrying a packet allocates nothing of ours.
func TestCarryingAllocatesNothing(t *testing.T) {
	n := start(t, nil)
	c := n.dial(t, "udp").as(n, "ann").allocated()
	bob := newFar(t, "127.0.0.1:0")
	c.ask(stun.MethodChannelBind, number(0x4000), peer(bob.at()))
	d, from := c.door(n), netip.MustParseAddrPort(c.conn.LocalAddr().String())
	packet := append(make([]byte, 0, maxRead), channelData(0x4000, strings.Repeat("x", 1000))...)
	if got := testing.AllocsPerRun(1000, func() { d.take(packet, from) }); got != 0 {
		t.Errorf("to a peer: %v allocations a packet", got)
	}
	a := d.client(from)
	if got := testing.AllocsPerRun(1000, func() {
		if _, number, ok := a.known(n.now(), bob.at()); !ok || !a.passes(n.now(), 1000, bob.at()) {
			t.Fatal("refused")
		} else {
			a.deliver(packet, number)
		}
	}); got != 0 {
		t.Errorf("to the client: %v allocations a packet", got)
	}
}
