package room

import "time"

// Effect is something to be done after a Step, in the order given. Effects to all go to every
// present member. A member that is welcomed in a Step learns all of it from its Welcome; what the
// Step's other effects tell it besides changes nothing.
type Effect interface{ effect() }

// Reason says why somebody does not get in, or does not stay.
type Reason string

// The reasons.
const (
	ReasonFull   Reason = "full"   // as many people as the room may have
	ReasonLocked Reason = "locked" // not checked against this room's password
	ReasonOpen   Reason = "open"   // checked against a password, and this room has none
	ReasonExists Reason = "exists" // settings for a room that exists already
	ReasonFloor  Reason = "floor"  // an epoch from too far in the future
)

// Why says how a member went.
type Why string

// The ways to go.
const (
	WhyLeft    Why = "left"    // said so, or closed the page and did not come back
	WhyGone    Why = "gone"    // lost the line and did not come back
	WhyEvicted Why = "evicted" // was told to, see Evict
)

// Welcome lets a member in. The caller sends it the whole state after this Step (plan, members,
// settings), its pass and a snapshot. Resumed means that it never was away for the others.
type Welcome struct {
	To      PeerID
	Resumed bool
}

// Refuse keeps somebody out. The state is unchanged.
type Refuse struct {
	To     PeerID
	Reason Reason
}

// Replaced says that a newer page took over this member's place. The older page's connection is
// to be told so and closed. Comes before the newer one's Welcome.
type Replaced struct{ Peer PeerID }

// Joined is a new member, to all others.
type Joined struct{ Member Member }

// Changed is a member of whom something changed, to all others. (A newcomer whose seat moves
// behind those of an adopted snapshot learns its own with its next Welcome; only for the others'
// tiles does it matter.)
type Changed struct{ Member Member }

// Left is a member who is gone, to all others. Only now may its tile go.
type Left struct {
	Peer PeerID
	Why  Why
}

// Evict puts a member out: it is to be told the reason and its connection closed. Left follows
// for the others.
type Evict struct {
	Peer   PeerID
	Reason Reason
}

// Planned is a new plan, to all. Links of older plans stay open until Settled.
type Planned struct{ Plan Plan }

// Settled ends the switch to a plan: links of older epochs close, except those that still serve a
// member named in Stuck: links with it, and, while anybody is stuck, links with the older plan's
// relay. It comes again, with fewer names, when a stuck member gets ready, and to a single member
// who may have missed it.
type Settled struct {
	// To is the one member it is for; empty is all.
	To    PeerID
	Epoch Epoch
	Stuck []PeerID
}

// Reserve asks for a relay; RelayUp or RelayNone answers. It is a standing wish: after RelayNone
// the room goes on waiting for RelayUp until it says Release.
type Reserve struct {
	// Prefer is the relay that already carries this room, empty if any will do.
	Prefer NodeID
}

// Release gives back a relay, or, with an empty Node, takes back the wish for one.
type Release struct{ Node NodeID }

// Wake asks for a Tick at that time. A later Wake replaces the earlier one.
type Wake struct{ At time.Time }

// Refresh says that the snapshot that members hold is outdated or old: send all a new one.
type Refresh struct{}

// Empty says that nobody is left. The operator ends.
type Empty struct{}

func (Welcome) effect()  {}
func (Refuse) effect()   {}
func (Replaced) effect() {}
func (Joined) effect()   {}
func (Changed) effect()  {}
func (Left) effect()     {}
func (Evict) effect()    {}
func (Planned) effect()  {}
func (Settled) effect()  {}
func (Reserve) effect()  {}
func (Release) effect()  {}
func (Wake) effect()     {}
func (Refresh) effect()  {}
func (Empty) effect()    {}
