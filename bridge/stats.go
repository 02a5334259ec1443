package bridge

import (
	"sync"
	"sync/atomic"
)

// Stats is what a bridge counts. Everything but Open only rises. Read it at any time.
type Stats struct {
	Open      atomic.Int64 // WebSockets that are open now
	Dials     atomic.Int64 // WebSockets opened since the start
	Turned    atomic.Int64 // dials refused before they became a WebSocket: origin, too many, closing
	Received  Tally        // messages by type
	Sent      atomic.Int64 // messages
	SentBytes atomic.Int64
	Faults    Tally        // faults told to pages, by code
	Cuts      Tally        // connections that this side ended, by code of the fault
	Wrong     atomic.Int64 // passwords that were wrong
	Unheard   atomic.Int64 // passwords that were not looked at: too many tries
}

// Tally counts by label. Labels are message types and fault codes, so there are few.
type Tally struct {
	counts sync.Map // of string to *atomic.Int64
}

// Each calls f for every label so far.
func (t *Tally) Each(f func(label string, n int64)) {
	t.counts.Range(func(label, n any) bool {
		f(label.(string), n.(*atomic.Int64).Load())
		return true
	})
}

// Of is the count of one label.
func (t *Tally) Of(label string) int64 {
	n, ok := t.counts.Load(label)
	if !ok {
		return 0
	}
	return n.(*atomic.Int64).Load()
}

func (t *Tally) add(label string) {
	n, ok := t.counts.Load(label)
	if !ok {
		n, _ = t.counts.LoadOrStore(label, new(atomic.Int64))
	}
	n.(*atomic.Int64).Add(1)
}
