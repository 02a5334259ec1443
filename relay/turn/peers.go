package turn

import "net/netip"

// never are the IPv4 addresses that are nobody's on the internet, or somebody's inside this host's own network
// (IANA's special-purpose registry, RFC 6890). Those for documentation are left out: nobody is there to be
// protected, and labs use them as their internet.
var never = prefixes(
	"0.0.0.0/8",      // this network: Linux takes 0.0.0.0 for itself
	"10.0.0.0/8",     // private
	"100.64.0.0/10",  // behind carriers' NATs
	"127.0.0.0/8",    // loopback
	"169.254.0.0/16", // link-local, and the metadata of clouds
	"172.16.0.0/12",  // private
	"192.0.0.0/24",   // protocol assignments
	"192.88.99.0/24", // 6to4 relays
	"192.168.0.0/16", // private
	"198.18.0.0/15",  // benchmarks
	"224.0.0.0/4",    // multicast
	"240.0.0.0/4",    // reserved, and broadcast
)

// never6 are IPv6 addresses of the same sort, and those that hold or translate to an IPv4 address: they are all
// refused as forbidden. Every other IPv6 address is refused too, as the wrong family.
var never6 = prefixes(
	"::/96",           // unspecified, loopback, IPv4-compatible
	"::ffff:0:0/96",   // IPv4-mapped
	"::ffff:0:0:0/96", // IPv4-translated, RFC 2765
	"64:ff9b::/96",    // NAT64
	"64:ff9b:1::/48",  // NAT64 of one's own
	"100::/64",        // discard
	"2001::/23",       // protocol assignments, Teredo
	"2001:db8::/32",   // documentation
	"2002::/16",       // 6to4
	"3fff::/20",       // documentation
	"5f00::/16",       // segment routing
	"fc00::/7",        // unique local
	"fe80::/10",       // link-local
	"fec0::/10",       // site-local
	"ff00::/8",        // multicast
)

// verdict is what the policy says of a peer.
type verdict uint8

const (
	allowed     verdict = iota
	forbidden           // nobody may reach it
	wrongFamily         // IPv6: relayed addresses are IPv4
)

// policy says which peers clients may reach: by default everybody but the lists above and this host, of which
// only our own relay's media port is open.
type policy struct {
	allow []netip.Prefix // opened by the host of the node, this host's own addresses included
	clean [256]bool      // by first byte: nothing of never begins with it
	own   func() *host
}

func newPolicy(allow []netip.Prefix, own func() *host) *policy {
	p := &policy{allow: allow, own: own}
	for first := range p.clean {
		block := netip.PrefixFrom(netip.AddrFrom4([4]byte{byte(first)}), 8)
		p.clean[first] = true
		for _, bad := range never {
			p.clean[first] = p.clean[first] && !bad.Overlaps(block)
		}
	}
	return p
}

// address judges a peer without a port, as a permission has it.
func (p *policy) address(a netip.Addr) verdict {
	h := p.own()
	return p.judge(a, h, h.mediaAt[a])
}

// endpoint judges a peer with its port.
func (p *policy) endpoint(to netip.AddrPort) verdict {
	if to.Port() == 0 {
		return forbidden
	}
	h := p.own()
	return p.judge(to.Addr(), h, h.media[to])
}

// judge wants to know of our own media port beforehand: a relay in a private network has a private address.
func (p *policy) judge(a netip.Addr, h *host, media bool) verdict {
	switch {
	case !a.Is4() && within(never6, a):
		return forbidden
	case !a.Is4():
		return wrongFamily
	case media || within(p.allow, a):
		return allowed
	case h.addresses[a] || !p.clean[a.As4()[0]] && within(never, a):
		return forbidden
	}
	return allowed
}

func within(list []netip.Prefix, a netip.Addr) bool {
	for _, one := range list {
		if one.Contains(a) {
			return true
		}
	}
	return false
}

func prefixes(texts ...string) []netip.Prefix {
	list := make([]netip.Prefix, len(texts))
	for i, text := range texts {
		list[i] = netip.MustParsePrefix(text)
	}
	return list
}
