package room_test

import (
	"slices"
	"time"

	"parley/node/room"
)

// deliver lets the pages of a world hear a Step's effects.
func (w *world) deliver(effects []room.Effect) {
	for _, effect := range effects {
		switch e := effect.(type) {
		case room.Welcome:
			w.welcome(w.page(e.To), e.Resumed)
		case room.Planned:
			w.each(func(g *page) { w.hear(g, e.Plan) })
		case room.Settled:
			w.settled(e)
		case room.Evict:
			g := w.page(e.Peer)
			g.online, g.entered = false, false
		case room.Refresh:
			if w.now.Sub(w.renewed) < time.Second {
				w.Fatalf("snapshots are renewed twice in a second")
			}
			w.renewed = w.now
			w.each(func(g *page) { w.keep(g) })
		case room.Release:
			w.checkRelease(e.Node)
		case room.Wake:
			if !e.At.After(w.now) {
				w.Fatalf("wake at %v, now is %v", e.At, w.now)
			}
			w.wake = e.At
		}
	}
	w.each(w.bury)
	for _, g := range w.pages {
		if !w.state.Has(g.peer) && g.online {
			w.Fatalf("%s is connected and not in the room", g.peer)
		}
	}
}

// bury drops links with who is gone: they are dead.
func (w *world) bury(g *page) {
	for l := range g.links {
		if l.peer != "" && !w.state.Has(l.peer) {
			delete(g.links, l)
		}
	}
}

// each visits the pages that hear what goes to all.
func (w *world) each(f func(*page)) {
	for _, g := range w.pages {
		if m, ok := w.state.Member(g.peer); ok && m.Present {
			f(g)
		}
	}
}

func (w *world) keep(g *page) {
	snap := w.state.Snapshot(w.now)
	g.snap = &snap
}

func (w *world) welcome(g *page, resumed bool) {
	if !resumed { // the others had given it up, and closed their ends
		g.links, g.ready = map[far]bool{}, ""
		if n := len(w.state.Members()); n > w.state.Max() {
			w.Fatalf("%d members of at most %d", n, w.state.Max())
		}
	}
	g.entered, g.online, g.key = true, true, w.state.Settings().Lock
	w.keep(g)
	w.bury(g)
	w.hear(g, w.state.Plan())
}

func (w *world) hear(g *page, p room.Plan) {
	if p.Epoch > g.epoch {
		g.epoch = p.Epoch
		w.open(g, p)
	}
}

func (w *world) open(g *page, p room.Plan) {
	for _, l := range room.Links(p, w.state.Members())[g.peer] {
		k := far{l.Far, l.Relay}
		g.links[k] = g.links[k] || l.Media
	}
}

func (w *world) openWanted() {
	w.each(func(g *page) {
		if g.epoch == w.state.Plan().Epoch {
			w.open(g, w.state.Plan())
		}
	})
}

// settled closes what the plan does not want. The law: no link with media closes that anybody
// still needs.
func (w *world) settled(e room.Settled) {
	plan := w.state.Plan()
	w.each(func(g *page) {
		if e.To != "" && e.To != g.peer || g.epoch != e.Epoch || e.Epoch != plan.Epoch {
			return
		}
		w.bury(g)
		wanted := map[far]bool{}
		for _, l := range room.Links(plan, w.state.Members())[g.peer] {
			wanted[far{l.Far, l.Relay}] = true
		}
		for l, media := range g.links {
			serves := slices.Contains(e.Stuck, l.peer) || slices.Contains(e.Stuck, g.peer) || l.relay != "" && len(e.Stuck) > 0
			if wanted[l] || serves {
				continue
			}
			if who := w.needs(g, l); media && who != "" {
				w.Fatalf("%s closes its link %v, and %s is not ready for plan %+v", g.peer, l, who, plan)
			}
			delete(g.links, l)
		}
	})
	if e.To == "" {
		w.each(func(g *page) {
			if g.epoch == e.Epoch && g.ready != route(plan) {
				g.ready = ""
			}
		})
	}
}

// needs finds somebody to whom that link of g still matters.
func (w *world) needs(g *page, l far) room.PeerID {
	for _, other := range w.pages {
		concerned := other == g || l.relay != "" || l.peer == other.peer
		if concerned && other.alive && w.state.Has(other.peer) && other.links[w.otherEnd(g, l, other)] && other.ready != route(w.state.Plan()) {
			return other.peer
		}
	}
	return ""
}

// otherEnd is how another page sees the link l of g.
func (w *world) otherEnd(g *page, l far, other *page) far {
	if other == g || l.relay != "" {
		return l
	}
	return far{peer: g.peer}
}

// checkRelease: a relay is given back only when nobody needs a link with it.
func (w *world) checkRelease(node room.NodeID) {
	if slices.Contains(w.state.Plan().Relays, node) {
		w.Fatalf("released %s, which the plan names", node)
	}
	if w.past[len(w.past)-1].event == room.Event(room.RelayUp{Node: node}) {
		return // an offer declined
	}
	for _, g := range w.pages {
		l := far{relay: node}
		if w.state.Has(g.peer) && g.alive && g.links[l] && g.ready != route(w.state.Plan()) {
			w.Fatalf("released %s, which %s needs", node, g.peer)
		}
	}
}

// checkFence: who came in with a floor has a plan that is not below it.
func (w *world) checkFence(e room.Event, effects []room.Effect) {
	resume, ok := e.(room.Resume)
	if !ok || slices.ContainsFunc(effects, func(e room.Effect) bool { _, no := e.(room.Refuse); return no }) {
		return
	}
	if w.state.Plan().Epoch < resume.Floor {
		w.Fatalf("%s has seen %d, the plan is %d", resume.Peer, resume.Floor, w.state.Plan().Epoch)
	}
	for _, g := range w.pages {
		if g.online && g.epoch > w.state.Plan().Epoch {
			w.Fatalf("%s has plan %d and the room %d", g.peer, g.epoch, w.state.Plan().Epoch)
		}
	}
}
