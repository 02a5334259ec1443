package relay

import (
	"encoding/binary"
	"io"
	"sync"

	"github.com/pion/transport/v4/packetio"
)

// downlink is the way to one page: its Sinks, and the transport-wide numbers of what goes there.
type downlink struct {
	mu      sync.Mutex // guards the maps, the lists and opened
	audio   []*Sink    // by slot number; grow only
	video   []*Sink
	sinks   map[uint32]*Sink   // by SSRC
	streams map[uint32]*stream // the page's own, by SSRC
	opened  int
	allowed int

	sent history
	path path
}

// history remembers what was sent, until feedback tells what became of it.
type history struct {
	mu   sync.Mutex // guards what follows; held for one packet
	next uint16
	ring []sentPacket
}

// historySize is how many packets can be waiting for feedback: a second at 20 Mbit/s.
const historySize = 2048

func (d *downlink) init(l Limits) {
	d.sinks, d.streams = map[uint32]*Sink{}, map[uint32]*stream{}
	d.allowed = l.Streams
	d.sent.ring = make([]sentPacket, historySize)
	d.path.estimate = newEstimate(l.StartKbps, l.CeilingKbps)
}

// newSink adds the next receiving slot of its kind.
func (d *downlink) newSink(p *Port, video bool) *Sink {
	d.mu.Lock()
	defer d.mu.Unlock()
	s := &Sink{port: p, video: video}
	if video {
		s.slot = len(d.video)
		d.video = append(d.video, s)
	} else {
		s.slot = len(d.audio)
		d.audio = append(d.audio, s)
	}
	return s
}

// bound makes a negotiated slot known to feedback.
func (d *downlink) bound(s *Sink, ln *lane) {
	d.mu.Lock()
	d.sinks[ln.ssrc] = s
	if ln.rtxSSRC != 0 {
		d.sinks[ln.rtxSSRC] = s
	}
	d.mu.Unlock()
}

func (d *downlink) addStream(st *stream) {
	d.mu.Lock()
	d.streams[st.ssrc] = st
	d.mu.Unlock()
}

// slots gives the Sinks of both kinds by number.
func (d *downlink) slots() (audio, video []*Sink) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.audio, d.video
}

// owner finds what an SSRC belongs to.
func (d *downlink) owner(ssrc uint32) (*Sink, *stream) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.sinks[ssrc], d.streams[ssrc]
}

// stampTWCC gives a packet the connection's next transport-wide number and remembers it.
func (p *Port) stampTWCC(o *outgoing, ln *lane, sent sentPacket) {
	if ln.twccExt == 0 {
		return
	}
	h := &p.down.sent
	h.mu.Lock()
	sent.seq = h.next
	h.ring[sent.seq%historySize] = sent
	h.next++
	h.mu.Unlock()
	binary.BigEndian.PutUint16(o.twcc[:], sent.seq)
	setExtension(&o.header, ln.twccExt, o.twcc[:])
}

// newest is the number that the next packet gets.
func (h *history) newest() uint16 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.next
}

// take finds the packet numbered seq that nobody has taken before.
func (h *history) take(seq uint16) (sentPacket, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := &h.ring[seq%historySize]
	if s.seq != seq || s.acked || s.at == 0 {
		return sentPacket{}, false
	}
	s.acked = true
	return *s, true
}

// buffer is pion's call for each RTP or RTCP stream that the page opens. RTCP passes through the
// Port on its way, so that feedback needs no goroutine per slot; what opens more streams than it
// may gets a buffer that swallows.
func (p *Port) buffer(kind packetio.BufferPacketType, ssrc uint32) io.ReadWriteCloser {
	d := &p.down
	d.mu.Lock()
	d.opened++
	over := d.opened > d.allowed
	d.mu.Unlock()
	b := packetio.NewBuffer()
	if over {
		p.relay.stats.StreamsOver.Add(1)
		return &swallow{b}
	}
	if kind == packetio.RTCPBufferPacket {
		b.SetLimitSize(16 << 10)
		return &tap{Buffer: b, port: p, ssrc: ssrc}
	}
	b.SetLimitSize(1 << 20)
	return b
}

// tap hands RTCP to the Port as it arrives.
type tap struct {
	*packetio.Buffer
	port *Port
	ssrc uint32
}

// Write takes one RTCP packet from pion, on the connection's RTCP goroutine.
func (t *tap) Write(b []byte) (int, error) {
	if t.port.feedback(t.ssrc, b) {
		return len(b), nil
	}
	return t.Buffer.Write(b)
}

// swallow is a stream beyond the allowance: it reads as silence until it is closed.
type swallow struct{ *packetio.Buffer }

func (s *swallow) Write(b []byte) (int, error) { return len(b), nil }
