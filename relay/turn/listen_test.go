package turn

import (
	"net"
	"net/netip"
	"strings"
	"testing"

	"github.com/pion/stun/v3"
)

// Without an address the server listens on all of this host's, each with a socket that answers from it, and
// relays from a single IPv4 address whatever the client came by.
func TestEveryAddressIsServed(t *testing.T) {
	n := start(t, func(c *Config) { c.UDP, c.TCP = []string{":0"}, []string{":0"} })
	if len(n.UDP()) < 2 {
		t.Skipf("this host has one address: %v", n.UDP())
	}
	families := map[bool]int{}
	for _, at := range n.UDP() {
		if at.Port() != n.UDP()[0].Port() {
			t.Errorf("it listens on %v", n.UDP())
		}
		for _, way := range []string{"udp", "tcp"} {
			to := at
			if way == "tcp" {
				to = netip.AddrPortFrom(at.Addr(), n.TCP()[0].Port())
			}
			conn, err := net.Dial(way, to.String()) // a connected UDP socket hears that address only
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			c := (&client{t: t, conn: conn}).as(n, "ann-"+way)
			m := c.ask(stun.MethodAllocate, transport(relayUDP))
			relay := relayed(t, m)
			if !relay.Addr().Is4() || relay.Addr().IsUnspecified() {
				t.Errorf("%v: relayed from %v", to, relay)
			}
			var mapped stun.XORMappedAddress
			if err := mapped.GetFrom(m); err != nil || mapped.String() != conn.LocalAddr().String() {
				t.Errorf("%v: the client is told %v, not %v", to, mapped, conn.LocalAddr())
			}
			bob := newFar(t, "127.0.0.1:0")
			c.ask(stun.MethodChannelBind, number(0x4000), peer(bob.at()))
			c.write(channelData(0x4000, "hello"))
			if heard, _ := bob.hear(patience); heard != "hello" {
				t.Errorf("%v: the peer heard %q", to, heard)
			}
			c.ask(stun.MethodRefresh, lifetime(0))
		}
		families[at.Addr().Is4()]++
	}
	t.Logf("%d IPv4 addresses, %d IPv6 ones", families[true], families[false])
}

// What cannot be listened on is told in one sentence that names it.
func TestListenAddresses(t *testing.T) {
	n := start(t, nil)
	for _, c := range []struct {
		config Config
		want   string
	}{
		{Config{UDP: []string{n.UDP()[0].String()}}, "is it in use?"},
		{Config{TCP: []string{n.TCP()[0].String()}}, "is it in use?"},
		{Config{UDP: []string{"nowhere"}}, `read listen address "nowhere"`},
		{Config{TCP: []string{"example.org:3478"}}, `read listen address "example.org:3478"`},
		{Config{UDP: []string{"127.0.0.1:99999"}}, "read listen address"},
		{Config{MinPort: 70, MaxPort: 60}, "relayed addresses from port 70 to 60"},
	} {
		c.config.Secrets, c.config.Log = n.secrets, discard
		s, err := New(c.config)
		if err == nil {
			s.Close()
		}
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%v: %v", c.config.UDP, err)
		}
	}
	if _, err := New(Config{}); err == nil {
		t.Error("a server without secrets is opened")
	}
}

// Relayed addresses are within the ports that the firewall lets through, and where there are none left it is said.
func TestRelayPorts(t *testing.T) {
	n := start(t, func(c *Config) { c.MinPort, c.MaxPort = 61_000, 61_003 })
	codes := map[stun.ErrorCode]int{}
	for range 20 { // what fails leaves nothing behind in the user's account, where ten would be too many
		m := n.dial(t, "udp").as(n, "ann").ask(stun.MethodAllocate, transport(relayUDP))
		if codes[code(m)]++; code(m) != 0 {
			continue
		}
		if port := relayed(t, m).Port(); port < 61_000 || port > 61_003 {
			t.Errorf("relayed from port %d", port)
		}
	}
	if codes[0] == 0 || codes[0] > 4 || codes[0]+codes[stun.CodeInsufficientCapacity] != 20 {
		t.Errorf("twenty requests for four ports are answered %v", codes)
	}
	if got := n.Stats().Allocations.Load(); got != int64(codes[0]) {
		t.Errorf("%d allocations are counted, %d were made", got, codes[0])
	}
}
