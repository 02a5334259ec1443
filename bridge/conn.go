package bridge

import (
	"sync"
	"time"

	"github.com/gorilla/websocket"
	"golang.org/x/time/rate"

	"parley/bridge/signal"
)

// Conn is one page's WebSocket.
//
//	reading goroutine (listen.go)             writing goroutine (here)
//	 page -> limits -> decode -> Seat          queue -> page, a ping each PingEvery
//	 ends on: close, error, silence, cut       ends on: reader ended, write error, last word said
//
// Whoever wants the connection to end says so with Cut. The reader then stops at once, so that its
// Seat is told without delay; the writer says what is queued and the fault, and hangs up.
type Conn struct {
	bridge  *Bridge
	ws      *websocket.Conn
	wake    chan struct{} // there is something to write; holds one
	ended   chan struct{} // the reader has stopped
	written chan struct{} // the writer has stopped
	rate    *rate.Limiter // messages of this page
	bytes   *rate.Limiter // their bytes
	strikes *rate.Limiter // messages that were refused

	mu    sync.Mutex
	queue [][]byte      // what waits to be written
	held  int           // bytes in queue
	last  *signal.Fault // the last word; nothing is queued after it
}

// Send queues a frame, as made by signal.Encode, for the page. It never blocks: a page that reads
// too slowly for its queue is cut. After a Cut nothing is sent.
func (c *Conn) Send(frame []byte) {
	limits := &c.bridge.config.Limits
	c.mu.Lock()
	if c.last != nil {
		c.mu.Unlock()
		return
	}
	full := len(c.queue) >= limits.Queue || c.held+len(frame) > limits.QueueBytes
	if !full {
		c.queue = append(c.queue, frame)
		c.held += len(frame)
	}
	c.mu.Unlock()
	if full {
		c.Cut(signal.Faulty(signal.CodeSlow, "This page reads too slowly. It connects again by itself."))
		return
	}
	c.stir()
}

// Cut tells the page a last fault and ends the connection. It never blocks; of several cuts the
// first counts. The page has the fault whatever its code for the last word, so it is marked fatal.
func (c *Conn) Cut(f *signal.Fault) {
	last := *f
	last.Fatal = true
	c.mu.Lock()
	if c.last != nil {
		c.mu.Unlock()
		return
	}
	c.last = &last
	if last.Code == signal.CodeSlow {
		c.queue, c.held = nil, 0 // a page that does not read is not going to read these either
	}
	deadline := time.Now()
	_ = c.ws.SetReadDeadline(deadline) // wakes the reader; an error means that it has ended already
	_ = c.ws.NetConn().SetWriteDeadline(deadline.Add(c.bridge.config.Timing.Linger))
	c.mu.Unlock()
	c.bridge.stats.Cuts.add(string(last.Code))
	c.stir()
}

func (c *Conn) stir() {
	select {
	case c.wake <- struct{}{}:
	default: // it is awake
	}
}
