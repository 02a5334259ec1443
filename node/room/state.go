package room

import (
	"slices"
	"time"
)

// State is everything a room remembers. It is a value: Step returns a new one and leaves its
// argument as it was, so an Operator may keep an old one to compare.
type State struct {
	room     RoomID
	home     NodeID // the one node that decides for this room
	policy   Policy // the node's; see rules for what is in force
	settings Settings
	plan     Plan
	last     Epoch // the highest epoch given or presented
	nextSeat int
	members  []member // by seat
	change   change   // from the older plan to this one
	relay    supply
	apart    []pair    // pairs that cannot connect directly
	calmed   time.Time // since when the room has been small enough for a smaller plan; zero if it is not
	life     life
	news     news
	wake     time.Time // the last Wake asked for; zero if it has been
}

// member is a Member and what only the room knows of it.
type member struct {
	Member
	key    string    // the lock it was checked against
	ready  bool      // shows everybody over the links of this plan
	closed bool      // absent because its page closed, not because a line broke
	told   bool      // known from a snapshot alone, not seen in this life
	goneAt time.Time // zero while present
}

// change is the switch from an older plan to the present one.
//
//	              a plan that takes links away
//	settled ------------------------------------> open (links of both plans are up)
//	   ^                                           |  ^ the new plan's relay dies: next plan,
//	   +--- all pages ready, or time is up --------+--+ without waiting
//
// A plan that takes nothing away is settled at once.
type change struct {
	open     bool
	deadline time.Time
	stuck    []PeerID // not ready when time was up, and not since
}

// supply is what this room knows about relays for it, see relay.go.
type supply struct {
	granted []NodeID // the oldest first
	hoped   NodeID   // an adopted plan's relay, until the answer to Reserve is in
	asking  bool     // Reserve has no answer yet
	denied  bool     // the answer was RelayNone; the wish stands
}

// pair is two members, the smaller PeerID first.
type pair [2]PeerID

// life is the time from this State's first event on. Snapshots of an earlier life may be adopted
// for as long as the members it names may stay away.
type life struct {
	born     Epoch
	guarded  bool    // its creator chose a password
	known    []Epoch // the last plans that this life gave or adopted, at most maxKnown
	adopted  mark
	departed []PeerID // left in this life: no snapshot brings them back
}

// news is what the members' snapshots do not have yet.
type news struct {
	version int64
	pending bool
	told    time.Time // the last Refresh
	fresh   time.Time // no snapshot of who is present is older than this
}

// New is a room that nobody has entered. The first Join or Resume makes it what it is.
func New(room RoomID, home NodeID, policy Policy) State {
	return State{
		room: room, home: home, policy: policy,
		settings: Settings{MeshMax: -1},
		plan:     Plan{Relays: []NodeID{}},
	}
}

// Room is the room's name.
func (s State) Room() RoomID { return s.room }

// Home is the node that decides for this room.
func (s State) Home() NodeID { return s.home }

// Plan is the plan in force; its epoch is 0 until somebody enters.
func (s State) Plan() Plan { return clonePlan(s.plan) }

// Settings are the room's settings as its creator chose them.
func (s State) Settings() Settings { return s.settings }

// Max is the largest number of people now in force, at least 1.
func (s State) Max() int { return s.rules().Max }

// Settled tells whether the switch to the plan is over, and who is still stuck if so.
func (s State) Settled() (settled bool, stuck []PeerID) {
	return !s.change.open, slices.Clone(s.change.stuck)
}

// Members are all who are not gone, by seat.
func (s State) Members() []Member {
	out := make([]Member, len(s.members))
	for i, m := range s.members {
		out[i] = m.Member
	}
	return out
}

// Member finds one member.
func (s State) Member(peer PeerID) (Member, bool) {
	if i := s.index(peer); i >= 0 {
		return s.members[i].Member, true
	}
	return Member{}, false
}

// Has tells whether peer is a member, present or not.
func (s State) Has(peer PeerID) bool { return s.index(peer) >= 0 }

func (s State) index(peer PeerID) int {
	return slices.IndexFunc(s.members, func(m member) bool { return m.Peer == peer })
}

// rules are the node's policy with the room's settings applied.
func (s State) rules() Policy {
	p := s.policy
	if s.settings.MeshMax >= 0 {
		p = p.WithMeshMax(s.settings.MeshMax)
	}
	if s.settings.Max > 0 {
		p.Max = min(p.Max, s.settings.Max)
	}
	p.Max = max(p.Max, 1)
	return p
}

// clone copies what Step may change in place.
func (s State) clone() State {
	s.plan = clonePlan(s.plan)
	s.members = slices.Clone(s.members)
	s.change.stuck = slices.Clone(s.change.stuck)
	s.relay.granted = slices.Clone(s.relay.granted)
	s.apart = slices.Clone(s.apart)
	s.life.known = slices.Clone(s.life.known)
	s.life.departed = slices.Clone(s.life.departed)
	return s
}

func clonePlan(p Plan) Plan {
	p.Relays = append([]NodeID{}, p.Relays...) // never nil: it is [] in JSON
	return p
}
