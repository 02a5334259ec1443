package room

import "slices"

// resume lets a member back in. What it remembers of an earlier life of the room comes first.
func (t *turn) resume(e Resume) {
	floor, useful := e.Floor, t.useful(e.Snapshot)
	if useful {
		floor = max(floor, e.Snapshot.Plan.Epoch)
	}
	if t.tooFar(floor) {
		t.refuse(e.Peer, ReasonFloor)
		return
	}
	var news arrivals
	if useful {
		news = t.adopt(*e.Snapshot, e.Peer)
	}
	if t.unheardOf(e.Floor) && !t.change.open {
		t.renumber, t.foreign = true, true
	}
	t.absorb(e.Floor)
	t.decide()
	t.announce(news, e.Peer)
	t.resumed = e.Peer
	if i := t.index(e.Peer); i >= 0 {
		t.back(i, e, slices.Contains(news.brought, e.Peer))
		return
	}
	if len(t.members) == 0 {
		// The room has ended. It begins anew behind the same lock, so that nobody who knew it
		// as private finds it open.
		t.settings = Settings{Lock: e.Key, MeshMax: -1}
	}
	t.enter(Member{Peer: e.Peer, Name: e.Name, Page: e.Page, Media: e.Media}, e.Key)
}

// unheardOf tells whether a page comes with a plan of an earlier life that was not adopted. Its
// links are not known then, and it must not be told that the switch from them is settled.
func (t *turn) unheardOf(floor Epoch) bool {
	return floor > 0 && !slices.Contains(t.life.known, floor)
}

// back gives a member its place again. isNew says that the others have not heard of it yet.
func (t *turn) back(i int, e Resume, isNew bool) {
	if why := t.other(e.Key); why != "" {
		t.refuse(e.Peer, why)
		return
	}
	m := &t.members[i]
	before := m.Member
	if m.Present {
		t.first = append(t.first, Replaced{Peer: e.Peer})
	}
	if m.Name != e.Name || m.Page != e.Page || m.Media != e.Media {
		t.touch()
	}
	if m.Page != e.Page {
		t.reunite(e.Peer) // another page may well connect
	}
	*m = member{Member: m.Member, key: e.Key, ready: m.ready && m.Page == e.Page}
	m.Name, m.Page, m.Media, m.Present = e.Name, e.Page, e.Media, true
	t.welcome(e.Peer, true)
	switch {
	case isNew:
		t.tell(e.Peer, Joined{Member: m.Member})
	case m.Member != before:
		t.tell(e.Peer, Changed{Member: m.Member})
	}
}
