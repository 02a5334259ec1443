package relay

import (
	"encoding/binary"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
)

// slotLog is what came in one slot.
type slotLog struct {
	packets  int
	frames   int
	last     *rtp.Packet
	order    []uint16 // sequence numbers in order of arrival
	sources  []uint32 // CSRC of each packet
	pictures []uint16
	stamps   []uint32
	delays   []int64 // microseconds on the way, where packets carry their time
	strange  int     // packets whose CSRC is not in the table that was acknowledged
}

// receive logs one slot.
func (p *testPage) receive(track *webrtc.TrackRemote, receiver *webrtc.RTPReceiver) {
	p.wg.Add(1)
	defer p.wg.Done()
	key := slotKey{video: track.Kind() == webrtc.RTPCodecTypeVideo}
	for _, t := range p.pc.GetTransceivers()[kindCount:] {
		if t.Receiver() == receiver {
			break
		}
		if t.Kind() == track.Kind() {
			key.slot++
		}
	}
	p.mu.Lock()
	log := &slotLog{}
	p.got[key] = log
	p.mu.Unlock()
	for {
		packet, _, err := track.ReadRTP()
		if err != nil {
			return
		}
		p.mu.Lock()
		log.packets++
		log.last = packet
		log.order = append(log.order, packet.SequenceNumber)
		log.stamps = append(log.stamps, packet.Timestamp)
		csrc := uint32(0)
		if len(packet.CSRC) == 1 {
			csrc = packet.CSRC[0]
		}
		log.sources = append(log.sources, csrc)
		if key.video && uint32(p.table[key].member) != csrc {
			log.strange++
		}
		if d, ok := parseVP8(packet.Payload); key.video && ok {
			log.pictures = append(log.pictures, d.picture)
			if d.start {
				log.frames++
			}
			if tail := packet.Payload[max(len(packet.Payload)-8, 0):]; len(tail) == 8 {
				if sent := micros(binary.BigEndian.Uint64(tail)); sent > 0 {
					log.delays = append(log.delays, int64(benchClock.now()-sent))
				}
			}
		}
		p.mu.Unlock()
	}
}

// packets tells how many came in a slot.
func (p *testPage) packets(key slotKey) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if log := p.got[key]; log != nil {
		return log.packets
	}
	return 0
}
