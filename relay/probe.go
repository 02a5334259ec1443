package relay

import "time"

// probe finds out whether a path bears more than is being sent: it repeats packets on the repair
// stream, faster than media flows, and compares how they left with how they arrived.
type probe struct {
	cluster  uint8 // of the newest probe, 1..255
	begun    micros
	next     micros // not before
	wait     micros
	running  bool
	sent     span
	received span
}

// span is bytes over time.
type span struct {
	first, last micros
	bytes       int // of all but the first packet
	count       int
}

func (s *span) add(at micros, size int) {
	if s.count == 0 {
		s.first, s.last = at, at
	} else {
		s.bytes += size
		s.first, s.last = min(s.first, at), max(s.last, at)
	}
	s.count++
}

func (s *span) kbps() float64 {
	if s.last <= s.first {
		return 0
	}
	return float64(s.bytes) * 8000 / float64(s.last-s.first)
}

const (
	probeLength  = 60 * millisecond
	probeEvery   = 2 * second
	probeAgain   = 200 * millisecond // after one that found more: there may be more still
	probeLongest = 3 * second
	probePackets = 5 // that must arrive
	probeAnswer  = 600 * millisecond
)

// start begins a cluster if one is due; the path must have been calm.
func (pr *probe) start(now micros, e *estimate) (cluster uint8, ok bool) {
	if pr.running || now < pr.next || e.calmFor(now) < second {
		return 0, false
	}
	if pr.cluster++; pr.cluster == 0 {
		pr.cluster = 1
	}
	if pr.wait == 0 {
		pr.wait = probeEvery
	}
	pr.running, pr.begun = true, now
	pr.sent, pr.received = span{}, span{}
	return pr.cluster, true
}

// feedback adds the outcomes of the running cluster, and judges it once its answers are in.
func (pr *probe) feedback(now micros, e *estimate, list []outcome) {
	if !pr.running {
		return
	}
	for i := range list {
		if o := &list[i]; o.cluster == pr.cluster {
			pr.sent.add(o.at, int(o.size))
			if !o.lost {
				pr.received.add(o.received, int(o.size))
			}
		}
	}
	if now-pr.begun < probeAnswer {
		return
	}
	pr.running = false
	pr.wait = min(pr.wait*2, probeLongest)
	if pr.received.count >= probePackets && pr.received.count*10 >= pr.sent.count*9 &&
		e.probed(now, pr.sent.kbps(), pr.received.kbps()) {
		pr.wait = probeEvery
		pr.next = now + probeAgain
		return
	}
	pr.next = now + pr.wait
}

// seekMore starts a probe towards wanted kbit/s, if that is more than the estimate says and a probe is due.
func (p *Port) seekMore(now micros, wanted int) {
	d := &p.down.path
	d.mu.Lock()
	short := float64(wanted) > d.estimate.kbps
	target := min(float64(wanted)*1.1, d.estimate.kbps*2.5, d.estimate.ceiling)
	var cluster uint8
	ok := false
	if short {
		cluster, ok = d.probe.start(now, d.estimate)
	}
	d.mu.Unlock()
	if !ok {
		return
	}
	p.relay.stats.Probes.Add(1)
	if !p.life.begin(1) {
		return
	}
	go p.probe(cluster, target)
}

// probe sends one cluster, spread evenly, on the slots that carry video.
func (p *Port) probe(cluster uint8, kbps float64) {
	defer p.life.readers.Done()
	var m mender
	const step = 5 * time.Millisecond
	tick := time.NewTicker(step)
	defer tick.Stop()
	_, video := p.down.slots()
	began, sent := p.relay.clock.now(), 0.0
	for turn := 0; ; {
		now := p.relay.clock.now()
		if now-began > probeLength {
			return
		}
		for due := float64(now-began+millisecond*5) * kbps / 8000; sent < due; turn++ {
			size := 0
			for range video {
				if size = video[turn%len(video)].repeat(&m, cluster, now); size > 0 {
					break
				}
				turn++
			}
			if size == 0 {
				return
			}
			sent += float64(size)
		}
		select {
		case <-tick.C:
		case <-p.life.done:
			return
		}
	}
}

// repeat sends the slot's newest packet once more on its repair stream, and tells its size, 0 for none.
func (s *Sink) repeat(m *mender, cluster uint8, now micros) int {
	ln := s.lane.Load()
	if ln == nil || ln.rtxSSRC == 0 {
		return 0
	}
	s.mu.Lock()
	n := &s.numbers
	if s.current == nil || !n.started {
		s.mu.Unlock()
		return 0
	}
	seq, e := n.seq, n.ring[n.seq%ringSize]
	sp := n.splices[e.epoch%8]
	s.mu.Unlock()
	if e.epoch != sp.epoch || sp.stream == nil || sp.stream.cache == nil {
		return 0
	}
	return s.repair(m, sp, e, sentPacket{seq: seq, at: now, cluster: cluster})
}
