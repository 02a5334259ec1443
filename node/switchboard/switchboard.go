// Package switchboard runs the rooms: one [Operator] goroutine per room, which alone owns that
// room's state.
//
// In: arrivals and messages from a bridge. Out: messages to the members' connections. What happens in a
// room is decided by room.Step; an Operator only carries it out, so nothing here knows a rule.
//
// Read in this order: switchboard.go (which rooms there are), operator.go (one room's goroutine),
// effects.go (what room.Step ordered), relays.go (the relays that rooms may use), wire.go (rooms' types to messages and back).
package switchboard

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"parley/bridge"
	"parley/bridge/signal"
	"parley/node/room"
)

// Config is what a switchboard needs.
type Config struct {
	Node   room.NodeID
	Policy room.Policy
	Codec  string // that pages are told to prefer, as in signal.Welcome
	ICE    ICE
	Signer *bridge.Signer
	Log    *slog.Logger
}

// ICE is where members get the servers that help their links through NATs and firewalls.
type ICE struct {
	Servers func(room.PeerID) []signal.ICEServer // with credentials of that member's own; nil: there are none
	Renew   time.Duration                        // after this long members get new ones
}

// Stats counts what a switchboard does.
type Stats struct {
	Rooms     atomic.Int64 // open now
	Members   atomic.Int64 // in all rooms now, those included whose signaling is cut
	Forwarded atomic.Int64 // descriptions, candidates and restarts passed on
	Plans     atomic.Int64 // epochs given
}

// Switchboard holds the rooms of a node. It implements bridge.Rooms.
type Switchboard struct {
	cfg   Config
	stats Stats
	start time.Time // snapshots of rooms born later were taken by this process
	life  context.Context
	quit  context.CancelFunc
	ended sync.WaitGroup

	mu     sync.Mutex // guards what follows; never held across a send
	rooms  map[room.RoomID]*Operator
	relays map[room.NodeID]Relay
	closed bool
}

// New makes a switchboard without rooms.
func New(cfg Config) *Switchboard {
	s := &Switchboard{cfg: cfg, start: time.Now(), rooms: map[room.RoomID]*Operator{}, relays: map[room.NodeID]Relay{}}
	s.life, s.quit = context.WithCancel(context.Background())
	return s
}

// Stats are the counters, for metrics.
func (s *Switchboard) Stats() *Stats { return &s.stats }

// Gate tells how a room is entered now.
func (s *Switchboard) Gate(name signal.RoomName) bridge.Gate {
	s.mu.Lock()
	op := s.rooms[room.RoomID(name)]
	s.mu.Unlock()
	if op == nil {
		return bridge.Gate{}
	}
	return *op.gate.Load()
}

// Enter brings an arrival to its room, which answers over the arrival's connection.
func (s *Switchboard) Enter(a bridge.Arrival) bridge.Seat {
	op := s.operator(room.RoomID(a.Room))
	if op == nil {
		a.Conn.Cut(signal.Faulty(signal.CodeRestarting, "The bridge is about to stop. Dial again."))
		return &seat{op: &Operator{done: closedChannel}, peer: room.PeerID(a.Peer), conn: a.Conn}
	}
	here := &seat{op: op, peer: room.PeerID(a.Peer), conn: a.Conn}
	op.post(arrived{a})
	return here
}

// Close ends all rooms and waits for their goroutines. The connections are the bridge's to close.
func (s *Switchboard) Close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.quit()
	s.ended.Wait()
}

// operator finds or opens the room and announces one arrival to it, so that it does not end
// before that arrival is read. It is nil when the switchboard is closed.
func (s *Switchboard) operator(id room.RoomID) *Operator {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	op := s.rooms[id]
	if op == nil {
		op = newOperator(s, id)
		s.rooms[id] = op
		s.stats.Rooms.Add(1)
		s.ended.Go(op.run)
	}
	op.announced++
	return op
}

// retire takes an empty room away, unless somebody is on the way in.
func (s *Switchboard) retire(op *Operator) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if op.announced > 0 {
		return false
	}
	delete(s.rooms, op.id)
	s.stats.Rooms.Add(-1)
	return true
}

// met ends the announcement of an arrival that the operator has read.
func (s *Switchboard) met(op *Operator) {
	s.mu.Lock()
	op.announced--
	s.mu.Unlock()
}

var closedChannel = func() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()
