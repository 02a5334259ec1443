package relay

// ringSize is how many outgoing packets of a slot can be asked for again.
const ringSize = 512

// numbers gives the packets of one receiving slot one running sequence, whatever source and layer
// they come from. A change of source or layer is a new splice: offsets that make the new stream's
// sequence number, timestamp, PictureID and TL0PICIDX go on where the last one's ended. Packets
// that were lost upstream keep a number of their own, so that they can still be placed.
type numbers struct {
	started   bool
	seq       uint16 // newest sequence number given
	timestamp uint32 // newest timestamp given
	picture   uint16 // newest PictureID given
	tl0       uint8
	sentAt    micros
	epoch     uint8 // of the current splice, 1..255
	splices   [8]splice
	ring      []placed
}

// placed remembers one outgoing number: 8 bytes per packet.
type placed struct {
	in      uint16 // sequence number in the stream it came from
	epoch   uint8  // 0: never used
	answers uint8  // how often it was sent again; 255 while it has not been sent at all
	at      uint16 // milliseconds of the last answer
	marker  bool   // as it was sent, which may differ from how it came
}

const unsent = 255

// splice is where one stream was joined to a slot's numbers.
type splice struct {
	stream    *stream
	epoch     uint8
	high      uint16 // newest sequence number seen of the stream
	timestamp uint32 // added to each of the stream's timestamps
	picture   uint16 // added to each PictureID
	tl0       uint8
}

// stamp is what a packet's running numbers become for one slot.
type stamp struct {
	seq       uint16
	timestamp uint32
	picture   uint16
	tl0       uint8
	marker    bool
	empty     bool // goes out as padding: its payload is not for this slot
}

func (n *numbers) current() *splice { return &n.splices[n.epoch%8] }

// join begins a splice with p as its first packet. rate is the media clock in Hz.
func (n *numbers) join(st *stream, p *packet, rate uint32) {
	if n.ring == nil {
		n.ring = make([]placed, ringSize)
	}
	previous := *n.current()
	if n.epoch++; n.epoch == 0 {
		n.epoch = 1
	}
	sp := n.current()
	*sp = splice{stream: st, epoch: n.epoch, high: p.seq - 1}
	if !n.started {
		n.started = true
		n.seq = p.seq - 1
		n.timestamp, n.picture, n.tl0 = p.timestamp, pictureOf(p)-1, tl0Of(p)-1
		sp.timestamp = 0
	} else {
		sp.timestamp = n.timestamp + n.gap(previous, st, p, rate) - p.timestamp
	}
	sp.picture = n.picture + 1 - pictureOf(p)
	sp.tl0 = n.tl0 + 1 - tl0Of(p)
}

// gap is the timestamp distance between the newest packet given and p. Layers of one source are
// aligned by their sender reports; anything else by the time that passed. Sound is rounded down to
// a 10 ms step, so that a jitter buffer conceals nothing.
func (n *numbers) gap(previous splice, st *stream, p *packet, rate uint32) uint32 {
	if old := previous.stream; old != nil && old.source == st.source {
		a, b := old.report.Load(), st.report.Load()
		if a != nil && b != nil {
			between := int64(b.sentNTP-a.sentNTP) >> 16 * int64(rate) >> 16 // of the two reports
			target := a.rtp + uint32(between) + (p.timestamp - b.rtp) + previous.timestamp
			if d := int32(target - n.timestamp); d > 0 && d < int32(2*rate) {
				return uint32(d)
			}
		}
	}
	step := uint64(max(p.arrived-n.sentAt, 0)) * uint64(rate) / uint64(second)
	if rate == 48000 {
		step -= step % 480
		return uint32(max(step, 480))
	}
	return uint32(max(step, 1))
}

// place gives p its numbers in the current splice, and its marker. ok is false for a packet that has no place any more.
func (n *numbers) place(p *packet, marker bool) (s stamp, ok bool) {
	sp := n.current()
	ahead := int16(p.seq - sp.high)
	switch {
	case ahead > 0:
		n.keepFree(p.seq, ahead-1)
		n.seq++
		n.ring[n.seq%ringSize] = placed{in: p.seq, epoch: n.epoch, marker: marker}
		sp.high = p.seq
		s.seq = n.seq
	default:
		if s.seq, ok = n.late(p.seq, marker); !ok {
			return s, false
		}
	}
	s = sp.stamp(p, s.seq)
	s.marker = marker
	if ahead > 0 {
		n.timestamp, n.sentAt = s.timestamp, p.arrived
		if len(p.payload) > 0 {
			n.picture, n.tl0 = s.picture, s.tl0
		}
	}
	return s, true
}

// keepFree keeps a number for each of the packets missing before in, which may still come. Beyond a
// ring's length nobody could be asked for them.
func (n *numbers) keepFree(in uint16, missing int16) {
	for missing = min(missing, ringSize); missing > 0; missing-- {
		n.seq++
		n.ring[n.seq%ringSize] = placed{in: in - uint16(missing), epoch: n.epoch, answers: unsent}
	}
}

// pass leaves p out and gives it no number. If one was kept for it because it was late, the hole is
// filled with padding (ok), or the receiver would ask for it without end.
func (n *numbers) pass(p *packet) (s stamp, ok bool) {
	sp := n.current()
	if ahead := int16(p.seq - sp.high); ahead > 0 {
		n.keepFree(p.seq, ahead-1)
		sp.high = p.seq
		return s, false
	}
	seq, ok := n.late(p.seq, false)
	if ok {
		n.ring[seq%ringSize].answers = maxAnswers // what stands in the cache is not for this slot
	}
	s = sp.stamp(p, seq)
	s.empty, s.marker = true, false
	return s, ok
}

// late finds the number that was kept free for a packet that comes after its successors.
func (n *numbers) late(in uint16, marker bool) (uint16, bool) {
	for back := range uint16(ringSize) {
		seq := n.seq - back
		e := &n.ring[seq%ringSize]
		if e.epoch != n.epoch {
			break
		}
		if e.in == in && e.answers == unsent {
			e.answers, e.marker = 0, marker
			return seq, true
		}
	}
	return 0, false
}

// stamp gives p's running numbers in this splice under the outgoing number seq.
func (sp *splice) stamp(p *packet, seq uint16) stamp {
	return stamp{
		seq:       seq,
		timestamp: p.timestamp + sp.timestamp,
		picture:   pictureOf(p) + sp.picture,
		tl0:       tl0Of(p) + sp.tl0,
		marker:    p.marker,
	}
}

// maxAnswers is how often one packet is sent again to one receiver, and answerGap how long it waits in between.
const (
	maxAnswers = 3
	answerGap  = 20 // milliseconds
)

// again tells where the outgoing packet seq came from, if it may be sent once more.
func (n *numbers) again(seq uint16, now micros) (sp splice, e placed, ok bool) {
	if !n.started || int16(n.seq-seq) < 0 || n.seq-seq >= ringSize {
		return sp, e, false
	}
	was := &n.ring[seq%ringSize]
	ms := uint16(now / millisecond)
	if was.epoch == 0 || was.answers >= maxAnswers || (was.answers > 0 && ms-was.at < answerGap) {
		return sp, e, false
	}
	sp = n.splices[was.epoch%8]
	if sp.epoch != was.epoch {
		return sp, e, false
	}
	was.answers++
	was.at = ms
	return sp, *was, true
}

func pictureOf(p *packet) uint16 {
	switch p.codec {
	case codecVP8:
		return p.vp8.picture
	case codecVP9:
		return p.vp9.picture
	case codecAV1:
		return describedNumber(p.described)
	}
	return 0
}

func tl0Of(p *packet) uint8 {
	switch p.codec {
	case codecVP8:
		return p.vp8.tl0
	case codecVP9:
		return p.vp9.tl0
	}
	return 0
}

// renumber writes the stamp's PictureID and TL0PICIDX into p's payload, in place.
func (p *packet) renumber(s stamp) {
	if len(p.payload) == 0 {
		return
	}
	switch p.codec {
	case codecVP8:
		p.vp8.rewrite(p.payload, s.picture, s.tl0)
	case codecVP9:
		p.vp9.rewrite(p.payload, s.picture, s.tl0)
	}
}
