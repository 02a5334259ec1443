package turn

import (
	"fmt"
	"net"
	"net/netip"
)

// host is what this machine looks like at a moment. It is not changed once made.
type host struct {
	addresses map[netip.Addr]bool     // its own, those that a NAT gives it, and its networks' broadcasts
	media     map[netip.AddrPort]bool // where our own relay takes media
	mediaAt   map[netip.Addr]bool     // the same without ports
	bound     []netip.Addr            // on its interfaces, in their order
	primary   netip.Addr              // IPv4, from which the internet is reached
	public    []netip.Addr            // IPv4, as a NAT in front shows it
}

// look finds out what this machine looks like now.
func look(public []netip.Addr, ownMedia func() []netip.AddrPort) (*host, error) {
	interfaces, err := net.InterfaceAddrs()
	if err != nil {
		return nil, fmt.Errorf("list this host's addresses: %w", err)
	}
	h := &host{addresses: map[netip.Addr]bool{}, media: map[netip.AddrPort]bool{}, mediaAt: map[netip.Addr]bool{}}
	for _, one := range interfaces {
		prefix, err := netip.ParsePrefix(one.String())
		if err != nil {
			continue // not an IP network
		}
		h.bound = append(h.bound, prefix.Addr())
		h.addresses[prefix.Addr()] = true
		if prefix.Addr().Is4() && prefix.Bits() < 31 {
			h.addresses[broadcast(prefix)] = true
		}
	}
	for _, a := range public {
		h.addresses[a.Unmap()] = true
		if a = a.Unmap(); a.Is4() {
			h.public = append(h.public, a)
		}
	}
	if ownMedia != nil {
		for _, at := range ownMedia() {
			at = netip.AddrPortFrom(at.Addr().Unmap(), at.Port())
			h.media[at], h.mediaAt[at.Addr()] = true, true
		}
	}
	h.primary = h.outward()
	return h, nil
}

// relayFrom gives the address from which packets for a client are relayed that reached us at local, and
// the one that its peers are told. The former is always a single one: a socket that is bound to 0.0.0.0 on a
// host with several addresses sends from the wrong one.
func (h *host) relayFrom(local netip.Addr) (from, told netip.Addr) {
	for _, a := range h.public {
		if h.has(a) {
			return a, a
		}
	}
	from = local
	if !from.Is4() || from.IsLoopback() {
		from = h.primary
	}
	if len(h.public) > 0 {
		return from, h.public[0]
	}
	return from, from
}

func (h *host) has(a netip.Addr) bool {
	for _, bound := range h.bound {
		if bound == a {
			return true
		}
	}
	return false
}

// outward asks the kernel which address it would send from; nothing is sent. Without a route it is the first
// that is not loopback.
func (h *host) outward() netip.Addr {
	if conn, err := net.Dial("udp4", "192.88.99.1:9"); err == nil {
		from := conn.LocalAddr().(*net.UDPAddr).AddrPort().Addr()
		if conn.Close() == nil && !from.IsLoopback() {
			return from
		}
	}
	for _, a := range h.bound {
		if a.Is4() && !a.IsLoopback() {
			return a
		}
	}
	return netip.AddrFrom4([4]byte{127, 0, 0, 1})
}

// broadcast is the last address of an IPv4 network.
func broadcast(p netip.Prefix) netip.Addr {
	b := p.Addr().As4()
	for bit := p.Bits(); bit < 32; bit++ {
		b[bit/8] |= 0x80 >> (bit % 8)
	}
	return netip.AddrFrom4(b)
}
