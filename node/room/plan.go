package room

import (
	"slices"
	"time"
)

// shape is what a plan says besides its number. A new epoch is given only when it changes.
type shape struct {
	mode    Mode
	hub     NodeID // empty if no relay is part of the plan
	warm    bool
	lacking bool
}

func (p Plan) shape() shape {
	s := shape{mode: p.Mode, warm: p.Warm, lacking: p.Lacking}
	if len(p.Relays) > 0 {
		s.hub = p.Relays[0]
	}
	return s
}

// decide gives a new plan if the room should have one. While a switch is open it waits, whatever
// happens meanwhile is part of that switch, unless the relay that the room is moving to is lost.
func (t *turn) decide() {
	if len(t.members) == 0 {
		return
	}
	have := t.plan.shape()
	want, _ := t.aim()
	if t.change.open && !t.orphaned() {
		want = have
	}
	if t.plan.Epoch == 0 || want != have || t.renumber {
		t.give(want)
	}
}

// aim is the shape that suits the room now, and whether the room wants a relay for it.
func (t *turn) aim() (best shape, wantsRelay bool) {
	p, n := t.rules(), len(t.members)
	crowd := n >= p.Up || len(t.apart) > 0 && p.Up < never
	held := t.calm(p, crowd)
	onRelay := t.plan.Mode == ModeRelay
	full := crowd || onRelay && !held
	wantsRelay = full || n >= p.Warm || t.plan.Warm && !held
	hub := t.hub()
	switch {
	case hub == "":
		// While the first answer is open nothing is known to be lacking; after a loss it is.
		missed := t.relay.denied || t.plan.Lacking || onRelay
		best = shape{mode: ModeMesh, lacking: crowd && missed}
	case full:
		best = shape{mode: ModeRelay, hub: hub}
	case wantsRelay:
		best = shape{mode: ModeMesh, hub: hub, warm: true}
	default:
		best = shape{mode: ModeMesh}
	}
	return best, wantsRelay
}

// calm tells whether the room has for Hold been small enough for a smaller plan: a relay's for
// a mesh, a warm mesh for a plain one. So one who reloads or changes his mind moves nothing.
func (t *turn) calm(p Policy, crowd bool) bool {
	n := len(t.members)
	small := t.plan.Mode == ModeRelay && n <= p.Down || t.plan.Warm && n < p.Warm
	if crowd || !small {
		t.calmed = time.Time{}
		return false
	}
	if t.calmed.IsZero() {
		t.calmed = t.now
	}
	return !t.now.Before(t.calmed.Add(p.Hold))
}

// orphaned tells whether the plan sends media through a relay that is lost.
func (t *turn) orphaned() bool {
	return t.plan.Mode == ModeRelay && t.hub() != t.plan.shape().hub
}

// maxApart bounds the pairs to remember: one is enough to want a relay, the others matter only
// once it is gone.
const maxApart = 64

// markApart notes a pair that cannot connect. It stands until one of the two is gone or comes with
// another page: on the relay nothing would show that it has become better.
func (t *turn) markApart(e Stuck) {
	known := t.Has(e.Peer) && t.Has(e.Far) && e.Peer != e.Far
	if !known || e.Epoch > t.plan.Epoch || t.plan.Mode != ModeMesh {
		return
	}
	p := pair{min(e.Peer, e.Far), max(e.Peer, e.Far)}
	if len(t.apart) < maxApart && !slices.Contains(t.apart, p) {
		t.apart = append(t.apart, p)
	}
}

// reunite forgets that a member cannot connect with others.
func (t *turn) reunite(peer PeerID) {
	t.apart = slices.DeleteFunc(t.apart, func(p pair) bool { return p[0] == peer || p[1] == peer })
}

// keeps tells whether every media link of one shape is part of the next as well. Then there is
// nothing to wait for before links of the older plan close: a warm link carries no media.
func keeps(old, next shape) bool {
	return old.mode == next.mode && (next.mode == ModeMesh || old.hub == next.hub)
}

// sound tells whether a plan that came from outside is one that aim could have made.
func (p Plan) sound() bool {
	s := p.shape()
	if p.Epoch <= 0 || len(p.Relays) > 1 || slices.Contains(p.Relays, "") {
		return false
	}
	switch p.Mode {
	case ModeMesh:
		return s.warm == (s.hub != "") && !(s.warm && s.lacking)
	case ModeRelay:
		return s.hub != "" && !s.warm && !s.lacking
	}
	return false
}
