package overlay

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	ma "github.com/multiformats/go-multiaddr"
)

const someNode = "12D3KooWGatU1DWUwQrLNKu2N3nxYvSR8ZtsdEdPDZzrGNwcrTQB"

func TestHowNodesAreNamed(t *testing.T) {
	var l Listen
	var n Nodes
	var a Addresses
	for _, c := range []struct {
		into interface{ UnmarshalText([]byte) error }
		text string
		want string // what is there afterwards, or what the error has
	}{
		{&l, "", "[]"},
		{&l, "/ip4/0.0.0.0/tcp/7882, /ip6/::/tcp/7882", "[/ip4/0.0.0.0/tcp/7882 /ip6/::/tcp/7882]"},
		{&l, ":7882", "such as /ip4/0.0.0.0/tcp/7882"},
		{&l, "/ip4/1.2.3.4/udp/7882/quic-v1", "such as /ip4/0.0.0.0/tcp/7882"},
		{&l, "/ip4/1.2.3.4/tcp/1/p2p/" + someNode, "such as /ip4/0.0.0.0/tcp/7882"},
		{&n, someNode, "[" + someNode + "]"},
		{&n, "me", "is not a node's id"},
		{&a, "/ip4/1.2.3.4/tcp/1/p2p/" + someNode + ",/dns4/a.example/tcp/2/p2p/" + someNode, "[{" + someNode + ": [/ip4/1.2.3.4/tcp/1 /dns4/a.example/tcp/2]}]"},
		{&a, "/ip4/1.2.3.4/tcp/1", "is not a node's full address"},
		{&a, "/p2p/" + someNode, "is not a node's full address"},
		{&a, "/ip4/1.2.3.4/udp/1/quic-v1/p2p/" + someNode, "by TCP"},
	} {
		err := c.into.UnmarshalText([]byte(c.text))
		got := fmt.Sprint(err)
		if err == nil {
			got = strings.TrimPrefix(fmt.Sprint(c.into), "&")
		}
		if !strings.Contains(got, c.want) {
			t.Errorf("%T %q: got %q, want %q", c.into, c.text, got, c.want)
		}
	}
}

func TestTheAddressThatReachesFarthestIsTold(t *testing.T) {
	public := []netip.Addr{netip.MustParseAddr("203.0.113.7")}
	node := open(t, Config{Me: identity(t), Listen: listen(t, anyPort), PublicIPs: public})
	port := strings.Split(node.host.Network().ListenAddresses()[0].String(), "/")[4]
	if got, want := node.Address(), fmt.Sprintf("/ip4/203.0.113.7/tcp/%s/p2p/%s", port, node.config.Me.Node); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := open(t, Config{Me: identity(t)}).Address(); got != "" {
		t.Errorf("a node that does not listen is at %q", got)
	}
	far := ""
	for _, at := range []string{"::1", "127.0.0.1", "fe80::1", "fd00::1", "192.168.1.1", "2001:db8::1", "203.0.113.7"} {
		version := "ip4"
		if strings.Contains(at, ":") {
			version = "ip6"
		}
		next := "/" + version + "/" + at + "/tcp/1"
		if far != "" && reach(ma.StringCast(next)) >= reach(ma.StringCast(far)) {
			t.Errorf("%s reaches no farther than %s", next, far)
		}
		far = next
	}
}
