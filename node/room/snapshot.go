package room

import (
	"cmp"
	"slices"
	"time"
)

// Snapshot is what the members should keep for the day their bridge is gone. The caller says when
// it is taken.
func (s State) Snapshot(now time.Time) Snapshot {
	return Snapshot{
		Room: s.room, Settings: s.settings, Plan: s.Plan(),
		Settled: !s.change.open, Stuck: slices.Clone(s.change.stuck),
		Members: s.Members(), Born: s.life.born, Taken: Epoch(now.UnixMilli()), Version: s.news.version, NextSeat: s.nextSeat,
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

// A member's snapshot is renewed when it is older than renewEvery, and is of use for keepFor: so a
// room survives an outage of ten minutes. Who left longer ago has nothing to say about a room
// that others made since.
const (
	renewEvery = 5 * time.Minute
	keepFor    = 15 * time.Minute
)

// useful tells whether a snapshot has something to bring: it stems from a life before this one and
// was taken not long ago, this one is young enough for that one's members to be waited for, no
// better one came first, and it does not open what this life's creator locked.
func (t *turn) useful(s *Snapshot) bool {
	return s != nil && s.Room == t.room && s.sound() && t.millis() <= s.Taken+Epoch(keepFor.Milliseconds()) &&
		s.Born < t.life.born && t.young() && len(t.life.departed) <= maxDeparted &&
		s.mark().compare(t.life.adopted) > 0 && (s.Settings.Lock != "" || !t.life.guarded)
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
