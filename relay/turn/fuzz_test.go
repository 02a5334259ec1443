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

// fuzzed is a door that a test talks to without a network, as a client with a credential.
type fuzzed struct {
	*client
	node *node
	link *scripted
}

func newFuzzed(f *testing.F) *fuzzed {
	n := start(f, func(c *Config) {
		c.AllowPeers = nil
		c.PublicIPs = []netip.Addr{netip.MustParseAddr("127.0.0.1")} // from where no packet leaves this host
		c.Limits.Strangers, c.Limits.AllStrangers = 1<<30, 1<<30
	})
	l := &scripted{in: make(chan []byte), from: netip.MustParseAddrPort("127.0.0.1:9"), out: make(chan []byte, 64)}
	if err := n.open(&door{link: l, local: netip.MustParseAddrPort("127.0.0.1:3478")}); err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { close(l.in) })
	c := (&client{t: f, nonce: stun.NewNonce(n.nonces.issue(time.Now(), l.from))}).as(n, "ann")
	return &fuzzed{c, n, l}
}

// say hands the door a packet.
func (f *fuzzed) say(b []byte) {
	select {
	case f.link.in <- b:
	case <-time.After(patience):
		panic("the door is stuck") // with all goroutines, to see where
	}
}

// sign makes a signed request of any packet that is STUN.
func (f *fuzzed) sign(packet []byte) []byte {
	m := &stun.Message{Raw: append([]byte(nil), packet...)}
	if m.Decode() != nil {
		return packet
	}
	with := []stun.Setter{m.Type}
	for _, one := range m.Attributes {
		with = append(with, one)
	}
	signed, err := stun.Build(append([]stun.Setter{stun.NewTransactionIDSetter(m.TransactionID)}, f.signed(with)...)...)
	if err != nil {
		return packet
	}
	return signed.Raw
}

// answers tells whether the door still answers, and nothing but sound packets.
func (f *fuzzed) answers(t *testing.T) bool {
	for len(f.link.out) > 0 {
		<-f.link.out
	}
	ask := stun.MustBuild(stun.TransactionID, stun.BindingRequest)
	f.say(ask.Raw)
	for end := time.After(patience); ; {
		select {
		case b := <-f.link.out:
			m := &stun.Message{Raw: b}
			if b[0] < firstChannel>>8 && m.Decode() != nil {
				t.Fatalf("answered % x", b)
			}
			if m.TransactionID == ask.TransactionID {
				return true
			}
		case <-end:
			return false
		}
	}
}

// FuzzDoor: whatever a client says, before or after it has an allocation, signed or not, nothing panics (pion
// stands behind the door), no packet leaves for a peer that is refused, and the door still answers.
func FuzzDoor(f *testing.F) {
	d := newFuzzed(f)
	build := func(kind stun.MessageType, with ...stun.Setter) []byte {
		return stun.MustBuild(append([]stun.Setter{stun.TransactionID, kind}, with...)...).Raw
	}
	request := func(m stun.Method) stun.MessageType { return stun.NewType(m, stun.ClassRequest) }
	for _, m := range []stun.Method{stun.MethodAllocate, stun.MethodRefresh, stun.MethodCreatePermission, stun.MethodChannelBind, stun.MethodBinding, stun.MethodSend} {
		f.Add(false, build(request(m), number(0x4000), peer(netip.MustParseAddrPort("10.0.0.1:1")), transport(relayUDP)))
		f.Add(true, build(stun.NewType(m, stun.ClassIndication), peer(netip.MustParseAddrPort("127.0.0.1:9")), raw(stun.AttrData, 1)))
		f.Add(true, build(request(m), lifetime(0), family(1), raw(stun.AttrEvenPort, nextPort)))
	}
	f.Add(true, channelData(0x4000, "x"))
	f.Add(true, spin)
	allocate := d.sign(build(request(stun.MethodAllocate), transport(relayUDP)))
	f.Fuzz(func(t *testing.T, sign bool, packet []byte) {
		if sign {
			packet = d.sign(packet)
		}
		if len(packet) > maxPacket {
			return
		}
		d.say(allocate)
		d.say(packet)
		if !d.answers(t) {
			t.Fatal("the door is stuck")
		}
		if got := d.node.Stats().PacketsToPeers.Load(); got != 0 {
			t.Fatalf("%d packets came out", got)
		}
	})
}
