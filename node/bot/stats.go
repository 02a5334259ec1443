package bot

import (
	"time"

	"parley/bridge/signal"
)

// Stats is how a bot is doing at one moment: one line of a report.
type Stats struct {
	Time      time.Time       `json:"time"`
	Room      string          `json:"room"`
	Name      string          `json:"name"`
	Self      signal.PeerID   `json:"self"`
	Signaling string          `json:"signaling"`         // open, dialling or ended
	Welcomes  int             `json:"welcomes"`          // more than one: it came back
	Faults    int             `json:"faults"`            // from the bridge, not fatal
	Refused   signal.Code     `json:"refused,omitempty"` // the last of these
	Fault     signal.Code     `json:"fault,omitempty"`
	Plan      signal.Plan     `json:"plan"`
	Plans     int             `json:"plans"` // followed so far
	Late      int             `json:"late"`  // of them, those that were settled while somebody was not ready
	Settled   bool            `json:"settled"`
	Stuck     []signal.PeerID `json:"stuck,omitempty"` // who still is not
	Ready     bool            `json:"ready"`           // everybody is seen and heard over this plan's links
	Opened    int64           `json:"opened"`          // connections since it joined
	Links     []LinkStats     `json:"links"`
	People    []Person        `json:"people"`
}

// LinkStats is one connection.
type LinkStats struct {
	Far           signal.PeerID `json:"far"` // or a relay's NodeID
	Relay         bool          `json:"relay"`
	Media         bool          `json:"media"` // false: kept warm only
	Live          bool          `json:"live"`
	ConnectMillis int64         `json:"connectMillis"` // from wanting it; -1 before
	Restarts      int           `json:"restarts"`      // of ICE, offered by this side
	Packets       int64         `json:"packets"`       // sent
	KeysAsked     int64         `json:"keysAsked"`     // key frames that the far end asked for
	Held          int           `json:"held"`          // pictures that a relay holds back, because the way here is too narrow
	Strangers     int64         `json:"strangers"`     // packets from a relay that belong to nobody it named
}

// Person is another member and what was received of it.
type Person struct {
	Peer       signal.PeerID `json:"peer"`
	Name       string        `json:"name"`
	Seat       int           `json:"seat"`
	Present    bool          `json:"present"`
	Media      signal.Media  `json:"media"`
	Microphone Tally         `json:"microphone"`
	Camera     Tally         `json:"camera"`
	Screen     *Tally        `json:"screen,omitempty"` // once one was shared
}

func (b *life) stats(now time.Time) Stats {
	s := Stats{
		Time: now, Room: b.cfg.Room, Name: b.cfg.Name, Self: b.roster.self, Signaling: "dialling",
		Welcomes: b.story.welcomes, Faults: b.story.faults, Refused: b.story.refused,
		Plan: b.roster.plan, Plans: b.roster.plans, Late: b.roster.late, Settled: b.roster.settled, Stuck: b.roster.stuck,
		Ready:  b.story.ready != 0 && b.story.ready == b.roster.plan.Epoch,
		Opened: b.story.opened, Links: []LinkStats{}, People: []Person{},
	}
	if b.story.fault != nil {
		s.Fault = b.story.fault.Code
	}
	switch {
	case b.story.over:
		s.Signaling = "ended"
	case b.line.ws != nil:
		s.Signaling = "open"
	}
	for _, far := range b.fars() {
		s.Links = append(s.Links, b.links[far].stats())
	}
	for _, m := range b.roster.members {
		if m.Peer != b.roster.self {
			s.People = append(s.People, b.person(m))
		}
	}
	return s
}

func (l *link) stats() LinkStats {
	s := LinkStats{Far: l.far, Relay: l.trunk != nil, Media: l.media, Live: l.health.live, ConnectMillis: -1, Restarts: l.health.restarts}
	if l.trunk != nil {
		l.trunk.mu.Lock()
		s.Strangers, s.Held = l.trunk.strangers, l.trunk.held
		l.trunk.mu.Unlock()
	}
	if l.health.liveFor != 0 {
		s.ConnectMillis = l.health.liveFor.Milliseconds()
	}
	for _, o := range l.out {
		s.Packets += o.sent.Load()
		s.KeysAsked += o.asked.Load()
	}
	return s
}

func (b *life) person(m signal.Member) Person {
	all := b.book.of(m.Peer)
	p := Person{
		Peer: m.Peer, Name: m.Name, Seat: m.Seat, Present: m.Present, Media: m.Media,
		Microphone: all[Microphone].read(), Camera: all[Camera].read(),
	}
	if screen := all[Screen].read(); screen.Packets > 0 {
		p.Screen = &screen
	}
	return p
}
