// Package bridge is the door for browsers: it serves the web page, and speaks the signaling protocol
// with each page over a WebSocket.
//
// In: HTTP requests and what pages say. Out: [Arrival]s and their messages to the [Rooms] behind it,
// and frames back to the pages. It checks all that can be checked at a door (origin, size, rate,
// shape, names, password, pass) and knows no rule of a room. Bad input is answered with a Fault and
// hurts nobody else.
//
// Read in this order: rooms.go (the seam to what is behind), bridge.go (settings, start and end),
// http.go (what is served where), door.go (a WebSocket is opened), admit.go (its hello is checked),
// conn.go and listen.go (what it says and hears), pass.go, lock.go and names.go (what is checked),
// limits.go (how much of it), site.go (the web app's files), tls.go and selfsigned.go (certificates),
// stats.go (what is counted).
package bridge

import (
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// Config says how a bridge is to be. Rooms, Signer and Site must be given; of everything else the
// zero value means the default.
type Config struct {
	Rooms   Rooms
	Signer  *Signer
	Site    fs.FS          // the built web app: index.html, assets/ (names with a hash), and other files
	URL     string         // public URL of this bridge; its origin may connect
	Origins []string       // further origins (scheme://host[:port]) that may connect, beside the same origin
	Proxies []netip.Prefix // reverse proxies whose X-Forwarded-For is believed; none
	HSTS    bool           // tell browsers to come by TLS only; for a certificate that they trust
	Limits  Limits
	Timing  Timing
	Log     *slog.Logger
}

// Limits bounds what pages may ask of a bridge. Zero means the default. An address is an IPv4
// address or an IPv6 /64; a bucket holds its burst and fills again at its rate per second.
type Limits struct {
	Connections   int     // at once; 20,000
	PerAddress    int     // connections of one address at once; 2,500: many people share one behind a NAT
	Hellos        float64 // of one address; 100 per second
	HellosBurst   int     // 2,500: all of them come back at once after a restart
	Messages      float64 // of one connection; 50 per second
	MessagesBurst int     // 1,500: a page that opens links to 50 others says so much at once
	Bytes         float64 // of those messages; 256 KiB per second
	BytesBurst    int     // 2 MiB
	Strikes       int     // refused messages after which a connection is cut; 50, and one more each second
	Queue         int     // messages that wait for a page to read them; 2,048
	QueueBytes    int     // their bytes; 4 MiB, more than one other page can send at once
	AllBytes      int     // of what waits for all pages together; 256 MiB
	Hashes        int     // passwords that are worked on at the same time; 2
}

// Timing holds a bridge's patience. Zero means the default; tests shorten it.
type Timing struct {
	Hello  time.Duration // until the first hello; 10 s
	Ping   time.Duration // between pings; 5 s
	Quiet  time.Duration // without a message from the page; 10 s
	Write  time.Duration // for one message to be written; 10 s
	Linger time.Duration // for a page to read its last fault; 1 s
}

// Bridge is an http.Handler for everything that a browser asks for. Make it with New, end it with
// Close.
type Bridge struct {
	config  Config
	stats   Stats
	site    *site
	origins origins
	hellos  *buckets[netip.Prefix] // by address
	asks    *buckets[netip.Prefix] // requests to the API, by address
	guard   *guard                 // passwords
	waiting atomic.Int64           // bytes in the queues of all connections
	relief  sync.Mutex             // held by who looks for the fullest of them; guards nothing

	mu      sync.Mutex // guards what follows
	conns   map[*Conn]struct{}
	from    map[netip.Prefix]int // connections by address, those that are about to open included
	total   int                  // of from
	closing bool
	running sync.WaitGroup // one per connection of total
}

// New makes a bridge. It reads the whole site into memory and compresses what is worth it.
func New(config Config) (*Bridge, error) {
	if config.Rooms == nil || config.Signer == nil || config.Site == nil {
		return nil, fmt.Errorf("bridge: make bridge: rooms, signer and site must be given")
	}
	config.Limits.fill()
	config.Timing.fill()
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	site, err := readSite(config.Site, config.URL)
	if err != nil {
		return nil, fmt.Errorf("bridge: make bridge: %w", err)
	}
	allowed, err := readOrigins(config.URL, config.Origins)
	if err != nil {
		return nil, fmt.Errorf("bridge: make bridge: %w", err)
	}
	l := &config.Limits
	return &Bridge{
		config:  config,
		site:    site,
		origins: allowed,
		hellos:  newBuckets[netip.Prefix](l.Hellos, l.HellosBurst),
		asks:    newBuckets[netip.Prefix](l.Hellos, l.HellosBurst),
		guard:   newGuard(l.Hashes),
		conns:   map[*Conn]struct{}{},
		from:    map[netip.Prefix]int{},
	}, nil
}

// Stats is what this bridge counts.
func (b *Bridge) Stats() *Stats { return &b.stats }

// Close tells every page that the bridge restarts and waits until all connections have ended. When
// the context ends first, it hangs up on those that are left. No new connection is taken from the
// start of Close on.
func (b *Bridge) Close(ctx context.Context) error {
	b.mu.Lock()
	b.closing = true
	for c := range b.conns {
		c.Cut(restarting())
	}
	b.mu.Unlock()
	done := make(chan struct{})
	go func() {
		b.running.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
	}
	b.mu.Lock()
	for c := range b.conns {
		_ = c.ws.Close()
	}
	b.mu.Unlock()
	<-done
	return fmt.Errorf("bridge: close: some pages did not hang up in time: %w", ctx.Err())
}

func (l *Limits) fill() {
	initial(&l.Connections, 20_000)
	initial(&l.PerAddress, 2500)
	initial(&l.Hellos, 100)
	initial(&l.HellosBurst, 2500)
	initial(&l.Messages, 50)
	initial(&l.MessagesBurst, 1500)
	initial(&l.Bytes, 256<<10)
	initial(&l.BytesBurst, 2<<20)
	initial(&l.Strikes, 50)
	initial(&l.Queue, 2048)
	initial(&l.QueueBytes, 4<<20)
	initial(&l.AllBytes, 256<<20)
	initial(&l.Hashes, 2)
}

func (t *Timing) fill() {
	initial(&t.Hello, 10*time.Second)
	initial(&t.Ping, 5*time.Second)
	initial(&t.Quiet, 10*time.Second)
	initial(&t.Write, 10*time.Second)
	initial(&t.Linger, time.Second)
}

func initial[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

var _ http.Handler = (*Bridge)(nil)
