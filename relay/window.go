package relay

// window tells repeats of RTP sequence numbers, so that a probe's duplicate or a packet that came
// both by itself and by RTX is forwarded once. It looks back windowSize packets; what is older
// counts as repeated.
type window struct {
	started bool
	highest uint16
	seen    [windowSize / 64]uint64
}

const windowSize = 1024

// fresh reports whether seq was not seen before, and remembers it.
func (w *window) fresh(seq uint16) bool {
	if !w.started {
		w.started = true
		w.highest = seq
		w.set(seq)
		return true
	}
	ahead := int16(seq - w.highest)
	switch {
	case ahead > 0:
		if ahead >= windowSize {
			w.seen = [windowSize / 64]uint64{}
		} else {
			for s := w.highest + 1; s != seq; s++ {
				w.clear(s)
			}
		}
		w.highest = seq
		w.set(seq)
		return true
	case ahead <= -windowSize:
		return false
	case w.has(seq):
		return false
	}
	w.set(seq)
	return true
}

func (w *window) set(s uint16)      { w.seen[s%windowSize/64] |= 1 << (s % 64) }
func (w *window) clear(s uint16)    { w.seen[s%windowSize/64] &^= 1 << (s % 64) }
func (w *window) has(s uint16) bool { return w.seen[s%windowSize/64]&(1<<(s%64)) != 0 }
