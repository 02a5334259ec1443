package turn

import (
	"net/netip"
	"testing"

	"github.com/pion/stun/v3"
)

// bad are peers that nobody may reach, with the answer that says so. To each IPv4 one belong the IPv6 addresses
// that hold it.
func bad(t testing.TB, n *node) map[netip.Addr]stun.ErrorCode {
	t.Helper()
	all := map[netip.Addr]stun.ErrorCode{}
	v4 := []string{
		"0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.255.255.255",
		"169.254.0.1", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.0.255", "192.88.99.1",
		"192.168.0.1", "192.168.255.255", "198.18.0.1", "198.19.255.255", "224.0.0.1", "239.255.255.255", "240.0.0.1",
		"255.255.255.254", "255.255.255.255",
	}
	for _, a := range n.host.Load().bound {
		if a.Is4() {
			v4 = append(v4, a.String())
		}
	}
	for _, text := range v4 {
		a := netip.MustParseAddr(text)
		all[a] = stun.CodeForbidden
		for _, form := range embed(a.As4()) {
			all[form] = stun.CodeForbidden
		}
	}
	for _, text := range []string{
		"::", "::1", "fe80::1", "fec0::1", "fc00::1", "fd00::2", "ff02::1", "100::1", "2001::1", "2001:db8::1", "64:ff9b:1::1", "3fff::1", "5f00::1",
	} {
		all[netip.MustParseAddr(text)] = stun.CodeForbidden
	}
	for _, text := range []string{"2606:4700::1", "2a00:1450::1"} { // honest, but relayed addresses are IPv4
		all[netip.MustParseAddr(text)] = codeFamilyMismatch
	}
	return all
}

// embed are the IPv6 addresses that hold or translate to an IPv4 one.
func embed(a [4]byte) []netip.Addr {
	at := func(start string, where int) netip.Addr {
		b := netip.MustParseAddr(start).As16()
		copy(b[where:], a[:])
		return netip.AddrFrom16(b)
	}
	return []netip.Addr{
		at("::ffff:0:0", 12), at("::", 12), at("::ffff:0:0:0", 12), at("64:ff9b::", 12), at("64:ff9b:1::", 6), at("2002::", 2), at("2001::", 12),
	}
}

// By default every bad peer is refused, however it is written and whatever way it is asked for, and no packet
// comes out.
func TestBadPeersAreRefused(t *testing.T) {
	n := start(t, func(c *Config) { c.AllowPeers = nil })
	target := newFar(t, "0.0.0.0:0") // all of this host's addresses
	port := target.at().Port()
	for _, way := range ways {
		t.Run(way, func(t *testing.T) {
			c := n.dial(t, way).as(n, "eve-"+way).allocated()
			before, channel, asked := n.Stats().PacketsToPeers.Load(), uint16(firstChannel), 0
			for a, want := range bad(t, n) {
				to := netip.AddrPortFrom(a, port)
				if got := code(c.ask(stun.MethodCreatePermission, peer(to))); got != want {
					t.Errorf("CreatePermission for %v is answered %d, want %d", a, got, want)
				}
				if got := code(c.ask(stun.MethodChannelBind, number(channel), peer(to))); got != want {
					t.Errorf("ChannelBind for %v is answered %d, want %d", a, got, want)
				}
				// A bad one among good ones spoils the request.
				good := peer(netip.MustParseAddrPort("203.0.113.1:9"))
				if got := code(c.ask(stun.MethodCreatePermission, good, peer(to))); got != want {
					t.Errorf("CreatePermission for a good peer and %v is answered %d, want %d", a, got, want)
				}
				c.indication(to, "by indication")
				c.write(channelData(channel, "by channel"))
				channel++
				asked++
			}
			if heard, from := target.hear(silence); heard != "" {
				t.Errorf("%q came out, from %v", heard, from)
			}
			if sent := n.Stats().PacketsToPeers.Load() - before; sent != 0 {
				t.Errorf("%d packets came out", sent)
			}
			t.Logf("%d peers refused", asked)
		})
	}
}

// Of this host, our own media port is reachable and no other, even where a permission names the same address.
func TestOwnMediaIsReachable(t *testing.T) {
	media, other := newFar(t, "0.0.0.0:0"), newFar(t, "0.0.0.0:0")
	h, err := look(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	at := netip.AddrPortFrom(h.primary, media.at().Port())
	n := start(t, func(c *Config) {
		c.AllowPeers, c.OwnMedia = nil, func() []netip.AddrPort { return []netip.AddrPort{at} }
	})
	for _, way := range ways {
		c := n.dial(t, way).as(n, "ann")
		relay := relayed(t, c.ask(stun.MethodAllocate, transport(relayUDP)))
		if got := code(c.ask(stun.MethodCreatePermission, peer(at))); got != 0 {
			t.Fatalf("%s: CreatePermission is answered %d", way, got)
		}
		closed := netip.AddrPortFrom(at.Addr(), other.at().Port())
		if got := code(c.ask(stun.MethodChannelBind, number(0x4000), peer(closed))); got != stun.CodeForbidden {
			t.Errorf("%s: ChannelBind to another port is answered %d", way, got)
		}
		c.indication(closed, "to another port")
		c.indication(at, "to our media")
		if heard, from := media.hear(patience); heard != "to our media" || from != relay {
			t.Errorf("%s: the media port heard %q from %v", way, heard, from)
		}
		if heard, _ := other.hear(silence); heard != "" {
			t.Errorf("%s: another port heard %q", way, heard)
		}
		if got := code(c.ask(stun.MethodChannelBind, number(0x4000), peer(at))); got != 0 {
			t.Errorf("%s: ChannelBind to our media is answered %d", way, got)
		}
		other.say(relay, "from another port") // what is ours may not be used to get in either
		media.say(relay, "from our media")
		if got := c.read(patience); string(got[4:]) != "from our media" {
			t.Errorf("%s: the client got %q", way, got)
		}
	}
}

// Ranges that are opened are open, this host and relayed addresses included.
func TestAllowedPeers(t *testing.T) {
	n := start(t, func(c *Config) { c.AllowPeers = append(c.AllowPeers, hostPrefix(t)...) })
	ann, bob := n.dial(t, "udp").as(n, "ann"), n.dial(t, "tcp").as(n, "bob")
	a, b := relayed(t, ann.ask(stun.MethodAllocate, transport(relayUDP))), relayed(t, bob.ask(stun.MethodAllocate, transport(relayUDP)))
	if got := code(ann.ask(stun.MethodChannelBind, number(0x4000), peer(b))); got != 0 {
		t.Fatalf("ChannelBind is answered %d", got)
	}
	if got := code(bob.ask(stun.MethodChannelBind, number(0x4000), peer(a))); got != 0 {
		t.Fatalf("ChannelBind is answered %d", got)
	}
	ann.write(channelData(0x4000, "from relay to relay"))
	if got := bob.read(patience); string(got[4:]) != "from relay to relay" {
		t.Errorf("bob got %q", got)
	}
	// Only as they are: an IPv6 address that holds an open one is none.
	far := newFar(t, "127.0.0.1:0")
	ann.ask(stun.MethodCreatePermission, peer(far.at()))
	for _, form := range embed(far.at().Addr().As4()) {
		ann.indication(netip.AddrPortFrom(form, far.at().Port()), "by "+form.String())
	}
	ann.indication(far.at(), "as it is")
	if heard, _ := far.hear(patience); heard != "as it is" {
		t.Errorf("the peer heard %q", heard)
	}
}

// Behind a NAT peers are told its address, and whom the NAT would not send back is reached all the same.
func TestPublicAddress(t *testing.T) {
	public := netip.MustParseAddr("203.0.113.7")
	media := newFar(t, "0.0.0.0:0")
	at := netip.AddrPortFrom(public, media.at().Port())
	n := start(t, func(c *Config) {
		c.AllowPeers, c.PublicIPs, c.OwnMedia = nil, []netip.Addr{public}, func() []netip.AddrPort { return []netip.AddrPort{at} }
	})
	c := n.dial(t, "udp").as(n, "ann")
	relay := relayed(t, c.ask(stun.MethodAllocate, transport(relayUDP)))
	if relay.Addr() != public {
		t.Errorf("peers are told %v", relay)
	}
	if got := code(c.ask(stun.MethodChannelBind, number(0x4000), peer(at))); got != 0 {
		t.Fatalf("ChannelBind is answered %d", got)
	}
	c.write(channelData(0x4000, "round the corner"))
	heard, from := media.hear(patience)
	if heard != "round the corner" {
		t.Fatalf("the media port heard %q", heard)
	}
	media.say(from, "and back")
	if got := c.read(patience); string(got[4:]) != "and back" {
		t.Errorf("the client got %q", got)
	}
}

func TestBroadcast(t *testing.T) {
	for network, want := range map[string]string{"192.0.2.2/24": "192.0.2.255", "10.1.2.3/9": "10.127.255.255", "10.0.0.1/30": "10.0.0.3"} {
		if got := broadcast(netip.MustParsePrefix(network)); got.String() != want {
			t.Errorf("the broadcast of %s is %v, want %s", network, got, want)
		}
	}
}
