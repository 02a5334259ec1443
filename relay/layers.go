package relay

// rung is one layer as the choice sees it.
type rung struct {
	kbps    int // what it takes, 0 for a layer that does not exist
	height  int // of the picture
	flowing bool
}

// want is one tile that a page shows: the source's layers and how well it should be shown.
type want struct {
	rungs  [maxLayers]rung
	height int // of the tile in pixels
	now    int // layer being forwarded, -1 for none
	// thin is what the smallest layer takes with fewer pictures a second, slowest first; 0 where there is no such thing.
	thin [maxTemporal - 1]int
}

// best is the smallest layer that fills the tile: three quarters of its height are enough.
func (w *want) best() int {
	best := -1
	for i, r := range w.rungs {
		if r.kbps == 0 {
			continue
		}
		best = i
		if r.height*4 >= w.height*3 {
			break
		}
	}
	return best
}

// hoped is the best layer as a bit mask, and all above it while it does not fill the tile: browsers
// begin with their top layers seconds late, and a layer that was paused before it began never would.
func (w *want) hoped() uint32 {
	best := max(w.best(), 0)
	mask := uint32(1) << best
	if w.rungs[best].height*4 < w.height*3 {
		mask = 1<<maxLayers - 1<<best
	}
	return mask
}

// lowest is the smallest layer at or above from that exists, -1 for none.
func (w *want) lowest(from int) int {
	for i := from; i < maxLayers; i++ {
		if w.rungs[i].kbps > 0 {
			return i
		}
	}
	return -1
}

// share divides budget kbit/s among wants, which are ordered by weight: everybody gets the smallest
// layer first, then each in turn one more, up to the layer that fills its tile. -1 means held: not even the
// smallest fits, which counts only on a narrow path; on others everybody gets that. Going up costs a tenth more than
// staying, so that a choice does not flutter.
func share(budget int, narrow bool, wants []want) []int {
	given := make([]int, len(wants))
	cost := func(w *want, layer int) int {
		if layer < 0 {
			return 0
		}
		if layer > w.now {
			return w.rungs[layer].kbps * 11 / 10
		}
		return w.rungs[layer].kbps
	}
	for i := range wants {
		given[i] = -1
	}
	for step := range maxLayers {
		for i := range wants {
			w := &wants[i]
			if step > 0 && given[i] < 0 {
				continue
			}
			next := w.lowest(given[i] + 1)
			if next < 0 || next > w.best() {
				continue
			}
			if price := cost(w, next) - cost(w, given[i]); price <= budget || (step == 0 && !narrow) {
				budget -= price
				given[i] = next
			}
		}
	}
	return given
}

// thin lowers the picture rate of smallest layers, where they have several, as far as the budget is
// overdrawn, least weight first; and gives those who were left with nothing such a layer out of what
// remains. It tells the picture rate of each, as a temporal layer.
func thin(budget int, wants []want, given []int) (rates []uint8) {
	rates = make([]uint8, len(wants))
	for i, g := range given {
		rates[i] = allTemporal
		if g >= 0 {
			budget -= wants[i].rungs[g].kbps
		}
	}
	for i := len(wants) - 1; i >= 0 && budget < 0; i-- {
		w := &wants[i]
		if given[i] < 0 || given[i] != w.lowest(0) {
			continue
		}
		full := budget + w.rungs[given[i]].kbps
		for t := len(w.thin) - 1; t >= 0 && budget < 0; t-- {
			if w.thin[t] > 0 {
				budget, rates[i] = full-w.thin[t], uint8(t)
			}
		}
	}
	for i := range wants {
		w := &wants[i]
		for t := len(w.thin) - 1; t >= 0 && given[i] < 0; t-- {
			if kbps := w.thin[t]; kbps > 0 && kbps <= budget && w.lowest(0) >= 0 {
				budget -= kbps
				given[i], rates[i] = w.lowest(0), uint8(t)
			}
		}
	}
	return rates
}

// needed is what all wants would take at their best, in kbit/s.
func needed(wants []want) int {
	sum := 0
	for i := range wants {
		if b := wants[i].best(); b >= 0 {
			sum += wants[i].rungs[b].kbps * 11 / 10
		}
	}
	return sum
}

// flowing lowers a chosen layer to the highest one at or below it whose packets come, because the
// top layer of a browser starts late and stops when the page's uplink is short. With none flowing
// the choice stands: a key-frame request brings it.
func (w *want) flowing(layer int) int {
	for i := layer; i >= 0; i-- {
		if w.rungs[i].flowing {
			return i
		}
	}
	for i := layer + 1; i < maxLayers; i++ {
		if w.rungs[i].flowing {
			return i
		}
	}
	return layer
}

// usual is what a layer takes and shows until it was measured or announced.
func usual(kind Kind, layer int, simulcast bool) layerSize {
	switch {
	case kind == Screen:
		return layerSize{1920, 1080, 500} // it has no smaller layer, and most screens stand still
	case !simulcast:
		return layerSize{640, 360, 600}
	}
	return [maxLayers]layerSize{{320, 180, 150}, {640, 360, 500}, {1280, 720, 1700}}[layer]
}

// layered is the source's one stream if it carries several spatial layers, else nil.
func (s *Source) layered() *stream {
	if st := s.streams[0].Load(); st != nil && st.ladder.count() > 1 {
		return st
	}
	return nil
}

// pick finds what carries a layer, at a picture rate that is told as a temporal layer.
func (s *Source) pick(layer int, rate uint8) pick {
	st := s.streams[layer].Load()
	if one := s.layered(); one != nil {
		return pick{one, uint8(layer), rate}
	}
	if st != nil && rate < allTemporal {
		return pick{st, 0, rate}
	}
	return wholeOf(st)
}

// thin tells what the source's smallest layer takes with fewer pictures a second.
func (s *Source) thin() (kbps [maxTemporal - 1]int) {
	if st := s.streams[0].Load(); st != nil {
		most := st.ladder.kbps[0][allTemporal].Load()
		for t := range kbps {
			if k := st.ladder.kbps[0][t].Load(); k > 0 && k < most {
				kbps[t] = int(k)
			}
		}
	}
	return kbps
}

// rungs describes the source's layers at now.
func (s *Source) rungs(now micros) (r [maxLayers]rung) {
	if st := s.layered(); st != nil {
		return st.rungs()
	}
	claim := s.claim.Load()
	simulcast := s.streams[1].Load() != nil || s.streams[2].Load() != nil
	var newest micros // a layer is silent by the others' measure: when all are, the page stalls, not the layer
	for i := range s.streams {
		if st := s.streams[i].Load(); st != nil {
			newest = max(newest, micros(st.seenAt.Load()))
		}
	}
	for i := range r {
		st := s.streams[i].Load()
		if st == nil {
			continue
		}
		size := usual(s.kind, i, simulcast)
		if claim != nil && i < len(claim.layers) {
			size = claim.layers[i]
		}
		seen := micros(st.seenAt.Load())
		r[i] = rung{kbps: max(int(size.kbps), 1), height: int(size.height), flowing: newest-seen < flowGap}
		if measured := int(st.kbps.Load()); measured > 0 && now-seen < second {
			r[i].kbps = measured
		}
	}
	return r
}

// rungs describes the layers that are carried within one stream. What one takes is measured with all
// that it refers to.
func (st *stream) rungs() (r [maxLayers]rung) {
	l, claim := &st.ladder, st.source.claim.Load()
	newest := int64(-longAgo)
	for i := range l.seen {
		newest = max(newest, l.seen[i].Load())
	}
	for i := range l.count() {
		size := usual(st.source.kind, i, true)
		if claim != nil && i < len(claim.layers) {
			size = claim.layers[i]
		}
		if height := l.size[i].Load() & 0xffff; height > 0 {
			size.height = uint16(height)
		}
		seen := l.seen[i].Load()
		r[i] = rung{kbps: max(int(size.kbps), 1), height: int(size.height), flowing: newest-seen < int64(flowGap)}
		if measured := l.kbps[i][allTemporal].Load(); measured > 0 {
			r[i].kbps = int(measured)
		}
	}
	return r
}

// flowGap is how far a layer may fall behind its neighbours before it counts as not flowing.
const flowGap = 350 * millisecond

// allowance is the bit rate in kbit/s that a stream may use: what was announced and half as much
// again for a browser's overshoot, within the limits of the relay.
func (s *Source) allowance(layer int) int {
	limits := s.port.relay.config.Limits
	ceiling := limits.AudioKbps
	if s.kind.Video() {
		ceiling = limits.VideoKbps
	}
	if c := s.claim.Load(); c != nil && layer < len(c.layers) && c.layers[layer].kbps > 0 {
		claimed := int(c.layers[layer].kbps)
		if s.whole.Load() {
			claimed = 0
			for _, l := range c.layers {
				claimed += int(l.kbps)
			}
		}
		return min(claimed*3/2+100, ceiling)
	}
	return ceiling
}
