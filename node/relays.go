package main

import (
	"context"
	"errors"
	"sync"

	"parley/bridge/signal"
	"parley/node/room"
	"parley/node/switchboard"
	"parley/relay"
)

// ownRelay is the relay in this process, as rooms see it.
type ownRelay struct {
	node  room.NodeID
	relay *relay.Relay

	mu    sync.Mutex // guards links; never held while the relay works
	links map[member]*link
}

// member is somebody in a room on a relay.
type member struct {
	room room.RoomID
	peer room.PeerID
}

// link is a member's connection to the relay. Another id means another connection.
type link struct {
	owner *ownRelay
	of    member
	id    string
	ready chan struct{} // closed when port is there, or is not going to be
	port  *relay.Port
}

// errRefused answers a later offer for a connection whose first offer the relay did not take.
var errRefused = errors.New("node: offer again: the relay has no such connection")

func newOwnRelay(node room.NodeID, r *relay.Relay) *ownRelay {
	return &ownRelay{node: node, relay: r, links: map[member]*link{}}
}

func (r *ownRelay) Node() room.NodeID { return r.node }

func (r *ownRelay) Load() float64 {
	return float64(r.relay.Stats().Ports.Load()) / float64(relay.DefaultLimits().Members)
}

// Reserve always grants: what one process may carry is bounded per connection.
func (r *ownRelay) Reserve(context.Context, room.RoomID) error { return nil }

func (r *ownRelay) Release(id room.RoomID) {
	r.drop(func(m member) bool { return m.room == id })
}

func (r *ownRelay) Gone(id room.RoomID, peer room.PeerID) {
	r.drop(func(m member) bool { return m == member{id, peer} })
}

// drop ends connections, each on its own goroutine, because that may take a while.
func (r *ownRelay) drop(which func(member) bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for m, l := range r.links {
		if which(m) {
			delete(r.links, m)
			go l.close()
		}
	}
}

func (r *ownRelay) Offer(ctx context.Context, o switchboard.Offer) (signal.SDP, error) {
	l, fresh := r.link(member{o.Room, o.Peer}, o.Link)
	if fresh {
		port, answer, err := r.relay.Room(string(o.Room)).Open(string(o.Peer), o.Page, string(o.SDP), l)
		l.port = port
		close(l.ready)
		if err != nil {
			l.Closed("")
		}
		return signal.SDP(answer), err
	}
	if err := l.wait(ctx); err != nil {
		return "", err
	}
	answer, err := l.port.Offer(string(o.SDP))
	return signal.SDP(answer), err
}

func (r *ownRelay) Candidate(c switchboard.Trickle) {
	r.mu.Lock()
	l := r.links[member{c.Room, c.Peer}]
	r.mu.Unlock()
	if l == nil || l.id != c.Link {
		return
	}
	select {
	case <-l.ready:
		if l.port != nil {
			_ = l.port.Candidate(c.Candidate, c.MLine) // the relay learns the page's address from its checks anyway
		}
	default: // it will learn the address
	}
}

// link finds the member's connection of this id, or begins a fresh one in place of an older one.
func (r *ownRelay) link(of member, id string) (l *link, fresh bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	old := r.links[of]
	if old != nil && old.id == id {
		return old, false
	}
	if old != nil {
		go old.close() // it may still be opening, and must not outlive this one
	}
	l = &link{owner: r, of: of, id: id, ready: make(chan struct{})}
	r.links[of] = l
	return l, true
}

// Connected implements relay.Notify.
func (l *link) Connected() {}

// Closed implements relay.Notify: the connection has ended. The page finds out by itself and offers anew.
func (l *link) Closed(string) {
	l.owner.mu.Lock()
	defer l.owner.mu.Unlock()
	if l.owner.links[l.of] == l {
		delete(l.owner.links, l.of)
	}
}

func (l *link) wait(ctx context.Context) error {
	select {
	case <-l.ready:
	case <-ctx.Done():
		return ctx.Err()
	}
	if l.port == nil {
		return errRefused
	}
	return nil
}

func (l *link) close() {
	<-l.ready
	if l.port != nil {
		l.port.Close()
	}
}
