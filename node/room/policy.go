package room

import "time"

// Policy is the rules of a node's rooms.
type Policy struct {
	// Up is how many members move the room to a relay.
	Up int
	// Down is how few move it back to a mesh, once it has held for Hold.
	Down int
	Hold time.Duration
	// Warm is how many members open the links to the relay before it is needed.
	Warm int
	// Settle is how long a switch may take before the rest no longer waits for who is stuck.
	Settle time.Duration
	// GoneAfter is how long a member may stay away whose line broke, ReloadAfter how long one may
	// whose page was closed (a reload looks the same).
	GoneAfter, ReloadAfter time.Duration
	// Max is the most people in a room.
	Max int
}

// never is more members than any room has.
const never = 1 << 30

// meshForever is the value of MeshMax from which on a room stays a mesh whatever happens.
const meshForever = 99

// DefaultPolicy is what a node does that was told nothing.
func DefaultPolicy() Policy {
	return Policy{
		Hold:        10 * time.Second,
		Settle:      8 * time.Second,
		GoneAfter:   60 * time.Second,
		ReloadAfter: 5 * time.Second,
		Max:         50,
	}.WithMeshMax(4)
}

// WithMeshMax makes n the largest number of people in a mesh: with 0 the relay serves from the
// first member on, with 99 or more the room never leaves the mesh.
func (p Policy) WithMeshMax(n int) Policy {
	if n >= meshForever {
		p.Up, p.Down, p.Warm = never, never, never
		return p
	}
	p.Up = max(n, 0) + 1
	p.Down = max(0, min(3, p.Up-2))
	p.Warm = p.Up - 1
	return p
}
