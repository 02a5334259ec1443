package room

import (
	"cmp"
	"slices"
)

// Link is one connection that a member must have. Exactly one of Far and Relay is set.
type Link struct {
	Far   PeerID `json:"far,omitempty"`
	Relay NodeID `json:"relay,omitempty"`
	// Media is false on a link that is opened ahead of need.
	Media bool `json:"media"`
	// Offer says that this member makes the offers: in a mesh the smaller PeerID, towards a relay
	// always the browser. So two offers never cross.
	Offer bool `json:"offer"`
}

// Links expands a plan: which links each member must have, those with members first, sorted.
// Members whose signaling is cut count, because their media may be running. The web app has a
// twin of this function; testdata/links.json binds the two.
func Links(p Plan, members []Member) map[PeerID][]Link {
	out := make(map[PeerID][]Link, len(members))
	for _, me := range members {
		out[me.Peer] = linksOf(p, members, me)
	}
	return out
}

func linksOf(p Plan, members []Member, me Member) []Link {
	links := []Link{}
	if p.Mode == ModeMesh {
		for _, far := range members {
			if far.Peer != me.Peer {
				links = append(links, Link{Far: far.Peer, Media: true, Offer: me.Peer < far.Peer})
			}
		}
		slices.SortFunc(links, func(a, b Link) int { return cmp.Compare(a.Far, b.Far) })
	}
	if len(p.Relays) > 0 {
		links = append(links, Link{Relay: relayOf(p, me), Media: p.Mode == ModeRelay, Offer: true})
	}
	return links
}

// relayOf is the relay that a member's entry names, or the hub if the plan does not have that one
// (any more): entries may be older than the plan.
func relayOf(p Plan, m Member) NodeID {
	if slices.Contains(p.Relays, m.Relay) {
		return m.Relay
	}
	return p.Relays[0]
}
