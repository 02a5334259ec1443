package bridge

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// So many keys are remembered at most. Beyond it (which takes so many addresses within the time that
// a bucket needs to fill) all newcomers share one bucket.
const maxBuckets = 100_000

// buckets is one token bucket per key, of those keys that were not quiet for long enough to be full
// again. It is safe for use by many goroutines.
type buckets[K comparable] struct {
	rate  rate.Limit
	burst int

	mu     sync.Mutex
	of     map[K]*rate.Limiter
	crowd  *rate.Limiter // of all who find no room in of
	pruned time.Time
}

func newBuckets[K comparable](perSecond float64, burst int) *buckets[K] {
	return &buckets[K]{rate: rate.Limit(perSecond), burst: burst, of: map[K]*rate.Limiter{},
		crowd: rate.NewLimiter(rate.Limit(perSecond), burst), pruned: time.Now()}
}

// take takes a token, if there is one.
func (b *buckets[K]) take(key K) bool { return b.bucket(key).Allow() }

// any tells whether there is a token.
func (b *buckets[K]) any(key K) bool { return b.bucket(key).Tokens() >= 1 }

// full tells whether no token is missing.
func (b *buckets[K]) full(key K) bool { return b.bucket(key).Tokens() >= float64(b.burst) }

func (b *buckets[K]) bucket(key K) *rate.Limiter {
	b.mu.Lock()
	defer b.mu.Unlock()
	if l, ok := b.of[key]; ok {
		return l
	}
	b.prune()
	if len(b.of) >= maxBuckets {
		return b.crowd
	}
	l := rate.NewLimiter(b.rate, b.burst)
	b.of[key] = l
	return l
}

// prune forgets the keys whose bucket is full again, once in a while.
func (b *buckets[K]) prune() {
	now := time.Now()
	if now.Sub(b.pruned) < time.Minute {
		return
	}
	b.pruned = now
	for key, l := range b.of {
		if l.TokensAt(now) >= float64(b.burst) {
			delete(b.of, key)
		}
	}
}

// address is who asks, as far as limits go. Behind a trusted proxy it is the last address in
// X-Forwarded-For that is not a trusted proxy itself: everything left of it the asker may have made up.
func address(r *http.Request, proxies []netip.Prefix) netip.Prefix {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	addr, _ := netip.ParseAddr(host)
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for trusted(addr, proxies) && len(hops) > 0 {
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[len(hops)-1]))
		if err != nil {
			break
		}
		addr, hops = hop, hops[:len(hops)-1]
	}
	return network(addr)
}

func trusted(addr netip.Addr, proxies []netip.Prefix) bool {
	for _, p := range proxies {
		if p.Contains(addr.Unmap()) {
			return true
		}
	}
	return false
}

// network is the address itself for IPv4, the /64 for IPv6: so much a single host may choose from.
func network(addr netip.Addr) netip.Prefix {
	addr = addr.Unmap().WithZone("")
	bits := 32
	if addr.Is6() {
		bits = 64
	}
	p, _ := addr.Prefix(bits) // the zero Prefix, one shared account, for a request without an address
	return p
}
