package room_test

import (
	"encoding/json"
	"log/slog"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"parley/node/room"
)

func TestRoomIDStaysOutOfLogs(t *testing.T) {
	var out strings.Builder
	slog.New(slog.NewTextHandler(&out, nil)).Info("hello", "room", room.RoomID("secret garden"))
	if strings.Contains(out.String(), "secret") || !strings.Contains(out.String(), "room=room-") {
		t.Errorf("logged %q", out.String())
	}
	one, two := room.RoomID("one").LogValue(), room.RoomID("two").LogValue()
	if one.Equal(two) || !one.Equal(room.RoomID("one").LogValue()) {
		t.Errorf("two rooms cannot be told apart: %v and %v", one, two)
	}
}

func TestMeshMax(t *testing.T) {
	for _, c := range []struct{ meshMax, up, down, warm int }{
		{-7, 1, 0, 0}, {0, 1, 0, 0}, {1, 2, 0, 1}, {2, 3, 1, 2}, {3, 4, 2, 3}, {4, 5, 3, 4}, {5, 6, 3, 5}, {20, 21, 3, 20},
	} {
		p := room.Policy{}.WithMeshMax(c.meshMax)
		if p.Up != c.up || p.Down != c.down || p.Warm != c.warm {
			t.Errorf("mesh-max %d: up %d, down %d, warm %d", c.meshMax, p.Up, p.Down, p.Warm)
		}
	}
	if p := room.DefaultPolicy(); p.Up != 5 || p.Down != 3 || p.Warm != 4 || p.Hold != 10*time.Second {
		t.Errorf("default %+v", p)
	}
	if p := (room.Policy{}).WithMeshMax(99); p.Up < 1000 || p.Warm < 1000 {
		t.Errorf("mesh-max 99 moves: %+v", p)
	}
}

func TestSnapshotSurvivesJSON(t *testing.T) {
	s := room.New("den", "home", room.DefaultPolicy())
	for _, p := range []room.PeerID{"ann", "bob", "cid", "dot", "eve"} {
		s, _ = room.Step(s, start, room.Join{Peer: p, Name: "a name", Page: "1"})
	}
	s, _ = room.Step(s, start, room.RelayUp{Node: "n1"})
	s, _ = room.Step(s, start.Add(time.Minute), room.Tick{})
	want := s.Snapshot(start)
	if len(want.Stuck) != 5 || len(want.Members) != 5 {
		t.Fatalf("%+v", want)
	}
	text, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got room.Snapshot
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v became %+v", want, got)
	}
}

// TestAccessorsLendNothing: who changes what an accessor or an effect gave changes no room.
func TestAccessorsLendNothing(t *testing.T) {
	s := room.New("den", "home", room.DefaultPolicy().WithMeshMax(0))
	s, _ = room.Step(s, start, room.Join{Peer: "ann", Page: "1"})
	s, effects := room.Step(s, start, room.RelayUp{Node: "n1"})
	s.Plan().Relays[0] = "evil"
	s.Members()[0].Name = "evil"
	s.Snapshot(start).Plan.Relays[0] = "evil"
	for _, e := range effects {
		if p, ok := e.(room.Planned); ok {
			p.Plan.Relays[0] = "evil"
		}
	}
	if m, _ := s.Member("ann"); m.Name == "evil" || s.Plan().Relays[0] != "n1" {
		t.Errorf("%+v in %+v", m, s.Plan())
	}
}

// TestUnsoundSnapshots: a snapshot of another room, or one that no room could have taken,
// brings nothing.
func TestUnsoundSnapshots(t *testing.T) {
	s := room.New("den", "home", room.DefaultPolicy())
	s, _ = room.Step(s, start, room.Join{Peer: "ann", Page: "1"})
	s, _ = room.Step(s, start, room.Join{Peer: "bob", Page: "1"})
	good := s.Snapshot(start)
	adopts := func(change func(*room.Snapshot)) bool {
		snap := good
		snap.Members = append([]room.Member{}, good.Members...)
		change(&snap)
		s := room.New("den", "home", room.DefaultPolicy())
		s, _ = room.Step(s, start.Add(time.Second), room.Resume{Peer: "ann", Page: "1", Snapshot: &snap})
		return s.Has("bob")
	}
	if !adopts(func(*room.Snapshot) {}) {
		t.Fatal("a good snapshot is not adopted")
	}
	for name, change := range map[string]func(*room.Snapshot){
		"another room":            func(s *room.Snapshot) { s.Room = "attic" },
		"born later":              func(s *room.Snapshot) { s.Born = room.Epoch(start.Add(time.Minute).UnixMilli()) },
		"no epoch":                func(s *room.Snapshot) { s.Plan.Epoch = 0 },
		"no such mode":            func(s *room.Snapshot) { s.Plan.Mode = "ring" },
		"a relay without a relay": func(s *room.Snapshot) { s.Plan.Mode = room.ModeRelay },
		"warm without a relay":    func(s *room.Snapshot) { s.Plan.Warm = true },
		"a relay of no name":      func(s *room.Snapshot) { s.Plan.Relays, s.Plan.Warm = []room.NodeID{""}, true },
		"two relays":              func(s *room.Snapshot) { s.Plan.Relays, s.Plan.Warm = []room.NodeID{"a", "b"}, true },
		"warm and lacking":        func(s *room.Snapshot) { s.Plan.Relays, s.Plan.Warm, s.Plan.Lacking = []room.NodeID{"a"}, true, true },
		"one peer twice":          func(s *room.Snapshot) { s.Members[0].Peer = "bob" },
		"one seat twice":          func(s *room.Snapshot) { s.Members[0].Seat = 1 },
		"a seat yet to be given":  func(s *room.Snapshot) { s.Members[1].Seat = 2 },
		"a member of no name":     func(s *room.Snapshot) { s.Members[0].Peer = "" },
		"endless seats":           func(s *room.Snapshot) { s.NextSeat = 1 << 40 },
		"a stranger stuck":        func(s *room.Snapshot) { s.Stuck = []room.PeerID{"eve"} },
		"one stuck twice":         func(s *room.Snapshot) { s.Stuck = []room.PeerID{"bob", "bob"} },
		"too many members": func(s *room.Snapshot) {
			for i := range 2000 {
				s.Members = append(s.Members, room.Member{Peer: room.PeerID(rune(5000 + i)), Seat: 2 + i})
			}
			s.NextSeat = 5000
		},
	} {
		if adopts(change) {
			t.Errorf("%s: adopted", name)
		}
	}
}

// TestSnapshotAhead: a snapshot's epoch is a floor like any other.
func TestSnapshotAhead(t *testing.T) {
	s := room.New("den", "home", room.DefaultPolicy())
	s, _ = room.Step(s, start, room.Join{Peer: "ann", Page: "1"})
	snap := s.Snapshot(start)
	resume := func(ahead time.Duration) (room.State, []room.Effect) {
		snap.Plan.Epoch = room.Epoch(start.Add(time.Second + ahead).UnixMilli())
		s := room.New("den", "home", room.DefaultPolicy())
		return room.Step(s, start.Add(time.Second), room.Resume{Peer: "ann", Page: "1", Snapshot: &snap})
	}
	if _, effects := resume(61 * time.Second); !slices.Contains(effects, room.Effect(room.Refuse{To: "ann", Reason: room.ReasonFloor})) {
		t.Errorf("61 s ahead: %s", list(effects))
	}
	s, _ = resume(30 * time.Second)
	if s.Plan().Epoch != snap.Plan.Epoch {
		t.Fatalf("adopted %+v", s.Plan())
	}
	for _, p := range []room.PeerID{"bob", "cid", "dot"} {
		s, _ = room.Step(s, start.Add(2*time.Second), room.Join{Peer: p, Page: "1"})
	}
	s, _ = room.Step(s, start.Add(2*time.Second), room.RelayUp{Node: "n1"})
	if p := s.Plan(); !p.Warm || p.Epoch <= snap.Plan.Epoch {
		t.Errorf("after %d came %+v", snap.Plan.Epoch, p)
	}
}

// TestManyDepartures: a life that has seen more people leave than it can remember adopts nothing,
// rather than bring one of them back.
func TestManyDepartures(t *testing.T) {
	old := room.New("den", "home", room.DefaultPolicy())
	old, _ = room.Step(old, start, room.Join{Peer: "ann", Page: "1"})
	old, _ = room.Step(old, start, room.Join{Peer: "bob", Page: "1"})
	snap := old.Snapshot(start)
	for _, c := range []struct {
		departures int
		adopted    bool
	}{{900, true}, {1100, false}} {
		now := start.Add(time.Second)
		s, _ := room.Step(room.New("den", "home", room.DefaultPolicy()), now, room.Join{Peer: "zoe", Page: "1"})
		for i := range c.departures {
			p := room.PeerID(strconv.Itoa(i))
			s, _ = room.Step(s, now, room.Join{Peer: p, Page: "1"})
			s, _ = room.Step(s, now, room.Leave{Peer: p})
		}
		s, _ = room.Step(s, now, room.Resume{Peer: "ann", Page: "1", Snapshot: &snap})
		if s.Has("bob") != c.adopted {
			t.Errorf("after %d departures: adopted is %v", c.departures, s.Has("bob"))
		}
	}
}

// TestEpochsOutliveTheRoom: who enters before the operator of an empty room has ended gets a later
// epoch than anybody had there, even if a page had pushed the epochs ahead of the clock.
func TestEpochsOutliveTheRoom(t *testing.T) {
	s := room.New("den", "home", room.DefaultPolicy())
	s, _ = room.Step(s, start, room.Join{Peer: "ann", Page: "1"})
	s, _ = room.Step(s, start, room.Join{Peer: "bob", Page: "1", Floor: room.Epoch(start.UnixMilli() + 30_000)})
	before := s.Plan().Epoch
	s, _ = room.Step(s, start, room.Leave{Peer: "ann"})
	s, _ = room.Step(s, start, room.Leave{Peer: "bob"})
	s, _ = room.Step(s, start.Add(time.Second), room.Join{Peer: "cid", Page: "1"})
	if s.Plan().Epoch <= before {
		t.Errorf("after %d came %d", before, s.Plan().Epoch)
	}
}
