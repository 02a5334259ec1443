package overlay

import (
	"context"
	"math"
	"slices"

	"parley/bridge/signal"
)

// Remote is another node as long as it is there. A node that was gone and is back is another Remote.
type Remote struct{ session *session }

// Node is its id.
func (r *Remote) Node() signal.NodeID { return id(r.session.peer) }

// Is tells whether the node plays this part.
func (r *Remote) Is(role Role) bool { return slices.Contains(r.session.far.Roles, role) }

// Release is the version of its program.
func (r *Remote) Release() string { return r.session.far.Release }

// Capacity is how many members its relay may carry.
func (r *Remote) Capacity() int { return r.session.far.Capacity }

// Load is how busy it said it is, half a second ago at most, from 0 to 1.
func (r *Remote) Load() float64 { return math.Float64frombits(r.session.load.Load()) }

// Reserve asks its relay to carry a room.
func (r *Remote) Reserve(ctx context.Context, room string) error {
	_, err := r.session.ask(ctx, reserve{room})
	return err
}

// Free gives a room's reservation back.
func (r *Remote) Free(room string) { r.session.send(0, release{room}) }

// Offer brings a member's offer to its relay, and returns the answer.
func (r *Remote) Offer(ctx context.Context, o Offer) (signal.SDP, error) {
	m, err := r.session.ask(ctx, o)
	if err != nil {
		return "", err
	}
	a, ok := m.(answer)
	if !ok {
		return "", errMalformed
	}
	return a.SDP, nil
}

// Candidate brings a member's candidate to its relay.
func (r *Remote) Candidate(t Trickle) { r.session.send(0, t) }

// Gone tells its relay that a member is gone from the room.
func (r *Remote) Gone(room, peer string) { r.session.send(0, gone{room, peer}) }
