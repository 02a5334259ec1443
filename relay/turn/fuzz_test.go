package turn

import (
	"net/netip"
	"testing"
	"time"

	"github.com/pion/stun/v3"
)

// scripted is a link that brings what a test hands it, and keeps what is answered.
type scripted struct {
	in   chan []byte
	from netip.AddrPort
	out  chan []byte
}

func (s *scripted) read(b []byte) (int, netip.AddrPort, error) {
	packet, ok := <-s.in
	if !ok {
		return 0, s.from, errFrame
	}
	return copy(b, packet), s.from, nil
}

func (s *scripted) write(b []byte, _ netip.AddrPort) error {
	select {
	case s.out <- append([]byte(nil), b...):
	default:
	}
	return nil
}

func (s *scripted) close() error { return nil }

// FuzzDoor: whatever a client says, before or after it has an allocation, signed or not, nothing panics (pion
// stands behind the door), no packet leaves for a peer that is refused, and the door still answers.
func FuzzDoor(f *testing.F) {
	n := start(f, func(c *Config) {
		c.AllowPeers = nil
		c.PublicIPs = []netip.Addr{netip.MustParseAddr("127.0.0.1")} // from where no packet leaves this host
		c.Limits.Strangers, c.Limits.AllStrangers = 1<<30, 1<<30
	})
	l := &scripted{in: make(chan []byte), from: netip.MustParseAddrPort("127.0.0.1:9"), out: make(chan []byte, 64)}
	d := &door{link: l, local: netip.MustParseAddrPort("127.0.0.1:3478")}
	if err := n.open(d); err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { close(l.in) })
	c := (&client{t: f, nonce: stun.NewNonce(n.nonces.issue(time.Now(), l.from))}).as(n, "ann")
	build := func(with ...stun.Setter) []byte {
		m, err := stun.Build(append([]stun.Setter{stun.TransactionID}, with...)...)
		if err != nil {
			f.Fatal(err)
		}
		return m.Raw
	}
	allocate := build(append([]stun.Setter{stun.NewType(stun.MethodAllocate, stun.ClassRequest)}, c.signed([]stun.Setter{transport(relayUDP)})...)...)
	for _, way := range []stun.Method{stun.MethodAllocate, stun.MethodRefresh, stun.MethodCreatePermission, stun.MethodChannelBind, stun.MethodBinding, stun.MethodSend} {
		f.Add(false, build(stun.NewType(way, stun.ClassRequest), number(0x4000), peer(netip.MustParseAddrPort("10.0.0.1:1")), transport(relayUDP)))
		f.Add(true, build(stun.NewType(way, stun.ClassIndication), peer(netip.MustParseAddrPort("127.0.0.1:9")), raw(stun.AttrData, 1)))
		f.Add(true, build(stun.NewType(way, stun.ClassRequest), lifetime(0), family(1), raw(stun.AttrEvenPort, 0x80)))
	}
	f.Add(true, channelData(0x4000, "x"))
	f.Add(true, spin)
	f.Fuzz(func(t *testing.T, sign bool, packet []byte) {
		if len(packet) > maxPacket {
			return
		}
		say := func(b []byte) {
			select {
			case l.in <- b:
			case <-time.After(patience):
				panic("the door is stuck") // with all goroutines, to see where
			}
		}
		say(allocate)
		if sign {
			m := &stun.Message{Raw: append([]byte(nil), packet...)}
			if m.Decode() == nil {
				signed := stun.New()
				signed.TransactionID, signed.Type = m.TransactionID, m.Type
				signed.WriteHeader()
				for _, one := range m.Attributes {
					signed.Add(one.Type, one.Value)
				}
				for _, one := range c.signed(nil) {
					if one.AddTo(signed) != nil {
						return
					}
				}
				packet = signed.Raw
			}
		}
		say(packet)
		ask := build(stun.BindingRequest)
		for len(l.out) > 0 {
			<-l.out
		}
		say(ask)
		for end := time.After(patience); ; {
			select {
			case b := <-l.out:
				m := &stun.Message{Raw: b}
				if b[0] < 0x40 && m.Decode() != nil {
					t.Fatalf("answered % x", b)
				}
				if string(b[8:20]) == string(ask[8:20]) {
					if got := n.Stats().PacketsToPeers.Load(); got != 0 {
						t.Fatalf("%d packets came out", got)
					}
					return
				}
			case <-end:
				t.Fatal("the door is stuck")
			}
		}
	})
}
