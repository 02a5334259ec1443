package overlay

import (
	"context"
	"time"

	"parley/bridge/signal"
)

// RelayService is this node's relay, as other nodes use it. From is proven by the connection. Methods
// return at once, except Offer.
type RelayService interface {
	// Load is how busy it is, from 0 to 1.
	Load() float64
	// Capacity is how many members it may carry.
	Capacity() int
	// Reserve asks it to carry a room; it may refuse with a reason that the other node may read.
	Reserve(from signal.NodeID, room string) error
	// Release ends that.
	Release(from signal.NodeID, room string)
	// Offer brings a member's offer, and returns the answer.
	Offer(ctx context.Context, from signal.NodeID, o Offer) (signal.SDP, error)
	// Candidate brings a member's candidate.
	Candidate(from signal.NodeID, t Trickle)
	// Gone says that a member is gone from the room.
	Gone(from signal.NodeID, room, peer string)
	// Parted says that the node is gone. It may be back soon, and its rooms' media may be wanted until then.
	Parted(from signal.NodeID)
}

// answerWithin bounds the work on one offer. The far end waits no longer either.
const answerWithin = 5 * time.Second

// serve does what another node asks of this one's relay.
func (s *session) serve(request uint64, m message) {
	relay := s.overlay.relay
	if relay == nil {
		if request != 0 {
			s.refuse(request, "this node has no relay")
		}
		return
	}
	from := s.remote.Node()
	switch m := m.(type) {
	case reserve:
		if err := relay.Reserve(from, m.Room); err != nil {
			s.refuse(request, err.Error())
			return
		}
		s.send(request, granted{})
	case release:
		relay.Release(from, m.Room)
	case Offer:
		s.offered(request, m)
	case Trickle:
		relay.Candidate(from, m)
	case gone:
		relay.Gone(from, m.Room, m.Peer)
	}
}

// offered answers an offer, which takes a while.
func (s *session) offered(request uint64, o Offer) {
	select {
	case s.offers <- struct{}{}:
	default:
		s.refuse(request, "too many offers at once")
		return
	}
	s.overlay.running.Go(func() {
		defer func() { <-s.offers }()
		ctx, cancel := context.WithTimeout(s.overlay.life, answerWithin)
		defer cancel()
		sdp, err := s.overlay.relay.Offer(ctx, s.remote.Node(), o)
		if err != nil {
			s.refuse(request, err.Error())
			return
		}
		if err := s.send(request, answer{sdp}); err != nil {
			s.refuse(request, "the answer is too long")
		}
	})
}

func (s *session) refuse(request uint64, reason string) {
	s.send(request, refused{reason[:min(len(reason), maxName)]})
}
