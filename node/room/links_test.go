package room_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"slices"
	"testing"

	"parley/node/room"
)

var update = flag.Bool("update", false, "write testdata/links.json anew")

// vector is one case that Links and the web app's twin must agree on.
type vector struct {
	Name    string                      `json:"name"`
	Plan    room.Plan                   `json:"plan"`
	Members []room.Member               `json:"members"`
	Links   map[room.PeerID][]room.Link `json:"links"`
}

// seated are members in the order of their seats.
func seated(relay room.NodeID, peers ...room.PeerID) []room.Member {
	members := []room.Member{}
	for i, p := range peers {
		members = append(members, room.Member{
			Peer: p, Name: "Name of " + string(p), Page: "page-" + string(p), Seat: i, Relay: relay, Present: true,
			Media: room.Media{Microphone: "on", Camera: "on", Screen: "off"},
		})
	}
	return members
}

func vectors() []vector {
	mesh := room.Plan{Epoch: 1000, Home: "n1", Mode: room.ModeMesh, Relays: []room.NodeID{}}
	lacking, warm, relay, other := mesh, mesh, mesh, mesh
	lacking.Lacking = true
	warm.Epoch, warm.Warm, warm.Relays = 1001, true, []room.NodeID{"n1"}
	relay.Epoch, relay.Mode, relay.Relays = 1002, room.ModeRelay, []room.NodeID{"n1"}
	other.Epoch, other.Mode, other.Relays = 1003, room.ModeRelay, []room.NodeID{"n2"}

	away := seated("", "ann", "bob", "cid")
	away[1].Present = false
	silent := seated("n1", "ann", "bob")
	silent[0].Media = room.Media{Microphone: "none", Camera: "none", Screen: "off"}

	return []vector{
		{Name: "an empty room", Plan: mesh, Members: seated("")},
		{Name: "alone in a mesh", Plan: mesh, Members: seated("", "ann")},
		{Name: "two in a mesh: the smaller offers", Plan: mesh, Members: seated("", "ann", "bob")},
		{Name: "the smaller offers, whoever came first", Plan: mesh, Members: seated("", "bob", "ann")},
		{Name: "three in a mesh", Plan: mesh, Members: seated("", "cid", "ann", "bob")},
		{Name: "four in a mesh", Plan: mesh, Members: seated("", "ann", "bob", "cid", "dot")},
		{Name: "five in a mesh that lacks a relay", Plan: lacking, Members: seated("", "eve", "dot", "cid", "bob", "ann")},
		{Name: "capitals and digits come before small letters", Plan: mesh, Members: seated("", "b", "B", "a", "9", "-", "_")},
		{Name: "one whose signaling is cut keeps its links", Plan: mesh, Members: away},
		{Name: "alone and warm", Plan: warm, Members: seated("n1", "ann")},
		{Name: "four and warm: relay links without media beside the mesh", Plan: warm, Members: seated("n1", "ann", "bob", "cid", "dot")},
		{Name: "alone on a relay", Plan: relay, Members: seated("n1", "ann")},
		{Name: "five on a relay", Plan: relay, Members: seated("n1", "ann", "bob", "cid", "dot", "eve")},
		{Name: "no device makes no difference", Plan: relay, Members: silent},
		{Name: "in the middle of a switch, the older plan", Plan: warm, Members: seated("n1", "ann", "bob", "cid")},
		{Name: "in the middle of a switch, the newer plan", Plan: relay, Members: seated("n1", "ann", "bob", "cid")},
		{Name: "entries that still name the relay before", Plan: other, Members: seated("n1", "ann", "bob")},
		{Name: "entries that name no relay yet", Plan: relay, Members: seated("", "ann", "bob")},
	}
}

// TestLinkVectors binds Links to testdata/links.json, and the web app's test binds its twin to the
// same file. After a change of Links: go test ./node/room -run LinkVectors -update
func TestLinkVectors(t *testing.T) {
	cases := vectors()
	for i, c := range cases {
		cases[i].Links = room.Links(c.Plan, c.Members)
	}
	var now bytes.Buffer
	enc := json.NewEncoder(&now)
	enc.SetIndent("", "  ")
	if err := enc.Encode(cases); err != nil {
		t.Fatal(err)
	}
	const file = "testdata/links.json"
	if *update {
		if err := os.WriteFile(file, now.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	stored, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(stored, now.Bytes()) {
		t.Error("Links and testdata/links.json differ: see the comment of this test")
	}
}

// TestLinksFit: both ends of a link know of it, exactly one of them offers, and nobody has a link
// twice or with itself.
func TestLinksFit(t *testing.T) {
	for _, c := range vectors() {
		links := room.Links(c.Plan, c.Members)
		if len(links) != len(c.Members) {
			t.Errorf("%s: %d entries for %d members", c.Name, len(links), len(c.Members))
		}
		for me, mine := range links {
			seen := map[room.Link]bool{}
			for _, l := range mine {
				key := room.Link{Far: l.Far, Relay: l.Relay}
				if seen[key] || l.Far == me || (l.Far == "") == (l.Relay == "") {
					t.Errorf("%s: %s has %+v", c.Name, me, mine)
				}
				seen[key] = true
				if l.Relay != "" {
					if !l.Offer {
						t.Errorf("%s: %s does not offer to the relay", c.Name, me)
					}
					continue
				}
				back := room.Link{Far: me, Media: l.Media, Offer: !l.Offer}
				if !slices.Contains(links[l.Far], back) {
					t.Errorf("%s: %s has %+v, and %s has %+v", c.Name, me, l, l.Far, links[l.Far])
				}
			}
		}
	}
}
