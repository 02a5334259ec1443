package relay

import "math"

// trend watches whether packets take longer and longer: it groups them into bursts of 5 ms, adds up
// how much more each burst took than the one before, and fits a line through the newest of these
// sums. Threshold and its adaptation are those of draft-ietf-rmcat-gcc-02 section 5.4.
type trend struct {
	group     burst
	last      burst
	sum       float64 // accumulated delay in ms
	smooth    float64
	points    [trendPoints]point
	count     int
	first     micros
	slope     float64 // modified slope in ms, compared with the threshold
	previous  float64
	threshold float64
	adapted   micros
	overSince micros
	empty     lows // least smooth delay of the last 5 to 10 s: the path with an empty queue
	recent    lows // least delay of the last third of a second
}

// lows is the least delay of the window before and of this one, in ms.
type lows struct {
	least [2]float64
	began micros // this window
}

func (l *lows) add(at, length micros, delay float64, first bool) {
	if first || at-l.began > length {
		l.least[0], l.least[1], l.began = l.least[1], delay, at
	}
	if first {
		l.least[0] = delay
	}
	l.least[1] = min(l.least[1], delay)
}

func (l *lows) of() float64 { return min(l.least[0], l.least[1]) }

const (
	trendPoints = 20
	burstLength = 5 * millisecond
	shortWindow = 300 * millisecond
)

// burst is a group of packets sent together.
type burst struct {
	begun, sent, received micros
	valid                 bool
}

type point struct{ at, delay float64 }

func newTrend() trend { return trend{threshold: 12.5} }

// add takes one packet's times of sending and of receiving, each on its own clock.
func (t *trend) add(sent, received micros) {
	if t.group.valid && sent < t.group.begun {
		return // sent before the group that is being filled
	}
	if t.group.valid && sent-t.group.begun <= burstLength {
		t.group.sent, t.group.received = max(t.group.sent, sent), max(t.group.received, received)
		return
	}
	if t.group.valid {
		t.close()
	}
	t.last, t.group = t.group, burst{begun: sent, sent: sent, received: received, valid: true}
}

// close turns the finished group into one point of the line.
func (t *trend) close() {
	if !t.last.valid {
		return
	}
	delta := float64((t.group.received-t.last.received)-(t.group.sent-t.last.sent)) / 1000
	if math.Abs(delta) > 3000 { // a clock jumped or the path was dark
		*t = trend{threshold: t.threshold, adapted: t.adapted, group: t.group}
		return
	}
	if t.count == 0 {
		t.first = t.group.received
	}
	t.sum += delta
	t.smooth = 0.9*t.smooth + 0.1*t.sum
	t.empty.add(t.group.received, 5*second, t.smooth, t.count == 0)
	t.recent.add(t.group.received, shortWindow, t.sum, t.count == 0)
	t.points[t.count%trendPoints] = point{float64(t.group.received-t.first) / 1000, t.smooth}
	t.count++
	if t.count >= trendPoints {
		t.previous = t.slope
		t.slope = t.fit() * float64(min(t.count, 60)) * 4
	}
}

// queued is how many milliseconds longer packets take than on the empty path.
func (t *trend) queued() float64 { return t.smooth - t.empty.of() }

// standing is how many milliseconds longer even the quickest packet of the last third of a second took: what a full path
// does to all of them. A receiver that is short of processor time takes some late and others at once.
func (t *trend) standing() float64 {
	return t.recent.of() - t.empty.of()
}

// fit is the slope of the least-squares line through the points, in ms per ms.
func (t *trend) fit() float64 {
	var x, y float64
	for _, p := range t.points {
		x += p.at / trendPoints
		y += p.delay / trendPoints
	}
	var over, under float64
	for _, p := range t.points {
		over += (p.at - x) * (p.delay - y)
		under += (p.at - x) * (p.at - x)
	}
	if under == 0 {
		return 0
	}
	return over / under
}

// state compares the slope with the threshold, and moves the threshold.
func (t *trend) state(now micros) pressure {
	defer t.adapt(now)
	switch {
	case t.slope > t.threshold:
		if t.overSince == 0 {
			t.overSince = now
		}
		if now-t.overSince >= 10*millisecond && t.slope >= t.previous {
			return overuse
		}
		return normal
	case t.slope < -t.threshold:
		t.overSince = 0
		return underuse
	}
	t.overSince = 0
	return normal
}

func (t *trend) adapt(now micros) {
	size := math.Abs(t.slope)
	elapsed := float64(min(now-t.adapted, 100*millisecond)) / 1000
	t.adapted = now
	if size > t.threshold+15 {
		return
	}
	k := 0.0087
	if size < t.threshold {
		k = 0.039
	}
	t.threshold = min(max(t.threshold+k*(size-t.threshold)*elapsed, 6), 600)
}
