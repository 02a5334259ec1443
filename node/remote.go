package main

import (
	"context"

	"parley/bridge/signal"
	"parley/node/overlay"
	"parley/node/room"
	"parley/node/switchboard"
)

// remoteRelay is a relay on another machine, as rooms see it.
type remoteRelay struct{ *overlay.Remote }

func (r remoteRelay) Node() room.NodeID { return room.NodeID(r.Remote.Node()) }

func (r remoteRelay) Reserve(ctx context.Context, id room.RoomID) error {
	return r.Remote.Reserve(ctx, string(id))
}

func (r remoteRelay) Release(id room.RoomID) { r.Free(string(id)) }

func (r remoteRelay) Offer(ctx context.Context, o switchboard.Offer) (signal.SDP, error) {
	return r.Remote.Offer(ctx, overlay.Offer{Room: string(o.Room), Peer: string(o.Peer), Page: o.Page, Link: o.Link, SDP: o.SDP})
}

func (r remoteRelay) Candidate(c switchboard.Trickle) {
	r.Remote.Candidate(overlay.Trickle{Room: string(c.Room), Peer: string(c.Peer), Link: c.Link, Candidate: c.Candidate, MLine: c.MLine})
}

func (r remoteRelay) Gone(id room.RoomID, peer room.PeerID) { r.Remote.Gone(string(id), string(peer)) }

// found hears of another node.
func (n *node) found(other *overlay.Remote) {
	if other.Is(overlay.RoleRelay) {
		n.rooms.RelayUp(remoteRelay{other})
	}
}

// lost hears that another node is gone.
func (n *node) lost(other *overlay.Remote) {
	if other.Is(overlay.RoleRelay) {
		n.rooms.RelayDown(room.NodeID(other.Node()))
	}
}
