package signal

import "reflect"

// Direction says who may send a message.
type Direction uint8

// Directions are a set.
const (
	FromClient Direction = 1 << iota
	FromServer
)

type spec struct {
	name string
	from Direction
	typ  reflect.Type
	text string // for PROTOCOL.md
}

func typ[T any]() reflect.Type { return reflect.TypeFor[T]() }

// registry is the protocol. Its order is the order of PROTOCOL.md.
var registry = []spec{
	{"hello", FromClient, typ[Hello](), "First message of every connection: enter a room, or come back to it with a pass."},
	{"welcome", FromServer, typ[Welcome](), "Answer to hello: who you are, and the room as it is now."},
	{"planned", FromServer, typ[Planned](), "A new plan. Ignore it unless its epoch is higher than that of the plan you follow."},
	{"joined", FromServer, typ[Joined](), "Somebody came."},
	{"changed", FromServer, typ[Changed](), "A member's entry changed: media, presence, or page (after a reload)."},
	{"left", FromServer, typ[Left](), "Somebody is gone for good."},
	{"media", FromClient, typ[SetMedia](), "What you send from now on; the others get `changed`."},
	{"describe", FromClient | FromServer, typ[Describe](), "A session description for the other end of a link."},
	{"candidate", FromClient | FromServer, typ[Candidate](), "An ICE candidate for the other end of a link."},
	{"restart", FromClient | FromServer, typ[Restart](), "Asks the offerer of a link for an ICE restart."},
	{"ready", FromClient, typ[Ready](), "Everything that should be seen and heard runs on the links of this epoch."},
	{"stuck", FromClient, typ[Stuck](), "The link to this member cannot connect."},
	{"settled", FromServer, typ[Settled](), "Links of older epochs may close, except to and from the members named."},
	{"snapshot", FromServer, typ[Snapshot](), "A newer snapshot to present in the next hello."},
	{"ice", FromServer, typ[ICE](), "ICE servers in place of those that you have: their credentials are good for longer."},
	{"ping", FromClient | FromServer, typ[Ping](), "Answer with pong at once."},
	{"pong", FromClient | FromServer, typ[Pong](), "Answer to ping."},
	{"leave", FromClient, typ[Leave](), "You leave, at once."},
	{"fault", FromServer, typ[Fault](), "Something was refused; when fatal, the connection closes."},
}

var (
	byName = map[string]spec{}
	byType = map[reflect.Type]spec{}
)

func init() {
	for _, s := range registry {
		byName[s.name] = s
		byType[s.typ] = s
	}
}
