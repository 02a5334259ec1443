package room

import (
	"cmp"
	"slices"
	"time"
)

// arrivals is what a snapshot changes about the list of members.
type arrivals struct {
	missing []PeerID // were told of by an older snapshot, and had left by this one
	brought []PeerID // are told of by this one
	moved   []PeerID // sit elsewhere now
}

// adopt takes over what a snapshot of an earlier life tells. If nobody came here before it, the
// room is exactly what it was. The others are told by announce, once there is a plan.
func (t *turn) adopt(s Snapshot, resuming PeerID) arrivals {
	t.life.adopted = s.mark()
	t.life.know(s.Plan.Epoch)
	t.last = max(t.last, s.Plan.Epoch)
	t.settings = s.Settings
	if len(t.members) > 0 {
		t.touch()
	}
	t.evictUnchecked(resuming)
	a := t.merge(s)
	t.adoptPlan(s, a.brought)
	t.evictSurplus(len(s.Members))
	if hub := t.plan.shape().hub; hub != "" && !slices.Contains(t.relay.granted, hub) {
		t.reserve(hub)
	}
	return a
}

// evictUnchecked puts out newcomers who got into a restarted room before it remembered its lock,
// or that it had none. The resuming member is judged by resume.
func (t *turn) evictUnchecked(resuming PeerID) {
	for _, m := range slices.Clone(t.members) {
		if why := t.other(m.key); !m.told && m.Peer != resuming && why != "" {
			t.evict(m, why)
		}
	}
}

// evictSurplus puts out the last newcomers if the room is too full with those who were here
// before. Those stay, whatever the limit is now.
func (t *turn) evictSurplus(before int) {
	limit := max(t.rules().Max, before)
	for i := len(t.members) - 1; len(t.members) > limit; i-- {
		t.evict(t.members[i], ReasonFull)
	}
}

func (t *turn) evict(m member, why Reason) {
	if m.Present {
		t.emit(Evict{Peer: m.Peer, Reason: why})
	}
	t.remove(m.Peer, WhyEvicted)
}

// merge makes one list of those whom the snapshot names and those who are here: old seats stand,
// newcomers sit behind them.
func (t *turn) merge(s Snapshot) arrivals {
	var a arrivals
	here := t.members
	t.members = nil
	t.nextSeat = max(t.nextSeat, s.NextSeat)
	for _, m := range s.Members {
		i := slices.IndexFunc(here, func(h member) bool { return h.Peer == m.Peer })
		switch {
		case i >= 0:
			if here[i].Seat != m.Seat {
				here[i].Seat = m.Seat
				a.moved = append(a.moved, m.Peer)
			}
			t.members = append(t.members, here[i])
		case !slices.Contains(t.life.departed, m.Peer):
			m.Present = false
			t.members = append(t.members, member{Member: m, told: true, goneAt: t.now.Add(t.policy.GoneAfter)})
			a.brought = append(a.brought, m.Peer)
		}
	}
	for _, h := range here {
		switch {
		case t.Has(h.Peer):
			continue
		case h.told:
			a.missing = append(a.missing, h.Peer)
			continue
		case h.Seat < s.NextSeat:
			h.Seat = t.nextSeat
			t.nextSeat++
			a.moved = append(a.moved, h.Peer)
		}
		t.members = append(t.members, h)
	}
	slices.SortFunc(t.members, func(a, b member) int { return cmp.Compare(a.Seat, b.Seat) })
	t.apart = slices.DeleteFunc(t.apart, func(p pair) bool { return !t.Has(p[0]) || !t.Has(p[1]) })
	return a
}

// adoptPlan takes over the plan that the media runs by: unchanged, or, if this life has given a
// higher epoch already, numbered anew above both.
func (t *turn) adoptPlan(s Snapshot, brought []PeerID) {
	own, was := t.plan, t.change
	have, next := own.shape(), s.Plan.shape()
	if own.Epoch == s.Plan.Epoch && have == next {
		t.sameSwitch(s, brought)
		return
	}
	t.plan, t.calmed = clonePlan(s.Plan), time.Time{}
	for i := range t.members {
		t.members[i].Relay = next.hub
	}
	open := was.open || !s.Settled || own.Epoch != 0 && !keeps(have, next)
	if own.Epoch >= s.Plan.Epoch {
		t.plan.Epoch, t.renumber = own.Epoch, true
	} else if own.Epoch != 0 {
		t.emit(Planned{Plan: t.Plan()})
	}
	if open {
		t.openSwitch()
		return
	}
	t.change = change{stuck: t.remaining(append(was.stuck, s.Stuck...))}
	if own.Epoch != 0 && !t.renumber {
		t.emit(t.settled(""))
	}
}

// sameSwitch adds to the switch at hand those whom a better snapshot of it brought. It is not
// ended by a snapshot that says settled: it may be open for members whom that one does not know.
// If it has ended here without those brought, they count as stuck until they are ready.
func (t *turn) sameSwitch(s Snapshot, brought []PeerID) {
	if t.change.open {
		return
	}
	stuck := t.change.stuck
	for _, p := range brought {
		if !s.Settled || slices.Contains(s.Stuck, p) {
			stuck = append(stuck, p)
		}
	}
	t.change.stuck = t.remaining(stuck)
}

// remaining are those of peers who are members, each once.
func (t *turn) remaining(peers []PeerID) []PeerID {
	var out []PeerID
	for _, p := range peers {
		if t.Has(p) && !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	return out
}

// announce tells those who were here about those whom the snapshot brought. The resuming member
// is told of when it is back.
func (t *turn) announce(a arrivals, resuming PeerID) {
	for _, peer := range a.missing {
		t.tell(peer, Left{Peer: peer, Why: WhyGone})
	}
	for _, peer := range a.brought {
		if m, ok := t.Member(peer); ok && peer != resuming {
			t.tell(peer, Joined{Member: m})
		}
	}
	for _, peer := range a.moved {
		if m, ok := t.Member(peer); ok {
			t.tell(peer, Changed{Member: m})
		}
	}
}
