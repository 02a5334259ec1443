package bot

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"parley/bridge/signal"
)

// player sends the clips at their real pace to every outlet, from one goroutine.
//
// The time of day gives the frame to be sent (see place), so all links carry the same one and a frame
// that is due is never sent twice. Its goroutine owns places; the rest may be touched by anyone.
type player struct {
	lib    *library
	phase  time.Duration
	places [kinds]int64 // of the frame sent last; 0 at the start and after a pause
	on     [kinds]atomic.Bool
	layer  atomic.Pointer[string] // of outlets that have no layer of their own

	mu      sync.Mutex // guards outlets, which is replaced and never changed
	outlets []*outlet
}

func newPlayer(lib *library, self signal.PeerID) *player {
	p := &player{lib: lib, phase: phaseOf(self)}
	p.layer.Store(&layers[len(layers)-1])
	return p
}

func (p *player) add(outlets ...*outlet) {
	p.mu.Lock()
	p.outlets = slices.Concat(p.outlets, outlets)
	p.mu.Unlock()
}

func (p *player) remove(outlets ...*outlet) {
	p.mu.Lock()
	p.outlets = slices.DeleteFunc(slices.Clone(p.outlets), func(o *outlet) bool { return slices.Contains(outlets, o) })
	p.mu.Unlock()
}

// run sends until the context ends.
func (p *player) run(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		now := time.Now()
		p.sendDue(Microphone, soundsPerSecond, now)
		p.sendDue(Camera, picturesPerSecond, now)
		timer.Reset(min(p.untilNext(soundsPerSecond, now), p.untilNext(picturesPerSecond, now)))
	}
}

func (p *player) untilNext(perSecond int, now time.Time) time.Duration {
	next := (place(now, p.phase, perSecond)+1)*1e6/int64(perSecond) + 1 // in microseconds: nanoseconds would not fit
	return time.Duration(next-now.Add(p.phase).UnixMicro()) * time.Microsecond
}

// sendDue sends the frames of a kind from the one sent last to the one due now. After a second without
// a chance to send it leaves out what it missed.
func (p *player) sendDue(kind Kind, perSecond int, now time.Time) {
	due := place(now, p.phase, perSecond)
	if !p.on[kind].Load() {
		p.places[kind] = 0
		return
	}
	from := p.places[kind] + 1
	skipped := due-from >= int64(perSecond)
	if skipped {
		from = due
	}
	p.mu.Lock()
	outlets := p.outlets
	p.mu.Unlock()
	for at := from; at <= due; at++ {
		f := frame{place: at, first: skipped && at == from}
		for _, o := range outlets {
			if o.kind == kind {
				p.send(o, &f)
			}
		}
	}
	p.places[kind] = due
}

// frame is one moment of a clip on its way to all outlets; each layer is cut into payloads once.
type frame struct {
	place  int64
	first  bool // after a pause: what was to be continued is not there
	layers map[string][][]byte
}

func (p *player) send(o *outlet, f *frame) {
	if !o.kind.video() {
		o.send(p.lib.tone[f.place%soundCount:][:1], f.place*soundStep, f.first)
		return
	}
	number := f.place % pictureCount
	key := number%keyEvery == 0
	if !o.follows(*p.layer.Load(), key, f.first) {
		return
	}
	payloads := f.layers[o.layer]
	if payloads == nil {
		if f.layers == nil {
			f.layers = map[string][][]byte{}
		}
		payloads = fragmentPicture(p.lib.pictures[o.layer][number], f.place)
		f.layers[o.layer] = payloads
	}
	o.send(payloads, f.place*pictureStep, f.first)
}
