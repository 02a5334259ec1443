package relay

import (
	"math"
	"sort"
	"sync/atomic"
)

// voice gathers the loudness that a microphone's packets state (RFC 6464). The stream's goroutine
// adds, the room's goroutine takes.
type voice struct {
	sum   atomic.Uint32
	count atomic.Uint32
	level float64 // smoothed, 0 silent to 127 loudest; the room's goroutine owns it
}

// hear takes the extension's byte: bit 7 says voice, the rest is -dBov.
func (v *voice) hear(b uint8) {
	v.sum.Add(uint32(127 - b&0x7f))
	v.count.Add(1)
}

// settle moves the smoothed level on by one tick: it rises fast and falls slowly.
func (v *voice) settle() {
	sum, count := v.sum.Swap(0), v.count.Swap(0)
	heard := 0.0
	if count > 0 {
		heard = float64(sum) / float64(count)
	}
	if heard > v.level {
		v.level += (heard - v.level) * 0.5
	} else {
		v.level += (heard - v.level) * 0.12
	}
}

// Levels for the choice of the speaker, in dB above silence as voice counts them.
const (
	audible    = 70 // -57 dBov; room noise is below
	louderBy   = 6  // dB that somebody must be louder to take the word
	takeAfter  = 600 * millisecond
	dropAfter  = 3 * second
	levelFloor = 1.0
)

// loudness is one member's level at a tick.
type loudness struct {
	number uint16
	level  float64
}

// floor decides who has the word. It is pure: levels and time come in, the speaker goes out.
type floor struct {
	speaker   uint16
	rival     uint16
	rivalFrom micros
	heardAt   micros
}

// step takes all levels at now and returns them loudest first; f.speaker then is who speaks, 0 for nobody.
func (f *floor) step(now micros, all []loudness) []loudness {
	sort.SliceStable(all, func(i, j int) bool {
		if math.Abs(all[i].level-all[j].level) < levelFloor {
			return all[i].number < all[j].number
		}
		return all[i].level > all[j].level
	})
	mine, present := 0.0, false
	for _, l := range all {
		if l.number == f.speaker {
			mine, present = l.level, true
		}
	}
	if !present || mine < audible && now-f.heardAt > dropAfter {
		f.speaker, mine = 0, 0
	}
	if mine >= audible {
		f.heardAt = now
	}
	if len(all) == 0 || all[0].level < audible || all[0].number == f.speaker {
		f.rival = 0
		return all
	}
	top := all[0]
	switch {
	case f.speaker == 0:
		f.take(top.number, now)
	case top.level < mine+louderBy:
		f.rival = 0
	case f.rival != top.number:
		f.rival, f.rivalFrom = top.number, now
	case now-f.rivalFrom >= takeAfter:
		f.take(top.number, now)
	}
	return all
}

func (f *floor) take(number uint16, now micros) {
	f.speaker, f.rival, f.heardAt = number, 0, now
}
