package relay

import (
	"sync"
	"sync/atomic"

	"github.com/pion/rtp"
)

// Sink is one receiving slot of a page: an m-line whose SSRC lives as long as the connection, while
// the sources and layers that fill it change.
//
//	empty --assign--> waiting --ack of the table (video)--> aimed --key frame--> filled
//	  ^                                                       ^ layer change --------+
//	  +------------------------- clear ------------------------+---------------------+
type Sink struct {
	port   *Port
	video  bool
	slot   int // number within its kind
	lane   atomic.Pointer[lane]
	filled atomic.Pointer[filling] // news for the page, taken by the room's goroutine

	mu      sync.Mutex // guards what follows; held for computing a packet's numbers, never across a write
	source  *Source    // what may be forwarded, nil while empty or not acknowledged
	current *stream    // the stream being forwarded
	target  pick       // what to change to at its next key frame
	choice  *choice    // what of a layered stream is forwarded, nil before the first one
	began   bool       // the source's first packet has been forwarded
	numbers numbers
	tally

	complaints complaints // key-frame requests of the receiver; the port's RTCP goroutine owns it
}

// tally counts what a slot sent.
type tally struct {
	packets uint32 // for sender reports
	octets  uint32
	rtxSeq  uint16 // newest number given on the repair stream
}

// pick is what a slot is to carry: a stream, and how much of it if it has several layers.
type pick struct {
	stream            *stream
	spatial, temporal uint8
}

// wholeOf is the whole of a stream.
func wholeOf(st *stream) pick { return pick{st, whole, allTemporal} }

// mender is the scratch space of a goroutine that sends packets again: one answers NACKs, one probes.
type mender struct {
	packet packet
	out    outgoing
}

// rate is the media clock in Hz.
func (s *Sink) rate() uint32 {
	if s.video {
		return 90000
	}
	return 48000
}

// aim lets the slot carry source from now on, beginning with the given layer.
func (s *Sink) aim(source *Source, target pick) {
	s.mu.Lock()
	if s.source != source {
		s.source, s.current, s.began = source, nil, false
	}
	s.target = target
	if s.choice != nil {
		s.choice.want(target.spatial, target.temporal)
	}
	s.mu.Unlock()
}

// clear stops forwarding at once.
func (s *Sink) clear() { s.aim(nil, pick{}) }

// hold stops forwarding of video for want of bandwidth, and keeps the source.
func (s *Sink) hold() {
	s.mu.Lock()
	s.current, s.target = nil, pick{}
	s.mu.Unlock()
}

// streams tells the stream being forwarded and the one being waited for.
func (s *Sink) streams() (current, target *stream) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.current, s.target.stream
}

// layer tells which layer is being forwarded, -1 for none: of those that come as streams of their
// own, or of those within one.
func (s *Sink) layer() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.current == nil:
		return -1
	case s.choice != nil && s.current.ladder.count() > 1:
		return min(int(s.choice.top), maxLayers-1)
	}
	return s.current.layer
}

// joins reports whether the slot's page can put several layers of st together.
func (s *Sink) joins(st *stream) bool {
	ln := s.lane.Load()
	return !st.ladder.described.Load() || ln != nil && ln.descriptorExt != 0
}

// waits tells the stream whose key frame the slot waits for, nil for none.
func (s *Sink) waits() *stream {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.target.stream == nil:
		return nil
	case s.target.stream != s.current, s.choice != nil && s.current.ladder.count() > 1 && s.choice.stuck():
		return s.target.stream
	}
	return nil
}

// offer forwards p if it belongs to the layer that this slot carries. It runs on the stream's goroutine.
func (s *Sink) offer(st *stream, p *packet) {
	ln := s.lane.Load()
	if ln == nil || ln.payload[p.codec] == 0 {
		return
	}
	s.mu.Lock()
	stamp, first, ok := s.accept(st, p)
	if ok {
		s.packets++
		s.octets += uint32(len(p.payload))
	}
	s.mu.Unlock()
	if !ok {
		return
	}
	if first {
		s.beginning(st.source, stamp.timestamp)
	}
	payload := p.payload
	if stamp.empty {
		payload = nil
	} else {
		p.renumber(stamp)
	}
	h := s.dress(&st.out, ln, p, stamp)
	size := len(payload) + rtpOverhead
	s.port.stampTWCC(&st.out, ln, sentPacket{size: uint32(size), at: p.arrived})
	if _, err := ln.out.WriteRTP(h, payload); err != nil {
		s.port.relay.stats.WriteErrors.Add(1)
		return
	}
	s.port.relay.stats.PacketsOut.Add(1)
}

// filling is the news that a video slot begins to carry a source, at an RTP timestamp.
type filling struct {
	seat      Seat
	timestamp uint32
}

// beginning leaves word for the room's goroutine, which the packet path must never wait for.
func (s *Sink) beginning(source *Source, timestamp uint32) {
	if !s.video {
		return
	}
	s.filled.Store(&filling{Seat{Slot: uint8(s.slot), Member: source.number, Kind: source.kind}, timestamp})
	s.port.room.disturb()
}

// accept decides whether p goes out, and with which numbers; first is true for a source's first packet here.
func (s *Sink) accept(st *stream, p *packet) (out stamp, first, ok bool) {
	if s.source != st.source {
		return out, false, false
	}
	if s.current != st {
		if s.target.stream != st || (s.video && !p.key) {
			return out, false, false
		}
		s.numbers.join(st, p, s.rate())
		s.current = st
		if s.choice != nil {
			s.choice.begin(p.timestamp)
		}
		first, s.began = !s.began, true
	}
	marker := p.marker
	if p.layered {
		if s.choice == nil {
			s.choice = &choice{}
			s.choice.want(s.target.spatial, s.target.temporal)
			s.choice.begin(p.timestamp)
		}
		taken, top := s.choice.take(&p.frame)
		if !taken {
			out, ok = s.numbers.pass(p)
			return out, first, ok
		}
		marker = marker || top && p.frame.end
	}
	out, ok = s.numbers.place(p, marker)
	return out, first, ok
}

// rtpOverhead is what an RTP header with extensions, the seal and UDP/IP add to a payload, in bytes.
const rtpOverhead = 12 + 4 + 8 + 16 + 28

// dress fills the outgoing header for one packet.
func (s *Sink) dress(o *outgoing, ln *lane, p *packet, n stamp) *rtp.Header {
	h := &o.header
	h.Version = 2
	h.Marker = n.marker
	h.PayloadType = ln.payload[p.codec]
	h.SequenceNumber = n.seq
	h.Timestamp = n.timestamp
	h.SSRC = ln.ssrc
	h.CSRC = o.csrc[:]
	h.Padding, h.PaddingSize = false, 0
	if len(p.payload) == 0 || n.empty {
		h.Padding, h.PaddingSize = true, 1
	}
	h.Extension = ln.profile != 0
	h.ExtensionProfile = ln.profile
	h.Extensions = h.Extensions[:0]
	if ln.levelExt != 0 && p.hasLevel {
		o.octet[0][0] = p.level
		setExtension(h, ln.levelExt, o.octet[0][:])
	}
	if ln.rotationExt != 0 && p.rotated {
		o.octet[1][0] = p.rotation
		setExtension(h, ln.rotationExt, o.octet[1][:])
	}
	if ln.descriptorExt != 0 && len(p.described) >= 3 && !n.empty {
		b := o.described[:copy(o.described[:], p.described)]
		b[1], b[2] = byte(n.picture>>8), byte(n.picture)
		setExtension(h, ln.descriptorExt, b)
	}
	return h
}

// setExtension adds a header extension. Ids come from negotiation and were checked there, so it cannot fail.
func setExtension(h *rtp.Header, id uint8, b []byte) { _ = h.SetExtension(id, b) }

// resend answers a NACK for one outgoing packet by RTX, from the publisher's cache.
func (s *Sink) resend(m *mender, seq uint16, now micros) bool {
	ln := s.lane.Load()
	if ln == nil || ln.rtxSSRC == 0 {
		return false
	}
	s.mu.Lock()
	sp, e, ok := s.numbers.again(seq, now)
	s.mu.Unlock()
	if !ok || sp.stream.cache == nil {
		return false
	}
	if s.repair(m, sp, e, sentPacket{seq: seq, at: now}) == 0 {
		return false
	}
	s.port.relay.stats.Resent.Add(1)
	return true
}

// repair sends the packet that was placed as e and numbered sent.seq by this slot on the slot's
// repair stream (RFC 4588): numbers of its own, the original one in front of the payload. It tells the size, 0 for a packet that is not at hand any more.
func (s *Sink) repair(m *mender, sp splice, e placed, sent sentPacket) int {
	ln := s.lane.Load()
	p := &m.packet
	if ln == nil || !sp.stream.cache.get(e.in, p) || ln.rtxPayload[p.codec] == 0 || len(p.payload) == 0 || !p.describe() {
		return 0
	}
	n := sp.stamp(p, sent.seq)
	n.marker = e.marker
	p.renumber(n)
	m.out.csrc[0] = uint32(sp.stream.source.number)
	h := s.dress(&m.out, ln, p, n)
	h.PayloadType = ln.rtxPayload[p.codec]
	h.SSRC = ln.rtxSSRC
	s.mu.Lock()
	s.rtxSeq++
	h.SequenceNumber = s.rtxSeq
	s.mu.Unlock()
	m.out.rtx = append(append(m.out.rtx[:0], byte(n.seq>>8), byte(n.seq)), p.payload...)
	size := len(m.out.rtx) + rtpOverhead
	sent.size = uint32(size)
	s.port.stampTWCC(&m.out, ln, sent)
	if _, err := ln.out.WriteRTP(h, m.out.rtx); err != nil {
		s.port.relay.stats.WriteErrors.Add(1)
		return 0
	}
	return size
}
