package room

import (
	"slices"
	"time"
)

// maxAhead bounds how far in the future an epoch may be that a page presents. Otherwise one
// page could push a room's epochs where no other bridge's clock reaches.
const maxAhead = 60_000 // ms

// tooFar tells whether a floor cannot stem from an honest clock. What this room has accepted
// before is always fine.
func (t *turn) tooFar(floor Epoch) bool {
	return floor > t.millis()+maxAhead && floor > t.last
}

// absorb makes later epochs higher than a floor. Who presents it ignores every plan up to it, so
// if that includes the present plan, it must be numbered anew. What links that plan had is not
// known here; so it counts as a switch, and none of them closes before that is settled.
func (t *turn) absorb(floor Epoch) {
	t.last = max(t.last, floor)
	if t.plan.Epoch != 0 && floor > t.plan.Epoch {
		t.renumber, t.foreign = true, true
	}
}

func (t *turn) join(e Join) {
	switch {
	case t.tooFar(e.Floor):
		t.refuse(e.Peer, ReasonFloor)
		return
	case e.Settings != nil && len(t.members) > 0:
		t.refuse(e.Peer, ReasonExists)
		return
	case t.Has(e.Peer):
		t.resume(Resume{Peer: e.Peer, Name: e.Name, Page: e.Page, Key: e.Key, Media: e.Media, Floor: e.Floor})
		return
	}
	if len(t.members) == 0 {
		settings := Settings{MeshMax: -1}
		if e.Settings != nil {
			settings = *e.Settings
		}
		t.settings, e.Key = settings, settings.Lock
	}
	t.absorb(e.Floor)
	t.enter(Member{Peer: e.Peer, Name: e.Name, Page: e.Page, Media: e.Media}, e.Key)
}

// enter gives a newcomer the next seat.
func (t *turn) enter(m Member, key string) {
	switch {
	case !t.opens(key):
		t.refuse(m.Peer, ReasonLocked)
		return
	case len(t.members) >= t.rules().Max:
		t.refuse(m.Peer, ReasonFull)
		return
	}
	m.Seat, m.Present = t.nextSeat, true
	t.nextSeat++
	if len(t.plan.Relays) > 0 {
		m.Relay = t.plan.Relays[0]
	}
	t.members = append(t.members, member{Member: m, key: key})
	t.welcome(m.Peer, false)
	t.touch()
	// The plan goes first: if the newcomer moves the room to a relay, nobody begins a mesh link
	// with it that nobody needs.
	t.decide()
	now, _ := t.Member(m.Peer)
	t.tell(m.Peer, Joined{Member: now})
}

// opens tells whether who was checked against this lock may be in the room.
func (t *turn) opens(key string) bool {
	return t.settings.Lock == "" || key == t.settings.Lock
}

func (t *turn) setMedia(e SetMedia) {
	i := t.index(e.Peer)
	if i < 0 || t.members[i].Media == e.Media {
		return
	}
	t.members[i].Media = e.Media
	t.tell(e.Peer, Changed{Member: t.members[i].Member})
}

// away notes that a member's signaling is cut. It keeps its seat, its tile and its links.
func (t *turn) away(peer PeerID, after time.Duration, closed bool) {
	i := t.index(peer)
	if i < 0 || !t.members[i].Present {
		return
	}
	m := &t.members[i]
	m.Present, m.closed, m.goneAt = false, closed, t.now.Add(after)
	t.tell(peer, Changed{Member: m.Member})
}

// expire removes those who stayed away too long.
func (t *turn) expire() {
	for _, m := range slices.Clone(t.members) {
		if !m.Present && !t.now.Before(m.goneAt) {
			t.remove(m.Peer, WhyGone)
		}
	}
}

// remove lets a member go for good; every trace of it goes along.
func (t *turn) remove(peer PeerID, why Why) {
	i := t.index(peer)
	if i < 0 {
		return
	}
	t.members = slices.Delete(t.members, i, i+1)
	t.change.stuck = slices.DeleteFunc(t.change.stuck, func(p PeerID) bool { return p == peer })
	t.apart = slices.DeleteFunc(t.apart, func(p pair) bool { return p[0] == peer || p[1] == peer })
	t.depart(peer)
	t.touch()
	t.tell(peer, Left{Peer: peer, Why: why})
}
