package turn

import (
	"hash/maphash"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// Limits bound what clients can take. Zero means the default beside it.
type Limits struct {
	UserAllocations   int // 10: at a time, of one id
	Allocations       int // 1000: at a time, of all
	UserBandwidth     int // 25,000,000 bytes of payload a second, both directions together, of one id
	Bandwidth         int // 250,000,000 bytes a second, of all
	Permissions       int // 64 peer addresses of one allocation
	Channels          int // 64 of one allocation
	Strangers         int // 50 requests a second without a credential, from one address; twice that at once
	AllStrangers      int // 1000 a second, of all
	Connections       int // 2048 TCP and TLS connections at a time
	SourceConnections int // 256 of them from one address
}

// withDefaults fills what was left out.
func (l Limits) withDefaults() Limits {
	for value, byItself := range map[*int]int{
		&l.UserAllocations: 10, &l.Allocations: 1000,
		&l.UserBandwidth: 25_000_000, &l.Bandwidth: 250_000_000,
		&l.Permissions: 64, &l.Channels: 64,
		&l.Strangers: 50, &l.AllStrangers: 1000,
		&l.Connections: 2048, &l.SourceConnections: 256,
	} {
		if *value == 0 {
			*value = byItself
		}
	}
	return l
}

const (
	bandwidthBurst = time.Second / 4 // what may come at once, as time at the full rate
	strangersBurst = 2 * time.Second
	strangerSlots  = 4096 // addresses share them by hash, so that a flood of addresses costs no memory
)

// bucket lets through a rate. It is one number: the time at which all that was let through is paid off.
type bucket struct{ paid atomic.Int64 } // nanoseconds on the caller's clock

// take lets something pass that takes cost, unless that would be more than burst ahead of now.
func (b *bucket) take(now, cost, burst int64) bool {
	for {
		old := b.paid.Load()
		next := max(old, now) + cost
		if next-now > burst {
			return false
		}
		if b.paid.CompareAndSwap(old, next) {
			return true
		}
	}
}

// flow is a bucket with its rate.
type flow struct {
	bucket
	unit  float64 // nanoseconds that one unit takes
	burst int64   // nanoseconds
}

func (f *flow) init(rate int, burst time.Duration) {
	f.unit, f.burst = float64(time.Second)/float64(rate), int64(burst)
}

func (f *flow) take(now int64, units int) bool {
	return f.bucket.take(now, int64(f.unit*float64(units)), f.burst)
}

// account is what one id has.
type account struct {
	id          string
	allocations int // guarded by accounts.mu
	bandwidth   flow
}

// accounts count allocations, of each id and of all.
type accounts struct {
	limits Limits

	mu    sync.Mutex // guards what follows and each account's count
	byID  map[string]*account
	total int
	empty chan struct{} // closed and forgotten when the last allocation goes; nil if nobody waits
}

// open counts one more allocation, or says that there are enough.
func (a *accounts) open(id string) (*account, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	one := a.byID[id]
	if a.total >= a.limits.Allocations || one != nil && one.allocations >= a.limits.UserAllocations {
		return nil, false
	}
	if one == nil {
		one = &account{id: id}
		one.bandwidth.init(a.limits.UserBandwidth, bandwidthBurst)
		a.byID[id] = one
	}
	one.allocations++
	a.total++
	return one, true
}

// close counts one less.
func (a *accounts) close(one *account) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.total--
	if one.allocations--; one.allocations == 0 {
		delete(a.byID, one.id)
	}
	if a.total == 0 && a.empty != nil {
		close(a.empty)
		a.empty = nil
	}
}

// none is closed once there are no allocations.
func (a *accounts) none() <-chan struct{} {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.total == 0 {
		done := make(chan struct{})
		close(done)
		return done
	}
	if a.empty == nil {
		a.empty = make(chan struct{})
	}
	return a.empty
}

// strangers bound what is answered to those who have shown no credential.
type strangers struct {
	seed maphash.Seed
	slot [strangerSlots]flow
	all  flow
}

func newStrangers(l Limits) *strangers {
	s := &strangers{seed: maphash.MakeSeed()}
	for i := range s.slot {
		s.slot[i].init(l.Strangers, strangersBurst)
	}
	s.all.init(l.AllStrangers, strangersBurst)
	return s
}

// allow counts one request.
func (s *strangers) allow(now int64, source netip.Addr) bool {
	return s.slot[maphash.Comparable(s.seed, household(source))%strangerSlots].take(now, 1) && s.all.take(now, 1)
}

// household is whom an address stands for: an IPv4 address itself, and of IPv6 what a customer gets.
func household(a netip.Addr) netip.Addr {
	if a = a.Unmap().WithZone(""); a.Is4() {
		return a
	}
	prefix, _ := a.Prefix(56) // fails for no IPv6 address
	return prefix.Addr()
}
