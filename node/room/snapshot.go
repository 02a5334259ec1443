package room

import (
	"slices"
)

// mark orders snapshots: a later plan knows more, then a later life, then a later version.
type mark struct {
	epoch, born Epoch
	version     int64
}

// Snapshot is what the members should keep for the day their bridge is gone.
func (s State) Snapshot() Snapshot {
	return Snapshot{
		Room: s.room, Settings: s.settings, Plan: s.Plan(),
		Settled: !s.change.open, Stuck: slices.Clone(s.change.stuck),
		Members: s.Members(), Born: s.life.born, Version: s.news.version, NextSeat: s.nextSeat,
	}
}
