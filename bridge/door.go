package bridge

import (
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"

	"github.com/gorilla/websocket"
	"golang.org/x/time/rate"

	"parley/bridge/signal"
)

// Most messages of a page are small; buffers for writing are borrowed only while something is
// written. With thousands of idle connections these sizes are most of what each costs.
var upgrader = websocket.Upgrader{
	ReadBufferSize:  1 << 10,
	WriteBufferSize: 4 << 10,
	WriteBufferPool: &sync.Pool{},
	CheckOrigin:     func(*http.Request) bool { return true }, // open has checked it, and answers in words
	Error: func(w http.ResponseWriter, _ *http.Request, status int, _ error) {
		refuse(w, status, "This is not a WebSocket handshake that this bridge understands.")
	},
}

// open makes a WebSocket of a request and starts its goroutines.
func (b *Bridge) open(w http.ResponseWriter, r *http.Request) {
	addr := address(r, b.config.Proxies)
	switch {
	case !websocket.IsWebSocketUpgrade(r):
		w.Header().Set("Upgrade", "websocket")
		refuse(w, http.StatusUpgradeRequired, "Here a page speaks over a WebSocket.")
		return
	case !b.origins.allow(r):
		b.stats.Turned.Add(1)
		if b.hellos.take(addr) { // or any page could fill the log
			b.config.Log.Warn("a page of another origin was refused", "origin", r.Header.Get("Origin"), "host", r.Host)
		}
		refuse(w, http.StatusForbidden, "Pages of this origin may not connect here. See the setting for origins.")
		return
	}
	fault, ok := b.reserve(addr)
	if !ok {
		b.stats.Turned.Add(1)
		w.Header().Set("Retry-After", "5")
		refuse(w, http.StatusServiceUnavailable, "This bridge takes no connection now. Try again in a moment.")
		return
	}
	ws, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		b.release(addr)
		return // the upgrader has answered
	}
	b.start(ws, addr, fault)
}

// start registers a WebSocket and starts its goroutines. One that comes with a fault is told so, and
// cut: a page cannot see why a handshake was refused.
func (b *Bridge) start(ws *websocket.Conn, addr netip.Prefix, fault *signal.Fault) {
	l := &b.config.Limits
	c := &Conn{
		bridge: b, ws: ws, addr: addr,
		wake: make(chan struct{}, 1), ended: make(chan struct{}), written: make(chan struct{}),
		rate:    rate.NewLimiter(rate.Limit(l.Messages), l.MessagesBurst),
		bytes:   rate.NewLimiter(rate.Limit(l.Bytes), l.BytesBurst),
		strikes: rate.NewLimiter(1, l.Strikes),
		pings:   rate.NewLimiter(1, pingBurst),
	}
	b.mu.Lock()
	b.conns[c] = struct{}{}
	closing := b.closing
	b.mu.Unlock()
	b.stats.Dials.Add(1)
	b.stats.Open.Add(1)
	if closing {
		fault = restarting()
	}
	if fault != nil {
		c.Cut(fault)
	}
	go c.write()
	go c.run()
}

// reserve counts a connection that is about to open. It refuses, without an upgrade, what is beyond
// bounds by far; what is just beyond them gets a fault, so that the page can say why.
func (b *Bridge) reserve(addr netip.Prefix) (*signal.Fault, bool) {
	l := &b.config.Limits
	b.mu.Lock()
	defer b.mu.Unlock()
	crowded := b.from[addr] >= l.PerAddress
	if b.closing || b.total >= l.Connections || crowded && !b.hellos.take(addr) {
		return nil, false
	}
	b.from[addr]++
	b.total++
	b.running.Add(1)
	if crowded {
		return signal.Faulty(signal.CodeTryLater, "Too many connections from this address. Close some of its pages."), true
	}
	return nil, true
}

// release ends what reserve began.
func (b *Bridge) release(addr netip.Prefix) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.total--
	if b.from[addr]--; b.from[addr] == 0 {
		delete(b.from, addr)
	}
	b.running.Done()
}

// forget takes a connection that has ended out of the bridge.
func (b *Bridge) forget(c *Conn) {
	b.mu.Lock()
	delete(b.conns, c)
	b.mu.Unlock()
	c.mu.Lock()
	c.discard() // what came after the writer's end
	c.mu.Unlock()
	b.stats.Open.Add(-1)
	b.release(c.addr)
}

func restarting() *signal.Fault {
	return signal.Faulty(signal.CodeRestarting, "This bridge restarts. The page connects again by itself.")
}

// origins are those that may open a WebSocket besides the one that the request itself went to.
type origins map[string]bool

func readOrigins(public string, more []string) (origins, error) {
	if public != "" {
		more = append([]string{public}, more...)
	}
	out := origins{}
	for _, s := range more {
		u, err := url.Parse(s)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return nil, fmt.Errorf("origin %q: must look like https://example.org", s)
		}
		out[origin(u)] = true
	}
	return out, nil
}

// allow tells whether the request's page may connect. Browsers always say where a page came from;
// who says nothing is no browser, and could say anything.
func (o origins) allow(r *http.Request) bool {
	from := r.Header.Get("Origin")
	if from == "" {
		return true
	}
	u, err := url.Parse(from)
	if err != nil || u.Host == "" {
		return false
	}
	return strings.EqualFold(u.Host, r.Host) || o[origin(u)]
}

// origin writes an origin in one way: lower case, without the port that its scheme implies.
func origin(u *url.URL) string {
	host := strings.ToLower(u.Host)
	switch u.Scheme {
	case "http":
		host = strings.TrimSuffix(host, ":80")
	case "https":
		host = strings.TrimSuffix(host, ":443")
	}
	return u.Scheme + "://" + host
}
