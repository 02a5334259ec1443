package relay

import (
	"sync"

	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v4"
)

// path is what is known of the way to one page.
type path struct {
	mu       sync.Mutex // guards what follows; held for one feedback message or one question
	estimate *estimate
	probe    probe
	outcomes []outcome
	heardAt  micros // when RTCP came last
	fedAt    micros // when transport-wide feedback came last, 0 before the first
	watched  uint16 // the newest transport-wide number when the path was watched last

	// The RTCP goroutine owns the rest.
	repairs bucket // what answers to NACKs may use
	mender  mender
	offset  micros // from the page's NTP clock to the relay's
	clocked bool
}

// senderReport is what a publisher said about its clocks, with its NTP time moved to the relay's
// clock, so that all slots of a receiver share one.
type senderReport struct {
	sentNTP uint64 // as the publisher stamped it
	at      micros // the same moment on the relay's clock, as near as can be told
	rtp     uint32
}

// maxNacks is how many packets one NACK message may ask for.
const maxNacks = 256

// feedback takes one RTCP packet, which may be of several messages, that is addressed to ssrc; false
// leaves it to pion. It runs on the connection's RTCP goroutine.
func (p *Port) feedback(ssrc uint32, raw []byte) bool {
	now := p.relay.clock.now()
	p.down.path.heard(now)
	sink, st := p.down.owner(ssrc)
	for rest := raw; len(rest) > 0; {
		if len(rest) < 4 {
			p.relay.stats.Malformed.Add(1)
			return true
		}
		size := 4 * (int(rest[2])<<8 + int(rest[3]) + 1)
		if size > len(rest) {
			p.relay.stats.Malformed.Add(1)
			return true
		}
		if !p.report(sink, st, rest[:size], now) {
			p.relay.stats.Malformed.Add(1)
			return true
		}
		rest = rest[size:]
	}
	return sink != nil
}

// report takes one RTCP message; false for a malformed one.
func (p *Port) report(sink *Sink, st *stream, raw []byte, now micros) bool {
	if isFeedback(raw) {
		r, ok := newFeedbackReader(raw)
		if ok {
			p.arrivals(now, r)
		}
		return ok
	}
	list, err := rtcp.Unmarshal(raw)
	if err != nil {
		return false
	}
	for _, packet := range list {
		switch m := packet.(type) {
		case *rtcp.TransportLayerNack:
			if sink != nil {
				p.resendAll(sink, m, now)
			}
		case *rtcp.PictureLossIndication, *rtcp.FullIntraRequest:
			if sink != nil && sink.complaints.allow(now) {
				p.room.relayKeyRequest(sink, now)
			}
		case *rtcp.SenderReport:
			if st != nil && m.SSRC == st.ssrc {
				p.clocks(st, m, now)
			}
		}
	}
	return true
}

func (d *path) heard(now micros) {
	d.mu.Lock()
	d.heardAt = now
	d.mu.Unlock()
}

// resendAll answers a NACK, within what repairs may use of the path.
func (p *Port) resendAll(sink *Sink, m *rtcp.TransportLayerNack, now micros) {
	d := &p.down.path
	d.mu.Lock()
	d.repairs.limit(max(int(d.estimate.kbps)/2, 200))
	d.mu.Unlock()
	asked := 0
	for _, pair := range m.Nacks {
		for _, seq := range pair.PacketList() {
			if asked++; asked > maxNacks {
				return
			}
			if !d.repairs.take(now, 1200) || !sink.resend(&d.mender, seq, now) {
				p.relay.stats.NacksUnmet.Add(1)
			}
		}
	}
}

// relayKeyRequest passes a receiver's request on to who fills its slot.
func (rm *Room) relayKeyRequest(sink *Sink, now micros) {
	current, target := sink.streams()
	if target == nil {
		target = current
	}
	if target == nil {
		return
	}
	target.source.port.keys.want(target.source, target.ssrc)
	target.source.port.askKeys(now)
}

// askKeys sends the key-frame requests that are due to this publisher, all in one packet.
func (p *Port) askKeys(now micros) {
	ssrcs, ok := p.keys.due(now)
	if !ok {
		return
	}
	var list []rtcp.Packet
	for _, ssrc := range ssrcs {
		if ssrc != 0 {
			list = append(list, &rtcp.PictureLossIndication{MediaSSRC: ssrc})
		}
	}
	p.relay.stats.KeyRequests.Add(1)
	p.writeRTCP(list)
}

func (p *Port) writeRTCP(list []rtcp.Packet) {
	if p.pc.ConnectionState() != webrtc.PeerConnectionStateConnected {
		return
	}
	if err := p.pc.WriteRTCP(list); err != nil {
		p.relay.stats.WriteErrors.Add(1)
	}
}

// arrivals turns a transport-wide feedback message into outcomes for the estimate.
func (p *Port) arrivals(now micros, r feedbackReader) {
	d := &p.down.path
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fedAt = now
	d.outcomes = d.outcomes[:0]
	for t, ok := r.next(); ok; t, ok = r.next() {
		if sent, ok := p.down.sent.take(t.seq); ok {
			d.outcomes = append(d.outcomes, outcome{sentPacket: sent, received: t.at, lost: !t.received})
		}
	}
	d.estimate.feedback(now, d.outcomes)
	d.probe.feedback(now, d.estimate, d.outcomes)
}

// clocks keeps a publisher's newest sender report. All streams of one page share its NTP clock, so
// one offset for all of them keeps lips and voice in step.
func (p *Port) clocks(st *stream, m *rtcp.SenderReport, now micros) {
	const perSecond = 1 << 32
	sent := micros(m.NTPTime>>32)*second + micros(m.NTPTime&(perSecond-1))*second/perSecond
	offset := now - sent
	d := &p.down.path
	// The smallest offset seen is the one with the least delay in it; a clock that was set starts anew.
	if !d.clocked || offset < d.offset || offset-d.offset > 10*second {
		d.offset, d.clocked = offset, true
	}
	st.report.Store(&senderReport{sentNTP: m.NTPTime, at: sent + d.offset, rtp: m.RTPTime})
}

// ntpEpoch is 1970 counted from 1900, in seconds.
const ntpEpoch = 2208988800

// reports makes the sender reports of every slot that is being filled: the publisher's own, moved
// to the slot's numbers and to this moment.
func (p *Port) reports(now micros) {
	wall := p.relay.clock.wall(now)
	ntp := uint64(wall.Unix()+ntpEpoch)<<32 | uint64(wall.Nanosecond())<<32/1e9
	var list []rtcp.Packet
	audio, video := p.down.slots()
	for _, slots := range [][]*Sink{audio, video} {
		for _, s := range slots {
			if r, ok := s.report(now); ok {
				r.NTPTime = ntp
				list = append(list, r)
			}
		}
	}
	for len(list) > 0 {
		n := min(len(list), 30)
		p.writeRTCP(list[:n])
		list = list[n:]
	}
}

// report is the slot's sender report but for the NTP time, if its publisher sent one.
func (s *Sink) report(now micros) (*rtcp.SenderReport, bool) {
	ln := s.lane.Load()
	s.mu.Lock()
	defer s.mu.Unlock()
	if ln == nil || s.current == nil || !s.numbers.started {
		return nil, false
	}
	r := s.current.report.Load()
	if r == nil {
		return nil, false
	}
	passed := int64(now-r.at) * int64(s.rate()) / int64(second)
	return &rtcp.SenderReport{
		SSRC:        ln.ssrc,
		RTPTime:     r.rtp + uint32(passed) + s.numbers.current().timestamp,
		PacketCount: s.packets,
		OctetCount:  s.octets,
	}, true
}
