package relay

import (
	"testing"
	"time"

	"github.com/pion/rtcp"
)

// A page whose reports stop gets less after three seconds and is cut in the end, while the connection
// stands; another that watches the same person loses nothing.
func TestSilentPageIsDegradedThenCut(t *testing.T) {
	r := newRelay(t, Limits{StartKbps: 2000})
	r.silent = 8 * second
	path := newShaper(t, r)
	ann := newPage(t, r, "ann", pageOptions{video: 1, reroute: path.reroute})
	cid := newPage(t, r, "cid", pageOptions{video: 1})
	bob := newPage(t, r, "bob", pageOptions{layers: 3})
	eventually(t, 5*time.Second, "control opens", func() bool { return ann.number("bob") != 0 && cid.number("bob") != 0 })
	bob.camera.roll(15)
	for _, p := range []*testPage{ann, cid} {
		p.show(view{member: p.number("bob"), kind: Camera, width: 1280, height: 720})
	}
	layer := func(p *testPage) int {
		_, video := p.port.down.slots()
		return video[0].layer()
	}
	slot := slotKey{true, 0}
	eventually(t, 15*time.Second, "both see the large layer", func() bool {
		return layer(ann) == 2 && layer(cid) == 2 && ann.packets(slot) > 50
	})
	path.mute.Store(true)
	degraded := false
	eventually(t, 12*time.Second, "the silent page is cut", func() bool {
		degraded = degraded || layer(ann) == 0 || layer(ann) == 1
		if layer(cid) != 2 {
			t.Fatal("another page's layer changed")
		}
		select {
		case cause := <-ann.closed:
			if cause != "no feedback" {
				t.Errorf("cut because of %q", cause)
			}
			return true
		default:
			return false
		}
	})
	if !degraded {
		t.Error("it was not given less before")
	}
	before := cid.packets(slot)
	eventually(t, 2*time.Second, "the other goes on", func() bool { return cid.packets(slot) > before+30 })
	cid.mu.Lock()
	defer cid.mu.Unlock()
	gapless(t, cid.got[slot])
}

// complain asks for a key frame in each of the page's video slots, as a browser does whose pictures break.
func (p *testPage) complain() {
	p.mu.Lock()
	list := []rtcp.Packet{}
	for key, log := range p.got {
		if key.video && log.last != nil {
			list = append(list, &rtcp.PictureLossIndication{MediaSSRC: log.last.SSRC})
		}
	}
	p.mu.Unlock()
	if err := p.pc.WriteRTCP(list); err != nil {
		p.t.Logf("%s: write: %v", p.name, err)
	}
}

// Thirty real pages, of which one loses 30 % and complains about every picture ten times a second for
// six seconds: no publisher is asked more than a handful of times. And when all who watch one person complain one after
// the other, that one is asked at the pace of one.
func TestThirtyPagesAndOneBadPath(t *testing.T) {
	const members = 30
	r := newRelay(t, Limits{StartKbps: 30000})
	path := newShaper(t, r)
	bad := newPage(t, r, "bad", pageOptions{video: members - 1, reroute: path.reroute})
	pages := make([]*testPage, members-1)
	for i := range pages {
		pages[i] = newPage(t, r, "m"+string(rune('A'+i)), pageOptions{video: 1})
	}
	star := pages[0]
	for _, p := range pages {
		eventually(t, 10*time.Second, "control opens", func() bool { return p.number(star.name) != 0 && p.number(pages[members-2].name) != 0 })
		p.camera.roll(5)
		if p != star {
			p.show(view{member: p.number(star.name), kind: Camera, width: 320, height: 180})
		}
	}
	eventually(t, 20*time.Second, "everybody sees whom they watch", func() bool {
		for i := range members - 1 {
			if bad.packets(slotKey{true, i}) == 0 || i > 0 && pages[i].packets(slotKey{true, 0}) == 0 {
				return false
			}
		}
		return true
	})
	path.loss.Store(300)
	before := make([]int32, len(pages))
	for i, p := range pages {
		before[i] = p.camera.plis.Load()
	}
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for range 60 {
		<-tick.C
		bad.complain()
	}
	most := int32(0)
	for i, p := range pages {
		most = max(most, p.camera.plis.Load()-before[i])
	}
	// Its waits double from half a second: at 0, 0.5, 1.5 and 3.5 s.
	if most == 0 || most > 6 {
		t.Errorf("a publisher was asked %d times because of one bad path", most)
	}
	path.loss.Store(0)
	was, began := star.camera.plis.Load(), time.Now()
	tick.Reset(30 * time.Millisecond)
	for _, p := range pages[1:] {
		<-tick.C
		p.complain()
	}
	allowed := int32(time.Since(began)*2/time.Second) + 2
	eventually(t, time.Second, "the last request comes", func() bool { return star.camera.plis.Load() > was })
	if got := star.camera.plis.Load() - was; got > allowed {
		t.Errorf("%d complained one after the other, and %d requests came in %v", members-2, got, time.Since(began))
	}
}
