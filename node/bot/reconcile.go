package bot

import (
	"slices"
	"time"

	"github.com/pion/webrtc/v4"

	"parley/bridge/signal"
	"parley/node/room"
)

// reconcile opens the links that the plan wants and closes those that nothing keeps. Nowhere else is a
// link opened or closed, but for those to people who left and those that a far end replaces.
func (b *life) reconcile(now time.Time) {
	wanted := map[signal.PeerID]room.Link{}
	for _, w := range b.roster.links() {
		if w.Far != "" {
			wanted[signal.PeerID(w.Far)] = w
		}
	}
	for far, l := range b.links {
		m, here := b.roster.member(far)
		_, want := wanted[far]
		if !here || m.Page != l.page || !want && !b.roster.keeps(far) {
			b.closeLink(far)
		}
	}
	for far, w := range wanted {
		if b.links[far] == nil {
			m, _ := b.roster.member(far)
			b.open(&link{far: far, page: m.Page, offers: w.Offer, opened: now}, now)
		}
	}
	if b.player != nil {
		b.player.layer.Store(&layers[2-min(len(wanted)/2, 1)]) // the full size for one, the middle one for more
	}
}

// open begins a link: with an offer, or by waiting for the far end's.
func (b *life) open(l *link, now time.Time) {
	b.links[l.far] = l
	if !l.offers {
		return
	}
	l.id = randomID()
	b.note("open", b.connect(l))
	b.restart(l, now)
}

func (b *life) connect(l *link) error {
	err := l.connect(media{b.engine, b.lib, b.box, b.ledgersOf(l.far)})
	if err == nil {
		b.player.add(l.out[:]...)
	}
	return err
}

// restart sends an offer: the first, or one that restarts ICE.
func (b *life) restart(l *link, now time.Time) {
	l.health.acted = now
	sdp, err := l.offer()
	if err != nil {
		b.note("offer", err)
		return
	}
	b.line.send(&signal.Describe{Epoch: b.roster.plan.Epoch, To: l.far, Page: l.page, Link: l.id, Kind: "offer", SDP: sdp})
}

// mend restarts what is not connected and reports what cannot.
func (b *life) mend(now time.Time) {
	for far, l := range b.links {
		m, here := b.roster.member(far)
		if !here {
			continue
		}
		b.reportStuck(l, now)
		if !l.due(now) || b.line.ws == nil || !m.Present {
			continue
		}
		switch unanswered := l.pc.SignalingState() == webrtc.SignalingStateHaveLocalOffer; {
		case l.health.over, l.offers && unanswered && l.health.liveFor == 0: // begin again from nothing
			b.closeLink(far)
			b.open(&link{far: far, page: l.page, offers: l.offers, opened: l.opened, health: health{stuck: l.health.stuck}}, now)
		case l.offers:
			b.restart(l, now)
		default:
			l.health.acted = now
			b.line.send(&signal.Restart{To: far, Page: l.page, Link: l.id})
		}
	}
}

func (b *life) reportStuck(l *link, now time.Time) {
	h := &l.health
	if h.liveFor != 0 || now.Sub(l.opened) < stuckAfter || h.stuck == b.roster.plan.Epoch || b.line.ws == nil {
		return
	}
	h.stuck = b.roster.plan.Epoch
	b.line.send(&signal.Stuck{Epoch: h.stuck, Peer: l.far})
}

// described takes an offer or an answer for a link.
func (b *life) described(d *signal.Describe, now time.Time) {
	m, here := b.roster.member(d.From)
	l := b.links[d.From]
	if !here || d.Page != b.who.page {
		return // from or for a page that is gone
	}
	if d.Kind == "answer" {
		if l != nil && l.id == d.Link && l.offers {
			b.note("answer", l.apply(webrtc.SDPTypeAnswer, d.SDP))
		}
		return
	}
	b.reconcile(now) // the message before may have been the reason for this offer
	l = b.links[d.From]
	if l == nil || l.offers {
		return // no plan that we know wants this link, or it is not theirs to offer
	}
	if l.id != d.Link {
		opened, stuck := l.opened, l.health.stuck
		if l.id != "" {
			opened = now
		}
		b.closeLink(d.From)
		l = &link{far: d.From, page: m.Page, id: d.Link, opened: opened, health: health{stuck: stuck, acted: now}}
		b.links[d.From] = l
		b.note("open", b.connect(l))
	}
	sdp, err := l.answer(d.SDP)
	if err != nil {
		b.note("answer", err)
		return
	}
	l.health.acted = now
	b.line.send(&signal.Describe{Epoch: b.roster.plan.Epoch, To: d.From, Page: l.page, Link: l.id, Kind: "answer", SDP: sdp})
}

func (b *life) found(f foundCandidate) {
	l := f.link
	if b.links[l.far] != l {
		return
	}
	m := &signal.Candidate{To: l.far, Page: l.page, Link: l.id}
	if f.candidate != nil {
		m.Candidate = f.candidate.ToJSON().Candidate
	}
	b.line.send(m)
}

// closeLink ends a link. Its goroutines take a while to end, which nobody waits for but the bot's end.
func (b *life) closeLink(far signal.PeerID) {
	l := b.links[far]
	if l == nil {
		return
	}
	delete(b.links, far)
	if l.pc != nil {
		if b.player != nil {
			b.player.remove(l.out[:]...)
		}
		b.work.Go(l.close)
	}
}

func (b *life) closeAll() {
	for far := range b.links {
		b.closeLink(far)
	}
}

// ledgersOf are the counters of a person; they outlive its links.
func (b *life) ledgersOf(peer signal.PeerID) *[kinds]ledger {
	if b.ledgers[peer] == nil {
		all := &[kinds]ledger{}
		for kind := range all {
			all[kind].begin(peer)
		}
		b.ledgers[peer] = all
	}
	return b.ledgers[peer]
}

// want tells the ledgers what is being sent.
func (b *life) want(now time.Time) {
	for _, m := range b.roster.members {
		if m.Peer == b.roster.self {
			continue
		}
		all := b.ledgersOf(m.Peer)
		for kind := range kinds {
			all[kind].want(sent(m, kind), now)
		}
	}
}

// reportReady tells the bridge, once for each plan and welcome, that everybody is seen and heard on it.
func (b *life) reportReady() {
	if b.story.ready == b.roster.plan.Epoch || b.line.ws == nil {
		return
	}
	for _, w := range b.roster.links() {
		if w.Far == "" || !w.Media {
			continue
		}
		m, _ := b.roster.member(signal.PeerID(w.Far))
		l := b.links[m.Peer]
		for kind := range kinds {
			if sent(m, kind) && (l == nil || !l.health.decoded[kind]) {
				return
			}
		}
	}
	b.story.ready = b.roster.plan.Epoch
	b.line.send(&signal.Ready{Epoch: b.story.ready})
}

// play tells the player what to send.
func (b *life) play() {
	b.player.on[Microphone].Store(b.media.Microphone == "on")
	b.player.on[Camera].Store(b.media.Camera == "on")
}

// reload is what a page does that is loaded anew: all connections end, the person stays.
func (b *life) reload(now time.Time) {
	b.line.drop(closedByPage)
	b.closeAll()
	b.who.page = randomID()
	b.line.attempts, b.line.dialAt = 0, now
}

const closedByPage = 1001

// fars are the far ends of all links, sorted.
func (b *life) fars() []signal.PeerID {
	var out []signal.PeerID
	for far := range b.links {
		out = append(out, far)
	}
	slices.Sort(out)
	return out
}
