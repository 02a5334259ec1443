package switchboard

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"runtime"
	"testing"
	"time"

	"parley/node/room"
)

// full is a room of so many people, each with as long a name as there may be.
func full(people int) room.Snapshot {
	policy := room.DefaultPolicy()
	policy.Max = people
	state := room.New("den", "node-a", policy)
	media := room.Media{Microphone: "on", Camera: "on", Screen: "off"}
	for range people {
		name := make([]rune, 40)
		for i := range name {
			name[i] = '가' + rand.N[rune](11_000)
		}
		who := fmt.Sprintf("%016x", rand.Uint64())
		state, _ = room.Step(state, time.Now(), room.Join{Peer: room.PeerID(who), Name: string(name), Page: "page-" + who, Media: media})
	}
	return state.Snapshot(time.Now())
}

// A room as large as a node has by default survives its bridge; of a much larger one there is no snapshot
// rather than a hello that is refused.
func TestSnapshotsOfFullRoomsFit(t *testing.T) {
	want := full(100)
	packed, err := packSnapshot(want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := unpackSnapshot(packed)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v became %+v: %v", want, got, err)
	}
	if packed, err := packSnapshot(full(1000)); err == nil {
		t.Errorf("1,000 people were packed into %d bytes", len(packed))
	}
}

// Every change in every room makes a snapshot, so one leaves little behind.
func TestPackingLeavesLittleGarbage(t *testing.T) {
	const times = 100
	s := full(4)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range times {
		if _, err := packSnapshot(s); err != nil {
			t.Fatal(err)
		}
	}
	runtime.ReadMemStats(&after)
	// With -race a pool forgets a quarter of what it gets, on purpose.
	if each := (after.TotalAlloc - before.TotalAlloc) / times; each > 400<<10 {
		t.Errorf("each takes %d KiB", each>>10)
	}
}
