package room

// Event is something that happened to a room. Events about members who are not in the room (any
// more) are ignored, except Join and Resume.
type Event interface{ event() }

// Join is a newcomer.
type Join struct {
	Peer PeerID
	Name string
	Page string
	// Key is the Lock that the newcomer's password was checked against, empty if there was none.
	Key string
	// Settings are for a room that this Join creates. If the room exists already the Join is
	// refused, so that nobody believes that their password protects it.
	Settings *Settings
	Media    Media
	// Floor is the highest epoch the page has seen, 0 if none.
	Floor Epoch
}

// Resume is a member who was here before: after a reload, a broken line, or a restart of the
// bridge. If the room no longer knows it, it is a newcomer with an old identity.
type Resume struct {
	Peer PeerID
	Name string
	Page string
	// Key is the Lock that the member was checked against when it joined.
	Key   string
	Media Media
	// Floor is the highest epoch the page has seen.
	Floor Epoch
	// Snapshot is the newest one the page holds, its signature already checked; may be nil. Pass
	// only what may stem from a life that ended with its node: a snapshot that this very process
	// took of a room that has ended since would bring back people who left.
	Snapshot *Snapshot
}

// Leave is a member who goes for good.
type Leave struct{ Peer PeerID }

// Closed is a page that closed or reloads (WebSocket code 1001). Not to be sent for a connection
// that the room itself had Replaced.
type Closed struct{ Peer PeerID }

// Broken is a line that was cut in any other way. Not to be sent for a connection that the room
// itself had Replaced.
type Broken struct{ Peer PeerID }

// SetMedia is a member who turned something on or off.
type SetMedia struct {
	Peer  PeerID
	Media Media
}

// Ready is a page that shows everybody over the links of this epoch. Pages repeat it for every
// plan, and after a resume.
type Ready struct {
	Peer  PeerID
	Epoch Epoch
}

// Stuck is a page that cannot connect with another one directly.
type Stuck struct {
	Peer  PeerID
	Epoch Epoch
	Far   PeerID
}

// RelayUp is a relay that this room may use: the answer to Reserve, at once or later. An operator
// that knows of another relay when one dies or drains says RelayUp of the new one before
// RelayDown of the old: the room then goes from relay to relay with one plan.
type RelayUp struct{ Node NodeID }

// RelayDown is a relay that this room may no longer use: it died, drains or withdrew.
type RelayDown struct{ Node NodeID }

// RelayNone is the answer to Reserve when no relay is to be had now. RelayUp may still follow.
type RelayNone struct{}

// Tick is the time that the last Wake asked for.
type Tick struct{}

func (Join) event()      {}
func (Resume) event()    {}
func (Leave) event()     {}
func (Closed) event()    {}
func (Broken) event()    {}
func (SetMedia) event()  {}
func (Ready) event()     {}
func (Stuck) event()     {}
func (RelayUp) event()   {}
func (RelayDown) event() {}
func (RelayNone) event() {}
func (Tick) event()      {}
