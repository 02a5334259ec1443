package bot

import (
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"

	"parley/bridge/signal"
)

// When a link is mended (DESIGN.md, FACTS.md "Networks").
const (
	restartAfter = time.Second      // of being disconnected
	restartEvery = 4 * time.Second  // until it is connected
	stuckAfter   = 15 * time.Second // of not having connected at all
)

// link is one RTCPeerConnection, to one page load of one member or to a relay.
//
//	wanted --offer made or come--> negotiating --connected--> live
//	                                   |                        |  disconnected
//	                                   |                        v
//	                                   +<--ICE restart 1 s after, then every 4 s-- lost
//
// The bot's goroutine owns it. Callbacks of pion only post to the bot's mailbox.
type link struct {
	far    signal.PeerID // or the relay's NodeID
	trunk  *trunk        // nil for a link to a member
	page   string        // of the far end; a relay has none
	id     string        // chosen by the offerer; "" while its offer is awaited
	offers bool
	media  bool          // it carries media, or is only kept warm
	rank   *atomic.Int64 // the later it began to carry media, the higher; ended once it is closed
	opened time.Time
	pc     *webrtc.PeerConnection // nil while its offer is awaited
	out    []*outlet
	early  []webrtc.ICECandidateInit // came before the description they belong to
	health health
}

// source is one kind of one person.
type source struct {
	peer signal.PeerID
	kind Kind
}

// health is how a link is doing.
type health struct {
	live     bool
	over     bool          // the far end has closed it
	liveFor  time.Duration // from opened to the first time that it was connected; 0 before
	lostAt   time.Time     // zero while live
	acted    time.Time     // the last offer or request for one
	restarts int
	tries    int // connections before this one that never came to be
	decoded  map[source]bool
	stuck    int64 // the epoch in which it was reported
}

// What a link tells the bot's goroutine.
type (
	foundCandidate struct {
		link      *link
		candidate *webrtc.ICECandidate // nil at the end
	}
	changedState struct {
		link  *link
		state webrtc.PeerConnectionState
	}
	firstDecoded struct {
		link *link
		of   source
	}
)

// media is what a link needs of its bot.
type media struct {
	engine *engine
	lib    *library
	box    *mailbox
	book   *book
}

// connect makes the connection with what is fixed for its life.
func (l *link) connect(m media) error {
	pc, err := m.engine.connect()
	if err != nil {
		return fmt.Errorf("bot: open link: %w", err)
	}
	l.pc, l.health.decoded = pc, map[source]bool{}
	pc.OnICECandidate(func(c *webrtc.ICECandidate) { m.box.post(foundCandidate{l, c}) })
	pc.OnConnectionStateChange(func(s webrtc.PeerConnectionState) { m.box.post(changedState{l, s}) })
	if l.trunk != nil {
		err = l.layTrunk(m)
	} else {
		err = l.layMesh(m)
	}
	if err != nil {
		return fmt.Errorf("bot: open link: %w", err)
	}
	return nil
}

// layMesh makes the four transceivers, whose places are their kinds, and the three data channels.
func (l *link) layMesh(m media) error {
	l.pc.OnTrack(func(track *webrtc.TrackRemote, receiver *webrtc.RTPReceiver) {
		kind, known := l.kindOf(receiver)
		if !known {
			return
		}
		go drain(receiver)
		of := source{l.far, kind}
		in := newInlet(m.lib, l.rank)
		in.turn(of, &m.book.of(l.far)[kind], func() { m.box.post(firstDecoded{l, of}) })
		in.read(track, l.pc.WriteRTCP)
	})
	for kind := range kinds {
		o := newOutlet(kind, "")
		transceiver, err := l.pc.AddTransceiverFromTrack(o, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendrecv})
		if err != nil {
			return err
		}
		l.out = append(l.out, o)
		if kind <= Camera { // a bot shares no screen
			go o.mind(transceiver.Sender())
		}
	}
	for id, label := range []string{"control", "chat", "files"} {
		if _, err := l.channel(uint16(id), label); err != nil {
			return err
		}
	}
	return nil
}

func (l *link) channel(id uint16, label string) (*webrtc.DataChannel, error) {
	negotiated := true
	return l.pc.CreateDataChannel(label, &webrtc.DataChannelInit{Negotiated: &negotiated, ID: &id})
}

// drain reads what comes from a sender beside its media: pion's reports need somebody who does.
func drain(receiver *webrtc.RTPReceiver) {
	for {
		if _, _, err := receiver.ReadRTCP(); err != nil {
			return
		}
	}
}

// kindOf finds the kind by the place of its m-line.
func (l *link) kindOf(receiver *webrtc.RTPReceiver) (Kind, bool) {
	description := l.pc.RemoteDescription()
	if description == nil {
		return 0, false
	}
	order, err := mids(description.SDP)
	if err != nil {
		return 0, false
	}
	for _, t := range l.pc.GetTransceivers() {
		if t.Receiver() != receiver {
			continue
		}
		for i, mid := range order {
			if mid == t.Mid() && Kind(i) < kinds {
				return Kind(i), true
			}
		}
	}
	return 0, false
}

// mids are the names of the m-lines in their order.
func mids(description string) ([]string, error) {
	var parsed sdp.SessionDescription
	if err := parsed.UnmarshalString(description); err != nil {
		return nil, fmt.Errorf("bot: read description: %w", err)
	}
	var out []string
	for _, m := range parsed.MediaDescriptions {
		mid, _ := m.Attribute(sdp.AttrKeyMID)
		out = append(out, mid)
	}
	return out, nil
}

// offer makes an offer: the first one, a later one that may restart ICE, or, where one is unanswered, that one
// again.
func (l *link) offer(restart bool) (signal.SDP, error) {
	if l.pc.SignalingState() == webrtc.SignalingStateHaveLocalOffer {
		return signal.SDP(l.pc.LocalDescription().SDP), nil
	}
	restart = restart && l.pc.RemoteDescription() != nil
	offer, err := l.pc.CreateOffer(&webrtc.OfferOptions{ICERestart: restart})
	if err != nil {
		return "", fmt.Errorf("bot: make offer: %w", err)
	}
	if err := l.pc.SetLocalDescription(offer); err != nil {
		return "", fmt.Errorf("bot: make offer: %w", err)
	}
	if restart {
		l.health.restarts++
	}
	return signal.SDP(offer.SDP), nil
}

// answer takes an offer and makes the answer to it.
func (l *link) answer(offer signal.SDP) (signal.SDP, error) {
	if err := l.apply(webrtc.SDPTypeOffer, offer); err != nil {
		return "", err
	}
	answer, err := l.pc.CreateAnswer(nil)
	if err != nil {
		return "", fmt.Errorf("bot: make answer: %w", err)
	}
	if err := l.pc.SetLocalDescription(answer); err != nil {
		return "", fmt.Errorf("bot: make answer: %w", err)
	}
	return signal.SDP(answer.SDP), nil
}

func (l *link) apply(kind webrtc.SDPType, description signal.SDP) error {
	if kind == webrtc.SDPTypeAnswer && l.pc.SignalingState() != webrtc.SignalingStateHaveLocalOffer {
		return nil // a second answer to an offer that was sent twice
	}
	if err := l.pc.SetRemoteDescription(webrtc.SessionDescription{Type: kind, SDP: string(description)}); err != nil {
		return fmt.Errorf("bot: take %s: %w", kind, err)
	}
	early := l.early
	l.early = nil
	var all error
	for _, c := range early {
		all = errors.Join(all, l.pc.AddICECandidate(c))
	}
	if all != nil {
		return fmt.Errorf("bot: take candidate: %w", all)
	}
	return nil
}

// maxEarly bounds the candidates that are kept for a description to come.
const maxEarly = 64

func (l *link) candidate(m *signal.Candidate) error {
	line := uint16(m.MLine)
	c := webrtc.ICECandidateInit{Candidate: m.Candidate, SDPMLineIndex: &line}
	if l.pc.RemoteDescription() == nil {
		if len(l.early) < maxEarly {
			l.early = append(l.early, c)
		}
		return nil
	}
	if err := l.pc.AddICECandidate(c); err != nil {
		return fmt.Errorf("bot: take candidate: %w", err)
	}
	return nil
}

// note follows the connection's state. Sending begins once it is connected.
func (l *link) note(state webrtc.PeerConnectionState, now time.Time) {
	h := &l.health
	switch state {
	case webrtc.PeerConnectionStateConnected:
		h.live, h.lostAt = true, time.Time{}
		if h.liveFor == 0 {
			h.liveFor = max(now.Sub(l.opened), 1)
		}
		l.carry(l.media)
	case webrtc.PeerConnectionStateDisconnected, webrtc.PeerConnectionStateFailed:
		if h.lostAt.IsZero() {
			h.lostAt = now
		}
		h.live = false
	case webrtc.PeerConnectionStateClosed: // the far end said goodbye: there is nothing to restart
		h.live, h.over, h.lostAt = false, true, now
	}
}

// ended is the rank of a link that is closed: what it still brings is not shown.
const ended = -1

// carry says whether media goes over this link.
func (l *link) carry(media bool) {
	l.media = media
	for _, o := range l.out {
		o.open.Store(media && l.health.liveFor != 0)
	}
}

// due tells that something is to be done to get the link connected.
func (l *link) due(now time.Time) bool {
	h := &l.health
	switch {
	case l.pc == nil || h.live || now.Sub(h.acted) < restartEvery && h.acted.After(h.lostAt):
		return false
	case h.lostAt.IsZero(): // never connected: a far end that is slow must not be asked again and again
		return now.Sub(h.acted) >= restartEvery<<min(h.tries, 2)
	default:
		return now.Sub(h.lostAt) >= restartAfter
	}
}

// close ends the connection; it returns once all its goroutines have.
func (l *link) close() {
	if l.pc != nil {
		_ = l.pc.GracefulClose() // what was wrong with it does not matter any more
	}
}

// randomID names links and page loads: 16 of [A-Z2-7].
func randomID() string { return strings.ToLower(rand.Text()[:16]) }
