package main

import (
	"context"
	"errors"
	"sync"
	"time"

	"parley/bridge/signal"
	"parley/node/overlay"
	"parley/node/room"
	"parley/node/switchboard"
	"parley/relay"
)

// served is this node's relay, as other nodes use it. Each has its own rooms, so that two bridges whose rooms
// bear one name do not open them to each other.
type served struct {
	relay *ownRelay
	grace time.Duration // how long the rooms of a node that is gone are carried on

	mu     sync.Mutex // guards the rest
	rooms  map[reservation]*lease
	count  map[signal.NodeID]int
	closed bool
}

// reservation is what a node holds of the relay.
type reservation struct {
	from signal.NodeID
	room string
}

// lease is a reservation's life. The node that holds it renews it by reserving again, and need not as long
// as it is there:
//
//	held --node gone--> ending --reserved again--> held
//	                       +--grace over--> released
type lease struct{ ending *time.Timer } // nil while held

// maxServedRooms is how many rooms one other node may have here at once.
const maxServedRooms = 5000

var (
	errFull       = errors.New("the relay is full")
	errRooms      = errors.New("you have too many rooms here")
	errUnreserved = errors.New("the room is not reserved")
)

func newServed(r *ownRelay, grace time.Duration) *served {
	return &served{relay: r, grace: grace, rooms: map[reservation]*lease{}, count: map[signal.NodeID]int{}}
}

func (s *served) Load() float64 { return s.relay.Load() }

func (s *served) Capacity() int { return relay.DefaultLimits().Members }

func (s *served) Reserve(from signal.NodeID, name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := reservation{from, name}
	held := s.rooms[r]
	switch {
	case s.closed || held == nil && s.relay.Load() >= 1:
		return errFull
	case held == nil && s.count[from] >= maxServedRooms:
		return errRooms
	case held == nil:
		s.rooms[r] = &lease{}
		s.count[from]++
	case held.ending != nil:
		held.ending.Stop()
		s.rooms[r] = &lease{} // a new one, in case that the timer has just run out
	}
	return nil
}

func (s *served) Release(from signal.NodeID, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := (reservation{from, name}); s.rooms[r] != nil {
		s.release(r)
	}
}

// release ends a reservation; s.mu is held.
func (s *served) release(r reservation) {
	if timer := s.rooms[r].ending; timer != nil {
		timer.Stop()
	}
	delete(s.rooms, r)
	if s.count[r.from]--; s.count[r.from] == 0 {
		delete(s.count, r.from)
	}
	s.relay.Release(r.id())
}

// id is the room's name within the relay. No room of this node's own has a slash in its name.
func (r reservation) id() room.RoomID { return room.RoomID(string(r.from) + "/" + r.room) }

// holds gives the room's name within the relay, if it is reserved.
func (s *served) holds(from signal.NodeID, name string) (room.RoomID, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := reservation{from, name}
	return r.id(), s.rooms[r] != nil
}

func (s *served) Offer(ctx context.Context, from signal.NodeID, o overlay.Offer) (signal.SDP, error) {
	id, ok := s.holds(from, o.Room)
	if !ok {
		return "", errUnreserved
	}
	return s.relay.Offer(ctx, switchboard.Offer{Room: id, Peer: room.PeerID(o.Peer), Page: o.Page, Link: o.Link, SDP: o.SDP})
}

func (s *served) Candidate(from signal.NodeID, t overlay.Trickle) {
	if id, ok := s.holds(from, t.Room); ok {
		s.relay.Candidate(switchboard.Trickle{Room: id, Peer: room.PeerID(t.Peer), Link: t.Link, Candidate: t.Candidate, MLine: t.MLine})
	}
}

func (s *served) Gone(from signal.NodeID, name, peer string) {
	if id, ok := s.holds(from, name); ok {
		s.relay.Gone(id, room.PeerID(peer))
	}
}

// Parted begins the end of a node's rooms. Media goes on for as long as the node's pages wait for it too: it
// may only have been restarted.
func (s *served) Parted(from signal.NodeID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for r, held := range s.rooms {
		if r.from != from || held.ending != nil || s.closed {
			continue
		}
		held.ending = time.AfterFunc(s.grace, func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			if s.rooms[r] == held {
				s.release(r)
			}
		})
	}
}

// close ends all reservations. It comes after the overlay's, so that no new ones come.
func (s *served) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for r := range s.rooms {
		s.release(r)
	}
}
