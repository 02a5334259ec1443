package bot

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/logging"
	"github.com/pion/transport/v4/vnet"
	"github.com/pion/webrtc/v4"

	"parley/bridge/signal"
)

// side is one end of a link whose descriptions pass by hand.
type side struct {
	*link
	box  *mailbox
	book *book
}

func newSide(t *testing.T, far signal.PeerID, network *vnet.Net) side {
	t.Helper()
	e, err := newEngine(ICE{net: network})
	if err != nil {
		t.Fatal(err)
	}
	lib, err := clips()
	if err != nil {
		t.Fatal(err)
	}
	s := side{&link{far: far, id: "link", media: true, rank: &atomic.Int64{}, opened: time.Now()}, newMailbox(), &book{}}
	if err := s.connect(media{e, lib, s.box, s.book}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.close)
	return s
}

// describe offers, and answers what was offered.
func describe(t *testing.T, from, to side, restart bool) {
	t.Helper()
	offer, err := from.offer(restart)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := to.answer(offer)
	if err != nil {
		t.Fatal(err)
	}
	if err := from.apply(webrtc.SDPTypeAnswer, answer); err != nil {
		t.Fatal(err)
	}
}

// turn passes candidates on and follows the states, until done.
func turn(t *testing.T, a, b side, what string, done func() bool) {
	t.Helper()
	deadline := time.After(time.Minute)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-deadline:
			t.Fatalf("waiting until %s: %+v, %+v", what, a.health, b.health)
		case <-a.box.wake:
			pass(t, a, b)
		case <-b.box.wake:
			pass(t, b, a)
		case <-tick.C:
		}
	}
}

func pass(t *testing.T, from, to side) {
	for _, item := range from.box.take() {
		switch it := item.(type) {
		case foundCandidate:
			m := &signal.Candidate{}
			if it.candidate != nil {
				m.Candidate = it.candidate.ToJSON().Candidate
			}
			if err := to.candidate(m); err != nil {
				t.Logf("candidate: %v", err) // of before the restart
			}
		case changedState:
			from.note(it.state, time.Now())
		}
	}
}

func TestACutPathIsMendedByAnICERestart(t *testing.T) {
	router, err := vnet.NewRouter(&vnet.RouterConfig{CIDR: "10.0.0.0/24", LoggerFactory: logging.NewDefaultLoggerFactory()})
	if err != nil {
		t.Fatal(err)
	}
	var cut atomic.Bool
	router.AddChunkFilter(func(vnet.Chunk) bool { return !cut.Load() })
	var nets [2]*vnet.Net
	for i, ip := range []string{"10.0.0.1", "10.0.0.2"} {
		if nets[i], err = vnet.NewNet(&vnet.NetConfig{StaticIPs: []string{ip}}); err != nil {
			t.Fatal(err)
		}
		if err := router.AddNet(nets[i]); err != nil {
			t.Fatal(err)
		}
	}
	if err := router.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = router.Stop() })
	a, b := newSide(t, "b", nets[0]), newSide(t, "a", nets[1])
	a.offers = true
	describe(t, a, b, false)
	turn(t, a, b, "they are connected", func() bool { return a.health.live && b.health.live })
	if a.due(time.Now()) || b.due(time.Now()) {
		t.Error("a live link is to be mended")
	}
	cut.Store(true)
	turn(t, a, b, "both know", func() bool { return !a.health.live && !b.health.live })
	if a.due(a.health.lostAt.Add(restartAfter / 2)) {
		t.Error("it is mended too early")
	}
	if !a.due(a.health.lostAt.Add(restartAfter)) {
		t.Error("it is not mended in time")
	}
	cut.Store(false)
	describe(t, a, b, true)
	a.health.acted = time.Now()
	turn(t, a, b, "they are connected again", func() bool { return a.health.live && b.health.live })
	if a.health.restarts != 1 || a.due(time.Now().Add(time.Hour)) {
		t.Errorf("%+v", a.health)
	}
}
