package relay

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"
)

// testCamera sends VP8-shaped frames in one or three layers and answers PLIs with a key frame.
type testCamera struct {
	page   *testPage
	layers []*testLayer
	quit   chan struct{}
	once   sync.Once
	plis   atomic.Int32
	paused atomic.Uint32 // layers that are not sent, as a bit mask
}

type testLayer struct {
	track *webrtc.TrackLocalStaticRTP
	wire  *wireTrack
	rid   string
	key   atomic.Bool
	size  int // bytes per frame
}

// wireTrack is a track through which any packet may be written.
type wireTrack struct {
	*webrtc.TrackLocalStaticRTP
	ssrc uint32
	out  webrtc.TrackLocalWriter
	last atomic.Uint32 // sequence number
}

func (w *wireTrack) WriteRTP(p *rtp.Packet) error {
	w.last.Store(uint32(p.SequenceNumber))
	return w.TrackLocalStaticRTP.WriteRTP(p)
}

func (w *wireTrack) Bind(t webrtc.TrackLocalContext) (webrtc.RTPCodecParameters, error) {
	w.ssrc, w.out = uint32(t.SSRC()), t.WriteStream()
	return w.TrackLocalStaticRTP.Bind(t)
}

func newTestCamera(p *testPage, capability webrtc.RTPCodecCapability, names []string) *testCamera {
	c := &testCamera{page: p, quit: make(chan struct{})}
	var sender *webrtc.RTPSender
	for i, name := range names {
		l := &testLayer{size: []int{600, 2000, 5500}[i]}
		var options []func(*webrtc.TrackLocalStaticRTP)
		if len(names) > 1 {
			l.rid = name
			options = append(options, webrtc.WithRTPStreamID(l.rid))
		}
		var err error
		if l.track, err = webrtc.NewTrackLocalStaticRTP(capability, "camera", p.name, options...); err != nil {
			p.t.Fatal(err)
		}
		l.wire = &wireTrack{TrackLocalStaticRTP: l.track}
		c.layers = append(c.layers, l)
		if i > 0 {
			if err := sender.AddEncoding(l.wire); err != nil {
				p.t.Fatal(err)
			}
			continue
		}
		t, err := p.pc.AddTransceiverFromTrack(l.wire, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
		if err != nil {
			p.t.Fatal(err)
		}
		sender = t.Sender()
	}
	for _, l := range c.layers {
		p.wg.Add(1)
		go c.listen(sender, l)
	}
	return c
}

// listen reads RTCP of one layer; a PLI keys all layers, as browsers do.
func (c *testCamera) listen(sender *webrtc.RTPSender, l *testLayer) {
	defer c.page.wg.Done()
	b := make([]byte, 1500)
	for {
		var n int
		var err error
		if l.rid == "" {
			n, _, err = sender.Read(b)
		} else {
			n, _, err = sender.ReadSimulcast(b, l.rid)
		}
		if err != nil {
			return
		}
		list, err := rtcp.Unmarshal(b[:n])
		if err != nil {
			continue
		}
		for _, packet := range list {
			if _, ok := packet.(*rtcp.PictureLossIndication); ok {
				c.plis.Add(1)
				for _, o := range c.layers {
					o.key.Store(true)
				}
			}
		}
	}
}

// roll sends every layer at fps until halt.
func (c *testCamera) roll(fps int) {
	mid := c.page.pc.GetTransceivers()[Camera].Mid()
	list := c.page.pc.GetTransceivers()[Camera].Sender().GetParameters().HeaderExtensions
	for i, l := range c.layers {
		c.page.wg.Add(1)
		go func() {
			defer c.page.wg.Done()
			s := vp8Sender{picture: uint16(1000 * (i + 1)), tl0: uint8(50 * i), packet: rtp.Packet{Header: rtp.Header{
				Version: 2, SequenceNumber: uint16(65500 + 7*i), Timestamp: uint32(900000 * (i + 1)),
			}}}
			tick := time.NewTicker(time.Second / time.Duration(fps))
			defer tick.Stop()
			for first := true; ; first = false {
				select {
				case <-c.quit:
					return
				case <-tick.C:
				}
				s.packet.Timestamp += uint32(90000 / fps)
				if c.paused.Load()&(1<<i) != 0 {
					continue
				}
				if l.rid != "" {
					_ = s.packet.SetExtension(extensionID(list, sdp.SDESMidURI), []byte(mid))
					_ = s.packet.SetExtension(extensionID(list, sdp.SDESRTPStreamIDURI), []byte(l.rid))
				}
				s.frame(l.size, first || l.key.Swap(false), func(p *rtp.Packet) { _ = l.wire.WriteRTP(p) })
			}
		}()
	}
}

func (c *testCamera) halt() { c.once.Do(func() { close(c.quit) }) }

// vp8Sender packs frames as RFC 7741 says, with every field that browsers send.
type vp8Sender struct {
	packet  rtp.Packet
	picture uint16
	tl0     uint8
}

func (s *vp8Sender) frame(size int, key bool, write func(*rtp.Packet)) {
	s.picture = (s.picture + 1) & 0x7fff
	s.tl0++
	for start := true; size > 0; start = false {
		n := min(size, 1100)
		size -= n
		first, frame := byte(0x80), byte(1)
		if start {
			first |= 0x10
		}
		if key {
			frame = 0
		}
		s.packet.Payload = append([]byte{first, 0xF0, 0x80 | byte(s.picture>>8), byte(s.picture), s.tl0, 0x20, frame}, make([]byte, n)...)
		s.packet.Marker = size == 0
		s.packet.SequenceNumber++
		write(&s.packet)
	}
}
