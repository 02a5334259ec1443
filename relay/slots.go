package relay

import "sort"

// seatOf names what a slot carries: one kind of one member. The zero value is an empty slot.
type seatOf struct {
	member uint16
	kind   Kind
}

// candidate is something that could be put into a slot, with how much it matters.
type candidate struct {
	seatOf
	weight float64 // greater first
	prefer int     // slot that its partner (camera of a microphone) has, -1 for none
}

// seat fills slots with the candidates that matter most and moves as little as possible: who keeps
// its place keeps its slot. keep is how much more a newcomer must weigh than the least of the
// seated before it takes its slot, so that two equally loud people do not swap with every word.
func seat(slots []seatOf, all []candidate, keep float64) []seatOf {
	seated := make(map[seatOf]bool, len(slots))
	for _, s := range slots {
		if s.member != 0 {
			seated[s] = true
		}
	}
	ranked := append([]candidate(nil), all...)
	weight := func(c candidate) float64 {
		if seated[c.seatOf] {
			return c.weight + keep
		}
		return c.weight
	}
	sort.SliceStable(ranked, func(i, j int) bool {
		a, b := weight(ranked[i]), weight(ranked[j])
		if a != b {
			return a > b
		}
		if ranked[i].member != ranked[j].member {
			return ranked[i].member < ranked[j].member
		}
		return ranked[i].kind < ranked[j].kind
	})
	ranked = ranked[:min(len(ranked), len(slots))]
	chosen := make(map[seatOf]bool, len(ranked))
	for _, c := range ranked {
		chosen[c.seatOf] = true
	}
	next := make([]seatOf, len(slots))
	for i, s := range slots {
		if chosen[s] {
			next[i] = s
			delete(chosen, s)
		}
	}
	for _, c := range ranked {
		if chosen[c.seatOf] {
			next[freeSlot(next, slots, c.prefer)] = c.seatOf
		}
	}
	return next
}

// freeSlot picks the preferred slot if it is free, else the first free one, and among these one
// that was empty before, because a slot that showed somebody else has to be emptied first.
func freeSlot(next, before []seatOf, prefer int) int {
	if prefer >= 0 && prefer < len(next) && next[prefer].member == 0 {
		return prefer
	}
	first := -1
	for i, s := range next {
		if s.member != 0 {
			continue
		}
		if before[i].member == 0 {
			return i
		}
		if first < 0 {
			first = i
		}
	}
	return first
}

// slotOf finds where s is seated, -1 for nowhere.
func slotOf(slots []seatOf, s seatOf) int {
	for i, o := range slots {
		if o == s {
			return i
		}
	}
	return -1
}
