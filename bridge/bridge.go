// Package bridge is the door for browsers: it serves the web page and speaks the signaling protocol.
package bridge

import (
	"context"
	"io/fs"
	"log/slog"
	"net/http"
	"net/netip"
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
	Proxies []netip.Prefix // reverse proxies whose X-Forwarded-For is believed
	HSTS    bool           // tell browsers to come by TLS only; for a certificate that browsers trust
	Limits  Limits
	Timing  Timing
	Log     *slog.Logger
}

// Limits bounds what pages may ask of a bridge. Zero means the default. An address is an IPv4
// address or an IPv6 /64.
type Limits struct {
	Connections  int     // at once; 20,000
	PerAddress   int     // connections of one address at once; 256
	Hellos       float64 // of one address and second; 20
	HellosBurst  int     // at once after a pause; 256
	Queue        int     // messages that wait for a page to read them; 2,048
	QueueBytes   int     // their bytes; 4 MiB
	HashesAtOnce int     // passwords that are worked on at the same time, 2
}

// Timing holds the bridge's patience. Zero means the default; tests shorten it.
type Timing struct {
	Hello  time.Duration // until the first hello; 10 s
	Ping   time.Duration // between pings; 5 s
	Quiet  time.Duration // without a message from the page; 10 s
	Write  time.Duration // for one message to be written; 10 s
	Linger time.Duration // for a page to read its last fault; 1 s
}

// Bridge is an http.Handler for everything a browser asks for. Make it with New, end it with Close.
type Bridge struct {
	config Config
	stats  Stats
}

// New makes a bridge.
func New(config Config) (*Bridge, error) {
	return &Bridge{config: config}, nil
}

// ServeHTTP answers one request.
func (b *Bridge) ServeHTTP(w http.ResponseWriter, r *http.Request) { http.NotFound(w, r) }

// Stats is what this bridge counts.
func (b *Bridge) Stats() *Stats { return &b.stats }

// Close tells every page that the bridge restarts and waits until all connections have ended, or
// until the context has; then it ends those that are left.
func (b *Bridge) Close(ctx context.Context) error { return nil }
