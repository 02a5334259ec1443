package relay

import "sync/atomic"

// ladder measures the spatial layers of one stream, and what following each of them takes. The
// stream's goroutine writes, the rooms' goroutines read.
type ladder struct {
	seen [maxLayers]atomic.Int64              // micros of each layer's newest packet
	kbps [maxLayers][maxTemporal]atomic.Int32 // of all that a target needs
	size [maxLayers]atomic.Uint32             // width<<16 | height, 0 where the stream does not say

	// Receivers put several layers together by dependency descriptors only.
	described atomic.Bool

	bytes [maxLayers][maxTemporal]int // the stream's goroutine owns it
	since micros
}

// layerGone is how far a layer falls behind the others before it is taken to be no part of the stream any more.
const layerGone = 3 * second

func (l *ladder) init() {
	for i := range l.seen {
		l.seen[i].Store(int64(-longAgo))
	}
}

// add counts one packet of size bytes.
func (l *ladder) add(f *layerFrame, now micros, size int) {
	if f.spatial < maxLayers {
		l.seen[f.spatial].Store(int64(now))
	}
	for s := range l.bytes {
		for t := range l.bytes[s] {
			if f.needed&targetOf(uint8(s), uint8(t)) != 0 {
				l.bytes[s][t] += size
			}
		}
	}
	elapsed := now - l.since
	if elapsed < second/2 {
		return
	}
	for s := range l.bytes {
		for t := range l.bytes[s] {
			rate := int32(int64(l.bytes[s][t]) * 8000 / int64(elapsed))
			if old := l.kbps[s][t].Load(); old > 0 && elapsed < 2*second {
				rate = (rate + old) / 2
			}
			l.kbps[s][t].Store(rate)
			l.bytes[s][t] = 0
		}
	}
	l.since = now
}

// resize takes the sizes that a stream says its layers have.
func (l *ladder) resize(sizes []layerSize) {
	for i, s := range sizes {
		if i < maxLayers && s.width > 0 {
			l.size[i].Store(uint32(s.width)<<16 | uint32(s.height))
		}
	}
}

// count tells how many spatial layers the stream has at present; 0 or 1 for one that is not layered.
func (l *ladder) count() (n int) {
	newest := int64(-longAgo)
	for i := range l.seen {
		newest = max(newest, l.seen[i].Load())
	}
	for i := range l.seen {
		if seen := l.seen[i].Load(); seen > int64(-longAgo) && newest-seen < int64(layerGone) {
			n = i + 1
		}
	}
	return n
}
