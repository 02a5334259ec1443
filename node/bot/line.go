package bot

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"parley/bridge/signal"
)

// The line's patience (PROTOCOL.md).
const (
	dialTimeout  = 10 * time.Second
	writeTimeout = 5 * time.Second
	quietLimit   = 10 * time.Second
	firstDelay   = 100 * time.Millisecond
	lastDelay    = 5 * time.Second
)

// line is the way to the bridge, dialled anew whenever it breaks.
//
//	idle --time to dial--> dialling --connected--> open --cut, fault, silence--> idle
//
// The bot's goroutine owns it. One goroutine dials and then reads, and posts what it hears.
type line struct {
	url      string
	dialer   websocket.Dialer
	box      *mailbox
	work     *sync.WaitGroup
	ws       *websocket.Conn // nil unless open
	read     chan struct{}   // closed when nothing more is read from ws
	dialling bool
	turn     int       // counts dials: what an older connection still says is not heard
	attempts int       // since the last welcome
	dialAt   time.Time // when idle
	heard    time.Time
}

// What the line's goroutine posts.
type (
	dialled struct {
		turn int
		ws   *websocket.Conn
		read chan struct{}
		err  error
	}
	said struct {
		turn    int
		message signal.Message
	}
	hungUp struct {
		turn int
		err  error
	}
)

func newLine(base string, insecure bool, box *mailbox, work *sync.WaitGroup) (*line, error) {
	u, err := url.Parse(base)
	if err != nil {
		return nil, fmt.Errorf("bot: read URL: %w", err)
	}
	switch u.Scheme {
	case "http", "ws":
		u.Scheme = "ws"
	case "https", "wss":
		u.Scheme = "wss"
	default:
		return nil, fmt.Errorf("bot: read URL %q: it must begin with http:// or https://", base)
	}
	u.Path, u.RawQuery, u.Fragment = strings.TrimSuffix(u.Path, "/")+"/signal", "", ""
	return &line{
		url: u.String(), box: box, work: work,
		dialer: websocket.Dialer{
			Proxy: http.ProxyFromEnvironment, HandshakeTimeout: dialTimeout,
			TLSClientConfig: &tls.Config{InsecureSkipVerify: insecure}, //nolint:gosec // asked for by --insecure, for nodes with a certificate of their own making
		},
	}, nil
}

// dial connects if it is time to.
func (l *line) dial(ctx context.Context, now time.Time) {
	if l.ws != nil || l.dialling || now.Before(l.dialAt) {
		return
	}
	l.dialling = true
	l.turn++
	turn := l.turn
	l.work.Go(func() {
		ws, response, err := l.dialer.DialContext(ctx, l.url, nil)
		if err != nil {
			l.box.post(dialled{turn: turn, err: explain(response, err)})
			return
		}
		defer context.AfterFunc(ctx, func() { _ = ws.Close() })() // wakes the reader
		ws.SetReadLimit(4 * signal.MaxFrame)                      // a welcome to a large room
		read := make(chan struct{})
		l.box.post(dialled{turn: turn, ws: ws, read: read})
		err = l.listen(turn, ws)
		close(read)
		l.box.post(hungUp{turn, err})
	})
}

func explain(response *http.Response, err error) error {
	if response == nil {
		return fmt.Errorf("bot: dial bridge: %w", err)
	}
	text, readErr := io.ReadAll(io.LimitReader(response.Body, 300))
	if readErr != nil {
		text = nil
	}
	return fmt.Errorf("bot: dial bridge: it answered %s %s: %w", response.Status, strings.TrimSpace(string(text)), err)
}

func (l *line) listen(turn int, ws *websocket.Conn) error {
	for {
		_, frame, err := ws.ReadMessage()
		if err != nil {
			return fmt.Errorf("bot: read message: %w", err)
		}
		m, fault := signal.Decode(frame, signal.FromServer)
		if fault != nil {
			return fmt.Errorf("bot: read message: %w", fault)
		}
		l.box.post(said{turn, m})
	}
}

// connected takes a dial's result.
func (l *line) connected(d dialled, now time.Time) bool {
	if d.turn != l.turn {
		if d.ws != nil {
			_ = d.ws.Close()
		}
		return false
	}
	l.dialling = false
	if d.err != nil {
		l.retry(now)
		return false
	}
	l.ws, l.read, l.heard = d.ws, d.read, now
	return true
}

// retry sets the time of the next dial: at random, later each time.
func (l *line) retry(now time.Time) {
	delay := min(firstDelay<<min(l.attempts, 10), lastDelay)
	l.attempts++
	l.dialAt = now.Add(delay/2 + rand.N(delay/2+1))
}

// send writes one message. If that fails the reading goroutine ends, and says so.
func (l *line) send(m signal.Message) {
	if l.ws == nil {
		return // it is said again after the next welcome, where it still matters
	}
	_ = l.ws.SetWriteDeadline(time.Now().Add(writeTimeout))
	if err := l.ws.WriteMessage(websocket.TextMessage, signal.Encode(m)); err != nil {
		_ = l.ws.Close()
	}
}

// drop ends the connection.
func (l *line) drop() {
	if l.ws == nil {
		return
	}
	_ = l.ws.Close()
	l.ws = nil
	l.turn++
}

// part ends the connection with a goodbye of this code (RFC 6455 section 7.4.1) and waits until the bridge has hung up, a second at most. To close at once
// with something unread would reset the connection, and the bridge might never read what was said last.
func (l *line) part(code int) {
	if l.ws == nil {
		return
	}
	goodbye := websocket.FormatCloseMessage(code, "")
	_ = l.ws.WriteControl(websocket.CloseMessage, goodbye, time.Now().Add(writeTimeout))
	select {
	case <-l.read:
	case <-time.After(time.Second):
	}
	l.drop()
}
