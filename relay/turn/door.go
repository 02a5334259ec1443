package turn

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/pion/stun/v3"
	"github.com/pion/turn/v3"
)

// door is one way in for clients: a UDP socket, or one TCP or TLS connection. pion/turn has a server of its own
// behind each, which reads from the door as from a net.PacketConn and gets only requests that were judged
// sound, one after the other. So what a request asks of us while pion works on it is known: it is at hand.
//
// pion checks credentials once more, by a nonce that only it can make. A door fetches one with a request of its
// own, whose answer it keeps, and signs what it hands on anew.
type door struct {
	noDeadlines
	server *Server
	link   link
	local  netip.AddrPort // where clients reach it
	source netip.Addr     // of the one client of a connection, which has a seat; invalid for UDP
	padded bool           // ChannelData is padded to four bytes, as streams want it

	mu      sync.RWMutex // guards clients
	clients map[netip.AddrPort]*allocation

	// Of the goroutine in ReadFrom:
	packet  []byte
	atHand  *request // what pion works on
	next    *request // what waits for pion's nonce
	nonce   string   // pion's
	fetched time.Time
}

// nonceRenewal is when a door fetches another nonce: pion's are good for an hour.
const nonceRenewal = 30 * time.Minute

// allocateSuccess begins the answer of success to Allocate (RFC 8656 section 17).
const allocateSuccess = 0x0103

// asker is where a door's own request for a nonce comes from.
var asker = &net.UDPAddr{IP: net.IPv4zero}

// open puts a server of pion behind a door.
func (s *Server) open(d *door) error {
	d.server, d.clients, d.packet = s, map[netip.AddrPort]*allocation{}, make([]byte, maxRead)
	if !s.enter(d) {
		return net.ErrClosed
	}
	_, err := turn.NewServer(turn.ServerConfig{
		PacketConnConfigs: []turn.PacketConnConfig{{
			PacketConn: d, RelayAddressGenerator: generator{d},
			PermissionHandler: func(_ net.Addr, peer net.IP) bool {
				a, ok := netip.AddrFromSlice(peer)
				return ok && s.policy.address(a.Unmap()) == allowed
			},
		}},
		AuthHandler:   d.key,
		Realm:         Realm,
		LoggerFactory: s.quiet,
		InboundMTU:    maxRead,
	})
	if err != nil {
		s.mu.Lock()
		delete(s.doors, d)
		s.mu.Unlock()
		s.running.Done()
	}
	return err
}

// ReadFrom gives pion the next thing to do.
func (d *door) ReadFrom(p []byte) (int, net.Addr, error) {
	d.finish()
	if r := d.next; r != nil { // the nonce is here
		d.next = nil
		return d.hand(p, r)
	}
	for {
		n, from, err := d.link.read(d.packet)
		if err != nil {
			d.server.leave(d, err)
			return 0, nil, err
		}
		r := d.take(d.packet[:n], from)
		switch {
		case r == nil:
		case r.Type.Class == stun.ClassIndication:
			return copy(p, r.Raw), net.UDPAddrFromAddrPort(from), nil
		case d.nonce == "" || r.at.Sub(d.fetched) > nonceRenewal:
			d.next, d.fetched = r, r.at
			ask := stun.MustBuild(stun.TransactionID, stun.NewType(stun.MethodAllocate, stun.ClassRequest))
			return copy(p, ask.Raw), asker, nil
		default:
			return d.hand(p, r)
		}
	}
}

// hand gives pion a request that was judged sound.
func (d *door) hand(p []byte, r *request) (int, net.Addr, error) {
	d.atHand = r
	return copy(p, r.sealed(d.nonce).Raw), net.UDPAddrFromAddrPort(r.from), nil
}

// finish ends what was at hand. What was booked for an allocation is free again if pion made none.
func (d *door) finish() {
	if r := d.atHand; r != nil {
		d.server.cancel(r.booking)
		d.server.cancel(r.above)
	}
	d.atHand = nil
}

// take carries data itself, answers what must be refused, and returns what is for pion.
func (d *door) take(b []byte, from netip.AddrPort) *request {
	length, _, wanted, err := frame(b)
	switch {
	case err != nil || wanted > 0 || length > len(b):
		d.server.refuse(Malformed)
	case b[0] >= firstChannel>>8:
		d.carry(b[:length], from)
	default:
		return d.judge(b[:length], from)
	}
	return nil
}

// carry sends what came over a channel to its peer.
func (d *door) carry(b []byte, from netip.AddrPort) {
	a := d.client(from)
	if a == nil {
		d.server.refuse(NoAllocation)
		return
	}
	now := d.server.now()
	c, ok := a.rights.Load().to(now, binary.BigEndian.Uint16(b))
	if !ok {
		d.server.refuse(NoPermission)
		return
	}
	if c.peer.Addr() == a.told.Addr() {
		if to, ok := d.server.relays.Load(c.peer); ok && a.handOver(now, b, to.(*allocation)) {
			return
		}
	}
	a.send(now, b[channelHeader:], c.peer)
}

// WriteTo takes pion's answers. The one to a door's own request is the nonce.
func (d *door) WriteTo(b []byte, to net.Addr) (int, error) {
	if to == asker {
		m := &stun.Message{Raw: b}
		var nonce stun.Nonce
		if m.Decode() == nil && nonce.GetFrom(m) == nil {
			d.nonce = nonce.String()
		}
		return len(b), nil
	}
	if binary.BigEndian.Uint16(b) == allocateSuccess && d.atHand.above != nil { // only ReadFrom's goroutine writes these
		d.server.keep(d.atHand, b)
	}
	client, ok := to.(*net.UDPAddr)
	if !ok {
		return 0, fmt.Errorf("turn: write to %T: %w", to, errors.ErrUnsupported)
	}
	if err := d.link.write(b, client.AddrPort()); err != nil {
		d.server.stats.WriteErrors.Add(1)
		return 0, err
	}
	return len(b), nil
}

// Close closes the link; pion ends once ReadFrom fails.
func (d *door) Close() error { return d.link.close() }

// LocalAddr is where clients reach this door.
func (d *door) LocalAddr() net.Addr { return net.UDPAddrFromAddrPort(d.local) }

// key gives pion the key of the request at hand, which was checked.
func (d *door) key(string, string, net.Addr) ([]byte, bool) {
	if d.atHand == nil {
		return nil, false
	}
	return d.atHand.key, true
}

func (d *door) client(at netip.AddrPort) *allocation {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.clients[at]
}

// holds tells whether any client of this door has an allocation.
func (d *door) holds() bool {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return len(d.clients) > 0
}

// generator makes relayed addresses for the request at hand.
type generator struct{ door *door }

func (generator) Validate() error { return nil }

// AllocatePacketConn is called by pion while it works on an Allocate request with a booking. When it looks for
// an even port it calls more than once, the last time with the port that it found.
func (g generator) AllocatePacketConn(_ string, port int) (net.PacketConn, net.Addr, error) {
	r := g.door.atHand
	if r == nil || r.booking == nil {
		return nil, nil, fmt.Errorf("turn: allocate without a request: %w", errors.ErrUnsupported)
	}
	from, told := g.door.server.host.Load().relayFrom(g.door.local.Addr())
	err := error(nil)
	switch {
	case r.booking.socket != nil: // kept from before, or opened when pion looked for it
	case r.above != nil:
		err = g.door.server.bindPair(r, from)
	default:
		r.booking.socket, err = g.door.server.relaySocket(from, r.even)
	}
	if err != nil {
		g.door.server.refuse(NoPort)
		return nil, nil, err
	}
	if r.above != nil && port == 0 {
		at := r.booking.socket.LocalAddr()
		return probe{r.booking.socket}, at, nil
	}
	a := g.door.allocate(r, told)
	return a, a.LocalAddr(), nil
}

// AllocateConn would relay TCP (RFC 6062), which is refused before pion sees it.
func (generator) AllocateConn(string, int) (net.Conn, net.Addr, error) {
	return nil, nil, fmt.Errorf("turn: relay TCP: %w", errors.ErrUnsupported)
}

// noDeadlines are the methods of a net.PacketConn that pion does not use on what we give it.
type noDeadlines struct{}

func (noDeadlines) SetDeadline(time.Time) error      { return errors.ErrUnsupported }
func (noDeadlines) SetReadDeadline(time.Time) error  { return errors.ErrUnsupported }
func (noDeadlines) SetWriteDeadline(time.Time) error { return errors.ErrUnsupported }
