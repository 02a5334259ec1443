package main

import (
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"parley/bridge/signal"
)

// idlePages is at how many connections the memory of one is measured.
const idlePages = 2000

// guest is a page as a bridge sees one. It answers pings and counts descriptions.
type guest struct {
	ws      *websocket.Conn
	write   sync.Mutex // guards writes to ws
	welcome *signal.Welcome
	arrived chan struct{} // one token per description
	joined  chan struct{} // one token per newcomer
}

// visit joins a room from an address of its own in 127.0.0.0/8, as from another machine.
func visit(b *testing.B, site, roomName string, i int) *guest {
	b.Helper()
	from := &net.TCPAddr{IP: net.IPv4(127, 1, byte(i>>7), byte(i&127+1))}
	dialer := websocket.Dialer{NetDial: (&net.Dialer{LocalAddr: from}).Dial, HandshakeTimeout: patience}
	ws, _, err := dialer.Dial("ws"+strings.TrimPrefix(site, "http")+"/signal", nil)
	if err != nil {
		b.Fatal(err)
	}
	g := &guest{ws: ws, arrived: make(chan struct{}, 1<<16), joined: make(chan struct{}, 1<<16)}
	g.say(b, &signal.Hello{
		Version: signal.Version, Room: signal.RoomName(roomName), Name: "guest " + strconv.Itoa(i), Page: fmt.Sprintf("page-%06d", i),
		Media: signal.Media{Microphone: "none", Camera: "none", Screen: "off"},
	})
	_, frame, err := ws.ReadMessage()
	if err != nil {
		b.Fatal(err)
	}
	m, fault := signal.Decode(frame, signal.FromServer)
	if fault != nil {
		b.Fatal(fault)
	}
	var in bool
	if g.welcome, in = m.(*signal.Welcome); !in {
		b.Fatalf("instead of a welcome: %+v", m)
	}
	go g.listen(b)
	b.Cleanup(func() { ws.Close() })
	return g
}

func (g *guest) listen(b *testing.B) {
	for {
		_, frame, err := g.ws.ReadMessage()
		if err != nil {
			return
		}
		m, fault := signal.Decode(frame, signal.FromServer)
		if fault != nil {
			b.Error(fault)
			return
		}
		switch m := m.(type) {
		case *signal.Ping:
			g.say(b, &signal.Pong{})
		case *signal.Describe:
			g.arrived <- struct{}{}
		case *signal.Joined:
			g.joined <- struct{}{}
		case *signal.Fault:
			b.Errorf("the bridge found fault: %v", m)
		}
	}
}

func (g *guest) say(b *testing.B, m signal.Message) {
	g.write.Lock()
	defer g.write.Unlock()
	if err := g.ws.WriteMessage(websocket.TextMessage, signal.Encode(m)); err != nil && !b.Failed() {
		b.Log(err) // the end of the benchmark closes sockets in any order
	}
}

// BenchmarkIdleConnection prints what one idle person costs the program: its resident memory with
// 2,000 of them in rooms of two, less that with none.
func BenchmarkIdleConnection(b *testing.B) {
	r := start(b, "--log", "warn")
	before := resident(b, r.cmd.Process.Pid)
	for i := range idlePages {
		visit(b, r.site, fmt.Sprint("room ", i/2), i)
	}
	b.ReportMetric(float64(resident(b, r.cmd.Process.Pid)-before)/idlePages/1024, "kB/connection")
	b.ReportMetric(float64(before)/(1<<20), "MB/idle-node")
	b.ReportMetric(0, "ns/op")
}

// resident is a process's resident memory in bytes.
func resident(b *testing.B, pid int) int {
	b.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		b.Skip(err)
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kB, err := strconv.Atoi(strings.Fields(rest)[0])
			if err != nil {
				b.Fatal(err)
			}
			return kB << 10
		}
	}
	b.Fatal("no VmRSS in /proc")
	return 0
}

// burst is how many descriptions a page sends before it waits: within what the bridge lets a page
// say at once.
const burst = 40

// BenchmarkRoomOfFour prints how many descriptions of 3 kB per second pass from page to page through
// one room of four that all send at once. A page that sends more than its rate is refused, so what is measured
// is a burst.
func BenchmarkRoomOfFour(b *testing.B) {
	r := start(b, "--log", "warn")
	var took time.Duration
	var messages int
	for b.Loop() {
		pages := four(b, r.site, messages)
		began := time.Now()
		var wg sync.WaitGroup
		for i, g := range pages {
			far := pages[(i+1)%len(pages)]
			offer := &signal.Describe{
				Epoch: g.welcome.Plan.Epoch, To: far.welcome.Self, Page: far.page(), Link: "link-0001",
				Kind: "offer", SDP: signal.SDP(strings.Repeat("a", 3000)),
			}
			wg.Go(func() {
				for range burst {
					g.say(b, offer)
				}
			})
			wg.Go(func() {
				for range burst {
					<-far.arrived
				}
			})
		}
		wg.Wait()
		took += time.Since(began)
		messages += burst * len(pages)
		for _, g := range pages {
			g.say(b, &signal.Leave{})
			g.ws.Close()
		}
	}
	b.ReportMetric(float64(messages)/took.Seconds(), "messages/s")
	b.ReportMetric(0, "ns/op")
}

func four(b *testing.B, site string, run int) []*guest {
	b.Helper()
	var pages []*guest
	for i := range 4 {
		pages = append(pages, visit(b, site, fmt.Sprint("room ", run), run/burst+i))
	}
	for range 3 {
		<-pages[0].joined
	}
	return pages
}

// page is the id that this guest gave.
func (g *guest) page() string {
	for _, m := range g.welcome.Members {
		if m.Peer == g.welcome.Self {
			return m.Page
		}
	}
	return ""
}
