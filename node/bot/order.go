package bot

import "time"

// window is how many packets a missing one may come after, before it is taken for lost.
const window = 128

// A jump of more than this is a stream that began anew, if the next packet continues it (RFC 3550,
// appendix A.1).
const maxJump = 3000

// arrival is what is checked of one packet.
type arrival struct {
	seq    uint16
	stamp  uint32 // RTP timestamp
	marker bool
	empty  bool // padding only
	at     time.Time
}

// order follows the packets of one SSRC and finds what is wrong with their order and their
// timestamps. It holds no lock: one goroutine owns it.
type order struct {
	video   bool // several packets share a timestamp, the last has the marker
	started bool
	first   int64 // nothing before it is missed
	highest int64 // sequence number, extended so that it never turns over
	seen    [window]bool
	strange int64 // where a jump would continue
	newest  arrival
	start   time.Time
	media   int64 // units of the clock since start, by the timestamps
	lead    int64 // milliseconds by which that was ahead of the time of arrival at most: of the fastest packet
}

// finding is what one packet means for its stream.
type finding struct {
	Fresh     bool  // to be used; false for a repeated or stray packet
	Seq       int64 // extended
	Lost      int   // given up for lost by now
	Duplicate bool
	Late      bool // came after a later one
	Restarted bool // the numbers began anew
	BadStamp  bool // the timestamp contradicts the packet before
	Ahead     bool // or only what the clock says: more media than time has passed
	Cut       bool // it begins a picture although nothing more came of the one before
}

func (o *order) take(a arrival) finding {
	if !o.started {
		o.begin(a, int64(a.seq))
		return finding{Fresh: true, Seq: o.highest}
	}
	seq := o.highest + int64(int16(a.seq-uint16(o.highest)))
	switch {
	case seq > o.highest+maxJump || seq < o.highest-maxJump:
		return o.jump(a, seq)
	case seq > o.highest:
		return o.advance(a, seq)
	case seq <= o.highest-window:
		return finding{Late: true} // counted as lost already
	case o.seen[seq%window]:
		return finding{Duplicate: true}
	default:
		o.seen[seq%window] = true
		return finding{Fresh: true, Seq: seq, Late: true}
	}
}

func (o *order) begin(a arrival, seq int64) {
	seq += 1 << 16 // so that an early straggler is not below zero
	*o = order{video: o.video, started: true, first: seq, highest: seq, newest: a, start: a.at}
	o.seen[seq%window] = true
}

func (o *order) jump(a arrival, seq int64) finding {
	if seq != o.strange {
		o.strange = seq + 1
		return finding{}
	}
	o.begin(a, int64(a.seq))
	return finding{Fresh: true, Seq: o.highest, Restarted: true}
}

func (o *order) advance(a arrival, seq int64) finding {
	f := finding{Fresh: true, Seq: seq}
	next := seq == o.highest+1
	for s := o.highest + 1; s <= seq; s++ {
		if s-window >= o.first && !o.seen[s%window] {
			f.Lost++ // its place is needed
		}
		o.seen[s%window] = s == seq
	}
	if !a.empty {
		step := int32(a.stamp - o.newest.stamp)
		f.BadStamp = o.contradicts(a, step, next)
		f.Ahead = step >= 0 && o.runsAhead(step, a.at)
		f.Cut = o.video && next && step > 0 && !o.newest.marker
	}
	o.highest = seq
	if a.empty { // padding repeats the timestamp of what was sent before it
		a.stamp, a.marker = o.newest.stamp, o.newest.marker
	}
	o.newest = a
	return f
}

// contradicts compares a packet with the newest before it, step earlier; next says that nothing is missing
// between the two.
func (o *order) contradicts(a arrival, step int32, next bool) bool {
	switch {
	case step < 0:
		return true
	case !next:
		return false
	case o.video:
		return step == 0 && o.newest.marker // the picture was complete
	default:
		return step == 0 || step%(soundClock/400) != 0 // Opus frames last multiples of 2.5 ms
	}
}

// runsAhead tells that more media than time has passed, by a second. Late packets do not make the next one early,
// but a stream whose very first ones were late does run ahead once: nothing else was there to compare them with.
func (o *order) runsAhead(step int32, at time.Time) bool {
	clock := int64(soundClock)
	if o.video {
		clock = pictureClock
	}
	o.media += int64(step)
	lead := o.media*1000/clock - at.Sub(o.start).Milliseconds()
	ahead := lead > o.lead+1000
	o.lead = max(o.lead, lead)
	return ahead
}
