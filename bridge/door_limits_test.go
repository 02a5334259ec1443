package bridge

import (
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"parley/bridge/signal"
)

func TestOrigin(t *testing.T) {
	d := openDoor(t, func(c *Config) {
		c.URL, c.Origins = "https://Parley.example:443/somewhere", []string{"http://other.example:8080"}
	})
	here := d.http.URL
	tests := []struct {
		origin string
		want   bool
	}{
		{"", true}, // no browser
		{here, true},
		{here + "0", false},
		{"https://parley.example", true},
		{"https://parley.example:443", true},
		{"http://other.example:8080", true},
		{"http://OTHER.example:8080", true},
		{"http://parley.example", false}, // another scheme is another origin
		{"https://parley.example:8443", false},
		{"http://other.example", false},
		{"https://parley.example.evil.example", false},
		{"https://evil.example", false},
		{"https://evil.example/https://parley.example", false},
		{"https://user@evil.example", false},
		{"null", false},
		{"://", false},
	}
	for _, tt := range tests {
		head := http.Header{}
		if tt.origin != "" {
			head.Set("Origin", tt.origin)
		}
		ws, answer, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(here, "http")+"/signal", head)
		if (err == nil) != tt.want {
			t.Errorf("origin %q: %v, want allowed: %v", tt.origin, err, tt.want)
		}
		if err != nil && answer.StatusCode != http.StatusForbidden {
			t.Errorf("origin %q: status %d", tt.origin, answer.StatusCode)
		}
		if ws != nil {
			_ = ws.Close()
		}
	}
}

func TestBadOriginSetting(t *testing.T) {
	for _, s := range []string{"example.org", "*", "ftp://example.org", "https://"} {
		if _, err := readOrigins("", []string{s}); err == nil {
			t.Errorf("%q was taken for an origin", s)
		}
	}
}

func TestConnectionsPerAddress(t *testing.T) {
	d := openDoor(t, func(c *Config) { c.Limits.PerAddress, c.Limits.Hellos, c.Limits.HellosBurst = 2, 0.001, 3 })
	first, _ := d.enterAs("First")
	second, _ := d.enterAs("Second")
	// The third is told why; the next, with no hello left to its address, is not even upgraded.
	d.dial().wantsFault(signal.CodeTryLater, true)
	eventually(t, "the third is gone", func() bool { return d.Stats().Open.Load() == 2 })
	_, answer, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(d.http.URL, "http")+"/signal", nil)
	if err == nil || answer.StatusCode != http.StatusServiceUnavailable || answer.Header.Get("Retry-After") == "" {
		t.Errorf("the fourth got %v", err)
	}
	first.alive()
	second.alive()
	_ = first.ws.Close()
	eventually(t, "the first is gone", func() bool { return d.Stats().Open.Load() == 1 })
	d.dial().alive()
}

func TestConnectionsInAll(t *testing.T) {
	d := openDoor(t, func(c *Config) { c.Limits.Connections = 1 })
	p, _ := d.enterAs("Ann")
	if _, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(d.http.URL, "http")+"/signal", nil); err == nil {
		t.Error("a full bridge took a connection")
	}
	p.alive()
}

func TestHellosPerAddress(t *testing.T) {
	d := openDoor(t, func(c *Config) { c.Limits.Hellos, c.Limits.HellosBurst = 0.001, 3 })
	var in []*page
	for range 3 {
		p, _ := d.enterAs("Ann")
		in = append(in, p)
	}
	p := d.dial()
	p.say(newHello("room", "Ann"))
	p.wantsFault(signal.CodeTryLater, true)
	for _, p := range in {
		p.alive()
	}
}

func TestNotAWebSocket(t *testing.T) {
	d := openDoor(t, nil)
	for name, head := range map[string]http.Header{
		"plain": {},
		"half":  {"Connection": {"Upgrade"}, "Upgrade": {"websocket"}, "Sec-Websocket-Version": {"12"}},
	} {
		r, err := http.NewRequest(http.MethodGet, d.http.URL+"/signal", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header = head
		answer, err := d.http.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if answer.StatusCode/100 != 4 {
			t.Errorf("%s: status %d", name, answer.StatusCode)
		}
	}
	// A handshake that fails leaves nothing counted.
	if n := d.total; n != 0 || len(d.from) != 0 {
		t.Errorf("%d connections are counted", n)
	}
}

func TestAddress(t *testing.T) {
	proxies := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("127.0.0.1/32")}
	tests := []struct {
		remote, forwarded, want string
		proxies                 []netip.Prefix
	}{
		{"192.0.2.7:1234", "", "192.0.2.7/32", nil},
		{"[2001:db8:1:2:3:4:5:6]:1234", "", "2001:db8:1:2::/64", nil},
		{"[::ffff:192.0.2.7]:1234", "", "192.0.2.7/32", nil},
		{"[fe80::1%eth0]:1234", "", "fe80::/64", nil},
		{"nonsense", "", "invalid Prefix", nil},
		{"192.0.2.7:1234", "198.51.100.1", "192.0.2.7/32", nil},                               // nobody is trusted
		{"192.0.2.7:1234", "198.51.100.1", "192.0.2.7/32", proxies},                           // not this one
		{"127.0.0.1:1234", "198.51.100.1", "198.51.100.1/32", proxies},                        // one hop
		{"127.0.0.1:1234", "203.0.113.9, 198.51.100.1, 10.1.2.3", "198.51.100.1/32", proxies}, // the left one is made up
		{"127.0.0.1:1234", "", "127.0.0.1/32", proxies},
		{"127.0.0.1:1234", "x, y", "127.0.0.1/32", proxies},
	}
	for _, tt := range tests {
		r := &http.Request{RemoteAddr: tt.remote, Header: http.Header{"X-Forwarded-For": {tt.forwarded}}}
		if got := address(r, tt.proxies).String(); got != tt.want {
			t.Errorf("%s forwarded for %q: %s, want %s", tt.remote, tt.forwarded, got, tt.want)
		}
	}
}

func TestBucketsForgetAndAreBounded(t *testing.T) {
	b := newBuckets[int](0.001, 2)
	for i := range maxBuckets + 10 {
		b.take(i)
	}
	if len(b.of) != maxBuckets {
		t.Errorf("%d keys are remembered", len(b.of))
	}
	if b.take(maxBuckets + 1) {
		t.Error("those who find no room share one bucket, and it is empty")
	}
	b.of[7].SetBurst(1) // as full as it gets, but for one
	b.of[8].SetBurst(3)
	b.of[8].AllowN(b.pruned, -3) // full
	b.burst = 2
	b.pruned = b.pruned.Add(-2 * 60e9)
	b.bucket(-1)
	if _, ok := b.of[7]; !ok {
		t.Error("a bucket that was not full was forgotten")
	}
	if _, ok := b.of[8]; ok {
		t.Error("a full bucket was kept")
	}
}
