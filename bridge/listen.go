package bridge

import (
	"errors"
	"io"
	"runtime/debug"
	"time"

	"github.com/gorilla/websocket"

	"parley/bridge/signal"
)

// A frame that is too large is skipped up to this size, and its page stays; beyond, it is cut.
const maxSkipped = 16 * signal.MaxFrame

// So many pings of the WebSocket protocol are answered at once, then one per second. No browser
// sends any.
const pingBurst = 10

// run is the reading goroutine, from the first message to the end of the connection.
func (c *Conn) run() {
	defer c.bridge.forget(c)
	c.bridge.config.Log.Debug("a page connected")
	how := c.converse()
	close(c.ended)
	<-c.written
	c.drain()
	_ = c.ws.Close()
	c.bridge.config.Log.Debug("a page is gone", "how", string(how))
}

// converse admits the page and brings its messages to its Seat until the connection ends. An error
// of ours in a message's way costs this connection, never the bridge.
func (c *Conn) converse() (how Loss) {
	how = Broken
	var seat Seat
	defer func() {
		if r := recover(); r != nil {
			c.bridge.config.Log.Error("a connection failed", "panic", r, "stack", string(debug.Stack()))
			c.Cut(signal.Faulty(signal.CodeInternal, "Something went wrong in this bridge. The page connects again by itself."))
		}
		if seat != nil {
			seat.Lost(how)
		}
	}()
	c.ws.SetPingHandler(c.echo)
	c.expect(c.bridge.config.Timing.Hello)
	for !c.over() {
		m, err := c.hear()
		if err != nil {
			return c.farewell(err)
		}
		switch m := m.(type) {
		case nil, *signal.Pong:
		case *signal.Ping:
			c.Send(pongFrame)
		case *signal.Hello:
			if seat != nil {
				c.Refuse(signal.Faulty(signal.CodeOrder, "This connection has said hello already."))
				break
			}
			seat = c.enter(m)
		default:
			if seat == nil {
				c.Refuse(signal.Faulty(signal.CodeOrder, "Say hello first."))
				break
			}
			seat.Receive(m)
		}
		if seat != nil { // before hello the first deadline stands: nobody stays without entering a room
			c.expect(c.bridge.config.Timing.Quiet)
		}
	}
	return how
}

var pongFrame = signal.Encode(&signal.Pong{})

// enter takes the hello to its room. It returns nil if the door refused it; the connection is cut then.
func (c *Conn) enter(hello *signal.Hello) Seat {
	arrival, fault := c.bridge.admit(c.addr, hello)
	if fault != nil {
		fault.Of = "hello"
		c.Cut(fault)
		return nil
	}
	arrival.Conn = c
	c.bridge.config.Log.Debug("a page enters", "room", arrival.Room, "peer", string(arrival.Peer), "resumed", arrival.Resumed)
	return c.bridge.config.Rooms.Enter(arrival)
}

// hear reads one message. It is nil without an error where a message was refused.
func (c *Conn) hear() (signal.Message, error) {
	kind, r, err := c.ws.NextReader()
	if err != nil {
		return nil, err
	}
	frame, err := io.ReadAll(io.LimitReader(r, signal.MaxFrame+1))
	if err != nil {
		return nil, err
	}
	if len(frame) > signal.MaxFrame {
		return nil, c.skip(r)
	}
	now := time.Now()
	if !c.rate.AllowN(now, 1) || !c.bytes.AllowN(now, len(frame)) {
		c.Refuse(signal.Faulty(signal.CodeTooOften, "Too many messages at once. This one was dropped."))
		return nil, nil
	}
	if kind != websocket.TextMessage {
		c.Refuse(signal.Faulty(signal.CodeMalformed, "A message must be a text frame."))
		return nil, nil
	}
	m, fault := signal.Decode(frame, signal.FromClient)
	if fault != nil {
		c.Refuse(fault)
		return nil, nil
	}
	c.bridge.stats.Received.add(signal.Name(m))
	return m, nil
}

// skip reads over the rest of a frame that is too large.
func (c *Conn) skip(r io.Reader) error {
	n, err := io.Copy(io.Discard, io.LimitReader(r, maxSkipped))
	if err != nil {
		return err
	}
	fault := signal.Faulty(signal.CodeTooLarge, "A message may have %d bytes at most.", signal.MaxFrame)
	if n == maxSkipped || !c.bytes.AllowN(time.Now(), int(n)) {
		c.Cut(fault)
		return nil
	}
	c.Refuse(fault)
	return nil
}

// expect gives the page so long for what it says next, unless a cut has set the deadline already.
func (c *Conn) expect(within time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.last == nil {
		_ = c.ws.SetReadDeadline(time.Now().Add(within)) // an error shows in the next read
	}
}

// farewell tells how the connection ended from the error that ended it.
func (c *Conn) farewell(err error) Loss {
	var bye *websocket.CloseError
	switch {
	case errors.As(err, &bye) && (bye.Code == websocket.CloseNormalClosure || bye.Code == websocket.CloseGoingAway):
		return Closed
	case timedOut(err): // after a cut too, which stays the last word
		c.Cut(signal.Faulty(signal.CodeQuiet, "Nothing was heard from this page for too long. It connects again by itself."))
	}
	return Broken
}

// echo answers a ping of the WebSocket protocol, within bounds.
func (c *Conn) echo(data string) error {
	if !c.pings.Allow() {
		return errors.New("bridge: too many pings")
	}
	_ = c.ws.WriteControl(websocket.PongMessage, []byte(data), time.Now().Add(c.bridge.config.Timing.Linger))
	return nil
}

// drain reads over what the page still sends after its last fault. Hanging up with unread bytes
// would reset the connection, and the page might never see the fault.
func (c *Conn) drain() {
	if !c.over() {
		return
	}
	raw := c.ws.NetConn()
	_ = raw.SetReadDeadline(time.Now().Add(c.bridge.config.Timing.Linger))
	_, _ = io.Copy(io.Discard, raw) // until the page hangs up, or the deadline
}
