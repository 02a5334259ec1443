package switchboard

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"time"

	"parley/bridge/signal"
	"parley/node/room"
)

// Relay is one relay as rooms see it: in this process, or in another one. Methods may take a while and
// are never called on a room's goroutine, except Gone and Release, which return at once.
type Relay interface {
	Node() room.NodeID
	// Load is how busy it is, from 0 to 1.
	Load() float64
	// Reserve asks it to carry a room; it may refuse.
	Reserve(ctx context.Context, id room.RoomID) error
	// Release ends that.
	Release(id room.RoomID)
	// Offer brings a member's offer, and returns the answer.
	Offer(ctx context.Context, o Offer) (answer signal.SDP, err error)
	// Candidate brings a member's candidate. One that comes too late is of no use, so it has no answer.
	Candidate(c Trickle)
	// Gone says that a member is gone from the room.
	Gone(id room.RoomID, peer room.PeerID)
}

// Offer is a member's description of its link to a relay. Another Link than before means another
// connection.
type Offer struct {
	Room room.RoomID
	Peer room.PeerID
	Page string
	Link string
	SDP  signal.SDP
}

// Trickle is a candidate for a member's link to a relay.
type Trickle struct {
	Room      room.RoomID
	Peer      room.PeerID
	Link      string
	Candidate string
	MLine     int
}

// How long a relay may take to answer. A room whose relay died waits for a reservation elsewhere,
// so that one is short.
const (
	reserveWithin = time.Second
	answerWithin  = 5 * time.Second
)

var errNoRelay = errors.New("switchboard: reserve: no relay to be had")

// RelayUp makes a relay known. Rooms that wait for one ask for it.
func (s *Switchboard) RelayUp(r Relay) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.relays[r.Node()] = r
	for _, op := range s.rooms {
		go op.post(relayArrived{})
	}
}

// RelayDown takes a relay away: it died or drains. Rooms on it move at once.
func (s *Switchboard) RelayDown(node room.NodeID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.relays, node)
	for _, op := range s.rooms {
		go op.post(relayLost{node})
	}
}

// candidates are the relays in the order in which they should be asked: the preferred one, then the
// less loaded of two at random, then the rest.
func (s *Switchboard) candidates(prefer room.NodeID) []Relay {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []Relay
	for _, r := range s.relays {
		list = append(list, r)
	}
	rand.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	if len(list) > 1 && list[1].Load() < list[0].Load() {
		list[0], list[1] = list[1], list[0]
	}
	for i, r := range list {
		if r.Node() == prefer {
			copy(list[1:i+1], list[:i])
			list[0] = r
		}
	}
	return list
}

// supply is what a room has and wants of relays. It belongs to the room's goroutine.
type supply struct {
	held    map[room.NodeID]Relay // reserved
	asking  bool                  // a reservation is under way
	wishing bool                  // the room waits for a relay
	again   bool                  // a relay arrived while asking
	lost    []room.NodeID         // used by the room and lost, not yet told to it
}

// reserve asks the relays in turn, on a goroutine of its own, and posts the answer.
func (op *Operator) reserve(prefer room.NodeID) {
	op.supply.asking = true
	candidates := op.board.candidates(prefer)
	op.board.ended.Go(func() {
		for _, r := range candidates {
			ctx, cancel := context.WithTimeout(op.board.life, reserveWithin)
			err := r.Reserve(ctx, op.id)
			cancel()
			if err == nil {
				if !op.post(reserved{r, nil}) {
					r.Release(op.id) // the room ended meanwhile
				}
				return
			}
			op.log.Warn("a relay refused the room", "relay", string(r.Node()), "err", err)
		}
		op.post(reserved{nil, errNoRelay})
	})
}

// granted hears how a reservation went. Where a relay was lost meanwhile, the room hears of the new
// one before it hears of the loss, so that it moves with one plan.
func (op *Operator) granted(answer reserved) {
	op.supply.asking = false
	switch {
	case answer.err == nil:
		op.supply.wishing = false
		op.supply.held[answer.relay.Node()] = answer.relay
		op.step(room.RelayUp{Node: answer.relay.Node()})
	case len(op.supply.lost) == 0:
		op.step(room.RelayNone{})
	}
	lost := op.supply.lost
	op.supply.lost = nil
	for _, node := range lost {
		delete(op.supply.held, node)
		op.step(room.RelayDown{Node: node})
	}
	if op.supply.again {
		op.supply.again = false
		op.relayArrived()
	}
}

// relayArrived asks again where the room still waits.
func (op *Operator) relayArrived() {
	switch {
	case op.supply.asking:
		op.supply.again = true
	case op.supply.wishing:
		op.reserve("")
	}
}

// relayLost looks for another relay before it tells the room, where the room uses the one that is lost.
func (op *Operator) relayLost(node room.NodeID) {
	delete(op.supply.held, node)
	if !slices.Contains(op.state.Plan().Relays, node) {
		op.step(room.RelayDown{Node: node})
		return
	}
	op.supply.lost = append(op.supply.lost, node)
	op.supply.wishing = true
	if !op.supply.asking {
		op.reserve("")
	}
}

// release gives a relay back, or takes back the wish for one.
func (op *Operator) release(node room.NodeID) {
	if node == "" {
		op.supply.wishing, op.supply.again = false, false
		return
	}
	if r := op.supply.held[node]; r != nil {
		delete(op.supply.held, node)
		r.Release(op.id)
	}
}

// offer brings a member's description to a relay and sends its answer back.
func (op *Operator) offer(by *seat, r Relay, m *signal.Describe) {
	member, here := op.state.Member(by.peer)
	if !here {
		return
	}
	if m.Kind != "offer" {
		op.refuse(by, m, signal.Faulty(signal.CodeOrder, "To a relay it is the page that makes the offers."))
		return
	}
	o := Offer{Room: op.id, Peer: by.peer, Page: member.Page, Link: m.Link, SDP: m.SDP}
	answer := &signal.Describe{Epoch: m.Epoch, From: signal.PeerID(r.Node()), Page: member.Page, Link: m.Link, Kind: "answer"}
	op.board.ended.Go(func() {
		ctx, cancel := context.WithTimeout(op.board.life, answerWithin)
		defer cancel()
		sdp, err := r.Offer(ctx, o)
		if err != nil {
			op.log.Warn("a relay refused an offer", "relay", string(r.Node()), "err", err)
			op.refuse(by, m, signal.Faulty(signal.CodeRelay, "The relay could not take this description."))
			return
		}
		answer.SDP = sdp
		by.conn.Send(signal.Encode(answer))
	})
}

// forget tells the room's relays that a member is gone.
func (op *Operator) forget(peer room.PeerID) {
	for _, r := range op.supply.held {
		r.Gone(op.id, peer)
	}
}

// releaseAll gives back what the room still holds at its end.
func (op *Operator) releaseAll() {
	for _, r := range op.supply.held {
		r.Release(op.id)
	}
}
