package room

import (
	"slices"
	"time"
)

// Step is one turn: what the room becomes by an event, and what is to be done about it. The
// state that is passed in is not changed, and a Refuse changes nothing at all.
func Step(s State, now time.Time, e Event) (State, []Effect) {
	t := &turn{State: s.clone(), now: now}
	if t.life.born == 0 {
		t.life.born = t.millis()
	}
	t.apply(e)
	if t.refused != nil {
		if len(s.members) == 0 {
			return s, []Effect{*t.refused, Empty{}}
		}
		return s, []Effect{*t.refused}
	}
	t.expire()
	if len(t.members) == 0 {
		t.end()
		return t.State, t.out
	}
	t.settle()
	t.decide()
	t.stock()
	t.remind()
	t.refresh()
	t.rest()
	return t.State, append(t.first, t.out...)
}

// turn is a Step under way.
type turn struct {
	State   // the copy that is being changed
	now     time.Time
	first   []Effect // to whom the event is about, before all else
	out     []Effect
	refused *Refuse
	// welcomed and resumed are the member that this Step let in; resumed only if it was here
	// before, as far as its own page knows.
	welcomed, resumed PeerID
	// renumber asks for a new epoch even if the plan stays as it is; foreign says that somebody
	// comes from a plan that this room does not know.
	renumber, foreign bool
}

func (t *turn) apply(e Event) {
	switch e := e.(type) {
	case Join:
		t.join(e)
	case Resume:
		t.resume(e)
	case Leave:
		t.remove(e.Peer, WhyLeft)
	case Closed:
		t.away(e.Peer, t.policy.ReloadAfter, true)
	case Broken:
		t.away(e.Peer, t.policy.GoneAfter, false)
	case SetMedia:
		t.setMedia(e)
	case Ready:
		t.markReady(e)
	case Stuck:
		t.markApart(e)
	case RelayUp:
		t.relayUp(e.Node)
	case RelayDown:
		t.relayDown(e.Node)
	case RelayNone:
		t.relayNone()
	case Tick:
		t.wake = time.Time{}
	}
}

func (t *turn) millis() Epoch { return Epoch(t.now.UnixMilli()) }

func (t *turn) emit(e Effect) { t.out = append(t.out, e) }

// tell emits what others are to know of a member, if there is any other to hear it.
func (t *turn) tell(about PeerID, e Effect) {
	if t.audience(about) {
		t.emit(e)
	}
}

// audience tells whether anybody but that one is present.
func (t *turn) audience(except PeerID) bool {
	return slices.ContainsFunc(t.members, func(m member) bool { return m.Present && m.Peer != except })
}

func (t *turn) refuse(to PeerID, why Reason) { t.refused = &Refuse{To: to, Reason: why} }

func (t *turn) welcome(to PeerID, resumed bool) {
	t.first = append(t.first, Welcome{To: to, Resumed: resumed})
	t.welcomed = to
}

// touch notes that snapshots taken before are outdated.
func (t *turn) touch() {
	t.news.version++
	t.news.pending = true
}

// refreshEvery bounds how often members are sent a new snapshot.
const refreshEvery = time.Second

// refresh has the members' snapshots renewed when they are outdated, at most once in refreshEvery,
// and when they have become old. Who was welcomed in this turn has the newest, and who is absent
// gets it with its next Welcome.
func (t *turn) refresh() {
	if !t.audience(t.welcomed) {
		t.news.pending, t.news.fresh = false, t.now
	}
	news := t.news.pending && !t.now.Before(t.news.told.Add(refreshEvery))
	if news || !t.now.Before(t.news.fresh.Add(renewEvery)) {
		t.news.pending, t.news.told, t.news.fresh = false, t.now, t.now
		t.emit(Refresh{})
	}
}

// rest asks to be woken when the next thing is due that comes without an event.
func (t *turn) rest() {
	var next time.Time
	due := func(at time.Time) {
		if next.IsZero() || at.Before(next) {
			next = at
		}
	}
	for _, m := range t.members {
		if !m.Present {
			due(m.goneAt)
		}
	}
	if t.change.open {
		due(t.change.deadline)
	} else if !t.calmed.IsZero() {
		due(t.calmed.Add(t.policy.Hold))
	}
	if t.news.pending {
		due(t.news.told.Add(refreshEvery))
	} else if t.audience("") {
		due(t.news.fresh.Add(renewEvery))
	}
	if !next.IsZero() && !next.Equal(t.wake) {
		t.wake = next
		t.emit(Wake{At: next})
	}
}

// end closes the room. What must outlive it, should somebody enter before the operator ends:
// epochs go on rising, and nobody who left comes back through an old snapshot.
func (t *turn) end() {
	t.releaseAll()
	fresh := New(t.room, t.home, t.policy)
	fresh.last, fresh.life, fresh.news = t.last, t.life, t.news
	fresh.life.guarded, fresh.news.pending = false, false
	t.State = fresh
	t.emit(Empty{})
}
