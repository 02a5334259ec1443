package room

import (
	"time"
)

// Step is one turn: what the room becomes by an event, and what is to be done about it.
func Step(s State, now time.Time, e Event) (State, []Effect) {
	return s, nil
}
