package bot

import (
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
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

// link is one RTCPeerConnection to one page load of one member.
//
//	wanted --offer made or come--> negotiating --connected--> live
//	                                   |                        |  disconnected
//	                                   |                        v
//	                                   +<--ICE restart 1 s after, then every 4 s-- lost
//
// The bot's goroutine owns it. Callbacks of pion only post to the bot's mailbox.
type link struct {
	far    signal.PeerID
	page   string // of the far end
	id     string // chosen by the offerer; "" while its offer is awaited
	offers bool
	opened time.Time
	pc     *webrtc.PeerConnection // nil while its offer is awaited
	out    [kinds]*outlet
	early  []webrtc.ICECandidateInit // came before the description they belong to
	health health
}

// health is how a link is doing.
type health struct {
	live     bool
	over     bool          // the far end has closed it
	liveFor  time.Duration // from opened to the first time that it was connected; 0 before
	lostAt   time.Time     // zero while live
	acted    time.Time     // the last offer or request for one
	restarts int
	decoded  [kinds]bool
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
		kind Kind
	}
)

// media is what a link needs of its bot.
type media struct {
	engine  *engine
	lib     *library
	box     *mailbox
	ledgers *[kinds]ledger // of the far end
}

// connect makes the connection with its four transceivers and three data channels, all fixed for
// its life. The position of a transceiver is its kind.
func (l *link) connect(m media) error {
	pc, err := m.engine.connect()
	if err != nil {
		return fmt.Errorf("bot: open link: %w", err)
	}
	l.pc = pc
	pc.OnICECandidate(func(c *webrtc.ICECandidate) { m.box.post(foundCandidate{l, c}) })
	pc.OnConnectionStateChange(func(s webrtc.PeerConnectionState) { m.box.post(changedState{l, s}) })
	pc.OnTrack(func(track *webrtc.TrackRemote, receiver *webrtc.RTPReceiver) { l.listen(m, track, receiver) })
	for kind := range kinds {
		o := &outlet{kind: kind, id: kind.String(), stream: streams[kind]}
		transceiver, err := pc.AddTransceiverFromTrack(o, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendrecv})
		if err != nil {
			return fmt.Errorf("bot: open link: %w", err)
		}
		l.out[kind] = o
		if kind <= Camera { // a bot shares no screen
			go o.mind(transceiver.Sender())
		}
	}
	for id, label := range channels {
		negotiated, number := true, uint16(id)
		if _, err := pc.CreateDataChannel(label, &webrtc.DataChannelInit{Negotiated: &negotiated, ID: &number}); err != nil {
			return fmt.Errorf("bot: open link: %w", err)
		}
	}
	return nil
}

var (
	streams  = [kinds]string{"person", "person", "screen", "screen"}
	channels = []string{"control", "chat", "files"}
)

// listen runs in a goroutine of pion's own until the connection ends.
func (l *link) listen(m media, track *webrtc.TrackRemote, receiver *webrtc.RTPReceiver) {
	kind, known := l.kindOf(receiver)
	if !known {
		return
	}
	go func() { // pion's reports need somebody who reads what comes from the sender
		for {
			if _, _, err := receiver.ReadRTCP(); err != nil {
				return
			}
		}
	}()
	newInlet(m.lib, kind, &m.ledgers[kind], func() { m.box.post(firstDecoded{l, kind}) }).read(track, l.pc.WriteRTCP)
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

// offer makes an offer: the first one, one that restarts ICE, or, where one is unanswered, that one again.
func (l *link) offer() (signal.SDP, error) {
	if l.pc.SignalingState() == webrtc.SignalingStateHaveLocalOffer {
		return signal.SDP(l.pc.LocalDescription().SDP), nil
	}
	restart := l.pc.RemoteDescription() != nil
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
		for _, o := range l.out {
			o.open.Store(true)
		}
	case webrtc.PeerConnectionStateDisconnected, webrtc.PeerConnectionStateFailed:
		if h.lostAt.IsZero() {
			h.lostAt = now
		}
		h.live = false
	case webrtc.PeerConnectionStateClosed: // the far end said goodbye: there is nothing to restart
		h.live, h.over, h.lostAt = false, true, now
	}
}

// due tells that something is to be done to get the link connected.
func (l *link) due(now time.Time) bool {
	h := &l.health
	switch {
	case l.pc == nil || h.live || now.Sub(h.acted) < restartEvery && h.acted.After(h.lostAt):
		return false
	case h.lostAt.IsZero(): // never connected
		return now.Sub(h.acted) >= restartEvery
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
