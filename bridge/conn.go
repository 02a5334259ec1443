package bridge

import (
	"errors"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	"golang.org/x/time/rate"

	"parley/bridge/signal"
)

// Conn is one page's WebSocket.
//
//	reading goroutine (listen.go)             writing goroutine (here)
//	 page -> limits -> decode -> Seat          queue -> page, a ping each Timing.Ping
//	 ends on: close, error, silence, cut       ends on: reader ended, write error, last word said
//
// Whoever wants the connection to end says so with Cut. The reader then stops at once, so that its
// Seat is told without delay; the writer says what is queued and then the fault, and hangs up.
type Conn struct {
	bridge  *Bridge
	ws      *websocket.Conn
	addr    netip.Prefix
	wake    chan struct{} // there is something to write; holds one
	ended   chan struct{} // the reader has stopped
	written chan struct{} // the writer has stopped
	rate    *rate.Limiter // messages of this page
	bytes   *rate.Limiter // their bytes
	strikes *rate.Limiter // messages that were refused
	pings   *rate.Limiter // pings of the WebSocket itself

	mu    sync.Mutex    // guards what follows
	queue [][]byte      // what waits to be written
	held  int           // bytes in queue
	last  *signal.Fault // the last word: nothing is queued after it
	until time.Time     // by when it must be said
}

// Send queues a frame, as signal.Encode makes it, for the page. It never blocks: a page that reads
// too slowly for its queue is cut. After a Cut, or the connection's end, nothing is sent.
func (c *Conn) Send(frame []byte) {
	limits := &c.bridge.config.Limits
	c.mu.Lock()
	if c.last != nil || c.silent() {
		c.mu.Unlock()
		return
	}
	full := len(c.queue) >= limits.Queue || c.held+len(frame) > limits.QueueBytes
	if !full {
		c.queue = append(c.queue, frame)
		c.hold(len(frame))
	}
	c.mu.Unlock()
	if full {
		c.Cut(tooSlow())
		return
	}
	c.stir()
	c.bridge.relieve()
}

// hold counts bytes that come to the queue or leave it. Call it with mu held.
func (c *Conn) hold(bytes int) {
	c.held += bytes
	c.bridge.waiting.Add(int64(bytes))
}

// discard empties the queue. Call it with mu held.
func (c *Conn) discard() {
	c.queue = nil
	c.hold(-c.held)
}

// silent tells whether the writer has stopped, and nothing will leave the queue any more.
func (c *Conn) silent() bool {
	select {
	case <-c.written:
		return true
	default:
		return false
	}
}

// relieve cuts the pages for which most is waiting while all queues together are too large. Many
// pages that read slowly, each within its own bounds, could fill the memory otherwise.
func (b *Bridge) relieve() {
	for b.waiting.Load() > int64(b.config.Limits.AllBytes) {
		if !b.relief.TryLock() {
			return // somebody is at it
		}
		c := b.fullest()
		if c != nil {
			c.Cut(tooSlow())
		}
		b.relief.Unlock()
		if c == nil {
			return // what is waiting belongs to connections that end anyway
		}
	}
}

// fullest finds the connection with the fullest queue among those that are not being cut.
func (b *Bridge) fullest() (found *Conn) {
	b.mu.Lock()
	defer b.mu.Unlock()
	most := 0
	for c := range b.conns {
		c.mu.Lock()
		if c.last == nil && c.held > most {
			found, most = c, c.held
		}
		c.mu.Unlock()
	}
	return found
}

func tooSlow() *signal.Fault {
	return signal.Faulty(signal.CodeSlow, "This page reads too slowly. It connects again by itself.")
}

// Cut tells the page a last fault and ends the connection. It never blocks; of several cuts the
// first counts. Whatever its code, the fault is marked fatal: nothing comes after it.
func (c *Conn) Cut(f *signal.Fault) {
	last := *f
	last.Fatal = true
	c.mu.Lock()
	if c.last != nil {
		c.mu.Unlock()
		return
	}
	c.last = &last
	c.bridge.stats.Cuts.add(string(last.Code))
	if last.Code == signal.CodeSlow {
		c.discard() // a page that does not read is not going to read these either
	}
	now := time.Now()
	c.until = now.Add(c.bridge.config.Timing.Linger)
	_ = c.ws.SetReadDeadline(now) // stops the reader; an error means that it has stopped already
	_ = c.ws.NetConn().SetWriteDeadline(c.until)
	c.mu.Unlock()
	c.stir()
}

// Refuse tells the page that one of its messages was refused; the connection stays. It is ended when
// the fault is a fatal one, or when refusals go on and on, so that they are bounded too. That somebody
// is not there any more a page cannot have known: this does not count, however often it comes.
func (c *Conn) Refuse(f *signal.Fault) {
	switch {
	case f.Fatal:
		c.Cut(f)
	case f.Code != signal.CodeNoPeer && !c.strikes.Allow():
		c.Cut(signal.Faulty(signal.CodeTooOften, "Too many messages were refused. Connect again and send fewer."))
	default:
		c.bridge.stats.Faults.add(string(f.Code))
		c.Send(signal.Encode(f))
	}
}

func (c *Conn) stir() {
	select {
	case c.wake <- struct{}{}:
	default: // it is awake
	}
}

var pingFrame = signal.Encode(&signal.Ping{})

// write is the writing goroutine.
func (c *Conn) write() {
	defer close(c.written)
	ping := time.NewTicker(c.bridge.config.Timing.Ping)
	defer ping.Stop()
	for {
		select {
		case <-c.wake:
		case <-ping.C:
			c.Send(pingFrame)
		case <-c.ended:
			c.flush() // what a cut left to say; a page that has hung up lets the first write fail
			return
		}
		if !c.flush() {
			return
		}
	}
}

// flush writes what is queued, and the last word. It returns false when there is nothing more to be
// written, ever.
func (c *Conn) flush() bool {
	for {
		frame, last := c.take()
		switch {
		case frame != nil:
			if !c.put(frame) {
				return false
			}
		case last != nil:
			c.hangUp(last)
			return false
		default:
			return true
		}
	}
}

// take takes the first frame of the queue, nil if it is empty, and the last word, if it is spoken.
func (c *Conn) take() ([]byte, *signal.Fault) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.queue) == 0 {
		c.queue = nil // an idle connection keeps no memory for it
		return nil, c.last
	}
	frame := c.queue[0]
	c.queue[0], c.queue = nil, c.queue[1:]
	c.hold(-len(frame))
	return frame, c.last
}

// over tells whether the last word is spoken.
func (c *Conn) over() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.last != nil
}

// put writes one frame. A page that takes none of it in time is cut.
func (c *Conn) put(frame []byte) bool {
	_ = c.ws.SetWriteDeadline(c.deadline())
	err := c.ws.WriteMessage(websocket.TextMessage, frame)
	if err == nil {
		c.bridge.stats.Sent.Add(1)
		c.bridge.stats.SentBytes.Add(int64(len(frame)))
		return true
	}
	if timedOut(err) {
		c.Cut(tooSlow())
	}
	_ = c.ws.Close() // the reader ends, if it has not
	return false
}

// timedOut looks at the interface because gorilla hides the deadline's own error.
func timedOut(err error) bool {
	var network net.Error
	return errors.As(err, &network) && network.Timeout()
}

// deadline is for the next write.
func (c *Conn) deadline() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.last != nil {
		return c.until
	}
	return time.Now().Add(c.bridge.config.Timing.Write)
}

// hangUp says the last word and ends this side's half of the connection.
func (c *Conn) hangUp(last *signal.Fault) {
	c.bridge.stats.Faults.add(string(last.Code))
	if !c.put(signal.Encode(last)) {
		return
	}
	bye := websocket.FormatCloseMessage(closeCode(last.Code), string(last.Code))
	_ = c.ws.WriteControl(websocket.CloseMessage, bye, c.deadline())
	if half, ok := c.ws.NetConn().(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite() // TCP and TLS have it; a failure shows in the reader's drain
	}
}

func closeCode(code signal.Code) int {
	switch code {
	case signal.CodeRestarting:
		return websocket.CloseServiceRestart
	case signal.CodeInternal:
		return websocket.CloseInternalServerErr
	case signal.CodeTryLater:
		return websocket.CloseTryAgainLater
	default:
		return websocket.ClosePolicyViolation
	}
}
