package switchboard

import (
	"log/slog"
	"sync/atomic"
	"time"

	"parley/bridge"
	"parley/bridge/signal"
	"parley/node/room"
)

// inboxSize bounds what waits for a room. A full inbox slows the senders of that room only: each
// waits in its own connection's reading goroutine.
const inboxSize = 256

// Operator is one room's goroutine.
//
//	empty --arrival--> open --last member gone, nobody on the way in--> done
type Operator struct {
	id    room.RoomID
	board *Switchboard
	log   *slog.Logger
	inbox chan any // one of the types below
	done  chan struct{}
	gate  atomic.Pointer[bridge.Gate] // written by run, read by anyone

	announced int // arrivals on the way; guarded by board.mu

	// What follows belongs to run.
	state   room.State
	conns   map[room.PeerID]*bridge.Conn
	given   map[room.PeerID]time.Time // when a member got its ICE servers
	coming  *bridge.Arrival           // the arrival that the current step is about
	supply  supply                    // its relays
	wake    *time.Timer
	empty   bool
	members int // counted in the board's stats
}

// What comes in.
type (
	arrived struct{ bridge.Arrival }
	said    struct {
		by      *seat
		message signal.Message
	}
	lost struct {
		by  *seat
		how bridge.Loss
	}
	reserved struct {
		relay Relay
		err   error
	}
	relayArrived struct{}
	relayLost    struct{ node room.NodeID }
)

// seat is one connection's place in the room. It implements bridge.Seat.
type seat struct {
	op   *Operator
	peer room.PeerID
	conn *bridge.Conn
}

// Receive hands over what the member said.
func (s *seat) Receive(m signal.Message) { s.op.post(said{s, m}) }

// Lost tells that the connection ended.
func (s *seat) Lost(how bridge.Loss) { s.op.post(lost{s, how}) }

func newOperator(board *Switchboard, id room.RoomID) *Operator {
	op := &Operator{
		id:     id,
		board:  board,
		log:    board.cfg.Log.With("room", id),
		inbox:  make(chan any, inboxSize),
		done:   make(chan struct{}),
		state:  room.New(id, board.cfg.Node, board.cfg.Policy),
		conns:  map[room.PeerID]*bridge.Conn{},
		given:  map[room.PeerID]time.Time{},
		supply: supply{held: map[room.NodeID]Relay{}},
		wake:   time.NewTimer(time.Hour),
	}
	op.wake.Stop()
	op.gate.Store(&bridge.Gate{})
	return op
}

// post hands something to the room's goroutine. It is false when the room has ended.
func (op *Operator) post(item any) bool {
	select {
	case <-op.done: // a closed room reads no more, even if its inbox has space
		return false
	default:
	}
	select {
	case op.inbox <- item:
		return true
	case <-op.done:
		return false
	}
}

func (op *Operator) run() {
	defer close(op.done)
	defer op.wake.Stop()
	defer op.releaseAll()
	for {
		select {
		case <-op.board.life.Done():
			return
		case <-op.wake.C:
			op.step(room.Tick{})
		case item := <-op.inbox:
			op.handle(item)
		}
		if op.empty && op.board.retire(op) {
			op.log.Info("room closed")
			return
		}
	}
}

func (op *Operator) handle(item any) {
	switch it := item.(type) {
	case arrived:
		op.arrive(it.Arrival)
		op.board.met(op)
	case said:
		if op.conns[it.by.peer] == it.by.conn { // else its page was replaced
			op.hear(it.by, it.message)
		}
	case lost:
		if op.conns[it.by.peer] == it.by.conn {
			delete(op.conns, it.by.peer)
			op.step(lossEvent(it.by.peer, it.how))
		}
	case reserved:
		op.granted(it)
	case relayArrived:
		op.relayArrived()
	case relayLost:
		op.relayLost(it.node)
	}
}

func (op *Operator) arrive(a bridge.Arrival) {
	op.coming = &a
	defer func() { op.coming = nil }()
	if !a.Resumed {
		op.step(joinEvent(a))
		return
	}
	event, err := resumeEvent(a, op.board.start)
	if err != nil {
		op.log.Warn("resume without its snapshot", "err", err)
	}
	op.step(event)
}

func (op *Operator) hear(by *seat, m signal.Message) {
	switch m := m.(type) {
	case *signal.Describe:
		if m.Epoch > int64(op.state.Plan().Epoch) {
			op.refuse(by, m, signal.Faulty(signal.CodeOrder, "No plan of that epoch has been given in this room."))
			return
		}
		if r := op.supply.held[room.NodeID(m.To)]; r != nil {
			op.offer(by, r, m)
			return
		}
		to := m.To
		m.From, m.To = signal.PeerID(by.peer), ""
		op.forward(by, to, m.Page, m)
	case *signal.Candidate:
		if r := op.supply.held[room.NodeID(m.To)]; r != nil {
			r.Candidate(Trickle{op.id, by.peer, m.Link, m.Candidate, m.MLine})
			return
		}
		to := m.To
		m.From, m.To = signal.PeerID(by.peer), ""
		op.forward(by, to, m.Page, m)
	case *signal.Restart:
		to := m.To
		m.From, m.To = signal.PeerID(by.peer), ""
		op.forward(by, to, m.Page, m)
	case *signal.SetMedia:
		op.step(room.SetMedia{Peer: by.peer, Media: room.Media(m.Media)})
	case *signal.Ready:
		op.step(room.Ready{Peer: by.peer, Epoch: room.Epoch(m.Epoch)})
	case *signal.Stuck:
		op.step(room.Stuck{Peer: by.peer, Epoch: room.Epoch(m.Epoch), Far: room.PeerID(m.Peer)})
	case *signal.Leave:
		delete(op.conns, by.peer)
		op.step(room.Leave{Peer: by.peer})
	default:
		op.refuse(by, m, signal.Faulty(signal.CodeOrder, "This message has no meaning inside a room."))
	}
}

// forward passes a message on to the page that it is meant for. A member whose signaling is cut
// gets nothing: links are mended when it is back. One that was reloaded meanwhile gets nothing either.
func (op *Operator) forward(by *seat, to signal.PeerID, page string, m signal.Message) {
	member, here := op.state.Member(room.PeerID(to))
	if !here {
		op.refuse(by, m, signal.Faulty(signal.CodeNoPeer, "Nobody of that id is in the room."))
		return
	}
	conn := op.conns[member.Peer]
	if conn == nil || member.Page != page {
		return
	}
	conn.Send(signal.Encode(m))
	op.board.stats.Forwarded.Add(1)
}

func (op *Operator) refuse(by *seat, m signal.Message, f *signal.Fault) {
	f.Of = signal.Name(m)
	by.conn.Refuse(f)
}
