package bot

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/pion/interceptor"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"
)

// outlet is where one kind leaves on one link. It implements webrtc.TrackLocal, so that the frames of
// a clip are cut into packets once for all links, each of which has its own numbers.
//
// The player's goroutine owns seq, layer and running; the rest is set before it is given the outlet, or atomic.
type outlet struct {
	kind    Kind
	id      string
	stream  string // the msid: what is to be kept in step
	rid     string // of simulcast, "" for none: its layer is fixed then
	layer   string
	running bool // in the middle of pictures that build on each other
	seq     uint16
	mid     func() string // of its m-line
	bound   atomic.Pointer[binding]
	open    atomic.Bool // the link is connected and carries media
	paused  atomic.Bool // nobody watches this layer
	sent    atomic.Int64
	asked   atomic.Int64 // key frames asked for: PLI and FIR
}

// binding is what negotiation has given.
type binding struct {
	writer webrtc.TrackLocalWriter
	ssrc   uint32
	pt     uint8
	fixed  map[uint8][]byte // header extensions that are the same on every packet
}

// streams are the msids of the kinds: what shares one is kept in step.
var streams = [kinds]string{"person", "person", "screen", "screen"}

func newOutlet(kind Kind, rid string) *outlet {
	return &outlet{kind: kind, rid: rid, id: kind.String(), stream: streams[kind]}
}

// Bind is called by pion when the track has been negotiated.
func (o *outlet) Bind(ctx webrtc.TrackLocalContext) (webrtc.RTPCodecParameters, error) {
	mime := webrtc.MimeTypeOpus
	if o.kind.video() {
		mime = webrtc.MimeTypeVP8
	}
	at := slices.IndexFunc(ctx.CodecParameters(), func(c webrtc.RTPCodecParameters) bool { return strings.EqualFold(c.MimeType, mime) })
	if at < 0 {
		return webrtc.RTPCodecParameters{}, fmt.Errorf("bot: bind %s: the far end takes no %s", o.kind, mime)
	}
	codec := ctx.CodecParameters()[at]
	b := &binding{writer: ctx.WriteStream(), ssrc: uint32(ctx.SSRC()), pt: uint8(codec.PayloadType), fixed: map[uint8][]byte{}}
	for _, extension := range ctx.HeaderExtensions() {
		id := uint8(extension.ID)
		switch {
		case extension.URI == sdp.AudioLevelURI && !o.kind.video():
			b.fixed[id] = []byte{0x80 | soundLevel}
		case extension.URI == sdp.SDESMidURI && o.rid != "": // layers are told apart by these two
			b.fixed[id] = []byte(o.mid())
		case extension.URI == sdp.SDESRTPStreamIDURI && o.rid != "":
			b.fixed[id] = []byte(o.rid)
		}
	}
	o.bound.Store(b)
	return codec, nil
}

// Unbind is called by pion when the track is not to be sent any more.
func (o *outlet) Unbind(webrtc.TrackLocalContext) error {
	o.bound.Store(nil)
	return nil
}

// ID is the track's id.
func (o *outlet) ID() string { return o.id }

// RID is the track's layer of simulcast.
func (o *outlet) RID() string { return o.rid }

// StreamID groups the tracks that are to be kept in step.
func (o *outlet) StreamID() string { return o.stream }

// Kind is pion's word for audio or video.
func (o *outlet) Kind() webrtc.RTPCodecType {
	if o.kind.video() {
		return webrtc.RTPCodecTypeVideo
	}
	return webrtc.RTPCodecTypeAudio
}

// follows tells whether this outlet sends the picture at hand: it begins, begins anew and changes its layer
// with a key frame only.
func (o *outlet) follows(layer string, key, first bool) bool {
	if !o.open.Load() || o.paused.Load() || first && !key {
		o.running = false
		return false
	}
	if key {
		o.running = true
		o.layer = layer
		if o.rid != "" {
			o.layer = o.rid
		}
	}
	return o.running
}

// send writes one frame. An error means that the link is ending, which it tells by itself.
func (o *outlet) send(payloads [][]byte, stamp int64, first bool) {
	b := o.bound.Load()
	if b == nil || !o.open.Load() {
		return
	}
	for i, payload := range payloads {
		last := i == len(payloads)-1
		header := rtp.Header{
			Version: 2, PayloadType: b.pt, SSRC: b.ssrc, SequenceNumber: o.seq, Timestamp: uint32(stamp),
			Marker: o.kind.video() && last || !o.kind.video() && first, // a picture's end; the start of sound (RFC 7587, section 4.1)
		}
		for id, value := range b.fixed {
			if err := header.SetExtension(id, value); err != nil {
				return // an id that no header can have was negotiated
			}
		}
		o.seq++
		if n, err := b.writer.WriteRTP(&header, payload); err == nil && n > 0 {
			o.sent.Add(1)
		}
	}
}

// mind reads the far end's reports, as pion's answers to NACK need. Whoever asks for a key frame has the
// clip's next one within a second.
func (o *outlet) mind(sender *webrtc.RTPSender) {
	for {
		packets, _, err := o.reports(sender)
		if err != nil {
			return
		}
		for _, p := range packets {
			switch p.(type) {
			case *rtcp.PictureLossIndication, *rtcp.FullIntraRequest:
				o.asked.Add(1)
			}
		}
	}
}

func (o *outlet) reports(sender *webrtc.RTPSender) ([]rtcp.Packet, interceptor.Attributes, error) {
	if o.rid != "" {
		return sender.ReadSimulcastRTCP(o.rid)
	}
	return sender.ReadRTCP()
}
