// Package config is what the host of a node can choose.
//
// In: the command line, the environment and a file. Out: one [Config] with every value checked, and where each
// came from; or one line that says what to change. A flag wins over the environment, that over the file, that
// over the default.
//
// Read in this order: config.go (what there is to choose), values.go (how values are written), load.go (where
// they come from), check.go (what goes together), show.go (help and --print-config).
package config

import (
	"time"

	"parley/node/overlay"
)

// Config is every setting of a node. The tags are the documentation: help text, environment and file are made
// from them, so a setting exists once it has a field here. A setting is a question to the user: keep them few.
type Config struct {
	HTTP       Address           `name:"http" default:":8080" takes:"[address:]port" help:"Where the page and the signaling are served."`
	URL        Origin            `name:"url" takes:"origin" help:"The address under which people reach this node, such as https://meet.example.org. Links and QR codes are made from it. Empty: whatever address the browser used."`
	Origins    Origins           `name:"origins" takes:"origin,..." help:"Other sites whose pages may use this node's signaling. Empty: only its own."`
	Proxies    Networks          `name:"proxies" takes:"network,..." help:"Reverse proxies in front of this node, such as 10.0.0.0/8: their word (X-Forwarded-For) for where a visitor comes from is believed."`
	Cert       string            `name:"cert" takes:"file" help:"TLS certificate chain in PEM form. Read again when it changes."`
	Key        string            `name:"key" takes:"file" help:"Private key of --cert in PEM form."`
	SelfSigned bool              `name:"self-signed" default:"false" help:"Serve https with a certificate of its own making, so that other devices in the same network get a camera. Their browsers ask once."`
	RTC        Address           `name:"rtc" default:":7881" takes:"[address:]port" help:"Where this node's relay takes media, UDP and TCP alike. Browsers come here directly: open it in the firewall."`
	PublicIP   IPs               `name:"public-ip" takes:"ip,..." help:"The address under which a NAT in front of this machine makes it reachable, one per IP version. Empty: the machine's own addresses."`
	TURN       Address           `name:"turn" default:":3478" takes:"[address:]port" help:"Where TURN takes connections, UDP and TCP: pages that cannot reach each other meet here. Open it in the firewall."`
	TURNTLS    Address           `name:"turn-tls" default:":5349" takes:"[address:]port" help:"Where TURN takes TLS connections, with the certificate of the web page; nothing listens here without one."`
	TURNAllow  Networks          `name:"turn-allow-peers" takes:"network,..." help:"Networks that people may reach through TURN although they are private or this machine, such as 192.168.0.0/16 where all are in one office."`
	TURNUser   int               `name:"turn-user-allocations" default:"10" takes:"number" help:"How many ways through TURN one person may have open at a time."`
	MeshMax    int               `name:"mesh-max" default:"4" takes:"people" help:"Up to this many people in a room send directly to each other; with more the room wants a relay. 0: always a relay, 99: never."`
	Codec      Codec             `name:"codec" default:"vp8" takes:"codec" help:"What pages send pictures in where they can: vp8, vp9 or av1. Better pictures for the same bits, in this order, and more work for each machine. A browser that cannot send it sends vp8."`
	Hold       time.Duration     `name:"hold" default:"10s" takes:"time" help:"How long a room must have been small enough before it moves back from the relay, so that somebody who reloads moves nothing."`
	MaxPeople  int               `name:"max-people" default:"100" takes:"people" help:"The most people a room may hold. Who creates a room can choose fewer."`
	GoneAfter  time.Duration     `name:"gone-after" default:"60s" takes:"time" help:"How long someone whose connection broke keeps their place in the room."`
	Roles      Roles             `name:"roles" default:"bridge,relay,turn" takes:"role,..." help:"With up: which parts this node plays. Without relay it uses those of other nodes only; without turn, people behind strict NATs meet only on a relay."`
	P2P        overlay.Listen    `name:"p2p" takes:"multiaddr,..." help:"Where other nodes reach this one, such as /ip4/0.0.0.0/tcp/7882. Empty: nowhere; with relay and no --bootstrap: that address."`
	Bootstrap  overlay.Addresses `name:"bootstrap" takes:"address,..." help:"Other nodes to dial, by the full addresses that they print at their start."`
	Allow      overlay.Nodes     `name:"allow" takes:"node,..." help:"Other nodes that may dial this one, by their ids. Those of --bootstrap may anyway, all others may not."`
	NetworkKey string            `name:"network-key-file" takes:"file" help:"The key of a network of nodes: whoever has the same one is let in, and nobody without it."`
	Data       string            `name:"data" takes:"folder" help:"Where this node keeps its key. Default: $XDG_DATA_HOME/parley, or ~/.local/share/parley."`
	Log        Log               `name:"log" default:"info,text" takes:"level,form" help:"What is logged to standard error: debug, info, warn or error, as text or json."`

	from map[string]given // by name; written once by Load
}

// Given tells whether somebody chose the setting of this name, or it is at its default.
func (c Config) Given(name string) bool { return c.from[name].place != byDefault }

// byDefault is the place of a value that nobody chose.
const byDefault = "default"

// given is a setting's value as it was written, and where.
type given struct {
	text  string
	place string // byDefault, "PARLEY_HTTP", "--http" or the file's name
}
