package bridge

import "parley/bridge/signal"

// Rooms is what a bridge needs of the rooms behind it. Its methods are called from many goroutines
// at once.
type Rooms interface {
	// Gate tells how a room is entered now.
	Gate(room signal.RoomName) Gate
	// Enter brings a checked arrival to its room. The room answers over a.Conn, with a welcome or with
	// a fatal fault. What the connection says from then on goes to the Seat, which is never nil: also
	// one that was refused has a Seat, whose Lost is called when its connection has ended.
	Enter(a Arrival) Seat
}

// Gate tells how a room is entered.
type Gate struct {
	Open bool   // the room exists
	Lock string // hash of its password, "" where it has none
	Full bool   // it takes nobody else
}

// Arrival is somebody at the door of a room, checked as far as a bridge can check: names, limits,
// pass and password.
type Arrival struct {
	Conn     *Conn
	Room     signal.RoomName // normalised: rooms are compared by it
	Peer     signal.PeerID   // of the pass, or new
	Name     string          // normalised
	Page     string
	Media    signal.Media
	Key      string           // the lock that pass or password was checked against; for a creator the new lock; "" for none
	Settings *signal.Settings // only where this arrival creates the room; its Password is spent: it has become Key
	Resumed  bool             // came with a valid pass
	Floor    int64            // the highest epoch that the page has seen
	Snapshot []byte           // verified JSON of a room.Snapshot; nil if none, or if it did not come with a pass
}

// Seat is the place in a room of one connection. Both methods are called by the connection's one
// reading goroutine, never at the same time.
type Seat interface {
	// Receive takes a decoded, validated message of this member: never hello, ping or pong.
	Receive(m signal.Message)
	// Lost is the last call, and comes exactly once whatever ended the connection: also after a Cut by
	// the room itself, when another connection may be the member's by now.
	Lost(how Loss)
}

// Loss tells how a connection ended.
type Loss string

const (
	// Closed means that the page said goodbye: it was closed or reloaded, or left.
	Closed Loss = "closed"
	// Broken is everything else: cut by the network, by the page's silence, or by this side.
	Broken Loss = "broken"
)
