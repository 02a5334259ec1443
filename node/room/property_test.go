package room_test

import (
	"encoding/json"
	"testing"
	"time"

	"pgregory.net/rapid"

	"parley/node/room"
)

// TestLawsHold plays rooms by chance, see world.
func TestLawsHold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t, func(n int) int { return rapid.IntRange(0, n-1).Draw(t, "") })
		for range rapid.IntRange(1, 120).Draw(t, "acts") {
			w.act()
		}
	})
}

// FuzzLaws plays rooms by the bytes that the fuzzer finds.
func FuzzLaws(f *testing.F) {
	f.Add([]byte{0, 0, 0, 1, 0, 2, 0, 3, 0, 4, 0, 13, 2, 0, 7, 0, 15, 0, 1, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		w := newWorld(t, func(n int) int {
			if len(data) == 0 {
				return 0
			}
			b := data[0]
			data = data[1:]
			return int(b) % n
		})
		for range 300 {
			if len(data) == 0 {
				return
			}
			w.act()
		}
	})
}

// FuzzSnapshot: whatever a snapshot says, the room it makes is a sound one.
func FuzzSnapshot(f *testing.F) {
	s := room.New("den", "home", room.DefaultPolicy())
	for _, p := range []room.PeerID{"a", "b", "c", "d", "e"} {
		s, _ = room.Step(s, start, room.Join{Peer: p, Page: "1"})
	}
	s, _ = room.Step(s, start, room.RelayUp{Node: "n1"})
	seed, err := json.Marshal(s.Snapshot(start))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed)
	f.Fuzz(func(t *testing.T, data []byte) {
		var snap room.Snapshot
		if json.Unmarshal(data, &snap) != nil {
			return
		}
		for _, newcomerFirst := range []bool{false, true} {
			s, now := room.New("den", "home", room.DefaultPolicy()), start.Add(time.Second)
			do := func(e room.Event) {
				after, effects := room.Step(s, now, e)
				obey(t, s, e, after, effects)
				s = after
			}
			if newcomerFirst {
				do(room.Join{Peer: "z", Page: "1"})
			}
			do(room.Resume{Peer: "a", Page: "1", Key: snap.Settings.Lock, Snapshot: &snap})
			now = now.Add(time.Hour)
			do(room.Tick{})
		}
	})
}
