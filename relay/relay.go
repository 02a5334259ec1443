package relay

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/transport/v4"
)

// Config is what a relay is made of.
type Config struct {
	// Listen is the address of the one port, UDP and ICE-TCP alike; ":7881" means all interfaces,
	// port 0 any free one.
	Listen string
	// PublicIPs are the addresses under which a 1:1 NAT makes this host reachable, at most one per
	// IP version. Empty: the addresses of the interfaces.
	PublicIPs []netip.Addr
	// Log receives what an operator should see. Nil: slog.Default.
	Log *slog.Logger
	// Limits bounds what one member may cost. Zero fields take DefaultLimits' values.
	Limits Limits

	net transport.Net // in tests a network that is not there; nil: the host's
}

// Limits bounds what one member may cost the relay and the others.
type Limits struct {
	VideoSlots  int // receiving video slots per page
	AudioSlots  int // receiving audio slots per page
	AudioKbps   int // one sound as published
	VideoKbps   int // one layer as published
	StartKbps   int // estimate towards a page that reported nothing
	CeilingKbps int // estimate towards a page at most
	UplinkKbps  int // where a page's own estimate is told to start
	ChatKbps    int // chat bytes that a member may send, before it is slowed down
	ChatMessage int // longest chat payload in bytes
	Streams     int // RTP and RTCP streams that one connection may open
	Rooms       int // rooms at once
	Members     int // connections at once
}

// DefaultLimits are the limits in force where a Config leaves them out.
func DefaultLimits() Limits {
	return Limits{
		VideoSlots: 49, AudioSlots: 16,
		AudioKbps: 512, VideoKbps: 8000,
		StartKbps: 2500, CeilingKbps: 30000, UplinkKbps: 1200,
		ChatKbps: 2048, ChatMessage: 16 << 10,
		Streams: 256, Rooms: 10000, Members: 5000,
	}
}

func (l Limits) orDefault() Limits {
	d := DefaultLimits()
	for _, f := range []struct{ got, def *int }{
		{&l.VideoSlots, &d.VideoSlots}, {&l.AudioSlots, &d.AudioSlots},
		{&l.AudioKbps, &d.AudioKbps}, {&l.VideoKbps, &d.VideoKbps},
		{&l.StartKbps, &d.StartKbps}, {&l.CeilingKbps, &d.CeilingKbps}, {&l.UplinkKbps, &d.UplinkKbps},
		{&l.ChatKbps, &d.ChatKbps}, {&l.ChatMessage, &d.ChatMessage},
		{&l.Streams, &d.Streams}, {&l.Rooms, &d.Rooms}, {&l.Members, &d.Members},
	} {
		if *f.got <= 0 {
			*f.got = *f.def
		}
	}
	return l
}

// Stats counts what a relay did since it began. All fields may be read at any time. It is a table,
// hence its length.
type Stats struct {
	Ports, Rooms                         atomic.Int64 // at present
	PacketsIn, PacketsOut, WriteErrors   atomic.Uint64
	Malformed, Repeated, OverAllowance   atomic.Uint64
	Resent, NacksUnmet, KeyRequests      atomic.Uint64
	Probes, ControlRefused, ChatRefused  atomic.Uint64
	ChatPassed, ChatDropped, StreamsOver atomic.Uint64
	Cut                                  atomic.Uint64 // members ended by the relay
}

// Relay forwards media between the members of rooms, on one port.
type Relay struct {
	config Config
	log    *slog.Logger
	stats  *Stats
	clock  clock
	socket *socket
	silent micros        // how long a page may be silent, silentAfter but in tests
	desk   chan struct{} // holds a token for each offer that may be worked on at a time

	mu     sync.Mutex // guards rooms and closed
	rooms  map[string]*Room
	closed bool
	ports  sync.WaitGroup // connections and rooms that are still ending
}

var (
	errClosed = errors.New("relay: open port: the relay is closed")
	errFull   = errors.New("relay: open port: the relay is full")
)

// New opens the port and begins to serve it.
func New(c Config) (*Relay, error) {
	c.Limits = c.Limits.orDefault()
	if c.Log == nil {
		c.Log = slog.Default()
	}
	s, err := listen(c)
	if err != nil {
		return nil, err
	}
	return &Relay{
		config: c, log: c.Log, stats: &Stats{}, socket: s,
		silent: silentAfter, clock: clock{began: time.Now()}, rooms: map[string]*Room{},
		desk: make(chan struct{}, max(1, runtime.GOMAXPROCS(0)/2)),
	}, nil
}

// Port is the number of the UDP and TCP port in use.
func (r *Relay) Port() int { return r.socket.port }

// Stats are the relay's counters.
func (r *Relay) Stats() *Stats { return r.stats }

// closeWithin bounds how long ending one connection, and ending the relay, may take.
const closeWithin = 5 * time.Second

// Close ends all connections and gives the port back. It takes no longer than a few seconds.
func (r *Relay) Close() error {
	r.mu.Lock()
	if r.closed {
		r.mu.Unlock()
		return nil
	}
	r.closed = true
	rooms := make([]*Room, 0, len(r.rooms))
	for _, rm := range r.rooms {
		rooms = append(rooms, rm)
	}
	r.mu.Unlock()
	for _, rm := range rooms {
		for _, p := range *rm.present.Load() {
			p.end("")
		}
	}
	ended := make(chan struct{})
	go func() {
		r.ports.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-time.After(2 * closeWithin):
		r.log.Warn("relay: connections did not end in time")
	}
	if err := r.socket.Close(); err != nil {
		return fmt.Errorf("relay: close: %w", err)
	}
	return nil
}

// Room gives the room with this id. It begins with its first Port and goes with its last one.
func (r *Relay) Room(id string) *Room {
	r.mu.Lock()
	defer r.mu.Unlock()
	if rm := r.rooms[id]; rm != nil {
		return rm
	}
	return newRoom(r, id)
}

// enter counts one more user of the room and starts it for the first one.
func (r *Relay) enter(rm *Room) (*Room, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil, errClosed
	}
	if running := r.rooms[rm.id]; running != nil {
		rm = running
	} else {
		if len(r.rooms) >= r.config.Limits.Rooms {
			return nil, errFull
		}
		rm = newRoom(r, rm.id)
		r.rooms[rm.id] = rm
		r.stats.Rooms.Add(1)
		r.ports.Add(1)
		go rm.run()
	}
	if int(r.stats.Ports.Load()) >= r.config.Limits.Members {
		if rm.users == 0 {
			r.drop(rm)
		}
		return nil, errFull
	}
	rm.users++
	r.stats.Ports.Add(1)
	return rm, nil
}

// leave undoes enter.
func (r *Relay) leave(rm *Room) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stats.Ports.Add(-1)
	if rm.users--; rm.users == 0 {
		r.drop(rm)
	}
}

// queue waits for a place at the desk and returns how to leave it. Offers are worked on a few at a
// time, because a crowd that joins at once would otherwise keep the processors from media.
func (r *Relay) queue() (leave func()) {
	r.desk <- struct{}{}
	return func() { <-r.desk }
}

// ending reports whether Close was called.
func (r *Relay) ending() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.closed
}

// drop ends a room; r.mu is held.
func (r *Relay) drop(rm *Room) {
	delete(r.rooms, rm.id)
	r.stats.Rooms.Add(-1)
	close(rm.done)
}
