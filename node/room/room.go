// Package room decides what happens in a room, and does nothing itself.
//
// In: an Event and the time. Out: the room's next State and the Effects that somebody else
// carries out. There is no clock here, no lock, no goroutine and no log: Step is a function, and
// the same State, time and Event always give the same answer. One goroutine (the switchboard's
// Operator) owns a State; one node (its Home) owns the room.
//
// A room has a Plan: the shape in which its members are connected. Links expands a plan and a
// list of members into the connections that each member must have; pages do the same with the
// same function, so nobody is ever told "connect to her": they are told the plan.
//
// Read in this order: room.go (the words), event.go and effect.go (what enters and leaves),
// state.go (what is remembered), step.go (one turn from event to effects), members.go (who comes
// and goes), plan.go (which plan), relay.go (how it comes by a relay), switch.go (from one plan to
// the next without a gap), links.go (what a plan means), and resume.go, snapshot.go, adopt.go (how
// a room survives its bridge).
package room

import (
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
)

// PeerID says who is in the room. The bridge makes it at random and it stays the same through
// reloads and reconnects.
type PeerID string

// NodeID says which machine: a bridge, a relay, or both in one.
type NodeID string

// RoomID is a room's name in its normal form. Whoever knows it can walk in, so it never appears
// in a log as it is.
type RoomID string

// LogValue stands in for the name in logs: enough to follow one room, not enough to enter it.
func (r RoomID) LogValue() slog.Value {
	sum := sha256.Sum256([]byte(r))
	return slog.StringValue("room-" + hex.EncodeToString(sum[:4]))
}

// Epoch numbers plans. It is max(now in ms, last+1, floor+1), so it rises even if a bridge
// forgets everything or its clock is turned back. Members ignore a plan whose epoch is not higher
// than the one they have.
type Epoch int64

// Mode is the shape of a plan. Only plan.go, links.go and the web app's twin of links.go compare
// it; everybody else carries it or shows it.
type Mode string

// The two shapes.
const (
	ModeMesh  Mode = "mesh"  // everybody is connected with everybody
	ModeRelay Mode = "relay" // everybody is connected with a relay
)

// Plan is how the members of a room are connected.
type Plan struct {
	Epoch Epoch `json:"epoch"`
	// Home is the node that gave this plan.
	Home NodeID `json:"home"`
	Mode Mode   `json:"mode"`
	// Relays has at most one entry for now; Relays[0] is the hub. It is set in relay mode, and in
	// mesh mode while Warm.
	Relays []NodeID `json:"relays"`
	// Warm is a mesh with links to the relay opened beside it, without media on them. It proves
	// the way to the relay before it is needed, and makes the switch fast.
	Warm bool `json:"warm"`
	// Lacking means that the room wants a relay and none is to be had. Pages say so.
	Lacking bool `json:"lacking"`
}

// Media says what a member sends. Each field is "on", "off", or "none" if there is no device.
type Media struct {
	Microphone string `json:"microphone"`
	Camera     string `json:"camera"`
	Screen     string `json:"screen"`
}

// Member is somebody in the room, as everybody may know it.
//
//	            Closed: page closed or reloaded, gone after ReloadAfter
//	            Broken: line cut, gone after GoneAfter
//	Join --> present ------------------------------------------> absent --time is up--> gone
//	            ^                                                 |
//	            +--------------------- Resume --------------------+
//	Leave, from either: gone at once
type Member struct {
	Peer PeerID `json:"peer"`
	Name string `json:"name"`
	// Page is the random id of one page load. A reload is another Page of the same Peer: links to
	// the old one are dead and must be opened anew.
	Page string `json:"page"`
	// Seat is the order of first joining. It is never used twice, so tiles keep their place.
	Seat int `json:"seat"`
	// Relay is the member's relay, empty in a mesh that is not warm.
	Relay NodeID `json:"relay,omitempty"`
	// Present is false while the member's signaling is cut. Its media may well be running.
	Present bool  `json:"present"`
	Media   Media `json:"media"`
}

// Settings are what the creator of a room chose.
type Settings struct {
	// Lock is the hash of the password, opaque here; empty means no password.
	Lock string `json:"lock,omitempty"`
	// Max is the largest number of people; 0, and anything above the node's own limit, is the
	// node's limit.
	Max int `json:"max"`
	// MeshMax is the largest number of people in a mesh; negative is the node's default.
	MeshMax int `json:"meshMax"`
}

// Snapshot is all that a room must remember to survive its bridge. The bridge signs it and every
// page keeps the newest one; after a restart the pages bring it back with Resume.
type Snapshot struct {
	Room     RoomID   `json:"room"`
	Settings Settings `json:"settings"`
	Plan     Plan     `json:"plan"`
	// Settled and Stuck tell how far the switch to Plan had come, see Settled.
	Settled bool     `json:"settled"`
	Stuck   []PeerID `json:"stuck,omitempty"`
	Members []Member `json:"members"`
	// Born is when the life of the room began in which this snapshot was taken, in ms. A room
	// lives until it is empty or its node ends.
	Born Epoch `json:"born"`
	// Taken is when this snapshot was taken, in ms. An old one brings nothing, see useful.
	Taken Epoch `json:"taken"`
	// Version orders the snapshots of one life.
	Version int64 `json:"version"`
	// NextSeat is the seat of the next newcomer.
	NextSeat int `json:"nextSeat"`
}
