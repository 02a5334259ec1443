package relay

import (
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// shaper is a UDP path between one page and the relay: towards the page it has a rate, a queue and
// a share of loss.
type shaper struct {
	page, relay *net.UDPConn
	kbps        atomic.Int64 // 0: no limit
	loss        atomic.Int64 // per thousand
	mute        atomic.Bool  // the page's reports get lost
	queue       chan []byte
	back        atomic.Pointer[net.UDPAddr]
	wg          sync.WaitGroup
}

const shaperQueue = 60 // packets, at 300 kbit/s nearly two seconds

func newShaper(t testing.TB, r *Relay) *shaper {
	t.Helper()
	page, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	relay, err := net.DialUDP("udp4", nil, &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: r.Port()})
	if err != nil {
		t.Fatal(err)
	}
	s := &shaper{page: page, relay: relay, queue: make(chan []byte, shaperQueue)}
	s.wg.Add(3)
	go s.up()
	go s.down()
	go s.pace()
	t.Cleanup(func() {
		page.Close()
		relay.Close()
		s.wg.Wait()
	})
	return s
}

func (s *shaper) up() {
	defer s.wg.Done()
	b := make([]byte, 2000)
	for {
		n, from, err := s.page.ReadFromUDP(b)
		if err != nil {
			return
		}
		s.back.Store(from)
		if s.mute.Load() && n > 1 && b[0]>>6 == 2 && b[1] >= 192 && b[1] < 224 { // RFC 5761: RTCP
			continue
		}
		_, _ = s.relay.Write(b[:n])
	}
}

func (s *shaper) down() {
	defer s.wg.Done()
	defer close(s.queue)
	for {
		b := make([]byte, 2000)
		n, err := s.relay.Read(b)
		if err != nil {
			return
		}
		if rand.Int64N(1000) < s.loss.Load() {
			continue
		}
		select {
		case s.queue <- b[:n]:
		default:
		}
	}
}

func (s *shaper) pace() {
	defer s.wg.Done()
	free := time.Now()
	for b := range s.queue {
		if kbps := s.kbps.Load(); kbps > 0 {
			free = free.Add(time.Duration(len(b)*8) * time.Millisecond / time.Duration(kbps))
			if wait := time.Until(free); wait > 0 {
				<-time.After(wait)
			} else if wait < -20*time.Millisecond {
				free = time.Now()
			}
		}
		if to := s.back.Load(); to != nil {
			_, _ = s.page.WriteToUDP(b, to)
		}
	}
}

// reroute puts the shaper's address in the place of the relay's.
func (s *shaper) reroute(answer string) string {
	lines := strings.Split(answer, "\r\n")
	out := lines[:0]
	for _, l := range lines {
		if strings.HasPrefix(l, "a=candidate:") {
			if !strings.Contains(l, " udp ") {
				continue
			}
			f := strings.Fields(l)
			f[5] = fmt.Sprint(s.page.LocalAddr().(*net.UDPAddr).Port)
			l = strings.Join(f, " ")
		}
		out = append(out, l)
	}
	return strings.Join(out, "\r\n")
}

// A receiver whose path shrinks to 300 kbit/s gets a smaller layer within three seconds, and the
// large one again within fifteen after it grew; the others notice nothing.
func TestLayersFollowTheBandwidth(t *testing.T) {
	r := newRelay(t, Limits{StartKbps: 2000})
	path := newShaper(t, r)
	path.kbps.Store(2000)
	ann := newPage(t, r, "ann", pageOptions{video: 1, reroute: path.reroute})
	cid := newPage(t, r, "cid", pageOptions{video: 1})
	bob := newPage(t, r, "bob", pageOptions{layers: 3})
	eventually(t, 5*time.Second, "control opens", func() bool { return ann.number("bob") != 0 && cid.number("bob") != 0 })
	bob.camera.roll(15)
	slot := slotKey{true, 0}
	for _, p := range []*testPage{ann, cid} {
		p.show(view{member: p.number("bob"), kind: Camera, width: 1280, height: 720})
	}
	layer := func(p *testPage) int {
		_, video := p.port.down.slots()
		return video[0].layer()
	}
	eventually(t, 15*time.Second, "both see the large layer", func() bool {
		return layer(ann) == 2 && layer(cid) == 2 && ann.packets(slot) > 50
	})
	<-time.After(3 * time.Second)
	path.kbps.Store(300)
	down := time.Now()
	eventually(t, 6*time.Second, "the layer goes down", func() bool {
		if layer(cid) != 2 {
			t.Fatal("another receiver's layer changed")
		}
		return layer(ann) == 1 || layer(ann) == 0
	})
	t.Logf("down after %v, estimate %.0f", time.Since(down), ann.port.down.path.kbps())
	if time.Since(down) > 3*time.Second {
		t.Errorf("went down after %v", time.Since(down))
	}
	<-time.After(8 * time.Second)
	t.Logf("at 300: layer %d, estimate %.0f", layer(ann), ann.port.down.path.kbps())
	path.kbps.Store(2000)
	up := time.Now()
	eventually(t, 25*time.Second, "the layer goes up again", func() bool { return layer(ann) == 2 })
	t.Logf("up after %v, estimate %.0f", time.Since(up), ann.port.down.path.kbps())
	if time.Since(up) > 15*time.Second {
		t.Errorf("went up after %v", time.Since(up))
	}
	if layer(cid) != 2 {
		t.Error("another receiver's layer changed")
	}
}
