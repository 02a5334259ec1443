package bot

import (
	"testing"
	"time"
)

func TestAPictureOlderThanTheOneShownBeforeIsFound(t *testing.T) {
	var l ledger
	l.begin("ann")
	now := time.UnixMilli(1_800_000_000_000)
	show := func(kind Kind, perSecond, ahead int, rank int64) {
		at := place(now, l.phase, perSecond) + int64(ahead)
		number := at % pictureCount
		if kind == Microphone {
			number = at % soundCount
		}
		l.frame(shown{kind, int(number), true, rank}, now)
		now = now.Add(20 * time.Millisecond)
	}
	for _, ahead := range []int{-15, -15, 0, 2, 2} { // the same picture again is no step back; its sender's clock may be ahead
		show(Camera, picturesPerSecond, ahead, 1)
	}
	first := l.read()
	if first.Backwards != 0 || first.Misplaced != 0 || !first.Turned.Equal(time.UnixMilli(1_800_000_000_000)) {
		t.Errorf("in order: %+v", first)
	}
	show(Camera, picturesPerSecond, -15, 2) // another link has decoded, but is late: the first one is shown still
	if got := l.read(); got.Frames != first.Frames || !got.Turned.Equal(first.Turned) {
		t.Errorf("a link that is late: %+v", got)
	}
	turned := now
	show(Camera, picturesPerSecond, 2, 2)
	show(Camera, picturesPerSecond, 3, 1) // what the old one still brings is not shown
	if got := l.read(); got.Frames != first.Frames+1 || got.Backwards+got.Misplaced != 0 || !got.Turned.Equal(turned) {
		t.Errorf("a link that took over: %+v, want it turned at %v", got, turned)
	}
	show(Camera, picturesPerSecond, -9, 2)
	if got := l.read(); got.Backwards != 1 || got.Misplaced != 0 {
		t.Errorf("a step back on one link: %+v", got)
	}
	for ahead := -88; ahead <= 0; ahead += 15 { // pictures that waited for nearly a whole round of the clip come at once
		show(Camera, picturesPerSecond, ahead, 2)
	}
	if got := l.read(); got.Backwards != 1 || got.Misplaced != 3 {
		t.Errorf("late in their order: %+v", got)
	}
	show(Microphone, soundsPerSecond, 0, 2)
	show(Microphone, soundsPerSecond, -3, 2)
	if got := l.read(); got.Backwards != 1 {
		t.Errorf("sound: %+v", got)
	}
}
