package turn

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"

	"github.com/pion/stun/v3"
)

const (
	maxRead      = 2048 // bytes: more than any packet that is carried
	portAttempts = 64
	relayBuffer  = 1 << 20 // bytes that the kernel keeps for an allocation; Linux may grant less
)

// allocation is a client's relayed address: the socket towards the peers, which pion has as a net.PacketConn, and
// what the client may do with it. What a client sends over a channel, and what peers send that have one, never
// meets pion.
type allocation struct {
	noDeadlines
	door    *door
	client  netip.AddrPort
	user    string // whose it is, by the whole user name
	key     stun.MessageIntegrity
	account *account
	socket  *net.UDPConn
	from    netip.AddrPort // the socket's
	told    netip.AddrPort // as peers see it, through a NAT in front of this host
	rights  atomic.Pointer[rights]
	packet  []byte // of the goroutine in ReadFrom
	end     sync.Once
}

// allocate makes an allocation of what is booked for the request at hand.
func (d *door) allocate(r *request, told netip.Addr) *allocation {
	s, b := d.server, r.booking
	from := b.socket.LocalAddr().(*net.UDPAddr).AddrPort()
	a := &allocation{
		door: d, client: r.from, user: r.user, key: r.key, account: b.place, socket: b.socket,
		from: from, told: netip.AddrPortFrom(told, from.Port()), packet: make([]byte, maxRead),
	}
	a.rights.Store(&rights{map[netip.Addr]int64{}, map[uint16]channel{}, map[netip.AddrPort]channel{}})
	r.booking = nil
	s.relays.Store(a.told, a)
	d.mu.Lock()
	d.clients[r.from] = a
	d.mu.Unlock()
	s.stats.Allocations.Add(1)
	s.stats.Allocated.Add(1)
	return a
}

// relaySocket takes a port at random, because one that can be guessed is one that can be written to.
func (s *Server) relaySocket(from netip.Addr, even bool) (*net.UDPConn, error) {
	var err error
	for range portAttempts {
		port := s.config.MinPort + uint16(rand.IntN(int(s.config.MaxPort-s.config.MinPort)+1))
		if even && port%2 != 0 {
			continue
		}
		var socket *net.UDPConn
		if socket, err = net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(from, port))); err == nil {
			return socket, errors.Join(socket.SetReadBuffer(relayBuffer), socket.SetWriteBuffer(relayBuffer))
		}
	}
	return nil, fmt.Errorf("turn: find a port for a relayed address: %w", err)
}

// passes judges one packet of n bytes to or from a peer, where the port is known.
func (a *allocation) passes(now int64, n int, peer netip.AddrPort) bool {
	s := a.door.server
	switch {
	case s.policy.endpoint(peer) != allowed:
		s.refuse(Peers)
	case n > maxPacket:
		s.refuse(TooLarge)
	case !a.account.bandwidth.take(now, n) || !s.bandwidth.take(now, n):
		s.refuse(Bandwidth)
	default:
		return true
	}
	return false
}

// send sends payload to a peer, whether pion or a channel asks for it.
func (a *allocation) send(now int64, payload []byte, peer netip.AddrPort) {
	if !a.passes(now, len(payload), peer) {
		return
	}
	if peer.Addr() == a.told.Addr() {
		peer = netip.AddrPortFrom(a.from.Addr(), peer.Port()) // this host: few NATs send such a packet back
	}
	if _, err := a.socket.WriteToUDPAddrPort(payload, peer); err != nil {
		a.door.server.stats.WriteErrors.Add(1)
		return
	}
	a.sent(len(payload))
}

// handOver gives a packet of ChannelData to the client of another allocation here, without the way through two
// sockets. It does not if that client has no channel for this one, or may be slow to take it: who has
// handed something over must not wait.
func (a *allocation) handOver(now int64, packet []byte, to *allocation) bool {
	c, ok := to.rights.Load().from(now, a.told)
	if !ok || to.door.padded {
		return false
	}
	n := len(packet) - channelHeader
	if a.passes(now, n, to.told) && to.passes(now, n, a.told) {
		a.sent(n)
		to.deliver(packet, c.number)
	}
	return true
}

// WriteTo sends what pion takes out of Send indications.
func (a *allocation) WriteTo(payload []byte, to net.Addr) (int, error) {
	peer, ok := to.(*net.UDPAddr)
	if !ok {
		return 0, fmt.Errorf("turn: send to %T: %w", to, errors.ErrUnsupported)
	}
	at := peer.AddrPort()
	a.send(a.door.server.now(), payload, netip.AddrPortFrom(at.Addr().Unmap(), at.Port()))
	return len(payload), nil // as with any datagram, nobody is told what became of it
}

// ReadFrom carries what peers with a channel send, and returns what others may send, for pion to wrap.
func (a *allocation) ReadFrom(p []byte) (int, net.Addr, error) {
	s := a.door.server
	for {
		n, from, err := a.socket.ReadFromUDPAddrPort(a.packet[channelHeader:])
		if err != nil {
			return 0, nil, fmt.Errorf("turn: read from peers: %w", err)
		}
		now := s.now()
		from, number, ok := a.known(now, from)
		switch {
		case !ok:
			s.refuse(NoPermission)
		case !a.passes(now, n, from):
		case number != 0:
			a.deliver(a.packet[:channelHeader+n], number)
		default:
			a.count(n)
			return copy(p, a.packet[channelHeader:channelHeader+n]), net.UDPAddrFromAddrPort(from), nil
		}
	}
}

// known tells whether packets may come from here, and by which channel. A peer on this host that the client
// knows by the address in front of the NAT is shown by that.
func (a *allocation) known(now int64, from netip.AddrPort) (as netip.AddrPort, number uint16, ok bool) {
	r := a.rights.Load()
	for _, as = range [...]netip.AddrPort{from, netip.AddrPortFrom(a.told.Addr(), from.Port())} {
		if c, ok := r.from(now, as); ok {
			return as, c.number, true
		}
		if r.permits(now, as.Addr()) {
			return as, 0, true
		}
		if from.Addr() != a.from.Addr() {
			break
		}
	}
	return from, 0, false
}

// deliver sends the client a packet of ChannelData, whose header is yet to be written. There is room behind it.
func (a *allocation) deliver(packet []byte, number uint16) {
	n := len(packet) - channelHeader
	binary.BigEndian.PutUint16(packet, number)
	binary.BigEndian.PutUint16(packet[2:], uint16(n))
	for a.door.padded && len(packet)%4 != 0 {
		packet = append(packet, 0)
	}
	if a.door.link.write(packet, a.client) != nil {
		a.door.server.stats.WriteErrors.Add(1)
		return
	}
	a.count(n)
}

// sent counts a packet to a peer.
func (a *allocation) sent(n int) {
	a.door.server.stats.PacketsToPeers.Add(1)
	a.door.server.stats.BytesToPeers.Add(uint64(n))
}

// count counts a packet to the client.
func (a *allocation) count(n int) {
	a.door.server.stats.PacketsToClients.Add(1)
	a.door.server.stats.BytesToClients.Add(uint64(n))
}

// Close gives the address back. pion calls it when the lifetime is over or the client is gone.
func (a *allocation) Close() error {
	err := error(nil)
	a.end.Do(func() {
		err = a.socket.Close()
		a.door.mu.Lock()
		if a.door.clients[a.client] == a {
			delete(a.door.clients, a.client)
		}
		a.door.mu.Unlock()
		a.door.server.relays.CompareAndDelete(a.told, a)
		a.door.server.stats.Allocations.Add(-1)
		a.door.server.accounts.close(a.account)
	})
	return err
}

// LocalAddr is the relayed address as peers see it.
func (a *allocation) LocalAddr() net.Addr { return net.UDPAddrFromAddrPort(a.told) }
