package signal

// Message is one of the structs of this file.
type Message interface{ check() *Fault }

// Hello is the first message of every connection: it enters a room, or comes back to it.
type Hello struct {
	Version  int       `json:"version"`
	Room     RoomName  `json:"room"`               // 1 to 64 characters after NFC and trimming
	Name     string    `json:"name"`               // shown to the others, 1 to 40 characters after NFC and trimming
	Page     string    `json:"page"`               // random id of this page load, 8 to 32 of [A-Za-z0-9_-]: a reload has another
	Media    Media     `json:"media"`              // what the page is going to send
	Password Secret    `json:"password,omitempty"` // of a locked room; not needed with a pass
	Settings *Settings `json:"settings,omitempty"` // only where this hello is to create the room; Fault "exists" where the room is there already
	Pass     Secret    `json:"pass,omitempty"`     // from an earlier welcome: come back as the same person
	Snapshot Secret    `json:"snapshot,omitempty"` // the newest one received: lets a bridge that was restarted adopt the room as it was
	Epoch    int64     `json:"epoch,omitempty"`    // the highest epoch this page has seen: later plans are above it
}

// Welcome answers Hello: the room as it is now.
type Welcome struct {
	Version  int         `json:"version"`
	Self     PeerID      `json:"self"`
	Pass     Secret      `json:"pass"` // keep it in sessionStorage: it brings this person back
	Node     NodeID      `json:"node"`
	Room     RoomName    `json:"room"` // as normalised by the bridge
	Plan     Plan        `json:"plan"`
	Members  []Member    `json:"members"` // self included, by seat
	Snapshot Secret      `json:"snapshot"`
	Max      int         `json:"max"`                                        // how many people the room takes
	Locked   bool        `json:"locked"`                                     // the room has a password
	Resumed  bool        `json:"resumed"`                                    // the same person as before, not a new one
	ICE      []ICEServer `json:"ice,omitempty"`                              // for links that need help; message ice brings newer ones
	Codec    string      `json:"codec,omitempty" ts:"'vp8' | 'vp9' | 'av1'"` // what pictures are best sent in; absent: vp8
}

// ICEServer is a TURN server (RFC 8656) with a credential of this member alone, as RTCIceServer takes it. In
// URLs the host "*" stands for the one that the page was loaded from.
type ICEServer struct {
	URLs       []string `json:"urls"`
	Username   string   `json:"username"`
	Credential Secret   `json:"credential"`
}

// ICE brings servers whose credentials are good for longer.
type ICE struct {
	Servers []ICEServer `json:"servers"`
}

// Plan says which connections the members must have. Members ignore one whose epoch is not higher
// than theirs.
type Plan struct {
	Epoch   int64    `json:"epoch"` // milliseconds since 1970 or more; strictly rising within a room
	Home    NodeID   `json:"home"`
	Mode    string   `json:"mode" ts:"'mesh' | 'relay'"`
	Relays  []NodeID `json:"relays"`  // the hub first; in a mesh the relay that is kept warm
	Warm    bool     `json:"warm"`    // mesh with an additional relay link that carries no media
	Lacking bool     `json:"lacking"` // the room wants a relay and none is to be had
}

// Member is a person in the room.
type Member struct {
	Peer    PeerID `json:"peer"`
	Name    string `json:"name"`
	Page    string `json:"page"`            // another page means a reload: links to it are opened anew
	Seat    int    `json:"seat"`            // order of first joining; a tile's place
	Relay   NodeID `json:"relay,omitempty"` // the relay that this member talks to
	Present bool   `json:"present"`         // false: signaling is cut, the person is not gone yet
	Media   Media  `json:"media"`
}

// Media says what a member sends.
type Media struct {
	Microphone string `json:"microphone" ts:"MediaState"`
	Camera     string `json:"camera" ts:"MediaState"`
	Screen     string `json:"screen" ts:"MediaState"`
}

// Settings of a room, given by who creates it.
type Settings struct {
	Password Secret `json:"password,omitempty"` // at most 128 characters; empty: none
	Max      int    `json:"max,omitempty"`      // people, 0: the node's default
	MeshMax  *int   `json:"meshMax,omitempty"`  // people in a mesh before it moves to a relay; absent: the node's default
}

// Planned is a new plan for the room.
type Planned struct {
	Plan Plan `json:"plan"`
}

// Joined tells that somebody came.
type Joined struct {
	Member Member `json:"member"`
}

// Changed tells that a member's entry is another one now: media, presence or page.
type Changed struct {
	Member Member `json:"member"`
}

// Left tells that somebody is gone for good. Why is "left" (by its own leave), "gone" (its
// connection did not come back) or "evicted" (the room did not keep it).
type Left struct {
	Peer PeerID `json:"peer"`
	Why  string `json:"why" ts:"'left' | 'gone' | 'evicted'"`
}

// SetMedia tells what this member sends from now on.
type SetMedia struct {
	Media Media `json:"media"`
}

// Describe carries a session description from one end of a link to the other. The bridge puts From;
// a client puts To.
type Describe struct {
	Epoch int64  `json:"epoch"`          // of the plan that the sender follows
	To    PeerID `json:"to,omitempty"`   // from client; also the NodeID of a relay of the plan
	From  PeerID `json:"from,omitempty"` // from server; also the NodeID of a relay
	Page  string `json:"page,omitempty"` // the far end's page that is meant: one that was reloaded drops it. None for a relay
	Link  string `json:"link"`           // chosen by the offerer for each RTCPeerConnection, 8 to 32 of [A-Za-z0-9_-]
	Kind  string `json:"kind" ts:"'offer' | 'answer'"`
	SDP   SDP    `json:"sdp"`
}

// Candidate carries one ICE candidate (RFC 8839), the empty one at the end of gathering.
type Candidate struct {
	To        PeerID `json:"to,omitempty"`
	From      PeerID `json:"from,omitempty"`
	Page      string `json:"page,omitempty"` // none for a relay
	Link      string `json:"link"`
	Candidate string `json:"candidate"` // as in RTCIceCandidate.candidate
	MLine     int    `json:"mline"`     // RTCIceCandidate.sdpMLineIndex
}

// Restart asks the offerer of a link for an ICE restart.
type Restart struct {
	To   PeerID `json:"to,omitempty"`
	From PeerID `json:"from,omitempty"`
	Page string `json:"page"`
	Link string `json:"link"`
}

// Ready tells that this page has swapped every tile to the links of the plan of this epoch.
type Ready struct {
	Epoch int64 `json:"epoch"`
}

// Stuck tells that the link to a member cannot connect.
type Stuck struct {
	Epoch int64  `json:"epoch"`
	Peer  PeerID `json:"peer"`
}

// Settled tells that links of older epochs may close, but for those to and from the members named.
type Settled struct {
	Epoch int64    `json:"epoch"`
	Stuck []PeerID `json:"stuck"`
}

// Snapshot replaces the one in Welcome: the room as the bridge knows it now, signed by it.
type Snapshot struct {
	Snapshot Secret `json:"snapshot"`
}

// Ping asks the other side for a Pong at once. A bridge pings every 5 s; either side that has heard
// nothing for 10 s takes the connection for dead. Pages cannot see WebSocket pings, so this is a
// message.
type Ping struct{}

// Pong answers Ping.
type Pong struct{}

// Leave ends this person's stay at once.
type Leave struct{}
