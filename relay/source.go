package relay

import (
	"sync/atomic"

	"github.com/pion/rtp"
)

// Kind is what a source shows or plays. Its value is also the index of its m-line on the page's connection.
type Kind uint8

// The four kinds of media that a member can send.
const (
	Microphone Kind = iota
	Camera
	Screen
	ScreenSound
	kindCount
)

// Video reports whether k is seen rather than heard.
func (k Kind) Video() bool { return k == Camera || k == Screen }

// codec is how a payload is packed; payload types differ per connection, this does not.
type codec uint8

const (
	codecNone codec = iota
	codecOpus
	codecVP8
	codecVP9
	codecAV1
	codecCount
)

// maxLayers is how many simulcast layers a source may have: q, h and f, smallest first.
const maxLayers = 3

// Source is one kind of one member's media. Its streams are its simulcast layers.
type Source struct {
	port    *Port
	number  uint16 // of the member
	kind    Kind
	sinks   atomic.Pointer[[]*Sink]
	streams [maxLayers]atomic.Pointer[stream]
	claim   atomic.Pointer[announcement] // what the page said it sends, nil until it did
	voice   voice                        // loudness, for sound
	wished  atomic.Uint32                // layers that the page was asked for, as a bit mask
	whole   atomic.Bool                  // it comes as one stream, with whatever layers
}

func newSource(p *Port, number uint16, kind Kind) *Source {
	s := &Source{port: p, number: number, kind: kind}
	s.sinks.Store(&[]*Sink{})
	s.wished.Store(1<<maxLayers - 1)
	return s
}

// attach makes the source forward to sink, too. Only the room's goroutine calls it.
func (s *Source) attach(sink *Sink) {
	old := *s.sinks.Load()
	list := make([]*Sink, 0, len(old)+1)
	list = append(append(list, old...), sink)
	s.sinks.Store(&list)
}

// detach ends what attach began. Only the room's goroutine calls it.
func (s *Source) detach(sink *Sink) {
	old := *s.sinks.Load()
	list := make([]*Sink, 0, len(old))
	for _, o := range old {
		if o != sink {
			list = append(list, o)
		}
	}
	s.sinks.Store(&list)
}

// live reports whether the source is being sent: its page has not said otherwise, and packets come
// or would come if a layer were asked for.
func (s *Source) live(now micros) bool {
	if c := s.claim.Load(); c != nil && !c.on {
		return false
	}
	silence := 3 * second
	if !s.kind.Video() {
		silence = 10 * second // discontinuous transmission is nearly silent
	}
	for i := range s.streams {
		if st := s.streams[i].Load(); st != nil && (now-micros(st.seenAt.Load()) < silence || s.wished.Load() == 0) {
			return true
		}
	}
	return false
}

// packet is one RTP packet on its way through, as its stream's reading goroutine sees it.
type packet struct {
	seq       uint16
	timestamp uint32
	marker    bool
	codec     codec
	key       bool // a receiver can begin here
	vp8       vp8Descriptor
	vp9       vp9Descriptor
	remarks
	layered   bool // the stream carries several layers, and frame is what this packet belongs to
	frame     layerFrame
	described []byte // the dependency descriptor, empty where there is none
	payload   []byte
	arrived   micros
}

// remarks are header extensions that are passed on.
type remarks struct {
	level    uint8 // audio level, valid with hasLevel
	hasLevel bool
	rotation uint8 // video orientation, valid with rotated
	rotated  bool
}

// describe parses the payload's descriptor; false means that it is malformed.
func (p *packet) describe() (ok bool) {
	p.key = false
	if len(p.payload) == 0 {
		return true // padding keeps the numbers gapless
	}
	switch p.codec {
	case codecVP8:
		p.vp8, ok = parseVP8(p.payload)
		p.key = p.vp8.key
	case codecVP9:
		p.vp9, ok = parseVP9(p.payload)
		p.key = p.vp9.key()
	case codecAV1:
		var h av1Header
		h, ok = parseAV1(p.payload)
		p.key = h.sequence
	default:
		ok = true
	}
	return ok
}

// intake is what a stream's m-line negotiated about its header extensions and payload types.
type intake struct {
	codecs        [128]codec // by payload type
	levelExt      uint8
	rotationExt   uint8
	descriptorExt uint8
}

// stream is one RTP stream of a source. Its reading goroutine owns everything below "owned".
type stream struct {
	source *Source
	layer  int
	ssrc   uint32
	in     *intake
	cache  *cache // nil for sound, which is not sent again
	kbps   atomic.Int32
	seenAt atomic.Int64 // micros of the newest packet
	report atomic.Pointer[senderReport]
	ladder ladder // of the layers within

	owned struct {
		seen      window
		bucket    bucket
		meter     meter
		header    rtp.Header
		packet    packet
		describer describer
	}
	out outgoing // owned by the reading goroutine as well
}

// longAgo is before any silence that matters.
const longAgo = 60 * second

// outgoing is the header that a stream's goroutine fills for one Sink after the other.
type outgoing struct {
	header rtp.Header
	csrc   [1]uint32
	twcc   [2]byte
	octet  [2][1]byte
	rtx    []byte

	described [255]byte
}

func newStream(s *Source, layer int, ssrc uint32, in *intake) *stream {
	st := &stream{source: s, layer: layer, ssrc: ssrc, in: in}
	st.out.csrc[0] = uint32(s.number)
	st.seenAt.Store(int64(-longAgo))
	st.ladder.init()
	st.out.header.Extensions = make([]rtp.Extension, 0, 4)
	if s.kind.Video() {
		st.cache = newCache()
	}
	return st
}

// receive carries one packet from the publisher to every Sink. It is the packet path.
func (st *stream) receive(raw []byte, now micros) {
	stats := st.source.port.relay.stats
	p := &st.owned.packet
	if !st.parse(raw, p) {
		stats.Malformed.Add(1)
		return
	}
	p.arrived = now
	stats.PacketsIn.Add(1)
	if !st.owned.bucket.take(now, len(raw)) {
		stats.OverAllowance.Add(1)
		return
	}
	if !st.owned.seen.fresh(p.seq) {
		stats.Repeated.Add(1)
		return
	}
	if len(p.payload) > 0 && now-micros(st.seenAt.Swap(int64(now))) > second {
		st.source.port.room.disturb() // it begins, or begins again; padding alone is no picture
	}
	if kbps, ok := st.owned.meter.add(now, len(raw)); ok {
		st.kbps.Store(int32(kbps))
		st.owned.bucket.limit(st.source.allowance(st.layer))
	}
	if p.layered {
		st.measure(p, len(raw))
	}
	if p.hasLevel {
		st.source.voice.hear(p.level)
	}
	if p.key {
		st.source.port.keys.arrived(st)
	}
	if st.cache != nil {
		st.cache.put(p)
	}
	for _, sink := range *st.source.sinks.Load() {
		sink.offer(st, p)
	}
}

// parse reads raw's header, extensions and descriptor into p, whose payload then points into raw.
func (st *stream) parse(raw []byte, p *packet) bool {
	h := &st.owned.header
	n, err := h.Unmarshal(raw)
	if err != nil {
		return false
	}
	end := len(raw)
	if h.Padding {
		end -= int(raw[len(raw)-1])
	}
	if end < n || h.PayloadType > 127 {
		return false
	}
	p.seq, p.timestamp, p.marker = h.SequenceNumber, h.Timestamp, h.Marker
	p.codec = st.in.codecs[h.PayloadType]
	p.payload = raw[n:end]
	p.hasLevel, p.rotated = false, false
	if p.codec == codecNone {
		return false
	}
	if id := st.in.levelExt; id != 0 {
		if b := h.GetExtension(id); len(b) > 0 {
			p.level, p.hasLevel = b[0], true
		}
	}
	if id := st.in.rotationExt; id != 0 {
		if b := h.GetExtension(id); len(b) > 0 {
			p.rotation, p.rotated = b[0], true
		}
	}
	if !p.describe() {
		return false
	}
	st.layers(p)
	return true
}

// layers finds out which layer frame p belongs to, if its stream carries several.
func (st *stream) layers(p *packet) {
	p.layered, p.described = false, nil
	switch {
	case len(p.payload) == 0:
	case p.codec == codecVP9:
		p.frame, p.layered = p.vp9.frame(p.timestamp)
	case p.codec == codecAV1 && st.in.descriptorExt != 0:
		p.described = st.owned.header.GetExtension(st.in.descriptorExt)
		// Without its structure, which may be lost or late, a packet goes to everybody.
		if d, ok := st.owned.describer.read(p.described); ok {
			p.frame, p.layered = d.frame(p.timestamp), true
		}
	}
}

// measure counts p for its layer.
func (st *stream) measure(p *packet, size int) {
	st.ladder.add(&p.frame, p.arrived, size)
	switch {
	case p.codec == codecVP9 && p.vp9.structure != 0:
		var room [maxSpatial]layerSize
		st.ladder.resize(p.vp9.sizes(p.payload, room[:0]))
	case p.codec == codecAV1 && p.key:
		st.ladder.described.Store(true)
		st.ladder.resize(st.owned.describer.current.size[:])
	}
}
