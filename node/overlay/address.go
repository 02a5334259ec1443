package overlay

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"

	"parley/bridge/signal"
)

// Listen is a list of multiaddrs to listen at.
type Listen []ma.Multiaddr

// UnmarshalText reads multiaddrs with commas between them. An error continues the sentence that begins with
// the text, here and below.
func (l *Listen) UnmarshalText(text []byte) error {
	*l = nil
	for part := range parts(text) {
		address, err := ma.NewMultiaddr(part)
		if err != nil || !isTCP(address) {
			return errors.New("is not a multiaddr to listen at, such as /ip4/0.0.0.0/tcp/7882")
		}
		*l = append(*l, address)
	}
	return nil
}

// isTCP tells whether the address is /ip4 or /ip6 and then /tcp, and nothing else.
func isTCP(address ma.Multiaddr) bool {
	return len(address) == 2 && (address[0].Code() == ma.P_IP4 || address[0].Code() == ma.P_IP6) && address[1].Code() == ma.P_TCP
}

// Nodes is a list of nodes by their ids.
type Nodes []peer.ID

// UnmarshalText reads ids with commas between them.
func (n *Nodes) UnmarshalText(text []byte) error {
	*n = nil
	for part := range parts(text) {
		id, err := peer.Decode(part)
		if err != nil {
			return errors.New("is not a node's id, such as 12D3KooW..., which every node prints at its start")
		}
		*n = append(*n, id)
	}
	return nil
}

// Addresses is a list of nodes by where they are and who they must be.
type Addresses []peer.AddrInfo

// UnmarshalText reads full multiaddrs with commas between them. Several of one node are several ways to it.
func (a *Addresses) UnmarshalText(text []byte) error {
	*a = nil
	for part := range parts(text) {
		info, err := peer.AddrInfoFromString(part)
		if err != nil || len(info.Addrs) != 1 {
			return errors.New("is not a node's full address, such as /ip4/192.0.2.1/tcp/7882/p2p/12D3KooW..., which every node that listens prints at its start")
		}
		if _, err := info.Addrs[0].ValueForProtocol(ma.P_TCP); err != nil {
			return errors.New("is an address without /tcp/: nodes reach each other by TCP")
		}
		at := slices.IndexFunc(*a, func(other peer.AddrInfo) bool { return other.ID == info.ID })
		if at < 0 {
			*a = append(*a, *info)
			continue
		}
		(*a)[at].Addrs = append((*a)[at].Addrs, info.Addrs[0])
	}
	return nil
}

func parts(text []byte) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for part := range strings.SplitSeq(string(text), ",") {
			if part = strings.TrimSpace(part); part != "" && !yield(part) {
				return
			}
		}
	}
}

// Address is this node's full address for --bootstrap of others: the one that reaches farthest. It is empty
// where the node does not listen.
func (o *Overlay) Address() string {
	addresses := o.host.Addrs()
	if len(addresses) == 0 {
		return ""
	}
	best := slices.MinFunc(addresses, func(a, b ma.Multiaddr) int { return reach(a) - reach(b) })
	return fmt.Sprintf("%s/p2p/%s", best, o.host.ID())
}

// reach orders addresses: those of the whole internet first, this machine's own last.
func reach(address ma.Multiaddr) int {
	ip, err := manet.ToIP(address)
	if err != nil {
		return 4
	}
	at, _ := netip.AddrFromSlice(ip)
	at = at.Unmap()
	rank := 0
	switch {
	case at.IsLoopback():
		rank = 6
	case at.IsLinkLocalUnicast():
		rank = 4
	case at.IsPrivate():
		rank = 2
	}
	if at.Is6() {
		rank++
	}
	return rank
}

// announced are the addresses that others are told: with public ones, these in place of the machine's own.
func announced(public []netip.Addr) func([]ma.Multiaddr) []ma.Multiaddr {
	return func(own []ma.Multiaddr) []ma.Multiaddr {
		var told []ma.Multiaddr
		for _, address := range own {
			port, err := address.ValueForProtocol(ma.P_TCP)
			if err != nil {
				continue
			}
			for _, ip := range public {
				version := "ip4"
				if ip.Is6() {
					version = "ip6"
				}
				one := ma.StringCast(fmt.Sprintf("/%s/%s/tcp/%s", version, ip, port))
				if _, err := address.ValueForProtocol(one[0].Code()); err == nil && !slices.ContainsFunc(told, one.Equal) {
					told = append(told, one)
				}
			}
		}
		if len(told) == 0 {
			return own
		}
		return told
	}
}

// id is a peer id in the words of the rest of the program.
func id(p peer.ID) signal.NodeID { return signal.NodeID(p.String()) }
