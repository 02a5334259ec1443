package turn

import (
	"bytes"
	"fmt"
	"log/slog"
	"math"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pion/stun/v3"
)

// Over the quota is 486, of one id and of all, however many ask at once; what ends makes room.
func TestQuota(t *testing.T) {
	n := start(t, func(c *Config) { c.Limits.UserAllocations, c.Limits.Allocations = 3, 5 })
	var clients []*client
	for i := range 6 { // two by each way
		clients = append(clients, n.dial(t, ways[i%3]).as(n, "ann"))
	}
	codes := make([]stun.ErrorCode, len(clients))
	var wg sync.WaitGroup
	for i, c := range clients {
		wg.Go(func() { codes[i] = code(c.ask(stun.MethodAllocate, transport(relayUDP))) })
	}
	wg.Wait()
	var winner *client
	count := map[stun.ErrorCode]int{}
	for i, got := range codes {
		if count[got]++; got == 0 {
			winner = clients[i]
		}
	}
	if count[0] != 3 || count[stun.CodeAllocQuotaReached] != 3 {
		t.Fatalf("six requests of one id are answered %v", codes)
	}
	// Another credential of the same id is no other user.
	if got := code(n.dial(t, "udp").as(n, "ann").ask(stun.MethodAllocate, transport(relayUDP))); got != stun.CodeAllocQuotaReached {
		t.Errorf("one more is answered %d", got)
	}
	for _, id := range []string{"bob", "carl"} {
		n.dial(t, "udp").as(n, id).allocated()
	}
	if got := code(n.dial(t, "udp").as(n, "dora").ask(stun.MethodAllocate, transport(relayUDP))); got != stun.CodeAllocQuotaReached {
		t.Errorf("one over the total is answered %d", got)
	}
	winner.ask(stun.MethodRefresh, lifetime(0))
	n.dial(t, "udp").as(n, "dora").allocated()
	if got := n.Stats().Allocations.Load(); got != 5 {
		t.Errorf("%d allocations are counted, want 5", got)
	}
}

// A connection that ends gives its place back.
func TestQuotaAfterAConnectionEnds(t *testing.T) {
	n := start(t, func(c *Config) { c.Limits.UserAllocations = 1 })
	for range 3 {
		c := n.dial(t, "tcp").as(n, "ann").allocated()
		c.conn.Close()
		eventually(t, "the allocation is gone", func() bool { return n.Stats().Allocations.Load() == 0 })
	}
}

// Permissions and channels are limited for each allocation; renewing one is no new one.
func TestRightsAreLimited(t *testing.T) {
	n := start(t, func(c *Config) { c.Limits.Permissions, c.Limits.Channels = 4, 2 })
	at := func(i int) stun.Setter {
		return peer(netip.AddrPortFrom(netip.AddrFrom4([4]byte{203, 0, 113, byte(i)}), 9))
	}
	c := n.dial(t, "udp").as(n, "ann").allocated()
	for i, want := range []stun.ErrorCode{0, 0, 508, 508} {
		if got := code(c.ask(stun.MethodChannelBind, number(0x4000+uint16(i)), at(i))); got != want {
			t.Errorf("ChannelBind %d is answered %d, want %d", i, got, want)
		}
	}
	for i, want := range []stun.ErrorCode{0, 0, 0, 0, 508} {
		if got := code(c.ask(stun.MethodCreatePermission, at(i))); got != want {
			t.Errorf("CreatePermission %d is answered %d, want %d", i, got, want)
		}
	}
	if got := code(c.ask(stun.MethodChannelBind, number(0x4000), at(0))); got != 0 {
		t.Errorf("renewing is answered %d", got)
	}
}

// What was asked for ends when its time is over.
func TestRightsEnd(t *testing.T) {
	none := &rights{map[netip.Addr]int64{}, map[uint16]channel{}, map[netip.AddrPort]channel{}}
	ann, bob := netip.MustParseAddrPort("203.0.113.1:1"), netip.MustParseAddrPort("203.0.113.2:2")
	r, ok := none.permit(0, []netip.Addr{ann.Addr()}, 1)
	r, conflict := r.bind(0, 0x4000, ann)
	if !ok || conflict {
		t.Fatal("refused")
	}
	for _, c := range []struct {
		now              time.Duration
		permits, channel bool
	}{{0, true, true}, {permissionLife - 1, true, true}, {permissionLife, false, true}, {channelLife - 1, false, true}, {channelLife, false, false}} {
		now := int64(c.now)
		_, to := r.to(now, 0x4000)
		_, from := r.from(now, ann)
		if r.permits(now, ann.Addr()) != c.permits || to != c.channel || from != c.channel {
			t.Errorf("after %v: permits %v, channel %v and %v", c.now, r.permits(now, ann.Addr()), to, from)
		}
	}
	if _, conflict := r.bind(int64(channelLife-1), 0x4000, bob); !conflict {
		t.Error("a channel has two peers")
	}
	if _, conflict := r.bind(int64(channelLife), 0x4000, bob); conflict {
		t.Error("a channel that has ended is in the way")
	}
	if _, ok := r.permit(int64(permissionLife), []netip.Addr{bob.Addr()}, 1); !ok {
		t.Error("a permission that has ended is counted")
	}
	if len(none.peers)+len(none.byNumber) != 0 {
		t.Error("rights that others read were changed")
	}
}

// Over its bandwidth a user loses packets, and nobody else does; over that of all, everybody.
func TestBandwidth(t *testing.T) {
	payload := strings.Repeat("x", 1000)
	for _, c := range []struct {
		name   string
		limits Limits
	}{
		{"of one", Limits{UserBandwidth: 40_000}},
		{"of all", Limits{Bandwidth: 40_000}},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := start(t, func(config *Config) { config.Limits = c.limits })
			bob := newFar(t, "127.0.0.1:0")
			burst := func(id string, packets int) (through uint64) {
				one := n.dial(t, "tcp").as(n, id).allocated()
				one.ask(stun.MethodChannelBind, number(0x4000), peer(bob.at()))
				sent, lost := n.Stats().PacketsToPeers.Load(), n.Stats().Refused(Bandwidth)
				began := time.Now()
				for range packets {
					one.write(channelData(0x4000, payload))
				}
				eventually(t, "all are counted", func() bool {
					return n.Stats().PacketsToPeers.Load()-sent+n.Stats().Refused(Bandwidth)-lost == uint64(packets)
				})
				through = n.Stats().PacketsToPeers.Load() - sent
				// What was earned meanwhile, on a machine however slow, is not over the limit.
				if most := uint64(10 + time.Since(began).Seconds()*40 + 1); through > most {
					t.Errorf("%d packets of %s came through, want %d at most", through, id, most)
				}
				return through
			}
			if got := burst("ann", 100); got < 5 {
				t.Errorf("only %d packets of ann came through", got)
			}
			if c.limits.UserBandwidth != 0 {
				if got := burst("carl", 5); got != 5 {
					t.Errorf("%d of 5 packets of carl came through", got)
				}
			}
		})
	}
}

// A rate is kept over any time, and no more than the burst comes at once.
func TestBucket(t *testing.T) {
	var f flow
	f.init(1000, time.Second/10)
	passed := 0
	for now := int64(0); now < int64(10*time.Second); now += int64(time.Millisecond) / 4 { // four times the rate
		if f.take(now, 1) {
			passed++
		}
		if now == int64(time.Second/100) && passed > 110 {
			t.Errorf("%d at once", passed)
		}
	}
	if passed < 10_000 || passed > 10_100 {
		t.Errorf("%d came through in ten seconds, want 10,000 and the burst", passed)
	}
	if f.take(int64(20*time.Second), 101) {
		t.Error("more than the burst came at once")
	}
}

// Strangers get few answers, and small ones: no one can be flooded by asking in his name.
func TestStrangersGetLittle(t *testing.T) {
	const requests, frameOverhead = 400, 28 // bytes of IPv4 and UDP headers
	for what, with := range map[string]func(c *client) *stun.Message{
		"Allocate":                func(c *client) *stun.Message { return c.send(stun.MethodAllocate, transport(relayUDP)) },
		"Allocate of nothing":     func(c *client) *stun.Message { return c.send(stun.MethodAllocate) },
		"Binding":                 func(c *client) *stun.Message { return c.send(stun.MethodBinding) },
		"Refresh":                 func(c *client) *stun.Message { return c.send(stun.MethodRefresh) },
		"Connect":                 func(c *client) *stun.Message { return c.send(stun.MethodConnect) },
		"nonsense":                func(c *client) *stun.Message { return c.send(stun.Method(0x7)) },
		"what must be understood": func(c *client) *stun.Message { return c.send(stun.MethodBinding, raw(0x7777)) },
		"a credential": func(c *client) *stun.Message {
			return c.send(stun.MethodAllocate, transport(relayUDP), stun.NewUsername("a"), stun.NewRealm(""), stun.NewNonce(""), stun.MessageIntegrity("k"))
		},
	} {
		t.Run(what, func(t *testing.T) {
			n := start(t, func(c *Config) { c.Limits.Strangers = 10 })
			c := n.dial(t, "udp")
			in, out, answers := 0, 0, 0
			for range requests {
				in += len(with(c).Raw) + frameOverhead
			}
			wait := patience
			if what == "nonsense" {
				wait = silence
			}
			for b := c.read(wait); b != nil; b = c.read(silence) {
				out += len(b) + frameOverhead
				answers++
			}
			if answers > 0 && float64(out)/float64(answers) > 1.5*float64(in)/requests {
				t.Errorf("an answer has %d bytes, a request %d", out/answers, in/requests)
			}
			if float64(out) > 1.5*float64(in) || answers > requests/2 {
				t.Errorf("%d answers with %d bytes to %d requests with %d", answers, out, requests, in)
			}
			if answers == 0 && what != "nonsense" {
				t.Error("nothing is answered")
			}
		})
	}
}

// A flood from one address leaves others their answers; a flood from everywhere costs what was set.
func TestStrangersShare(t *testing.T) {
	s := newStrangers(Limits{Strangers: 50, AllStrangers: 1000})
	from := func(i int) netip.Addr { return netip.AddrFrom4([4]byte{203, byte(i >> 16), byte(i >> 8), byte(i)}) }
	one := 0
	for range 10_000 {
		if s.allow(0, from(1)) {
			one++
		}
	}
	if one != 100 {
		t.Errorf("one address got %d answers at once, want 100", one)
	}
	if !s.allow(0, from(2)) {
		t.Error("another got none")
	}
	all := one + 1
	for i := range 10_000 {
		if s.allow(0, from(i)) {
			all++
		}
	}
	if all != 2000 {
		t.Errorf("all got %d answers at once, want 2000", all)
	}
	v6 := newStrangers(Limits{Strangers: 1, AllStrangers: 1000})
	got := 0
	for i := range 256 {
		if v6.allow(0, netip.AddrFrom16([16]byte{0x26, 0, 0, 0, 0, 0, 0, byte(i)})) {
			got++
		}
	}
	if got != 2 {
		t.Errorf("one customer's IPv6 addresses got %d answers, want 2", got)
	}
}

// A flood makes a line or two, without anybody's address.
func TestLogsAreFew(t *testing.T) {
	var out safeBuffer
	n := start(t, func(c *Config) {
		c.Log = slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	c := n.dial(t, "udp")
	for i := range 2000 {
		c.write(fmt.Appendf(nil, "nonsense %d, and more of it", i))
		if i%100 == 0 {
			c.answer(c.send(stun.MethodBinding)) // so that none is lost
		}
	}
	c.answer(c.send(stun.MethodBinding))
	text := out.String()
	if got := n.Stats().Refused(Malformed); got < 1000 {
		t.Fatalf("only %d packets are counted", got)
	}
	if lines := strings.Count(text, "\n"); lines == 0 || lines > 3 || strings.Contains(text, "127.0.0.1") {
		t.Errorf("%d lines:\n%s", lines, text)
	}
	q := &quiet{log: n.config.Log}
	for range 1000 {
		q.Errorf("failed for %v", "192.0.2.99")
	}
	if added := strings.TrimPrefix(out.String(), text); strings.Count(added, "\n") != 1 || strings.Contains(added, "192.0.2.99") {
		t.Errorf("pion's lines come through:\n%s", added)
	}
}

// A private public address is said to be one, and no reason not to start.
func TestPrivatePublicAddress(t *testing.T) {
	for address, want := range map[string]int{"192.168.1.5": 1, "203.0.113.7": 0} {
		var out safeBuffer
		start(t, func(c *Config) {
			c.PublicIPs, c.Log = []netip.Addr{netip.MustParseAddr(address)}, slog.New(slog.NewTextHandler(&out, nil))
		})
		if text := out.String(); strings.Count(text, "\n") != want {
			t.Errorf("%s: the log says %q", address, text)
		}
	}
}

// safeBuffer is a log that a test reads while it is written.
type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func TestReasonsHaveNames(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range Reasons() {
		if name := r.String(); name == "" || seen[name] {
			t.Errorf("reason %d is called %q", r, name)
		}
		seen[r.String()] = true
	}
	if len(seen) != int(reasons) || math.MaxUint8 < int(reasons) {
		t.Errorf("%d names", len(seen))
	}
}
