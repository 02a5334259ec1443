package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"testing"
	"time"
)

// burden is what this process holds.
type burden struct{ goroutines, files, heap int }

func weigh(t testing.TB) burden {
	t.Helper()
	files, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skipf("open files cannot be counted here: %v", err)
	}
	runtime.GC()
	runtime.GC() // what pools held
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return burden{runtime.NumGoroutine(), len(files) - 1, int(m.HeapAlloc)}
}

func (b burden) String() string {
	return fmt.Sprintf("%d goroutines, %d files, %.2f MB of heap", b.goroutines, b.files, float64(b.heap)/(1<<20))
}

// within tells that b is no more than a, but for what is loose.
func (b burden) within(a, loose burden) bool {
	return b.goroutines <= a.goroutines+loose.goroutines && b.files <= a.files+loose.files && b.heap <= a.heap+loose.heap
}

// quiet is after how many looks that find no less a process is calm.
const quiet = 10

// calm is what the process holds once it gets no less: connections that were closed take a while to end.
func calm(t testing.TB) burden {
	t.Helper()
	least := weigh(t)
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for same := 0; same < quiet; same++ {
		<-tick.C
		now := weigh(t)
		if now.goroutines < least.goroutines || now.files < least.files {
			same = 0
		}
		least = burden{min(least.goroutines, now.goroutines), min(least.files, now.files), min(least.heap, now.heap)}
	}
	return least
}

// raced tells that this program looks for data races.
func raced() bool {
	info, known := debug.ReadBuildInfo()
	return known && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"})
}
