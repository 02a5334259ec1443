package bot

import "sync"

// mailbox is what a bot's goroutine is told by others. Posting never blocks, so that a callback of pion
// cannot wait for a goroutine that waits for pion; what is posted is bounded by what the bridge and
// the links have to say.
type mailbox struct {
	wake chan struct{} // holds one: there is something

	mu    sync.Mutex // guards items
	items []any
}

func newMailbox() *mailbox { return &mailbox{wake: make(chan struct{}, 1)} }

func (b *mailbox) post(item any) {
	b.mu.Lock()
	b.items = append(b.items, item)
	b.mu.Unlock()
	select {
	case b.wake <- struct{}{}:
	default: // it knows already
	}
}

func (b *mailbox) take() []any {
	b.mu.Lock()
	defer b.mu.Unlock()
	items := b.items
	b.items = nil
	return items
}
