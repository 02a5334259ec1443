package room_test

import (
	"fmt"
	"reflect"
	"slices"
	"testing"

	"parley/node/room"
)

// reporter is what testing.T, testing.F's T and rapid.T have in common.
type reporter interface {
	Helper()
	Fatalf(format string, args ...any)
}

var _ reporter = (*testing.T)(nil)

// obey checks what holds for every single Step, whatever came before.
func obey(t reporter, before room.State, e room.Event, after room.State, effects []room.Effect) {
	t.Helper()
	fail := func(format string, args ...any) {
		t.Helper()
		t.Fatalf("%s\nevent:   %#v\neffects: %s", fmt.Sprintf(format, args...), e, list(effects))
	}
	seats := map[int]bool{}
	peers := map[room.PeerID]bool{}
	for i, m := range after.Members() {
		if seats[m.Seat] || peers[m.Peer] {
			fail("seat %d or peer %s stands twice", m.Seat, m.Peer)
		}
		if i > 0 && after.Members()[i-1].Seat > m.Seat {
			fail("members are not in the order of seats")
		}
		seats[m.Seat], peers[m.Peer] = true, true
	}
	last := before.Plan()
	for _, effect := range effects {
		switch effect := effect.(type) {
		case room.Planned:
			if effect.Plan.Epoch <= last.Epoch {
				fail("epoch %d after %d", effect.Plan.Epoch, last.Epoch)
			}
			last = effect.Plan
		case room.Settled:
			if effect.Epoch != last.Epoch && effect.Epoch != after.Plan().Epoch {
				fail("settled %d is none of the plan's", effect.Epoch)
			}
			for _, p := range effect.Stuck {
				if !before.Has(p) && !after.Has(p) {
					fail("%s is stuck and not here", p)
				}
			}
		case room.Refuse:
			if !reflect.DeepEqual(before, after) {
				fail("a refusal changed the state")
			}
		case room.Empty:
			if len(after.Members()) > 0 {
				fail("empty with members")
			}
		}
	}
	checkEnd(after, effects, fail)
	checkPlan(before, after, fail)
}

func checkEnd(after room.State, effects []room.Effect, fail func(string, ...any)) {
	empty := slices.Contains(effects, room.Effect(room.Empty{}))
	if empty != (len(after.Members()) == 0) {
		fail("empty is %v with %d members", empty, len(after.Members()))
	}
}

func checkPlan(before, after room.State, fail func(string, ...any)) {
	p, was := after.Plan(), before.Plan()
	if len(after.Members()) == 0 {
		return
	}
	if p.Epoch == was.Epoch && !reflect.DeepEqual(p, was) {
		fail("two plans in one epoch: %+v and %+v", was, p)
	}
	if p.Epoch < was.Epoch {
		fail("epoch %d after %d", p.Epoch, was.Epoch)
	}
	if wants := p.Mode == room.ModeRelay || p.Warm; wants != (len(p.Relays) == 1) || p.Lacking && wants {
		fail("a plan that contradicts itself: %+v", p)
	}
	for _, m := range after.Members() {
		if len(p.Relays) == 0 && m.Relay != "" || len(p.Relays) == 1 && m.Relay != p.Relays[0] {
			fail("%s has relay %q in %+v", m.Peer, m.Relay, p)
		}
	}
}

func list(effects []room.Effect) string {
	text := ""
	for _, e := range effects {
		text += fmt.Sprintf("\n  %T%+v", e, e)
	}
	return text
}
