package relay

import "sort"

const (
	chooseEvery   = 100 * millisecond
	askAgainAfter = second
	soundKbps     = 40 // set aside for each voice
)

// choose divides the estimate among the tiles that are shown, and aims each slot at its layer.
func (p *Port) choose(now micros, sinks []*Sink) {
	b := &p.board
	if now-b.allocated < chooseEvery {
		p.askWaiting(now, sinks)
		return
	}
	b.allocated = now
	wants, index := p.wants(now, sinks)
	d := &p.down.path
	d.mu.Lock()
	budget, narrow := int(d.estimate.kbps), d.estimate.narrow(now)
	d.mu.Unlock()
	for _, s := range b.playing {
		if s != nil {
			budget -= soundKbps
		}
	}
	clear(b.useful)
	given := share(budget, narrow, wants)
	rates := thin(budget, wants, given)
	held := []uint8{}
	for n, i := range index {
		source, w := b.aimed[i], &wants[n]
		// The smallest stays at hand to fall back to, the best to go up to.
		b.useful[source] |= 1 | 1<<max(given[n], 0) | w.hoped()
		if given[n] < 0 {
			sinks[i].hold()
			held = append(held, uint8(i))
			continue
		}
		sinks[i].aim(source, source.pick(w.flowing(given[n]), rates[n]))
	}
	p.askWaiting(now, sinks)
	if string(held) != b.told.held {
		b.told.held = string(held)
		p.tell(encodeHeld(held))
	}
	if n := needed(wants); n > budget {
		p.seekMore(now, n+int(d.kbps())-budget)
	}
}

func (d *path) kbps() float64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.estimate.kbps
}

// wants describes the open video slots, those that matter most first, and which slots they are.
func (p *Port) wants(now micros, sinks []*Sink) (wants []want, index []int) {
	b := &p.board
	for i := range sinks {
		if b.aimed[i] != nil {
			index = append(index, i)
		}
	}
	sort.SliceStable(index, func(x, y int) bool {
		return b.weight(b.video[index[x]]) > b.weight(b.video[index[y]])
	})
	for _, i := range index {
		w := want{rungs: b.aimed[i].rungs(now), height: defaultHeight, now: sinks[i].layer(), thin: b.aimed[i].thin()}
		if v, ok := b.views[b.video[i]]; ok && v.height > 0 {
			w.height = int(v.height)
		}
		if one := b.aimed[i].layered(); one != nil && !sinks[i].joins(one) {
			w.rungs = [maxLayers]rung{w.rungs[0]}
		}
		if b.video[i].kind == Screen {
			w.height = 0 // it has one layer
		}
		wants = append(wants, w)
	}
	return wants, index
}

// defaultHeight is how large a tile is taken to be while the page has not said, in pixels.
const defaultHeight = 360

// askWaiting asks for key frames where a slot waits for one.
func (p *Port) askWaiting(now micros, sinks []*Sink) {
	b := &p.board
	for i, sink := range sinks {
		target := sink.waits()
		if target == nil {
			b.asked[i] = 0
			continue
		}
		if b.asked[i] != 0 && now-b.asked[i] < askAgainAfter {
			continue
		}
		b.asked[i] = now
		target.source.port.keys.want(target.source, target.ssrc)
	}
}
