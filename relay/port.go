package relay

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/pion/webrtc/v4"
)

// Notify is told what happens to a Port. Each call comes from a goroutine of its own, so it may
// block without hurting media. Closed is called at most once, and not after the node closed the Port.
type Notify interface {
	Connected()
	Closed(cause string)
}

// Port is one member's connection: what its page sends, and the slots in which it receives.
//
//	new --answer--> connecting --ICE, DTLS--> connected <--> interrupted (ICE restart by the page)
//	      any of these --Close, failure, cut--> ended
type Port struct {
	relay   *Relay
	room    *Room
	member  string
	page    string
	number  uint16
	log     *slog.Logger
	notify  Notify
	pc      *webrtc.PeerConnection
	sources [kindCount]*Source
	keys    keys
	down    downlink
	control *channel
	chat    *chat
	board   board // the room's goroutine owns it
	life    life
}

// life is the end of a Port.
type life struct {
	negotiating sync.Mutex // one offer at a time
	once        sync.Once
	done        chan struct{} // closed when the end begins
	gone        chan struct{} // closed when everything of it has stopped
	readers     sync.WaitGroup

	mu      sync.Mutex // guards closing, so that no goroutine begins once the end waits for them
	closing bool
}

// begin counts n more goroutines of the Port, unless it is ending.
func (l *life) begin(n int) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closing {
		return false
	}
	l.readers.Add(n)
	return true
}

func (l *life) close() {
	l.mu.Lock()
	l.closing = true
	l.mu.Unlock()
	close(l.done)
}

// gatherWithin bounds the wait for our own candidates. They are the port's addresses, known at once.
const gatherWithin = 3 * time.Second

func newPort(rm *Room, number uint16, member, page string, notify Notify) *Port {
	p := &Port{relay: rm.relay, room: rm, member: member, page: page, number: number, notify: notify}
	p.log = rm.log.With("number", number)
	p.life.done, p.life.gone = make(chan struct{}), make(chan struct{})
	p.down.init(rm.relay.config.Limits)
	p.board.init()
	for k := range p.sources {
		p.sources[k] = newSource(p, number, Kind(k))
	}
	return p
}

// prepare makes the connection that fits the page's first offer.
func (p *Port) prepare(offer string) error {
	api, err := newAPI(p, prefersAV1(offer))
	if err != nil {
		return err
	}
	if p.pc, err = api.NewPeerConnection(webrtc.Configuration{}); err != nil {
		return fmt.Errorf("relay: make connection: %w", err)
	}
	if err := p.openChannels(); err != nil {
		return errors.Join(err, p.pc.Close())
	}
	p.pc.OnTrack(p.read)
	p.pc.OnConnectionStateChange(p.changed)
	return nil
}

// changed follows the connection. It runs inside pion, so the end is begun on another goroutine.
func (p *Port) changed(state webrtc.PeerConnectionState) {
	switch state {
	case webrtc.PeerConnectionStateConnected:
		go p.notify.Connected()
	case webrtc.PeerConnectionStateFailed:
		p.end("connection lost")
	case webrtc.PeerConnectionStateClosed:
		p.end("closed by the page")
	}
}

// Offer answers a later offer of the page: more slots, or an ICE restart.
func (p *Port) Offer(sdp string) (answer string, err error) {
	select {
	case <-p.life.done:
		return "", errClosed
	default:
	}
	defer p.relay.queue()()
	p.life.negotiating.Lock()
	defer p.life.negotiating.Unlock()
	return p.negotiate(sdp)
}

func (p *Port) negotiate(sdp string) (answer string, err error) {
	if err := checkOffer(sdp, p.relay.config.Limits); err != nil {
		return "", err
	}
	offer := webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: sdp}
	if err := p.pc.SetRemoteDescription(offer); err != nil {
		return "", fmt.Errorf("relay: read offer: %w", err)
	}
	if err := p.addSinks(); err != nil {
		return "", err
	}
	description, err := p.pc.CreateAnswer(nil)
	if err != nil {
		return "", fmt.Errorf("relay: make answer: %w", err)
	}
	gathered := webrtc.GatheringCompletePromise(p.pc)
	if err := p.pc.SetLocalDescription(description); err != nil {
		return "", fmt.Errorf("relay: apply answer: %w", err)
	}
	select {
	case <-gathered:
	case <-p.life.done:
		return "", errClosed
	case <-time.After(gatherWithin):
		return "", errors.New("relay: make answer: no candidates in time")
	}
	return startBitrate(p.pc.LocalDescription().SDP, p.uplinkStart()), nil
}

// Candidate adds a candidate that the page trickled. It is optional: the relay learns the page's
// addresses from its checks.
func (p *Port) Candidate(candidate string, mline int) error {
	if mline < 0 || mline > 255 || len(candidate) > 1024 {
		return errors.New("relay: add candidate: out of bounds")
	}
	index := uint16(mline)
	if err := p.pc.AddICECandidate(webrtc.ICECandidateInit{Candidate: candidate, SDPMLineIndex: &index}); err != nil {
		return fmt.Errorf("relay: add candidate: %w", err)
	}
	return nil
}

// Close ends the connection. It returns when everything of it has stopped, after a few seconds at the latest.
func (p *Port) Close() {
	p.end("")
	select {
	case <-p.life.gone:
	case <-time.After(closeWithin):
	}
}

// end begins the end, once, whoever asks first; with a cause it tells the node. It never blocks.
func (p *Port) end(cause string) {
	p.life.once.Do(func() {
		p.life.close()
		p.relay.ports.Add(1)
		go p.shutdown()
		if cause != "" {
			p.relay.stats.Cut.Add(1)
			go p.notify.Closed(cause)
		}
	})
}

// shutdown stops everything. pion's Close may hang on a peer that went silent, hence the watchdog.
func (p *Port) shutdown() {
	defer p.relay.ports.Done()
	defer p.relay.leave(p.room)
	p.room.do(func() { p.room.remove(p) })
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		if err := p.pc.Close(); err != nil {
			p.log.Debug("relay: close connection", "error", err)
		}
		p.life.readers.Wait()
	}()
	select {
	case <-stopped:
	case <-time.After(closeWithin):
		p.log.Warn("relay: a connection did not close in time")
	}
	close(p.life.gone)
}

// read is pion's call for each new stream of the page; it runs on a goroutine of its own and
// becomes the stream's reading goroutine.
func (p *Port) read(track *webrtc.TrackRemote, receiver *webrtc.RTPReceiver) {
	st := p.addStream(track, receiver)
	if st == nil {
		return
	}
	if !p.life.begin(2) {
		return
	}
	go p.drainReports(receiver, track.RID())
	defer p.life.readers.Done()
	buffer := make([]byte, receiveMTU)
	for strange := 0; strange < mostStrange; {
		n, _, err := track.Read(buffer)
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrClosedPipe):
			return
		case err != nil: // a payload type that was not negotiated, or too short: the next may be sound
			p.relay.stats.Malformed.Add(1)
			strange++
			continue
		}
		strange = 0
		st.receive(buffer[:n], p.relay.clock.now())
	}
	p.log.Warn("relay: a stream holds nothing that can be read", "kind", st.source.kind)
}

// mostStrange is how many packets in a row a stream may hold that pion cannot read, before it is given up.
const mostStrange = 1000

const receiveMTU = 1500

// drainReports keeps pion's receiver-report interceptor fed with sender reports, from which the
// publisher's round-trip time comes.
func (p *Port) drainReports(receiver *webrtc.RTPReceiver, rid string) {
	defer p.life.readers.Done()
	buffer := make([]byte, receiveMTU)
	for {
		var err error
		if rid == "" {
			_, _, err = receiver.Read(buffer)
		} else {
			_, _, err = receiver.ReadSimulcast(buffer, rid)
		}
		if err != nil {
			return
		}
	}
}

// addStream finds a place for a stream that began; nil if the page may not send it.
func (p *Port) addStream(track *webrtc.TrackRemote, receiver *webrtc.RTPReceiver) *stream {
	kind := kindCount
	for i, t := range p.pc.GetTransceivers() {
		if Kind(i) < kindCount && t.Receiver() == receiver {
			kind = Kind(i)
		}
	}
	layer := map[string]int{"": 0, "q": 0, "h": 1, "f": 2}
	index, known := layer[track.RID()]
	if kind == kindCount || !known || (kind != Camera && index > 0) {
		p.relay.stats.StreamsOver.Add(1)
		return nil
	}
	parameters := receiver.GetParameters()
	in := &intake{
		levelExt:    extensionID(parameters.HeaderExtensions, uriLevel),
		rotationExt: extensionID(parameters.HeaderExtensions, uriRotation),

		descriptorExt: extensionID(parameters.HeaderExtensions, uriDescriptor),
	}
	for _, c := range parameters.Codecs {
		in.codecs[c.PayloadType&0x7f] = codecOf(c)
	}
	source := p.sources[kind]
	source.whole.Store(track.RID() == "")
	st := newStream(source, index, uint32(track.SSRC()), in)
	st.owned.bucket.limit(source.allowance(index))
	p.down.addStream(st)
	source.streams[index].Store(st)
	return st
}
