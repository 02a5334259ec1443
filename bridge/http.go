package bridge

import (
	"encoding/json"
	"net"
	"net/http"
	"net/netip"
	"strings"

	"parley/bridge/signal"
)

// policy is the Content-Security-Policy: everything from here, and nothing inline. 'self' in
// connect-src covers the WebSocket too.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; " +
	"media-src 'self' blob:; font-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self'; " +
	"base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// permissions gives this page what a call needs, and takes the rest from everybody.
const permissions = "camera=(self), microphone=(self), display-capture=(self), speaker-selection=(self), " +
	"screen-wake-lock=(self), autoplay=(self), fullscreen=(self), picture-in-picture=(self), clipboard-write=(self), " +
	"accelerometer=(), browsing-topics=(), geolocation=(), gyroscope=(), hid=(), idle-detection=(), " +
	"magnetometer=(), midi=(), payment=(), publickey-credentials-get=(), serial=(), usb=(), xr-spatial-tracking=()"

// ServeHTTP answers one request:
//
//	/                 the page               /signal     the WebSocket
//	/r/<room>         the same page          /api/room   how a room is entered
//	/assets/..., /... the web app's files    else        404
func (b *Bridge) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.guardHeaders(w, r)
	path := r.URL.Path
	switch {
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		w.Header().Set("Allow", "GET, HEAD")
		refuse(w, http.StatusMethodNotAllowed, "Only GET and HEAD are served here.")
	case path == "/signal":
		b.open(w, r)
	case path == "/api/room":
		b.describeRoom(w, r)
	case path == "/" || isRoomPath(path):
		b.site.serve(w, r, index)
	default:
		b.site.serve(w, r, strings.TrimPrefix(path, "/"))
	}
}

func isRoomPath(path string) bool {
	room, ok := strings.CutPrefix(path, "/r/")
	return ok && room != "" && !strings.Contains(room, "/")
}

func (b *Bridge) guardHeaders(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("Permissions-Policy", permissions)
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	if b.trustworthy(r) { // elsewhere browsers ignore it, and say so on the console
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
	}
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	if b.config.HSTS {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
}

// trustworthy tells whether the page's origin counts as secure for a browser (W3C Secure Contexts,
// section 3.1): TLS here or before us, or this very machine.
func (b *Bridge) trustworthy(r *http.Request) bool {
	if r.TLS != nil || strings.HasPrefix(b.config.URL, "https:") {
		return true
	}
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		host = strings.Trim(r.Host, "[]")
	}
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || err == nil && addr.IsLoopback()
}

// roomInfo is the answer of /api/room.
type roomInfo struct {
	Open   bool `json:"open"`
	Locked bool `json:"locked"`
	Full   bool `json:"full"`
}

func (b *Bridge) describeRoom(w http.ResponseWriter, r *http.Request) {
	if !b.asks.take(address(r, b.config.Proxies)) {
		w.Header().Set("Retry-After", "1")
		reply(w, http.StatusTooManyRequests, signal.Faulty(signal.CodeTryLater, "Too many questions from this address. Wait a moment."))
		return
	}
	room, fault := NormalRoom(signal.RoomName(r.URL.Query().Get("name")))
	if fault != nil {
		reply(w, http.StatusBadRequest, fault)
		return
	}
	gate := b.config.Rooms.Gate(room)
	reply(w, http.StatusOK, roomInfo{Open: gate.Open, Locked: gate.Lock != "", Full: gate.Full})
}

func reply(w http.ResponseWriter, status int, body any) {
	text, err := json.Marshal(body)
	if err != nil { // structs of ours
		panic("bridge: encode reply: " + err.Error())
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(text) // who asked may be gone
}

func refuse(w http.ResponseWriter, status int, sentence string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(sentence + "\n")) // who asked may be gone
}
