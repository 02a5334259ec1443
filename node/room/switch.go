package room

import "slices"

// give makes a plan of that shape with the next epoch. If it takes media links away, a switch
// begins: the links of older plans stay until it is settled.
func (t *turn) give(next shape) {
	before := t.plan.shape()
	first := t.plan.Epoch == 0
	t.last = max(t.last+1, t.millis())
	t.life.know(t.last)
	t.plan = Plan{
		Epoch: t.last, Home: t.home, Mode: next.mode, Relays: []NodeID{},
		Warm: next.warm, Lacking: next.lacking,
	}
	if next.hub != "" {
		t.plan.Relays = append(t.plan.Relays, next.hub)
	}
	for i := range t.members {
		t.members[i].Relay = next.hub
	}
	t.emit(Planned{Plan: t.Plan()})
	if !first && !keeps(before, next) || t.foreign && !t.change.open {
		t.openSwitch()
	}
	t.renumber, t.foreign = false, false
	if !t.change.open {
		t.emit(t.settled(""))
	}
	t.touch()
}

// openSwitch waits for every page to be ready anew.
func (t *turn) openSwitch() {
	t.change = change{open: true, deadline: t.now.Add(t.rules().Settle)}
	for i := range t.members {
		t.members[i].ready = false
	}
}

// maxKnown is how many epochs a room remembers: more than a page misses that comes back in time.
const maxKnown = 64

func (l *life) know(e Epoch) {
	l.known = append(l.known, e)
	if len(l.known) > maxKnown {
		l.known = l.known[1:]
	}
}

// settle ends the switch when all are ready or time is up.
func (t *turn) settle() {
	if !t.change.open {
		return
	}
	late := t.late()
	if len(late) > 0 && t.now.Before(t.change.deadline) {
		return
	}
	t.change = change{stuck: late}
	t.emit(t.settled(""))
	t.touch()
}

// late are those whose older links may still be needed. A member whose line broke may well have
// running media, so it counts; one whose page closed has no links left.
func (t *turn) late() []PeerID {
	var out []PeerID
	for _, m := range t.members {
		if !m.ready && !m.closed {
			out = append(out, m.Peer)
		}
	}
	return out
}

// markReady counts for the present plan only: a page that is ready for an older one must look
// again.
func (t *turn) markReady(e Ready) {
	i := t.index(e.Peer)
	if i < 0 || !t.members[i].Present || e.Epoch != t.plan.Epoch {
		return
	}
	t.members[i].ready = true
	if stuck := slices.Index(t.change.stuck, e.Peer); stuck >= 0 {
		t.change.stuck = slices.Delete(t.change.stuck, stuck, stuck+1)
		t.emit(t.settled(""))
		t.touch()
	}
}

func (t *turn) settled(to PeerID) Settled {
	return Settled{To: to, Epoch: t.plan.Epoch, Stuck: slices.Clone(t.change.stuck)}
}

// remind tells who resumed that the switch was settled while it was away, unless all were told
// in this very turn.
func (t *turn) remind() {
	if t.resumed == "" || t.change.open {
		return
	}
	told := slices.ContainsFunc(t.out, func(e Effect) bool {
		s, ok := e.(Settled)
		return ok && s.To == "" && s.Epoch == t.plan.Epoch
	})
	if !told {
		t.emit(t.settled(t.resumed))
	}
}
