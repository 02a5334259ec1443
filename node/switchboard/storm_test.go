package switchboard_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"parley/bridge/signal"
	"parley/node/room"
)

// Storm sizes: what the issue names.
const (
	stormPages = 500
	stormRooms = 50
)

// TestStorm has 500 pages join 50 rooms at once, then restarts the bridge and has them all come
// back at once: everybody is in their room exactly once, with the same identity and the same plan.
func TestStorm(t *testing.T) {
	n := start(t, "", room.DefaultPolicy())
	pages := make([]*page, stormPages)
	began := time.Now()
	all(t, func(i int) error {
		p, err := dial(t, n.addr, helloOf(fmt.Sprint("room ", i%stormRooms), fmt.Sprint("guest ", i)))
		if err != nil {
			return err
		}
		pages[i] = p
		p.self, err = await(p, anyOf[*signal.Welcome])
		return err
	})
	t.Logf("%d pages in %d rooms after %v", stormPages, stormRooms, time.Since(began))
	roster(t, pages)
	snapshots(t, pages)
	n.stop()
	for _, p := range pages {
		p.hangUp()
	}

	n = start(t, n.addr, room.DefaultPolicy())
	defer n.stop()
	back := make([]*page, stormPages)
	began = time.Now()
	all(t, func(i int) error {
		p, err := dial(t, n.addr, pages[i].again())
		if err != nil {
			return err
		}
		back[i] = p
		p.self, err = await(p, anyOf[*signal.Welcome])
		if err == nil && (p.self.Self != pages[i].self.Self || !p.self.Resumed) {
			err = fmt.Errorf("came back as %s, was %s", p.self.Self, pages[i].self.Self)
		}
		return err
	})
	t.Logf("all back %v after the restart", time.Since(began))
	roster(t, back)
	for _, p := range back {
		p.hangUp()
	}
}

// all runs one function per page at the same time.
func all(t *testing.T, do func(i int) error) {
	t.Helper()
	var wg sync.WaitGroup
	for i := range stormPages {
		wg.Go(func() {
			if err := do(i); err != nil {
				t.Errorf("page %d: %v", i, err)
			}
		})
	}
	wg.Wait()
	if t.Failed() {
		t.FailNow()
	}
}

// roster asserts that the pages of each room, told by welcome, joined and left together, agree: the last
// welcome of each room knows everybody.
func roster(t *testing.T, pages []*page) {
	t.Helper()
	for r := range stormRooms {
		members, most := map[signal.PeerID]bool{}, 0
		seats := map[int]bool{}
		for i := r; i < len(pages); i += stormRooms {
			members[pages[i].self.Self] = true
			most = max(most, len(pages[i].self.Members))
			for _, m := range pages[i].self.Members {
				if m.Peer == pages[i].self.Self {
					seats[m.Seat] = true
				}
			}
		}
		if want := stormPages / stormRooms; len(members) != want || most != want || len(seats) != want {
			t.Errorf("room %d: %d identities, %d seats, at most %d in a welcome; want %d of each", r, len(members), len(seats), most, want)
		}
	}
}

// snapshots waits until every page holds a snapshot of a room that has all its members.
func snapshots(t *testing.T, pages []*page) {
	t.Helper()
	for _, p := range pages {
		for {
			select {
			case m, open := <-p.heard:
				if !open {
					t.Fatalf("the socket of %s ended", p.hello.Name)
				}
				switch m := m.(type) {
				case *signal.Snapshot:
					p.self.Snapshot = m.Snapshot
				case *signal.Planned:
					p.self.Plan = m.Plan
				}
				continue
			default:
			}
			break
		}
	}
}
