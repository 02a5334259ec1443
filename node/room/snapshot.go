package room

import (
	"cmp"
	"slices"
)

// Snapshot is what the members should keep for the day their bridge is gone.
func (s State) Snapshot() Snapshot {
	return Snapshot{
		Room: s.room, Settings: s.settings, Plan: s.Plan(),
		Settled: !s.change.open, Stuck: slices.Clone(s.change.stuck),
		Members: s.Members(), Born: s.life.born, Version: s.news.version, NextSeat: s.nextSeat,
	}
}

// mark orders snapshots: a later plan knows more, then a later life, then a later version.
type mark struct {
	epoch, born Epoch
	version     int64
}

func (s Snapshot) mark() mark { return mark{s.Plan.Epoch, s.Born, s.Version} }

func (m mark) compare(o mark) int {
	return cmp.Or(cmp.Compare(m.epoch, o.epoch), cmp.Compare(m.born, o.born), cmp.Compare(m.version, o.version))
}

// Bounds of what is taken from a snapshot, and of how many departures a young life remembers;
// past the latter it adopts no more, rather than bring back somebody it forgot.
const (
	maxAdopted  = 1000
	maxDeparted = 1000
	maxSeat     = 1 << 30
)

// sound tells whether a snapshot is one that a room could have taken. Its signature says that a
// bridge took it, not that it was a bridge of this version.
func (s Snapshot) sound() bool {
	if !s.Plan.sound() || len(s.Members) > maxAdopted || s.NextSeat > maxSeat {
		return false
	}
	peers, seats := map[PeerID]bool{}, map[int]bool{}
	for _, m := range s.Members {
		if m.Peer == "" || peers[m.Peer] || seats[m.Seat] || m.Seat < 0 || m.Seat >= s.NextSeat {
			return false
		}
		peers[m.Peer], seats[m.Seat] = true, true
	}
	for _, p := range s.Stuck {
		if !peers[p] {
			return false
		}
		delete(peers, p) // so that no name stands twice
	}
	return true
}

// useful tells whether a snapshot has something to bring: it stems from a life before this one,
// this one is young enough for that one's members to be waited for, and no better one came first.
func (t *turn) useful(s *Snapshot) bool {
	return s != nil && s.Room == t.room && s.sound() &&
		s.Born < t.life.born && t.young() && len(t.life.departed) <= maxDeparted &&
		s.mark().compare(t.life.adopted) > 0
}

func (t *turn) young() bool {
	return t.millis() <= t.life.born+Epoch(t.policy.GoneAfter.Milliseconds())
}

// depart remembers who left, for as long as a snapshot could bring it back.
func (t *turn) depart(peer PeerID) {
	switch {
	case !t.young():
		t.life.departed = nil
	case len(t.life.departed) <= maxDeparted && !slices.Contains(t.life.departed, peer):
		t.life.departed = append(t.life.departed, peer)
	}
}
