package relay

import (
	"testing"

	"pgregory.net/rapid"
)

// Whatever comes and goes: nobody is seated twice, who stays keeps the slot, and the weightiest are seated.
func TestSeat(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		slots := make([]seatOf, rapid.IntRange(0, 6).Draw(t, "slots"))
		for range 5 {
			all := []candidate{}
			for m := range uint16(8) {
				if rapid.Bool().Draw(t, "there") {
					all = append(all, candidate{seatOf{m + 1, Camera}, float64(rapid.IntRange(0, 3).Draw(t, "weight")), rapid.IntRange(-1, 7).Draw(t, "prefer")})
				}
			}
			next := seat(slots, all, 0)
			seen := map[seatOf]bool{}
			least := 1e9
			for i, s := range next {
				if s.member == 0 {
					continue
				}
				if seen[s] {
					t.Fatalf("%v is seated twice: %v", s, next)
				}
				seen[s] = true
				if before := slotOf(slots, s); before >= 0 && before != i {
					t.Fatalf("%v moved from slot %d to %d", s, before, i)
				}
				for _, c := range all {
					if c.seatOf == s {
						least = min(least, c.weight)
					}
				}
			}
			if len(seen) != min(len(slots), len(all)) {
				t.Fatalf("%d of %d in %d slots", len(seen), len(all), len(slots))
			}
			for _, c := range all {
				if !seen[c.seatOf] && len(slots) > 0 && c.weight > least {
					t.Fatalf("%v with %v waits while %v is seated", c.seatOf, c.weight, least)
				}
			}
			slots = next
		}
	})
}

// A narrow path's budget is never overdrawn; on others nobody goes without the smallest picture, whatever the
// budget. Nowhere does one get a large picture while another, that could have a small one, has none.
func TestShare(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		budget := rapid.IntRange(0, 6000).Draw(t, "budget")
		wants := make([]want, rapid.IntRange(1, 8).Draw(t, "tiles"))
		for i := range wants {
			wants[i] = want{
				rungs:  [maxLayers]rung{{150, 180, true}, {500, 360, true}, {1700, 720, true}},
				height: rapid.SampledFrom([]int{120, 360, 720}).Draw(t, "height"),
				now:    rapid.IntRange(-1, 2).Draw(t, "now"),
			}
		}
		narrow := rapid.Bool().Draw(t, "narrow")
		given := share(budget, narrow, wants)
		spent, large, none := 0, false, false
		for i, g := range given {
			if g < 0 {
				none = true
				continue
			}
			spent += wants[i].rungs[g].kbps
			large = large || g > 0
			if g > wants[i].best() {
				t.Fatalf("tile of %d got layer %d", wants[i].height, g)
			}
		}
		if spent > budget && (narrow || large) {
			t.Fatalf("%d of %d spent", spent, budget)
		}
		if none && !narrow {
			t.Fatalf("one is held on a path that did not choke: %v", given)
		}
		if none && large {
			t.Fatalf("one has none while another has more than the least: %v", given)
		}
	})
}

// Who speaks: the first at once, the next only when louder for a while, nobody after a silence.
func TestFloor(t *testing.T) {
	var f floor
	at := func(ms micros, a, b float64) uint16 {
		f.step(ms*millisecond, []loudness{{1, a}, {2, b}})
		return f.speaker
	}
	for _, step := range []struct {
		ms   micros
		a, b float64
		want uint16
	}{
		{0, 10, 10, 0},
		{200, 90, 10, 1},
		{400, 85, 88, 1},    // hardly louder: no change
		{600, 70, 95, 1},    // louder, but only just
		{800, 70, 95, 1},    //
		{1200, 70, 95, 2},   // for 600 ms: takes the word
		{1400, 75, 20, 2},   // a breath
		{1600, 20, 20, 2},   //
		{4000, 20, 20, 2},   //
		{4600, 20, 20, 0},   // silence
		{4800, 100, 100, 1}, //
	} {
		if got := at(step.ms, step.a, step.b); got != step.want {
			t.Errorf("at %d ms %d speaks, not %d", step.ms, got, step.want)
		}
	}
}

// An estimate that is fed by a path of fixed capacity stays near it, and does not grow while little is sent.
func TestEstimateDoesNotGrowUnused(t *testing.T) {
	e := newEstimate(1000, 30000)
	var list []outcome
	for now := micros(1); now < 60*second; now += 20 * millisecond {
		list = append(list[:0], outcome{sentPacket: sentPacket{size: 500, at: now}, received: now + 10*millisecond})
		e.feedback(now, list) // 200 kbit/s
	}
	if e.kbps < 900 || e.kbps > 1100 {
		t.Errorf("grew from 1000 to %.0f while 200 were sent", e.kbps)
	}
}

// A path of 100 kbit/s that gets 300 is narrow within three seconds. What was held is tried again, later each time; a
// single hiccup holds nothing, and a path that has grown is not narrow any more.
func TestNarrow(t *testing.T) {
	e := newEstimate(1000, 30000)
	var queue float64 // ms
	now := micros(second)
	feed := func(kbps, capacity float64) {
		queue = max(queue+20*(kbps/capacity-1), 0)
		now += 20 * millisecond
		e.feedback(now, []outcome{{sentPacket: sentPacket{size: uint32(kbps * 20 / 8), at: now}, received: now + micros(queue*1000)}})
	}
	during := func(d micros, capacity float64) (least micros) {
		for from := now; now-from < d; {
			kbps := 300.0
			if e.narrow(now) {
				kbps = 40 // sound alone
				least += 20 * millisecond
			}
			feed(kbps, capacity)
		}
		return least
	}
	if held := during(5*second, 1000); held > 0 {
		t.Errorf("held for %d ms on a wide path", held/millisecond)
	}
	for range 5 {
		feed(2000, 1000) // a hiccup of 100 ms
	}
	if held := during(10*second, 1000); held > 0 {
		t.Errorf("held for %d ms after a hiccup", held/millisecond)
	}
	for from := now; now-from < 10*second; { // a receiver that looks into its mailbox five times a second
		now += 20 * millisecond
		look := now + 200*millisecond - now%(200*millisecond)
		e.feedback(now, []outcome{{sentPacket: sentPacket{size: 750, at: now}, received: look}})
		if e.narrow(now) {
			t.Fatal("held because the receiver is busy")
		}
	}
	if held := during(3*second, 100); held == 0 {
		t.Error("not held while it choked for three seconds")
	}
	if held := during(60*second, 100); held < 50*second {
		t.Errorf("held for %d ms of 60,000 on a narrow path", held/millisecond)
	}
	during(mostPatience, 1000)
	if held := during(60*second, 1000); held > 0 {
		t.Errorf("held for %d ms on a path that has grown", held/millisecond)
	}
}
