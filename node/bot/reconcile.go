package bot

import (
	"slices"
	"sync/atomic"
	"time"

	"github.com/pion/webrtc/v4"

	"parley/bridge/signal"
	"parley/node/room"
)

// reconcile opens the links that the plan wants and closes those that nothing keeps. Nowhere else is a
// link opened or closed, but for those to people who left and those that a far end replaces.
func (b *life) reconcile(now time.Time) {
	wanted := map[signal.PeerID]room.Link{}
	mesh := 0
	for _, w := range b.roster.links() {
		wanted[signal.PeerID(w.Far)+signal.PeerID(w.Relay)] = w // one of the two is empty
		mesh += int(one(w.Far != ""))
	}
	for far, l := range b.links {
		w, want := wanted[far]
		if want {
			b.carry(l, w.Media)
		}
		if b.stale(l) || !want && !b.keeps(l) {
			b.closeLink(far)
		}
	}
	for far, w := range wanted {
		if b.links[far] != nil {
			continue
		}
		l := &link{far: far, offers: w.Offer, media: w.Media, opened: now}
		if w.Relay != "" {
			others := max(len(b.roster.members)-1, 1)
			l.trunk = &trunk{audio: min(others, firstAudio), video: min(others, b.cfg.Tiles)}
		}
		m, _ := b.roster.member(far)
		l.page = m.Page
		b.open(l, now)
	}
	if b.player != nil {
		b.player.layer.Store(&layers[2-min(mesh/2, 1)]) // the full size for one, the middle one for more
	}
}

// firstAudio is how many sounds a bot is ready for before the relay asks for more slots.
const firstAudio = 4

// stale tells that a link leads to a page that is not there any more.
func (b *life) stale(l *link) bool {
	m, here := b.roster.member(l.far)
	return l.trunk == nil && (!here || m.Page != l.page)
}

func (b *life) keeps(l *link) bool {
	if l.trunk != nil {
		return b.roster.keepsRelay()
	}
	return b.roster.keeps(l.far)
}

// open begins a link: with an offer, or by waiting for the far end's.
func (b *life) open(l *link, now time.Time) {
	b.links[l.far] = l
	if !l.offers {
		return
	}
	l.id = randomID()
	b.note("open", b.connect(l))
	b.offer(l, false, now)
}

func (b *life) connect(l *link) error {
	b.story.opened++
	l.rank = &atomic.Int64{}
	b.carry(l, l.media)
	err := l.connect(media{b.engine, b.lib, b.box, b.book})
	if err == nil {
		b.player.add(l.out...)
	}
	return err
}

// carry says whether media goes over a link. Where it begins to, what comes over it is the newest.
func (b *life) carry(l *link, media bool) {
	if media && l.rank != nil && (!l.media || l.rank.Load() == 0) {
		b.story.ranks++
		l.rank.Store(b.story.ranks)
	}
	l.carry(media)
}

// offer sends an offer, one that restarts ICE or not.
func (b *life) offer(l *link, restart bool, now time.Time) {
	l.health.acted = now
	sdp, err := l.offer(restart)
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
		if l.trunk == nil {
			b.reportStuck(l, now)
		}
		if !l.due(now) || b.line.ws == nil || here && !m.Present {
			continue
		}
		switch unanswered := l.pc.SignalingState() == webrtc.SignalingStateHaveLocalOffer; {
		case l.health.over, l.offers && unanswered && l.health.liveFor == 0: // begin again from nothing
			b.replace(l, now)
		case l.offers:
			b.offer(l, true, now)
		default:
			l.health.acted = now
			b.line.send(&signal.Restart{To: far, Page: l.page, Link: l.id})
		}
	}
}

// replace begins a link again, with another connection.
func (b *life) replace(old *link, now time.Time) {
	b.closeLink(old.far)
	l := &link{far: old.far, page: old.page, offers: old.offers, media: old.media, opened: old.opened, health: health{stuck: old.health.stuck, tries: old.health.tries + 1}}
	if t := old.trunk; t != nil {
		l.trunk = &trunk{audio: t.audio, video: t.video}
	}
	b.open(l, now)
}

// tendTrunks tells relays what they do not know yet.
func (b *life) tendTrunks(now time.Time) {
	for _, l := range b.links {
		if l.trunk == nil || l.pc == nil {
			continue
		}
		l.trunk.look(b.roster.self, b.cfg.Tiles)
		if !l.media {
			l.trunk.compare(len(b.links)-1, now)
		}
		if l.trunk.more && l.pc.SignalingState() == webrtc.SignalingStateStable && b.line.ws != nil {
			l.trunk.more = false
			b.offer(l, false, now)
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
	if d.Page != b.who.page {
		return // for a page that is gone
	}
	if d.Kind == "answer" {
		if l != nil && l.id == d.Link && l.offers {
			b.note("answer", l.apply(webrtc.SDPTypeAnswer, d.SDP))
		}
		return
	}
	if !here {
		return
	}
	b.reconcile(now) // the message before may have been the reason for this offer
	l = b.links[d.From]
	if l == nil || l.offers || l.trunk != nil {
		return // no plan that we know wants this link, or it is not theirs to offer
	}
	if l.id != d.Link {
		opened, stuck := l.opened, l.health.stuck
		if l.id != "" {
			opened = now
		}
		b.closeLink(d.From)
		l = &link{far: d.From, page: m.Page, id: d.Link, media: l.media, opened: opened, health: health{stuck: stuck, acted: now}}
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
			b.player.remove(l.out...)
		}
		b.book.fall(l.rank.Swap(ended))
		b.work.Go(l.close)
	}
}

func (b *life) closeAll() {
	for far := range b.links {
		b.closeLink(far)
	}
}

// want tells the ledgers what is being sent.
func (b *life) want(now time.Time) {
	for _, m := range b.roster.members {
		if m.Peer == b.roster.self {
			continue
		}
		all := b.book.of(m.Peer)
		for kind := range kinds {
			all[kind].want(sent(m, kind), now)
		}
	}
}

// reportReady tells the bridge, once for each plan and welcome, that its links stand and everybody is seen and heard
// on them.
func (b *life) reportReady() {
	if b.story.ready == b.roster.plan.Epoch || b.line.ws == nil {
		return
	}
	for _, w := range b.roster.links() {
		if w.Media && !b.runs(w) {
			return
		}
	}
	b.story.ready = b.roster.plan.Epoch
	b.line.send(&signal.Ready{Epoch: b.story.ready})
}

// runs tells that a link stands, also one on which nobody sends: they may speak when the older one is gone. And that
// what should be seen and heard over it has decoded on it; of those behind a relay that is as many as there are slots
// for. Who is absent is not waited for.
func (b *life) runs(w room.Link) bool {
	far, known := b.roster.member(signal.PeerID(w.Far))
	if w.Relay == "" && !(known && far.Present) {
		return true
	}
	l := b.links[signal.PeerID(w.Far)+signal.PeerID(w.Relay)]
	if l == nil || !l.health.live {
		return false
	}
	var should, do [kinds]int
	for _, m := range b.roster.members {
		if m.Peer == b.roster.self || !m.Present || l.trunk == nil && m.Peer != l.far {
			continue
		}
		for kind := range kinds {
			should[kind] += int(one(sent(m, kind)))
			do[kind] += int(one(sent(m, kind) && l.health.decoded[source{m.Peer, kind}]))
		}
	}
	if l.trunk != nil {
		should[Microphone] = min(should[Microphone], l.trunk.audio)
		should[Camera] = min(should[Camera], l.trunk.video-l.trunk.held)
	}
	for kind := range kinds {
		if do[kind] < should[kind] {
			return false
		}
	}
	return true
}

// play tells the player what to send.
func (b *life) play() {
	b.player.on[Microphone].Store(b.media.Microphone == "on")
	b.player.on[Camera].Store(b.media.Camera == "on")
	for _, l := range b.links {
		if l.trunk != nil {
			l.trunk.announce(b.media)
		}
	}
}

// reload is what a page does that is loaded anew: all connections end, the person stays.
func (b *life) reload(now time.Time) {
	b.line.part(closedByPage)
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
