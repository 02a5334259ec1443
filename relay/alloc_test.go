package relay

import (
	"testing"

	"github.com/pion/rtp"
)

// silence is an outlet that takes packets and does nothing.
type silence struct{ packets int }

func (s *silence) WriteRTP(*rtp.Header, []byte) (int, error) { s.packets++; return 0, nil }

// The packet path, from the decrypted packet to the door of the network, allocates nothing.
func TestPacketPathAllocatesNothing(t *testing.T) {
	first, _ := loneSink(t)
	st := loneStream(first)
	out := &silence{}
	for range 9 {
		sink, _ := loneSink(t)
		ln := *sink.lane.Load()
		ln.out = out
		sink.lane.Store(&ln)
		sink.aim(st.source, wholeOf(st))
		st.source.attach(sink)
	}
	ln := *first.lane.Load()
	ln.out = out
	first.lane.Store(&ln)
	sender := vp8Sender{}
	sender.packet.Version = 2
	var raw [][]byte
	for i := range 2000 {
		sender.frame(1000, i == 0, func(p *rtp.Packet) {
			p.PayloadType, p.SSRC = 96, 77
			b, err := p.Marshal()
			if err != nil {
				t.Fatal(err)
			}
			raw = append(raw, b)
		})
	}
	at := 0
	one := func() {
		st.receive(raw[at], micros(at)*10*millisecond)
		at++
	}
	for range 600 { // once round the cache, whose buffers grow
		one()
	}
	if n := testing.AllocsPerRun(1000, one); n != 0 {
		t.Errorf("%v allocations per packet", n)
	}
	if out.packets < 10*1500 {
		t.Errorf("only %d packets were forwarded", out.packets)
	}
}
