package relay

// estimate is how many bits per second one page can receive, from its transport-wide feedback: the
// trend of the one-way delay, the loss, and what arrived (after draft-ietf-rmcat-gcc-02). It is
// pure: what was sent, what came and the time are arguments. While little is sent it does not grow by
// itself, because silence proves nothing; a probe cluster proves more (probe.go).
type estimate struct {
	kbps     float64
	ceiling  float64
	trend    trend
	state    pressure
	arrivals [arrivalWindow]arrival
	next     int
	lostAt   micros
	lost     int
	received int
	changed  micros // of the last increase
	cutAt    micros // of the last decrease
	clearAt  micros // since when there is no pressure
	cuts     int    // because the path was full, without a long calm between them
	chokedAt micros // the last of them
	patience micros // how long what was held is not tried again
}

// pressure is what the delay says about the path.
type pressure uint8

const (
	normal pressure = iota
	overuse
	underuse
)

// arrival is one acknowledged packet.
type arrival struct {
	at   micros // when the receiver got it, on the receiver's clock
	size int
}

const (
	arrivalWindow = 1024
	floorKbps     = 40
	rateWindow    = 500 * millisecond
	// A cut needs time to empty the queue before the next one can be judged.
	cutEvery = 600 * millisecond
	// Less than this in a queue is a busy receiver, not a full path.
	queueAllowed = 20 // milliseconds
	// One cut may be a hiccup, and a busy receiver has many. Only what is full all the time, and goes on choking, is narrow.
	narrowAfter   = 2
	queueStanding = 60 // milliseconds
	// What a narrow path did not bear is tried again after a while, each time later.
	leastPatience, mostPatience = 4 * second, 32 * second
)

// sentPacket is one packet as it left, and as feedback found it: 16 bytes, for each page keeps many.
type sentPacket struct {
	at      micros
	size    uint32
	seq     uint16
	cluster uint8 // of the probe that it belongs to, 0 for none
	acked   bool
}

// outcome is one packet of a feedback message: sent, and received at the far clock or lost.
type outcome struct {
	sentPacket
	received micros
	lost     bool
}

func newEstimate(startKbps, ceilingKbps int) *estimate {
	return &estimate{kbps: float64(startKbps), ceiling: float64(ceilingKbps), trend: newTrend()}
}

// feedback takes the outcomes of one feedback message in order of sending.
func (e *estimate) feedback(now micros, list []outcome) {
	for i := range list {
		o := &list[i]
		if o.lost {
			e.lost++
			continue
		}
		e.received++
		e.arrivals[e.next%arrivalWindow] = arrival{at: o.received, size: int(o.size)}
		e.next++
		e.trend.add(o.at, o.received)
	}
	was := e.state
	e.state = e.trend.state(now)
	acked := e.ackedKbps()
	switch {
	case e.state == overuse && now-e.cutAt > cutEvery && e.trend.queued() > queueAllowed:
		if e.trend.standing() > queueStanding {
			e.choked(now)
		}
		e.cut(now, min(e.kbps, acked)*0.85)
	case e.state == normal:
		if was == overuse && e.trend.queued() > queueAllowed {
			e.clearAt = now
		}
		e.grow(now, acked)
	}
	e.loss(now)
}

// ackedKbps is what arrived during the newest half second, by the receiver's clock.
func (e *estimate) ackedKbps() float64 {
	if e.next == 0 {
		return 0
	}
	newest := e.arrivals[(e.next-1)%arrivalWindow].at
	bytes, oldest := 0, newest
	for i := e.next - 1; i >= 0 && i > e.next-arrivalWindow; i-- {
		a := e.arrivals[i%arrivalWindow]
		if newest-a.at > rateWindow {
			break
		}
		bytes += a.size
		oldest = min(oldest, a.at)
	}
	return float64(bytes) * 8000 / float64(max(newest-oldest, rateWindow/2))
}

// choked counts a cut that a full path was the reason of.
func (e *estimate) choked(now micros) {
	switch calm := now - e.chokedAt; {
	case e.cuts == 0 || calm > 2*e.patience:
		e.cuts, e.patience = 0, leastPatience
	case e.cuts >= narrowAfter && calm > e.patience:
		e.patience = min(2*e.patience, mostPatience)
	}
	e.cuts++
	e.chokedAt = now
}

// cut lowers the estimate and remembers when.
func (e *estimate) cut(now micros, kbps float64) {
	e.kbps = max(min(kbps, e.kbps), floorKbps)
	e.cutAt, e.changed, e.clearAt = now, now, now
}

// grow raises the estimate by 8 % a second while it is made use of.
func (e *estimate) grow(now micros, acked float64) {
	elapsed := min(now-e.changed, second)
	e.changed = now
	if acked < e.kbps*0.75 || now-e.cutAt < second {
		return
	}
	e.kbps = min(e.kbps*(1+0.08*float64(elapsed)/float64(second)), acked*1.5+10, e.ceiling)
}

// loss lowers the estimate once a second when more than a tenth was lost. A queue loses in bursts
// and shows in the delay first; a bad radio loses all the time, and less video is less to lose.
func (e *estimate) loss(now micros) {
	if now-e.lostAt < second {
		return
	}
	if total := e.lost + e.received; total >= 20 {
		if share := float64(e.lost) / float64(total); share > 0.1 {
			e.choked(now)
			e.cut(now, e.kbps*(1-share/2))
		}
	}
	e.lostAt, e.lost, e.received = now, 0, 0
}

// probed takes the result of a probe cluster: the rate at which it left and at which it arrived. What arrived the path
// bears. It reports whether there may be more still.
func (e *estimate) probed(now micros, sentKbps, receivedKbps float64) bool {
	found := min(sentKbps, receivedKbps) * 0.95
	if e.state == overuse || found <= e.kbps {
		return false
	}
	e.kbps = min(found, e.ceiling)
	e.changed = now
	return receivedKbps >= sentKbps*0.7
}

// narrow tells whether the path has shown that it does not even bear the smallest layers: by choking
// again after it was cut. Until then these go out whatever the estimate says, because one that has only begun, or was cut
// by a hiccup, knows less than the person who looks at a black tile; and after a while they do again, because
// nothing else tells that the path has grown while nothing is sent.
func (e *estimate) narrow(now micros) bool {
	return e.cuts >= narrowAfter && now-e.chokedAt <= e.patience
}

// calmFor tells for how long the path has shown no pressure.
func (e *estimate) calmFor(now micros) micros {
	if e.state == overuse {
		return 0
	}
	return now - max(e.clearAt, e.cutAt)
}
