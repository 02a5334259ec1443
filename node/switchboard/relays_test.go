package switchboard_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"parley/bridge/signal"
	"parley/node/room"
	"parley/node/switchboard"
)

// scripted is a relay that takes every room until it is told to refuse, and notes what it is asked.
type scripted struct {
	node room.NodeID

	mu     sync.Mutex // guards what follows
	refuse bool
	rooms  []room.RoomID
	gone   []room.PeerID
	offers []switchboard.Offer
	cands  int
}

func (s *scripted) Node() room.NodeID { return s.node }
func (s *scripted) Load() float64     { return 0 }

func (s *scripted) Reserve(_ context.Context, id room.RoomID) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refuse {
		return errors.New("full")
	}
	s.rooms = append(s.rooms, id)
	return nil
}

func (s *scripted) Release(id room.RoomID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rooms = slices.DeleteFunc(s.rooms, func(r room.RoomID) bool { return r == id })
}

func (s *scripted) Offer(_ context.Context, o switchboard.Offer) (signal.SDP, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if o.SDP == "nonsense" {
		return "", errors.New("not an offer")
	}
	s.offers = append(s.offers, o)
	return "answer to " + o.SDP, nil
}

func (s *scripted) Candidate(switchboard.Trickle) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cands++
}

func (s *scripted) Gone(_ room.RoomID, peer room.PeerID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gone = append(s.gone, peer)
}

func (s *scripted) count(of func() int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return of()
}

func planOn(node room.NodeID) func(*signal.Planned) bool {
	return func(p *signal.Planned) bool {
		return !p.Plan.Warm && len(p.Plan.Relays) == 1 && p.Plan.Relays[0] == signal.NodeID(node)
	}
}

func TestTheFifthMemberMovesTheRoomToTheRelay(t *testing.T) {
	n := start(t, "", room.DefaultPolicy())
	defer n.stop()
	relay := &scripted{node: "relay-a"}
	n.board.RelayUp(relay)
	pages := crowd(n, 5)
	planned := expect(pages[0], "relay plan", planOn("relay-a"))

	offer := &signal.Describe{Epoch: planned.Plan.Epoch, To: "relay-a", Link: "link-0001", Kind: "offer", SDP: "v=0"}
	pages[0].say(offer)
	answer := expect(pages[0], "answer", anyOf[*signal.Describe])
	if answer.Kind != "answer" || answer.SDP != "answer to v=0" || answer.From != "relay-a" || answer.Link != "link-0001" || answer.Page != pages[0].hello.Page {
		t.Errorf("got %+v", answer)
	}
	if o := relay.offers[0]; o.Peer != room.PeerID(pages[0].self.Self) || o.Room != "den" || o.Page != pages[0].hello.Page {
		t.Errorf("the relay got %+v", o)
	}
	pages[0].say(&signal.Candidate{To: "relay-a", Link: "link-0001", Candidate: "candidate:1"})
	n.until("the candidate is there", func() bool { return relay.count(func() int { return relay.cands }) == 1 })
	offer.SDP = "nonsense"
	pages[0].say(offer)
	if f := expect(pages[0], "fault", anyOf[*signal.Fault]); f.Code != signal.CodeRelay || f.Fatal {
		t.Errorf("got %+v", f)
	}
	pages[4].say(&signal.Leave{})
	n.until("the relay knows who is gone", func() bool { return relay.count(func() int { return len(relay.gone) }) == 1 })
}

func TestARelayThatDiesIsReplacedByOnePlan(t *testing.T) {
	n := start(t, "", room.DefaultPolicy())
	defer n.stop()
	a, b := &scripted{node: "relay-a"}, &scripted{node: "relay-b"}
	n.board.RelayUp(a)
	pages := crowd(n, 5)
	expect(pages[0], "relay plan", planOn("relay-a"))
	n.board.RelayUp(b)
	n.board.RelayDown("relay-a")
	var between []string
	expect(pages[0], "plan on the other relay", func(p *signal.Planned) bool {
		between = append(between, fmt.Sprint(p.Plan.Mode, p.Plan.Relays))
		return planOn("relay-b")(p)
	})
	if len(between) != 1 {
		t.Errorf("it took the plans %v, want one", between)
	}
	n.board.RelayDown("relay-b")
	expect(pages[0], "mesh that lacks a relay", func(p *signal.Planned) bool { return p.Plan.Lacking && len(p.Plan.Relays) == 0 })
	began := time.Now()
	n.board.RelayUp(&scripted{node: "relay-c"})
	expect(pages[0], "plan on the relay that came", planOn("relay-c"))
	t.Logf("used %v after it came", time.Since(began))
}

func TestARelayThatRefusesIsPassedBy(t *testing.T) {
	n := start(t, "", room.DefaultPolicy())
	defer n.stop()
	a, b := &scripted{node: "relay-a", refuse: true}, &scripted{node: "relay-b"}
	n.board.RelayUp(a)
	n.board.RelayUp(b)
	pages := crowd(n, 5)
	expect(pages[0], "relay plan", planOn("relay-b"))
	for _, p := range pages {
		p.say(&signal.Leave{})
	}
	n.until("the relay is given back", func() bool { return b.count(func() int { return len(b.rooms) }) == 0 })
}

// crowd is so many pages in one room.
func crowd(n *node, size int) []*page {
	var pages []*page
	for i := range size {
		pages = append(pages, n.join("den", fmt.Sprint("guest ", i)))
	}
	return pages
}
