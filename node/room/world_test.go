package room_test

import (
	"fmt"
	"reflect"
	"slices"
	"time"

	"parley/node/room"
)

// world is a room with pages around it that do what real pages do: they open links by the plans
// they hear of, and close what is not wanted any more when they hear settled. Bridges die, lines
// break and clocks go on by chance. Each Step is checked against the laws of a room.
type world struct {
	t        reporter
	pick     func(n int) int // 0 <= result < n
	policy   room.Policy
	state    room.State
	now      time.Time
	wake     time.Time
	opened   time.Time // since when the switch is open
	renewed  time.Time // the last Refresh
	pages    []*page
	departed map[room.PeerID]bool
	lives    int
	past     []turn
}

// turn is one Step, kept to tell the story of a failure.
type turn struct {
	at      time.Time
	event   room.Event
	effects []room.Effect
}

// Helper and Fatalf make a world a reporter that tells its story.
func (w *world) Helper() { w.t.Helper() }

func (w *world) Fatalf(format string, args ...any) {
	w.t.Helper()
	story := ""
	for _, p := range w.past {
		story += fmt.Sprintf("%8v %T%+v%s\n", p.at.Sub(start), p.event, p.event, list(p.effects))
	}
	w.t.Fatalf("%s%s", story, fmt.Sprintf(format, args...))
}

// page is one browser tab (or the same person's next one).
type page struct {
	peer    room.PeerID
	load    int // counts reloads
	key     string
	entered bool // has been let in once
	alive   bool // the tab is open
	online  bool // its connection to the bridge is up
	epoch   room.Epoch
	snap    *room.Snapshot
	links   map[far]bool // true: with media
	ready   string       // the route it is ready for
}

// far is the other end of a link.
type far struct {
	peer  room.PeerID
	relay room.NodeID
}

func newWorld(t reporter, pick func(int) int) *world {
	w := &world{t: t, pick: pick, now: start, departed: map[room.PeerID]bool{}}
	w.policy = room.DefaultPolicy().WithMeshMax([]int{4, 2, 0, 99, 1}[pick(5)])
	w.policy.Max = 9
	w.state = room.New("den", "home", w.policy)
	for i := range 11 {
		w.pages = append(w.pages, &page{peer: room.PeerID(fmt.Sprintf("p%02d", i)), links: map[far]bool{}})
	}
	return w
}

// route is what a plan says about the way of media.
func route(p room.Plan) string {
	if p.Mode == room.ModeRelay {
		return "relay " + string(p.Relays[0])
	}
	return "mesh"
}

func (w *world) page(p room.PeerID) *page {
	return w.pages[slices.IndexFunc(w.pages, func(g *page) bool { return g.peer == p })]
}

// act lets one thing happen by chance.
func (w *world) act() {
	g := w.pages[w.pick(len(w.pages))]
	switch what := w.pick(20); what {
	case 0, 1, 2, 3:
		w.come(g)
	case 4, 5, 6:
		w.ready(g)
	case 7, 8, 9:
		w.everybodyReady()
	case 10:
		w.part(g)
	case 11, 12:
		w.breakLine(g)
	case 13:
		w.step(w.relayEvent())
	case 14:
		w.step(room.Stuck{Peer: g.peer, Epoch: w.state.Plan().Epoch, Far: w.pages[w.pick(len(w.pages))].peer})
	case 15:
		w.restart()
	case 16:
		w.step(room.Tick{})
	case 17:
		w.stale(g)
	default:
		w.pass([]time.Duration{100 * time.Millisecond, time.Second, 3 * time.Second, 9 * time.Second, 30 * time.Second, 4 * time.Minute}[w.pick(6)])
	}
}

// come is a newcomer, a reconnect or a reload.
func (w *world) come(g *page) {
	media := room.Media{Microphone: "on", Camera: "on", Screen: "off"}
	if !g.entered {
		g.load++
		g.alive, g.links, g.ready, g.epoch, g.snap = true, map[far]bool{}, "", 0, nil
		e := room.Join{Peer: g.peer, Name: "x", Page: fmt.Sprint(g.load), Media: media}
		if w.pick(3) > 0 {
			e.Key = w.state.Settings().Lock
		}
		if w.pick(3) == 0 {
			e.Settings = &room.Settings{Lock: []string{"", "hash", "other"}[w.pick(3)], Max: w.pick(12), MeshMax: w.pick(6) - 1}
		}
		w.step(e)
		return
	}
	lies := w.pick(12) == 0
	if lies || !g.alive || w.pick(4) == 0 {
		g.load++
		g.alive, g.links, g.ready = true, map[far]bool{}, ""
	}
	e := room.Resume{Peer: g.peer, Name: "x", Page: fmt.Sprint(g.load), Key: g.key, Media: media, Floor: g.epoch, Snapshot: g.snap}
	if lies {
		e.Floor = max(g.epoch, room.Epoch(w.now.Add(time.Duration(w.pick(70_000))*time.Millisecond).UnixMilli()))
	}
	w.step(e)
}

func (w *world) ready(g *page) {
	if g.online && g.epoch == w.state.Plan().Epoch {
		g.ready = route(w.state.Plan())
		w.step(room.Ready{Peer: g.peer, Epoch: g.epoch})
	}
}

func (w *world) everybodyReady() {
	for _, g := range w.pages {
		w.ready(g)
	}
}

func (w *world) part(g *page) {
	if !g.online {
		return
	}
	g.online = false
	if w.pick(2) == 0 {
		g.alive, g.links, g.ready = false, map[far]bool{}, ""
		w.step(room.Closed{Peer: g.peer})
		return
	}
	g.entered, g.alive = false, false
	w.step(room.Leave{Peer: g.peer})
}

func (w *world) breakLine(g *page) {
	if g.online {
		g.online = false
		w.step(room.Broken{Peer: g.peer})
	}
}

func (w *world) relayEvent() room.Event {
	node := room.NodeID(fmt.Sprintf("n%d", w.pick(4)))
	switch w.pick(5) {
	case 0:
		return room.RelayNone{}
	case 1:
		return room.RelayDown{Node: node}
	}
	return room.RelayUp{Node: node}
}

// restart kills the bridge. Tabs stay open, with their links and their snapshots.
func (w *world) restart() {
	if w.lives++; w.lives > 4 {
		return
	}
	w.state = room.New("den", "home", w.policy)
	w.wake, w.renewed, w.departed = time.Time{}, time.Time{}, map[room.PeerID]bool{}
	w.now = w.now.Add(time.Duration(200+w.pick(2000)) * time.Millisecond)
	for _, g := range w.pages {
		g.online = false
	}
}

// stale says what is out of date or was never true.
func (w *world) stale(g *page) {
	switch w.pick(3) {
	case 0:
		w.step(room.Ready{Peer: g.peer, Epoch: w.state.Plan().Epoch - room.Epoch(1+w.pick(3))})
	case 1:
		if !g.online {
			w.step(room.Ready{Peer: g.peer, Epoch: w.state.Plan().Epoch})
		}
	case 2:
		w.step(room.SetMedia{Peer: g.peer, Media: room.Media{Microphone: "off"}})
	}
}

// pass lets time go by, with the ticks that the room asked for.
func (w *world) pass(d time.Duration) {
	end := w.now.Add(d)
	for ticks := 0; !w.wake.IsZero() && !w.wake.After(end); ticks++ {
		if ticks > 200 {
			w.Fatalf("the room asks to be woken again and again: %v", w.wake)
		}
		w.now, w.wake = w.wake, time.Time{}
		w.step(room.Tick{})
	}
	w.now = end
	if open, _ := w.state.Settled(); !open && w.now.Sub(w.opened) > w.policy.Settle {
		w.Fatalf("a switch is open for %v", w.now.Sub(w.opened))
	}
}

func (w *world) step(e room.Event) {
	before, dump := w.state, fmt.Sprintf("%+v", w.state)
	after, effects := room.Step(before, w.now, e)
	again, effects2 := room.Step(before, w.now, e)
	if !reflect.DeepEqual(after, again) || !reflect.DeepEqual(effects, effects2) {
		w.Fatalf("two answers to %#v", e)
	}
	if now := fmt.Sprintf("%+v", before); now != dump {
		w.Fatalf("the state that was passed in has changed by %#v:\n%s\n%s", e, dump, now)
	}
	w.state = after
	w.past = append(w.past, turn{w.now, e, effects})
	obey(w, before, e, after, effects)
	w.checkReturns(before, e, after)
	w.noteSwitch(before, e, effects)
	w.deliver(effects)
	w.openWanted()
	w.checkFence(e, effects)
	w.each(w.checkHeld)
}

// checkReturns: nobody comes in but who asked to, or whom a snapshot names that has not left in
// this life.
func (w *world) checkReturns(before room.State, e room.Event, after room.State) {
	var came room.PeerID
	resume, isResume := e.(room.Resume)
	if isResume {
		came = resume.Peer
	} else if join, ok := e.(room.Join); ok {
		came = join.Peer
	}
	for _, m := range after.Members() {
		if before.Has(m.Peer) || m.Peer == came {
			continue
		}
		if !isResume || w.departed[m.Peer] {
			w.Fatalf("%s came back by %#v", m.Peer, e)
		}
	}
	for _, m := range before.Members() {
		if !after.Has(m.Peer) && !isResume {
			w.departed[m.Peer] = true
		}
	}
}

// noteSwitch keeps the time at which the open switch began.
func (w *world) noteSwitch(before room.State, e room.Event, effects []room.Effect) {
	resume, _ := e.(room.Resume)
	settled, _ := before.Settled()
	for _, effect := range effects {
		p, ok := effect.(room.Planned)
		if ok && (settled || route(p.Plan) != route(before.Plan()) || resume.Snapshot != nil) {
			w.opened = w.now
		}
	}
	if resume.Snapshot != nil && before.Plan().Epoch == 0 {
		w.opened = w.now
	}
}

// checkHeld: nobody is in a room behind another lock, or none, than he was let in by; and everybody
// holds a snapshot that is young enough to be of use after an outage.
func (w *world) checkHeld(g *page) {
	if lock := w.state.Settings().Lock; g.key != lock {
		w.Fatalf("%s was let in by lock %q, and the room has %q", g.peer, g.key, lock)
	}
	if age := w.now.Sub(time.UnixMilli(int64(g.snap.Taken))); age > 5*time.Minute+time.Second {
		w.Fatalf("%s holds a snapshot that is %v old", g.peer, age)
	}
}
