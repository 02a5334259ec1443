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
		// Without settings it may still come with a key, of a room that ended while it was on its way.
		settings := Settings{Lock: e.Key, MeshMax: -1}
		if e.Settings != nil {
			settings = *e.Settings
		}
		t.settings, e.Key = settings, settings.Lock
		t.life.guarded = settings.Lock != ""
	}
	t.absorb(e.Floor)
	t.enter(Member{Peer: e.Peer, Name: e.Name, Page: e.Page, Media: e.Media}, e.Key)
}

// enter gives a newcomer the next seat.
func (t *turn) enter(m Member, key string) {
	switch {
	case t.other(key) != "":
		t.refuse(m.Peer, t.other(key))
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

// other says why who was checked against this lock may not be in the room, if it is another one's.
// An open room is another one too: who knew a private room is not to find himself, with camera and
// microphone on, in one of that name that anybody may enter.
func (t *turn) other(key string) Reason {
	switch {
	case key == t.settings.Lock:
		return ""
	case t.settings.Lock == "":
		return ReasonOpen
	}
	return ReasonLocked
}

func (t *turn) setMedia(e SetMedia) {
	i := t.index(e.Peer)
	if i < 0 || t.members[i].Media == e.Media {
		return
	}
	t.members[i].Media = e.Media
	t.touch()
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

// expire removes those who stayed away too long. Who closed the page and does not come back has
// left; the others lost their line.
func (t *turn) expire() {
	for _, m := range slices.Clone(t.members) {
		switch {
		case m.Present || t.now.Before(m.goneAt):
		case m.closed:
			t.remove(m.Peer, WhyLeft)
		default:
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
	t.reunite(peer)
	t.depart(peer)
	t.touch()
	t.tell(peer, Left{Peer: peer, Why: why})
}
