package relay

import (
	"testing"

	"github.com/pion/rtcp"
	"pgregory.net/rapid"
)

// drawFeedback makes a message of pion's, and what stands in it.
func drawFeedback(t *rapid.T) (*rtcp.TransportLayerCC, []toldArrival) {
	m := &rtcp.TransportLayerCC{
		BaseSequenceNumber: uint16(rapid.IntRange(0, 1<<16-1).Draw(t, "base")),
		ReferenceTime:      uint32(rapid.IntRange(0, 1<<23-1).Draw(t, "reference")),
	}
	at, seq := micros(m.ReferenceTime)*64*millisecond, m.BaseSequenceNumber
	var told []toldArrival
	say := func(symbol uint16) {
		delta := int64(0)
		switch symbol {
		case rtcp.TypeTCCPacketReceivedSmallDelta:
			delta = 250 * rapid.Int64Range(0, 255).Draw(t, "small")
		case rtcp.TypeTCCPacketReceivedLargeDelta:
			delta = 250 * rapid.Int64Range(-1<<15, 1<<15-1).Draw(t, "large")
		}
		if symbol != 0 {
			m.RecvDeltas = append(m.RecvDeltas, &rtcp.RecvDelta{Type: symbol, Delta: delta})
		}
		at += micros(delta)
		told = append(told, toldArrival{seq, symbol != 0, at})
		seq++
	}
	for range rapid.IntRange(1, 6).Draw(t, "chunks") {
		if rapid.Bool().Draw(t, "run") {
			c := &rtcp.RunLengthChunk{
				Type: rtcp.TypeTCCRunLengthChunk, PacketStatusSymbol: uint16(rapid.IntRange(0, 2).Draw(t, "symbol")),
				RunLength: uint16(rapid.IntRange(1, 30).Draw(t, "length")),
			}
			for range c.RunLength {
				say(c.PacketStatusSymbol)
			}
			m.PacketChunks = append(m.PacketChunks, c)
			continue
		}
		c := &rtcp.StatusVectorChunk{Type: rtcp.TypeTCCStatusVectorChunk, SymbolSize: uint16(rapid.IntRange(0, 1).Draw(t, "size"))}
		for range 14 >> c.SymbolSize {
			symbol := uint16(rapid.IntRange(0, int(c.SymbolSize)+1).Draw(t, "symbol"))
			c.SymbolList = append(c.SymbolList, symbol)
			say(symbol)
		}
		m.PacketChunks = append(m.PacketChunks, c)
	}
	m.PacketStatusCount = uint16(len(told))
	size := 20 + 2*len(m.PacketChunks)
	for _, d := range m.RecvDeltas {
		size += int(d.Type)
	}
	m.Header = rtcp.Header{
		Count: rtcp.FormatTCC, Type: rtcp.TypeTransportSpecificFeedback,
		Length: uint16((size+3)/4 - 1), Padding: size%4 != 0,
	}
	return m, told
}

// What is read of a feedback message is what was written, and of one that is cut short nothing beyond its end.
func TestFeedbackIsReadAsWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, want := drawFeedback(t)
		b, err := m.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		if !isFeedback(b) {
			t.Fatalf("%x is not taken for feedback", b)
		}
		r, ok := newFeedbackReader(b)
		if !ok {
			t.Fatalf("%x is refused", b)
		}
		for i := 0; ; i++ {
			got, more := r.next()
			if more != (i < len(want)) {
				t.Fatalf("%d of %d packets", i, len(want))
			}
			if !more {
				break
			}
			if got != want[i] {
				t.Fatalf("packet %d is %+v, not %+v", i, got, want[i])
			}
		}
		cut := b[:rapid.IntRange(feedbackHead, len(b)).Draw(t, "cut")]
		if r, ok := newFeedbackReader(cut); ok {
			for more := true; more; {
				_, more = r.next()
			}
		}
	})
}

// Feedback from the page to the estimate allocates nothing.
func TestFeedbackAllocatesNothing(t *testing.T) {
	s, _ := loneSink(t)
	s.port.down.bound(s, s.lane.Load())
	m := &rtcp.TransportLayerCC{
		Header:            rtcp.Header{Count: rtcp.FormatTCC, Type: rtcp.TypeTransportSpecificFeedback, Length: 10},
		PacketStatusCount: 20, PacketChunks: []rtcp.PacketStatusChunk{&rtcp.RunLengthChunk{PacketStatusSymbol: 1, RunLength: 20}},
	}
	for range 20 {
		m.RecvDeltas = append(m.RecvDeltas, &rtcp.RecvDelta{Type: rtcp.TypeTCCPacketReceivedSmallDelta, Delta: 1000})
	}
	b, err := m.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	out := &outgoing{}
	taken := 0
	round := func() {
		b[12], b[13] = byte(s.port.down.sent.next>>8), byte(s.port.down.sent.next)
		for range 20 {
			out.header.Extensions = out.header.Extensions[:0]
			s.port.stampTWCC(out, s.lane.Load(), sentPacket{size: 1000, at: second})
		}
		s.port.feedback(1, b)
		taken += len(s.port.down.path.outcomes)
	}
	for range 100 {
		round()
	}
	if n := testing.AllocsPerRun(1000, round); n != 0 {
		t.Errorf("%v allocations per message", n)
	}
	if taken < 20*1100 || s.port.relay.stats.Malformed.Load() != 0 {
		t.Errorf("%d packets were told, %d malformed", taken, s.port.relay.stats.Malformed.Load())
	}
}
