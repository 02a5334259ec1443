package turn

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/pion/stun/v3"
)

// bookingLife is how long the port above an even one is kept (RFC 8656 section 7.2).
const bookingLife = 30 * time.Second

// booking is a place in an account for an allocation that is not made yet, and perhaps its port.
type booking struct {
	place  *account
	socket *net.UDPConn // nil until there is one
}

// cancel gives up what nobody has taken.
func (s *Server) cancel(b *booking) {
	if b == nil {
		return
	}
	if b.socket != nil {
		b.socket.Close() // nothing was ever sent through it
	}
	s.accounts.close(b.place)
}

// kept are bookings of ports above an even one, by the token that pion gave for each.
type kept struct {
	*booking
	timer *time.Timer
}

// book keeps places for an allocation, and for the one above it if a pair of ports is wanted.
func (s *Server) book(r *request, pair bool) bool {
	places := []**booking{&r.booking}
	if pair {
		places = append(places, &r.above)
	}
	for _, one := range places {
		place, ok := s.accounts.open(r.id)
		if !ok {
			s.cancel(r.booking)
			r.booking = nil
			return false
		}
		*one = &booking{place: place}
	}
	return true
}

// bindPair opens the ports of a pair, an even one and the next.
func (s *Server) bindPair(r *request, from netip.Addr) error {
	for range portAttempts {
		first, err := s.relaySocket(from, true)
		if err != nil {
			return err
		}
		at := first.LocalAddr().(*net.UDPAddr)
		second, err := net.ListenUDP("udp4", &net.UDPAddr{IP: at.IP, Port: at.Port + 1})
		if err == nil {
			r.booking.socket, r.above.socket = first, second
			return nil
		}
		if err = first.Close(); err != nil {
			return fmt.Errorf("turn: close an even port: %w", err)
		}
	}
	return errors.New("turn: find two ports side by side")
}

// keep keeps the port above for whoever has the token in pion's answer.
func (s *Server) keep(r *request, answer []byte) {
	m := &stun.Message{Raw: answer}
	if m.Decode() != nil {
		return
	}
	value, err := m.Get(stun.AttrReservationToken)
	if err != nil {
		return
	}
	token, above := string(value), r.above
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	r.above = nil
	s.kept[token] = kept{above, time.AfterFunc(bookingLife, func() { s.cancel(s.claim(token, above.place.id)) })}
}

// claim gives what is kept for a token, to the one who got it.
func (s *Server) claim(token, id string) *booking {
	s.mu.Lock()
	defer s.mu.Unlock()
	one, ok := s.kept[token]
	if !ok || one.place.id != id {
		return nil
	}
	one.timer.Stop()
	delete(s.kept, token)
	return one.booking
}

// probe is what pion gets when it looks for an even port: one that is open already.
type probe struct{ net.PacketConn }

// Close leaves it open, for the allocation.
func (probe) Close() error { return nil }
