package overlay

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/net/swarm"
)

// Config is what an Overlay is made of.
type Config struct {
	Me        Identity
	Listen    Listen       // where others reach this node; empty: nowhere, and it can only dial
	PublicIPs []netip.Addr // under which a 1:1 NAT makes it reachable, at most one per IP version
	Bootstrap Addresses    // nodes to dial, for ever
	Allow     Nodes        // other nodes that may dial this one
	// NetworkKeyFile names a file with the key of a private network: whoever has it is let in, and nobody
	// else. Empty: there is none, and only Bootstrap and Allow are let in.
	NetworkKeyFile string
	Roles          []Role
	Release        string       // the program's version, for people
	Relay          RelayService // nil: this node has no relay for others
	// Found and Lost hear of other nodes, in order for each of them. They return at once. Nil: nobody asks.
	Found func(*Remote)
	Lost  func(*Remote)
	Log   *slog.Logger // nil: slog.Default
}

// Stats counts what an Overlay did since it began. All fields may be read at any time.
type Stats struct {
	Peers      atomic.Int64  // nodes that are there
	Losses     atomic.Uint64 // nodes that were there and went
	Strangers  atomic.Uint64 // connections turned away
	Malformed  atomic.Uint64 // streams ended because of what they said
	Unanswered atomic.Uint64 // requests that nobody answered in time
}

// Overlay is this node among the others.
type Overlay struct {
	config Config
	log    *slog.Logger
	relay  RelayService
	host   host.Host
	stats  *Stats

	life    context.Context // ends with Close
	stop    context.CancelFunc
	running sync.WaitGroup   // goroutines of ours
	tries   map[peer.ID]*try // the first ones to reach Bootstrap; the map never changes

	mu       sync.Mutex // guards the rest
	sessions map[peer.ID]*session
	closed   bool
}

// try is the first attempt to reach a node.
type try struct {
	once sync.Once
	over chan struct{} // closed when the node was found, or was not to be reached
}

func (t *try) end() { t.once.Do(func() { close(t.over) }) }

// Open makes this node known to the others, and begins to look for those it is to dial.
func Open(c Config) (*Overlay, error) {
	if c.Log == nil {
		c.Log = slog.Default()
	}
	key, err := networkKey(c.NetworkKeyFile)
	if err != nil {
		return nil, fmt.Errorf("overlay: read network key: %w", err)
	}
	o := &Overlay{config: c, log: c.Log, relay: c.Relay, stats: &Stats{}, sessions: map[peer.ID]*session{}, tries: map[peer.ID]*try{}}
	if o.host, err = newHost(c, newGate(c, key != nil, o.stats), key); err != nil {
		return nil, fmt.Errorf("overlay: listen: %w", err)
	}
	for _, other := range c.Bootstrap {
		o.tries[other.ID] = &try{over: make(chan struct{})}
	}
	o.life, o.stop = context.WithCancel(context.Background())
	o.host.SetStreamHandler(streamProtocol, o.accept)
	for _, other := range c.Bootstrap {
		o.running.Go(func() { o.keep(other) })
	}
	return o, nil
}

// Look waits until each node of Bootstrap was found or could not be reached, or ctx ends.
func (o *Overlay) Look(ctx context.Context) {
	for _, first := range o.tries {
		select {
		case <-first.over:
		case <-ctx.Done():
			return
		}
	}
}

// Stats are the overlay's counters.
func (o *Overlay) Stats() *Stats { return o.stats }

// Close tells the others by ending the streams, and gives the port back.
func (o *Overlay) Close() error {
	o.mu.Lock()
	o.closed = true
	for _, s := range o.sessions {
		s.end(context.Canceled)
	}
	o.mu.Unlock()
	o.stop()
	err := o.host.Close() // first, because a goroutine may wait in a dial
	o.running.Wait()
	if err != nil {
		return fmt.Errorf("overlay: close: %w", err)
	}
	return nil
}

// How long to wait before the next attempt to reach a node: doubled each time, with some chance in it, so
// that a crowd does not come back at once.
const (
	firstWait = 100 * time.Millisecond
	longWait  = 5 * time.Second
)

// keep holds a stream to a node, for ever.
func (o *Overlay) keep(other peer.AddrInfo) {
	if other.ID == o.host.ID() {
		o.tries[other.ID].end()
		return // one list may serve all nodes
	}
	log, wait := o.log.With("other", id(other.ID)), firstWait
	for o.life.Err() == nil {
		met, err := o.visit(other)
		o.tries[other.ID].end()
		switch {
		case met:
			wait = firstWait
		case wait == firstWait:
			log.Warn("a node cannot be reached, and is tried again for ever", "err", err)
		default:
			log.Debug("a node cannot be reached", "err", err)
		}
		timer := time.NewTimer(wait/2 + rand.N(wait))
		select {
		case <-timer.C:
		case <-o.life.Done():
			timer.Stop()
		}
		wait = min(2*wait, longWait)
	}
}

// visit reaches a node and stays until its session has ended, whichever end opened that. It tells whether
// the two have met.
func (o *Overlay) visit(other peer.AddrInfo) (met bool, err error) {
	s := o.session(other.ID)
	if s != nil {
		<-s.ended
		return s.hasMet(), s.cause
	}
	ctx, cancel := context.WithTimeout(o.life, dialWithin)
	defer cancel()
	if network, ok := o.host.Network().(*swarm.Swarm); ok {
		network.Backoff().Clear(other.ID) // the waiting is done by keep, and not for minutes
	}
	if err := o.host.Connect(ctx, other); err != nil {
		return false, err
	}
	stream, err := o.host.NewStream(ctx, other.ID, streamProtocol)
	if err != nil {
		return false, err
	}
	s = newSession(o, stream, true)
	o.live(s)
	return s.hasMet(), s.cause
}

func (s *session) hasMet() bool {
	select {
	case <-s.met:
		return true
	default:
		return false
	}
}

// accept takes a stream that another node opened. The gate has looked at who that is.
func (o *Overlay) accept(stream network.Stream) {
	o.mu.Lock()
	if o.closed {
		o.mu.Unlock()
		_ = stream.Reset() // nobody is here to use it
		return
	}
	o.running.Add(1) // under the lock, so that Close waits for it
	o.mu.Unlock()
	defer o.running.Done()
	o.live(newSession(o, stream, false))
}

// session is the one with this node, if there is one.
func (o *Overlay) session(p peer.ID) *session {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.sessions[p]
}

// live gives a session its place and lives through it.
func (o *Overlay) live(s *session) {
	old, ok := o.place(s)
	if !ok {
		s.end(errReplaced)
		close(s.ended)
		return
	}
	if old != nil {
		old.end(errReplaced)
		<-old.ended // so that others hear of the loss before they hear of the find
	}
	err := s.run()
	o.mu.Lock()
	if o.sessions[s.peer] == s {
		delete(o.sessions, s.peer)
	}
	o.mu.Unlock()
	if errors.Is(err, os.ErrDeadlineExceeded) {
		// The path may be dead, or the node frozen: a new stream needs a new connection. Closing may wait
		// for the far end, and nobody should wait for that.
		o.running.Go(func() { _ = s.stream.Conn().Close() })
	}
	close(s.ended)
}

// place decides between two sessions with one node. If both ends dialled at once, both keep the stream that
// the smaller id opened. Else the newer one is right: the other end knows best that the older is dead.
func (o *Overlay) place(s *session) (old *session, ok bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	old = o.sessions[s.peer]
	smaller := o.host.ID() < s.peer
	if o.closed || old != nil && old.opened != s.opened && old.opened == smaller {
		return nil, false
	}
	o.sessions[s.peer] = s
	return old, true
}

func (o *Overlay) found(s *session) {
	o.stats.Peers.Add(1)
	o.log.Info("a node is there", "other", s.remote.Node(), "roles", s.far.Roles, "release", s.far.Release)
	if o.config.Found != nil {
		o.config.Found(s.remote)
	}
	if first := o.tries[s.peer]; first != nil {
		first.end()
	}
}

func (o *Overlay) lost(s *session) {
	o.stats.Peers.Add(-1)
	o.stats.Losses.Add(1)
	o.log.Info("a node is gone", "other", s.remote.Node(), "err", s.cause)
	if o.config.Lost != nil {
		o.config.Lost(s.remote)
	}
	if o.relay != nil {
		o.relay.Parted(s.remote.Node())
	}
}

func (o *Overlay) hello() hello {
	m := hello{Version: Version, Release: o.config.Release, Roles: o.config.Roles, Load: o.load()}
	if o.relay != nil {
		m.Capacity = o.relay.Capacity()
	}
	return m
}

// load is how busy this node's relay is.
func (o *Overlay) load() float64 {
	if o.relay == nil {
		return 0
	}
	return min(max(o.relay.Load(), 0), 1)
}
