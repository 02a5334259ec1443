package bridge

import (
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"

	"parley/bridge/signal"
)

// ask makes a request as it is: nothing added, nothing unpacked.
func (d *door) ask(method, path string, head map[string]string) (*http.Response, string) {
	d.t.Helper()
	r, err := http.NewRequest(method, d.http.URL+path, nil)
	if err != nil {
		d.t.Fatal(err)
	}
	for k, v := range head {
		r.Header.Set(k, v)
	}
	r.Host = r.Header.Get("Host")
	tr := &http.Transport{DisableCompression: true, DisableKeepAlives: true}
	answer, err := tr.RoundTrip(r)
	if err != nil {
		d.t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		d.t.Fatal(err)
	}
	return answer, string(body)
}

func TestSite(t *testing.T) {
	d := openDoor(t, nil)
	const immutable = "public, max-age=31536000, immutable"
	tests := []struct {
		path   string
		status int
		kind   string
		cache  string
	}{
		{"/", 200, "text/html; charset=utf-8", "no-cache"},
		{"/index.html", 200, "text/html; charset=utf-8", "no-cache"},
		{"/r/our%20room", 200, "text/html; charset=utf-8", "no-cache"},
		{"/r/%ED%95%9C%EA%B8%80", 200, "text/html; charset=utf-8", "no-cache"},
		{"/assets/app-1a2b3c4.js", 200, "text/javascript; charset=utf-8", immutable},
		{"/assets/ring.mp3", 200, "audio/mpeg", immutable},
		{"/icon.svg", 200, "image/svg+xml", "no-cache"},
		{"/app.webmanifest", 200, "application/manifest+json", "no-cache"},
		{"/r/", 404, "text/plain; charset=utf-8", "no-store"},
		{"/r/a/b", 404, "text/plain; charset=utf-8", "no-store"},
		{"/r/a%2Fb", 404, "text/plain; charset=utf-8", "no-store"},
		{"/assets", 404, "text/plain; charset=utf-8", "no-store"},
		{"/assets/", 404, "text/plain; charset=utf-8", "no-store"},
		{"/assets/../index.html", 404, "text/plain; charset=utf-8", "no-store"},
		{"/assets/gone.js", 404, "text/plain; charset=utf-8", "no-store"},
		{"//index.html", 404, "text/plain; charset=utf-8", "no-store"},
	}
	for _, tt := range tests {
		answer, body := d.ask("GET", tt.path, nil)
		h := answer.Header
		if answer.StatusCode != tt.status || h.Get("Content-Type") != tt.kind || h.Get("Cache-Control") != tt.cache {
			t.Errorf("%s: %d %s %s", tt.path, answer.StatusCode, h.Get("Content-Type"), h.Get("Cache-Control"))
		}
		if tt.status != 200 {
			continue
		}
		head, none := d.ask("HEAD", tt.path, nil)
		if head.ContentLength != int64(len(body)) || none != "" {
			t.Errorf("HEAD %s: length %d, want %d", tt.path, head.ContentLength, len(body))
		}
		again, none := d.ask("GET", tt.path, map[string]string{"If-None-Match": h.Get("ETag")})
		if again.StatusCode != 304 || none != "" {
			t.Errorf("%s again: %d", tt.path, again.StatusCode)
		}
	}
}

func TestEveryHeaderIsOnEveryAnswer(t *testing.T) {
	want := map[string]string{
		"Content-Security-Policy":      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; font-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
		"Referrer-Policy":              "no-referrer",
		"X-Content-Type-Options":       "nosniff",
		"Cross-Origin-Opener-Policy":   "same-origin",
		"Cross-Origin-Resource-Policy": "same-origin",
		"Strict-Transport-Security":    "",
	}
	for _, strict := range []bool{false, true} {
		d := openDoor(t, func(c *Config) { c.HSTS = strict })
		if strict {
			want["Strict-Transport-Security"] = "max-age=31536000"
		}
		for _, path := range []string{"/", "/r/x", "/assets/app-1a2b3c4.js", "/gone", "/api/room?name=x", "/api/room", "/signal"} {
			for _, method := range []string{"GET", "POST"} {
				answer, _ := d.ask(method, path, nil)
				for k, v := range want {
					if got := answer.Header.Get(k); got != v {
						t.Errorf("%s %s: %s is %q", method, path, k, got)
					}
				}
				for _, k := range []string{"camera=(self)", "microphone=(self)", "display-capture=(self)", "geolocation=()"} {
					if !strings.Contains(answer.Header.Get("Permissions-Policy"), k) {
						t.Errorf("%s %s: no %s", method, path, k)
					}
				}
				if method == "POST" && (answer.StatusCode != 405 || answer.Header.Get("Allow") != "GET, HEAD") {
					t.Errorf("%s %s: status %d", method, path, answer.StatusCode)
				}
			}
		}
	}
}

func TestGzip(t *testing.T) {
	d := openDoor(t, nil)
	const path = "/assets/app-1a2b3c4.js"
	plain, text := d.ask("GET", path, nil)
	packed, body := d.ask("GET", path, map[string]string{"Accept-Encoding": "br, GZIP;q=0.8"})
	if packed.Header.Get("Content-Encoding") != "gzip" || packed.Header.Get("Vary") != "Accept-Encoding" || plain.Header.Get("Vary") != "Accept-Encoding" {
		t.Fatalf("headers %v", packed.Header)
	}
	if packed.ContentLength != int64(len(body)) || len(body) >= len(text) || packed.Header.Get("ETag") == plain.Header.Get("ETag") {
		t.Errorf("%d bytes, tag %s", len(body), packed.Header.Get("ETag"))
	}
	z, err := gzip.NewReader(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if unpacked, err := io.ReadAll(z); err != nil || string(unpacked) != text {
		t.Errorf("unpacked to %d bytes: %v", len(unpacked), err)
	}
	again, _ := d.ask("GET", path, map[string]string{"Accept-Encoding": "gzip", "If-None-Match": packed.Header.Get("ETag")})
	if again.StatusCode != 304 {
		t.Errorf("again: %d", again.StatusCode)
	}
	for _, accept := range []string{"", "br", "gzip;q=0", "gzip; q=0.000", "x-gzip-not"} {
		if a, _ := d.ask("GET", path, map[string]string{"Accept-Encoding": accept}); a.Header.Get("Content-Encoding") != "" {
			t.Errorf("%q was answered with gzip", accept)
		}
	}
	// A part of a file is a part of the file as it is; sound would not pack anyway.
	part, text := d.ask("GET", "/assets/ring.mp3", map[string]string{"Range": "bytes=2-4", "Accept-Encoding": "gzip"})
	if part.StatusCode != 206 || text != "234" {
		t.Errorf("part: %d %q", part.StatusCode, text)
	}
	if part, _ := d.ask("GET", path, map[string]string{"Range": "bytes=0-1", "Accept-Encoding": "gzip"}); part.StatusCode != 206 || part.Header.Get("Content-Encoding") != "" {
		t.Errorf("part of a packed file: %d", part.StatusCode)
	}
}

func TestRoomAPI(t *testing.T) {
	d := openDoor(t, func(c *Config) { c.Limits.Hellos, c.Limits.HellosBurst = 0.001, 5 })
	d.house.setGate("our room", Gate{Open: true, Lock: "$lock$", Full: true})
	tests := []struct {
		query  string
		status int
		want   string
	}{
		{"?name=Our++Room", 200, `{"open":true,"locked":true,"full":true}`},
		{"?name=other", 200, `{"open":false,"locked":false,"full":false}`},
		{"?name=", 400, ""},
		{"", 400, ""},
		{"?name=%ff", 400, ""},
		{"?name=other", 429, ""},
	}
	for _, tt := range tests {
		answer, body := d.ask("GET", "/api/room"+tt.query, nil)
		if answer.StatusCode != tt.status || answer.Header.Get("Content-Type") != "application/json" || answer.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d %v", tt.query, answer.StatusCode, answer.Header)
		}
		if tt.want != "" && body != tt.want {
			t.Errorf("%s: %s", tt.query, body)
		}
		var fault signal.Fault
		if err := json.Unmarshal([]byte(body), &fault); tt.status != 200 && (err != nil || fault.Code == "" || fault.Text == "") {
			t.Errorf("%s: no fault but %s", tt.query, body)
		}
	}
}

func TestConfigIsChecked(t *testing.T) {
	good := Config{Rooms: &house{}, Signer: newSigner("n", 0), Site: testSite()}
	for name, change := range map[string]func(*Config){
		"no rooms":   func(c *Config) { c.Rooms = nil },
		"no signer":  func(c *Config) { c.Signer = nil },
		"no site":    func(c *Config) { c.Site = nil },
		"empty site": func(c *Config) { c.Site = fstest.MapFS{} },
		"bad url":    func(c *Config) { c.URL = "example.org" },
		"bad origin": func(c *Config) { c.Origins = []string{"*"} },
	} {
		config := good
		change(&config)
		if _, err := New(config); err == nil {
			t.Errorf("%s: a bridge was made", name)
		}
	}
}

// TestOpenerPolicyOnlyWhereBrowsersTakeIt: on an origin that is not secure the header is a console error.
func TestOpenerPolicyOnlyWhereBrowsersTakeIt(t *testing.T) {
	for _, tt := range []struct {
		host, url string
		want      string
	}{
		{"localhost:8080", "", "same-origin"},
		{"127.0.0.5:8080", "", "same-origin"},
		{"[::1]:8080", "", "same-origin"},
		{"192.168.1.7:8080", "", ""},
		{"meet.example.org", "", ""},
		{"meet.example.org", "https://meet.example.org", "same-origin"},
	} {
		d := openDoor(t, func(c *Config) { c.URL = tt.url })
		answer, _ := d.ask("GET", "/", map[string]string{"Host": tt.host})
		if got := answer.Header.Get("Cross-Origin-Opener-Policy"); got != tt.want {
			t.Errorf("%s with url %q: %q, want %q", tt.host, tt.url, got, tt.want)
		}
	}
}

func TestTheStartPageKnowsThePublicURL(t *testing.T) {
	page := fstest.MapFS{"index.html": {Data: []byte(`<meta name="parley-url" content="" /><title>x</title>`)}}
	for url, want := range map[string]string{
		"":                         `content="" />`,
		"https://meet.example.org": `content="https://meet.example.org" />`,
	} {
		d := openDoor(t, func(c *Config) { c.Site, c.URL = page, url })
		if _, body := d.ask("GET", "/r/den", nil); !strings.Contains(body, want) {
			t.Errorf("with %q the page is %s", url, body)
		}
	}
}
