package relay

import (
	"testing"
	"time"
)

// Three people hear and see each other, and nobody in anybody's place.
func TestForwardsSoundAndPicture(t *testing.T) {
	r := newRelay(t, Limits{})
	pages := map[string]*testPage{}
	for _, name := range []string{"ann", "bob", "cid"} {
		pages[name] = newPage(t, r, name, pageOptions{audio: 2, video: 2})
	}
	for _, p := range pages {
		eventually(t, 5*time.Second, "control opens", func() bool { return p.number("cid") != 0 })
		p.camera.roll(15)
		defer p.speak(60)()
	}
	for name, p := range pages {
		for _, key := range []slotKey{{false, 0}, {false, 1}, {true, 0}, {true, 1}} {
			eventually(t, 5*time.Second, name+" receives in every slot", func() bool { return p.packets(key) > 20 })
		}
		p.mu.Lock()
		for key, log := range p.got {
			if log.strange > 0 {
				t.Errorf("%s: slot %v carried %d packets of somebody else", name, key, log.strange)
			}
			gapless(t, log)
		}
		if len(p.filled) != 2 {
			t.Errorf("%s: told of %d filled slots", name, len(p.filled))
		}
		p.mu.Unlock()
	}
}

// gapless checks that a slot's sequence numbers and PictureIDs run on without a hole.
func gapless(t *testing.T, log *slotLog) {
	t.Helper()
	for i := 1; i < len(log.order); i++ {
		if log.order[i] != log.order[i-1]+1 {
			t.Errorf("sequence number %d follows %d", log.order[i], log.order[i-1])
			return
		}
		if int32(log.stamps[i]-log.stamps[i-1]) < 0 {
			t.Errorf("timestamp %d follows %d", log.stamps[i], log.stamps[i-1])
		}
	}
	for i := 1; i < len(log.pictures); i++ {
		if d := (log.pictures[i] - log.pictures[i-1]) & 0x7fff; d > 1 {
			t.Errorf("PictureID %d follows %d", log.pictures[i], log.pictures[i-1])
			return
		}
	}
}

// A page that does not acknowledge the table sees nobody.
func TestVideoWaitsForAcknowledgement(t *testing.T) {
	r := newRelay(t, Limits{})
	ann := newPage(t, r, "ann", pageOptions{audio: 1, video: 1, mute: true})
	bob := newPage(t, r, "bob", pageOptions{})
	eventually(t, 5*time.Second, "control opens", func() bool { return ann.number("bob") != 0 })
	bob.camera.roll(15)
	defer bob.speak(60)()
	eventually(t, 5*time.Second, "sound comes", func() bool { return ann.packets(slotKey{false, 0}) > 25 })
	if n := ann.packets(slotKey{true, 0}); n != 0 {
		t.Fatalf("%d packets of video before the acknowledgement", n)
	}
	ann.mu.Lock()
	ann.mute = false
	rev := ann.rev
	ann.mu.Unlock()
	ann.sendControl([]byte{msgAck, byte(rev >> 24), byte(rev >> 16), byte(rev >> 8), byte(rev)})
	eventually(t, 2*time.Second, "video comes", func() bool { return ann.packets(slotKey{true, 0}) > 0 })
}
