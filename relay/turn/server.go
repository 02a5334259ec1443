package turn

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/stun/v3"
)

// Config is what a server is made of.
type Config struct {
	UDP        []string                // where to listen, "address:port"; without an address on all, IPv4 and IPv6
	TCP        []string                // the same; TLS and ports that are shared come through ServeTCP and Take
	PublicIPs  []netip.Addr            // the addresses that a NAT in front gives this host; the IPv4 one is what peers are told
	MinPort    uint16                  // of relayed addresses; 49152 if zero
	MaxPort    uint16                  // the last of them; 65535 if zero
	Secrets    *Secrets                // whose credentials are good
	AllowPeers []netip.Prefix          // peers that would be refused: private networks, this host with all its ports
	OwnMedia   func() []netip.AddrPort // where our own relay takes media: open to clients although it is this host; asked every two seconds
	Limits     Limits                  // what clients can take
	Log        *slog.Logger            // slog's default if nil
}

const (
	firstRelayPort = 49152 // RFC 8656 section 7.2
	lastRelayPort  = 65535
	lookPeriod     = 2 * time.Second // this host's addresses may change
	closeTime      = 5 * time.Second
	tellPeriod     = time.Minute // a line of log for each reason
)

// Server is a running TURN server.
type Server struct {
	shared
	config    Config
	stats     Stats
	policy    *policy
	accounts  *accounts
	strangers *strangers
	nonces    *nonces
	rules     map[stun.Method]func(*request) *refusal
	bandwidth flow
	host      atomic.Pointer[host]
	relays    sync.Map // the allocations by their relayed address, as peers are told it
	draining  atomic.Bool
	quiet     *quiet
	told      [reasons]bucket // when each reason was last told to the log
	began     time.Time
}

// shared is what several goroutines open and close.
type shared struct {
	mu        sync.Mutex // guards what follows
	doors     map[*door]bool
	listeners []net.Listener
	seats     map[netip.Addr]int // connections, by where they come from
	seated    int
	kept      map[string]kept // by token
	closed    bool

	udp, tcp []netip.AddrPort // written by New only
	done     chan struct{}    // closed by Close
	running  sync.WaitGroup   // goroutines of our own, and doors
}

// New opens a server on its addresses. An error names the address that cannot be had.
func New(c Config) (*Server, error) {
	if c.Secrets == nil {
		return nil, errors.New("turn: open: there are no secrets")
	}
	c.Limits = c.Limits.withDefaults()
	if c.MinPort == 0 {
		c.MinPort = firstRelayPort
	}
	if c.MaxPort == 0 {
		c.MaxPort = lastRelayPort
	}
	if c.MinPort >= c.MaxPort {
		return nil, fmt.Errorf("turn: open: relayed addresses from port %d to %d: there must be at least two", c.MinPort, c.MaxPort)
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	s := &Server{
		shared: shared{kept: map[string]kept{}, doors: map[*door]bool{}, seats: map[netip.Addr]int{}, done: make(chan struct{})},
		config: c, accounts: &accounts{limits: c.Limits, byID: map[string]*account{}}, strangers: newStrangers(c.Limits),
		nonces: newNonces(), quiet: &quiet{log: c.Log}, began: time.Now(),
	}
	s.bandwidth.init(c.Limits.Bandwidth, bandwidthBurst)
	s.rules = s.ruleBook()
	s.policy = newPolicy(c.AllowPeers, s.host.Load)
	if err := s.look(); err != nil {
		return nil, fmt.Errorf("turn: open: %w", err)
	}
	for _, a := range c.PublicIPs {
		if a = a.Unmap(); a.Is4() && within(never, a) {
			c.Log.Warn("turn: the public address is a private one, so only people in that network will be reached through it")
		}
	}
	s.running.Go(s.watch)
	if err := s.listen(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Server) listen() error {
	for _, address := range s.config.UDP {
		if err := s.listenUDP(address); err != nil {
			return err
		}
	}
	for _, address := range s.config.TCP {
		if err := s.listenTCP(address); err != nil {
			return err
		}
	}
	return nil
}

// UDP are the addresses on which the server listens by UDP, one for each socket.
func (s *Server) UDP() []netip.AddrPort { return s.udp }

// TCP are those of its own TCP listeners.
func (s *Server) TCP() []netip.AddrPort { return s.tcp }

// Stats are the server's counters.
func (s *Server) Stats() *Stats { return &s.stats }

// Drain gives out no more allocations (508) and waits until those that are have ended, or ctx has.
func (s *Server) Drain(ctx context.Context) error {
	s.draining.Store(true)
	select {
	case <-s.accounts.none():
		return nil
	case <-ctx.Done():
		return fmt.Errorf("turn: drain: %w", ctx.Err())
	}
}

// Close ends all allocations, connections and listeners. It takes five seconds at most.
func (s *Server) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	close(s.done)
	var errs []error
	for _, one := range s.listeners {
		if err := one.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	doors, bookings := s.doors, s.kept
	s.doors, s.kept = nil, nil
	s.mu.Unlock()
	for _, one := range bookings {
		one.timer.Stop() // one that has fired finds nothing
		s.cancel(one.booking)
	}
	for d := range doors {
		if err := d.Close(); err != nil && !errors.Is(err, net.ErrClosed) && d.source == (netip.Addr{}) {
			errs = append(errs, err) // a connection that was cut is no error of ours
		}
	}
	ended := make(chan struct{})
	go func() {
		s.running.Wait()
		<-s.accounts.none()
		close(ended)
	}()
	select {
	case <-ended:
	case <-time.After(closeTime):
		errs = append(errs, errors.New("it did not end in time"))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("turn: close: %w", err)
	}
	return nil
}

// now is the server's clock in nanoseconds. It never goes back.
func (s *Server) now() int64 { return int64(time.Since(s.began)) }

// watch keeps what is known of this host up to date.
func (s *Server) watch() {
	ticker := time.NewTicker(lookPeriod)
	defer ticker.Stop()
	for {
		select {
		case <-s.done:
			return
		case <-ticker.C:
			if err := s.look(); err != nil {
				s.config.Log.Warn("turn: look at this host", "err", err)
			}
		}
	}
}

func (s *Server) look() error {
	h, err := look(s.config.PublicIPs, s.config.OwnMedia)
	if err == nil {
		s.host.Store(h)
	}
	return err
}

// refuse counts, and tells the log now and then.
func (s *Server) refuse(why Reason) {
	s.stats.refuse(why)
	if why == Anonymous || why == Stale { // the usual steps of a client
		return
	}
	if s.told[why].take(s.now(), int64(tellPeriod), int64(tellPeriod)) {
		s.config.Log.Info("turn: refused", "reason", why.String(), "so_far", s.stats.Refused(why))
	}
}

// enter counts a door in, unless the server is closed.
func (s *Server) enter(d *door) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.doors[d] = true
	s.running.Add(1)
	return true
}

// leave ends a door whose link has failed.
func (s *Server) leave(d *door, why error) {
	d.link.close() // failed already, as a rule
	switch {
	case errors.Is(why, errFrame):
		s.refuse(Malformed)
	case errors.Is(why, errSlow):
		s.refuse(Slow)
	case !d.source.IsValid() && !errors.Is(why, net.ErrClosed):
		s.config.Log.Error("turn: a UDP socket is given up", "err", why)
	}
	s.mu.Lock()
	delete(s.doors, d)
	s.mu.Unlock()
	if d.source.IsValid() {
		s.unseat(d.source)
	}
	s.running.Done()
}

// seat counts a connection in, unless there are enough.
func (s *Server) seat(from netip.Addr) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	home := household(from)
	if s.closed || s.seated >= s.config.Limits.Connections || s.seats[home] >= s.config.Limits.SourceConnections {
		return false
	}
	s.seats[home]++
	s.seated++
	s.stats.Connections.Store(int64(s.seated))
	return true
}

func (s *Server) unseat(from netip.Addr) {
	s.mu.Lock()
	defer s.mu.Unlock()
	home := household(from)
	s.seated--
	if s.seats[home]--; s.seats[home] == 0 {
		delete(s.seats, home)
	}
	s.stats.Connections.Store(int64(s.seated))
}
