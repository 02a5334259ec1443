package relay

import "time"

// micros is a moment on the relay's own clock, in microseconds since it began.
type micros int64

const (
	millisecond micros = 1000
	second             = 1000 * millisecond
)

// clock gives the relay's time.
type clock struct{ began time.Time }

func (c clock) now() micros { return micros(time.Since(c.began) / time.Microsecond) }

// wall gives the wall-clock time of m.
func (c clock) wall(m micros) time.Time { return c.began.Add(time.Duration(m) * time.Microsecond) }

// meter measures a bit rate over windows of half a second, smoothed over about two of them.
type meter struct {
	since micros
	bytes int
	kbps  float64
}

// add counts a packet; ok is true when a window closed and kbps is new.
func (m *meter) add(now micros, size int) (kbps int, ok bool) {
	m.bytes += size
	elapsed := now - m.since
	if elapsed < second/2 {
		return 0, false
	}
	rate := float64(m.bytes) * 8000 / float64(elapsed)
	if elapsed > 2*second || m.kbps == 0 {
		m.kbps = rate
	} else {
		m.kbps += (rate - m.kbps) / 2
	}
	m.since, m.bytes = now, 0
	return int(m.kbps), true
}

// bucket is a token bucket over bytes that allows two seconds of its rate at once. A rate of 0 is no limit.
type bucket struct {
	kbps   int
	tokens float64
	at     micros
}

// limit sets the rate.
func (b *bucket) limit(kbps int) {
	if b.kbps == 0 {
		b.tokens = float64(kbps) * 250
	}
	b.kbps = kbps
}

// take reports whether size bytes are within the rate at now, and takes them.
func (b *bucket) take(now micros, size int) bool {
	if b.kbps == 0 {
		return true
	}
	perMicro := float64(b.kbps) / 8000
	b.tokens = min(b.tokens+float64(now-b.at)*perMicro, float64(b.kbps)*250)
	b.at = now
	if b.tokens < float64(size) {
		return false
	}
	b.tokens -= float64(size)
	return true
}
