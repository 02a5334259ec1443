package relay

import (
	"testing"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
)

// Whatever a page sends, parsing neither panics nor reads beyond its end; what rewriting touches stays inside.

func FuzzVP8(f *testing.F) {
	f.Add([]byte{0x90, 0xF0, 0x81, 0x02, 7, 0x20, 0, 1, 2})
	f.Add([]byte{0x10, 0x00})
	f.Add([]byte{0x80, 0x80, 0x80})
	f.Fuzz(func(t *testing.T, p []byte) {
		d, ok := parseVP8(p)
		if !ok {
			return
		}
		before := append([]byte(nil), p...)
		d.rewrite(p, d.picture, d.tl0)
		if string(before) != string(p) {
			t.Fatalf("writing what was read changed %x to %x", before, p)
		}
		d.rewrite(p, 0x1234, 99)
		again, ok := parseVP8(p)
		if !ok || again.start != d.start || again.key != d.key || again.headerSize != d.headerSize {
			t.Fatalf("rewriting changed more than the numbers: %+v, %+v", d, again)
		}
		if d.tl0At != 0 && again.tl0 != 99 {
			t.Fatalf("TL0PICIDX is %d", again.tl0)
		}
		if d.pictureAt != 0 && d.long && again.picture != 0x1234 {
			t.Fatalf("PictureID is %x", again.picture)
		}
	})
}

func FuzzVP9(f *testing.F) {
	f.Add([]byte{0xA8, 0x81, 0x02, 0x10, 7, 1})
	f.Add([]byte{0x80, 0x80})
	f.Add([]byte{0xBE, 0x81, 0x02, 0x10, 0x38, 1, 64, 0, 180, 2, 128, 1, 104, 1, 0x20, 1})
	f.Fuzz(func(t *testing.T, p []byte) {
		d, ok := parseVP9(p)
		if !ok {
			return
		}
		var room [maxSpatial]layerSize
		if n := len(d.sizes(p, room[:0])); n > maxSpatial || n > 0 && d.structure == 0 {
			t.Fatalf("%d sizes of %x", n, p)
		}
		if f, ok := d.frame(1); ok && (f.entry&^f.needed != 0 && !f.alone || f.needed == 0 && f.spatial < maxSpatial && f.temporal < maxTemporal) {
			t.Fatalf("%x is a frame %+v", p, f)
		}
		before := append([]byte(nil), p...)
		d.rewrite(p, d.picture, d.tl0)
		if string(before) != string(p) {
			t.Fatalf("writing what was read changed %x to %x", before, p)
		}
	})
}

func FuzzAV1(f *testing.F) {
	f.Add([]byte{0x18, 0x0a})
	f.Fuzz(func(t *testing.T, p []byte) {
		if h, ok := parseAV1(p); ok && h.sequence && p[0]&0x80 != 0 {
			t.Fatal("a sequence that begins in the middle of an element")
		}
	})
}

func FuzzControl(f *testing.F) {
	f.Add([]byte{msgAck, 0, 0, 0, 1})
	f.Add([]byte{msgView, 1, 0, 2, 1, 1, 0, 1, 0, 1})
	f.Add([]byte{msgMesh, 0, 0, 4, 0, 0, 0, 8, 0})
	f.Add([]byte{msgAnnounce, 1, 1, 1, 1, 0, 1, 0, 1, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := decode(b)
		if err != nil {
			return
		}
		switch m := m.(type) {
		case []view:
			for _, v := range m {
				if !v.kind.Video() {
					t.Fatal("a view of sound")
				}
			}
		case announcement:
			if m.kind >= kindCount || len(m.layers) > maxLayers {
				t.Fatalf("announcement %+v", m)
			}
		}
	})
}

// Packets of any content go through the whole path; what leaves still has consecutive numbers.
func FuzzPacketPath(f *testing.F) {
	good := &rtp.Packet{Header: rtp.Header{Version: 2, PayloadType: 96, SequenceNumber: 1}, Payload: []byte{0x90, 0xF0, 0x81, 2, 7, 0x20, 0, 1}}
	raw, err := good.Marshal()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw, []byte{1, 2, 3})
	f.Add(raw, raw)
	f.Fuzz(func(t *testing.T, a, b []byte) {
		s, out := loneSink(t)
		st := loneStream(s)
		st.in.levelExt, st.in.rotationExt = 1, 2
		for i, p := range [][]byte{append([]byte(nil), raw...), append([]byte(nil), a...), append([]byte(nil), b...)} {
			st.receive(p, micros(i+1)*10*millisecond)
		}
		seen := map[uint16]bool{}
		for _, p := range out.sent {
			if seen[p.SequenceNumber] {
				t.Fatalf("number %d given twice", p.SequenceNumber)
			}
			seen[p.SequenceNumber] = true
			if p.SSRC != 1 || len(p.CSRC) != 1 || p.CSRC[0] != 9 {
				t.Fatalf("header %+v", p.Header)
			}
			s.port.resendAll(s, &rtcp.TransportLayerNack{Nacks: []rtcp.NackPair{{PacketID: p.SequenceNumber, LostPackets: 0xFFFF}}}, second)
		}
	})
}

func FuzzRTCP(f *testing.F) {
	for _, p := range []rtcp.Packet{
		&rtcp.TransportLayerNack{MediaSSRC: 1, Nacks: []rtcp.NackPair{{PacketID: 5, LostPackets: 3}}},
		&rtcp.PictureLossIndication{MediaSSRC: 1},
		&rtcp.SenderReport{SSRC: 77, NTPTime: 1 << 40, RTPTime: 9},
		&rtcp.TransportLayerCC{
			Header:    rtcp.Header{Count: rtcp.FormatTCC, Type: rtcp.TypeTransportSpecificFeedback, Length: 5},
			MediaSSRC: 1, PacketStatusCount: 1, PacketChunks: []rtcp.PacketStatusChunk{&rtcp.RunLengthChunk{PacketStatusSymbol: 1, RunLength: 1}},
			RecvDeltas: []*rtcp.RecvDelta{{Type: rtcp.TypeTCCPacketReceivedSmallDelta, Delta: 250}},
		},
	} {
		b, err := p.Marshal()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		s, _ := loneSink(t)
		st := loneStream(s)
		s.port.down.bound(s, s.lane.Load())
		s.port.down.addStream(st)
		s.port.feedback(1, b)
		s.port.feedback(77, b)
		if e := s.port.down.path.estimate; e.kbps < floorKbps || e.kbps > e.ceiling {
			t.Fatalf("the estimate is %v", e.kbps)
		}
	})
}

func FuzzOffer(f *testing.F) {
	f.Add("v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		_ = checkOffer(text, DefaultLimits())
		_ = startBitrate(text, 800)
	})
}

func FuzzWindow(f *testing.F) {
	f.Add(uint16(1), uint16(2), uint16(60000))
	f.Fuzz(func(t *testing.T, a, b, c uint16) {
		var w window
		for i, s := range []uint16{a, b, c} {
			fresh := w.fresh(s)
			if i == 0 && !fresh {
				t.Fatal("the first packet is a repeat")
			}
			if w.fresh(s) {
				t.Fatal("a packet is fresh twice")
			}
		}
	})
}
