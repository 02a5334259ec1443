package bot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"parley/bridge/signal"
)

// tendEvery is how often a bot looks at its clocks.
const tendEvery = 200 * time.Millisecond

// life is a bot's goroutine and what it owns. Others reach it through the mailbox only.
type life struct {
	cfg    Config
	log    *slog.Logger
	box    *mailbox
	line   *line
	work   *sync.WaitGroup // goroutines besides this one
	engine *engine
	lib    *library
	player *player // nil before the first welcome
	who    credentials
	media  signal.Media
	roster roster
	links  map[signal.PeerID]*link
	book   *book
	story  story
	stop   context.CancelFunc // ends line and player
}

// credentials are what brings a bot back.
type credentials struct {
	page     string
	pass     signal.Secret
	snapshot signal.Secret
}

// story is what happened so far.
type story struct {
	welcomed bool
	welcomes int
	ready    int64 // the epoch reported last, since the last welcome
	fault    *signal.Fault
	faults   int         // not fatal
	refused  signal.Code // the last of them
	opened   int64       // connections
	ranks    int64       // given to links
	failed   error       // what ends the bot, nil if it leaves by itself
	over     bool
	joined   chan<- error // told once: nil with the first welcome, or why there was none
}

// What a bot's handle posts.
type (
	question struct{ reply chan<- Stats }
	errand   struct{ do func(*life, time.Time) }
)

// run lives until the context ends or the bot has failed. What it starts lives until end.
func (b *life) run(ctx context.Context) {
	own, stop := context.WithCancel(context.WithoutCancel(ctx))
	b.stop = stop
	ticker := time.NewTicker(tendEvery)
	defer ticker.Stop()
	for !b.story.over {
		b.tend(own, time.Now())
		select {
		case <-ctx.Done():
			b.leave()
		case <-ticker.C:
		case <-b.box.wake:
			for _, item := range b.box.take() {
				b.hear(own, item, time.Now())
			}
		}
	}
}

// hear takes one item of the mailbox.
func (b *life) hear(ctx context.Context, item any, now time.Time) {
	switch it := item.(type) {
	case dialled:
		if b.line.connected(it, now) {
			b.line.send(b.hello())
		} else if it.err != nil && !b.story.welcomed {
			b.fail(it.err)
		}
	case said:
		if it.turn == b.line.turn && !b.story.over {
			b.line.heard = now
			b.message(ctx, it.message, now)
		}
	case hungUp:
		if it.turn == b.line.turn && b.line.ws != nil {
			b.line.drop()
			b.line.retry(now)
		}
	case foundCandidate:
		b.found(it)
	case changedState:
		if b.links[it.link.far] == it.link {
			it.link.note(it.state, now)
		}
	case firstDecoded:
		it.link.health.decoded[it.of] = true
	case controlOpen:
		it.link.trunk.open = true
		it.link.trunk.announce(b.media)
	case controlSaid:
		b.note("control", it.link.hear(it.data, b.cfg.Tiles))
	case question:
		it.reply <- b.stats(now)
	case errand:
		it.do(b, now)
	}
}

// tend does what time and the present state ask for.
func (b *life) tend(ctx context.Context, now time.Time) {
	if b.story.over {
		return
	}
	if b.line.ws != nil && now.Sub(b.line.heard) > quietLimit {
		b.line.drop()
		b.line.retry(now)
	}
	b.line.dial(ctx, now)
	if b.story.welcomes > 0 {
		b.reconcile(now)
		b.mend(now)
		b.tendTrunks(now)
		b.want(now)
		b.reportReady()
	}
}

func (b *life) hello() *signal.Hello {
	h := &signal.Hello{
		Version: signal.Version, Room: signal.RoomName(b.cfg.Room), Name: b.cfg.Name,
		Page: b.who.page, Media: b.media, Pass: b.who.pass, Snapshot: b.who.snapshot, Epoch: b.roster.plan.Epoch,
	}
	if h.Pass == "" {
		h.Password = signal.Secret(b.cfg.Password)
	}
	return h
}

// message takes one message of the bridge.
func (b *life) message(ctx context.Context, m signal.Message, now time.Time) {
	switch m := m.(type) {
	case *signal.Welcome:
		b.welcome(ctx, m, now)
	case *signal.Planned:
		b.roster.follow(m.Plan)
	case *signal.Joined:
		b.roster.put(m.Member)
	case *signal.Changed:
		b.changed(m.Member, now)
	case *signal.Left:
		b.roster.remove(m.Peer)
		b.closeLink(m.Peer)
		b.book.remove(m.Peer)
	case *signal.Settled:
		b.roster.settle(m)
	case *signal.Snapshot:
		b.who.snapshot = m.Snapshot
	case *signal.Describe:
		b.described(m, now)
	case *signal.Candidate:
		if l := b.links[m.From]; l != nil && l.id == m.Link && m.Page == b.who.page {
			b.note("candidate", l.candidate(m))
		}
	case *signal.Restart:
		if l := b.links[m.From]; l != nil && l.id == m.Link && l.offers && m.Page == b.who.page {
			b.offer(l, true, now)
		}
	case *signal.Ping:
		b.line.send(&signal.Pong{})
	case *signal.Fault:
		b.faulted(m, now)
	}
}

func (b *life) welcome(ctx context.Context, w *signal.Welcome, now time.Time) {
	if b.story.welcomes > 0 && w.Self != b.roster.self { // another person: nothing of before holds
		b.closeAll()
		b.roster = roster{}
		b.book = &book{}
	}
	b.roster.welcome(w)
	for far, l := range b.links {
		if _, here := b.roster.member(far); !here && l.trunk == nil {
			b.closeLink(far)
		}
	}
	b.who.pass, b.who.snapshot = w.Pass, w.Snapshot
	b.line.attempts = 0
	b.story.welcomes++
	b.story.ready = 0
	b.story.fault = nil
	if b.player == nil || b.player.phase != phaseOf(w.Self) {
		b.player = newPlayer(b.lib, w.Self)
		b.play()
		b.work.Go(func() { b.player.run(ctx) })
	}
	for _, l := range b.links { // signaling is back: mend at once what waits for it
		l.health.acted = time.Time{}
		if !l.health.lostAt.IsZero() {
			l.health.lostAt = now.Add(-restartAfter)
		}
	}
	if !b.story.welcomed {
		b.story.welcomed = true
		b.story.joined <- nil
	}
}

// changed takes a member's new entry. One that is back may have missed what was said to it.
func (b *life) changed(m signal.Member, now time.Time) {
	before, known := b.roster.member(m.Peer)
	b.roster.put(m)
	if l := b.links[m.Peer]; known && l != nil && m.Present && !before.Present && !l.health.live {
		l.health.acted = time.Time{}
		if !l.health.lostAt.IsZero() {
			l.health.lostAt = now.Add(-restartAfter)
		}
	}
}

// faulted follows PROTOCOL.md: which faults are worth dialling again.
func (b *life) faulted(f *signal.Fault, now time.Time) {
	if !f.Fatal {
		b.story.faults++
		b.story.refused = f.Code
		b.log.Debug("fault", "code", string(f.Code), "of", f.Of)
		return
	}
	b.story.fault = f
	b.line.drop()
	b.line.retry(now)
	switch f.Code {
	case signal.CodeRestarting, signal.CodeQuiet, signal.CodeSlow, signal.CodeInternal:
	case signal.CodeTryLater:
		b.line.attempts = max(b.line.attempts, 6)
		b.line.retry(now)
	case signal.CodeBadPass, signal.CodeFloor:
		if b.who.pass == "" {
			b.fail(refused(f))
			return
		}
		b.who.pass, b.who.snapshot = "", ""
		b.roster.plan = signal.Plan{}
	default:
		b.fail(refused(f))
	}
}

func refused(f *signal.Fault) error { return fmt.Errorf("bot: stay in the room: %w", f) }

func (b *life) fail(err error) {
	b.story.failed = err
	b.story.over = true
}

func (b *life) leave() {
	b.line.send(&signal.Leave{})
	b.line.part(websocket.CloseNormalClosure)
	b.story.over = true
}

// end frees everything and waits for it. A bot that was never welcomed says why.
func (b *life) end() {
	b.line.drop()
	b.closeAll()
	b.stop()
	b.work.Wait()
	if !b.story.welcomed {
		err := b.story.failed
		if err == nil {
			err = errors.New("bot: join: it left before it was let in")
		}
		b.story.joined <- err
	}
}

// note counts on the far end to mend what failed: a link is tried again until it stands.
func (b *life) note(what string, err error) {
	if err != nil {
		b.log.Debug("link", "step", what, "err", fmt.Sprint(err))
	}
}
