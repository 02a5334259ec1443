// Package bot is a peer without a screen: it joins a room over the public protocol, sends recorded
// clips at their real pace, and checks what the others send.
//
// In: the URL of a bridge and the name of a room. Out: media to the other members, and counts of what
// came from each of them ([Stats]). [Join] is one bot, for tests and other programs; [Run] is many of
// them with a report in JSON lines, the program's `parley bot`.
//
// A bot shows whose frame it is and of when: the number painted in a picture, and the bytes of a
// sound frame, follow from the time of day and the sender's PeerID (ledger.go). So a frame that comes
// late, twice or under another person's name is found without any word between the two.
//
// Read in this order: bot.go and run.go (the handle, and many), life.go (one goroutine that owns a bot),
// line.go (to the bridge), roster.go (the room as told), reconcile.go (which links), link.go, trunk.go, control.go
// and engine.go (one connection, to a member or to a relay); clip.go, player.go and outlet.go (what leaves); inlet.go, order.go, picture.go,
// number.go and ledger.go (what arrives and is checked); stats.go (what is reported).
package bot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"parley/bridge/signal"
)

// Config is one bot.
type Config struct {
	URL      string // of the bridge: http://localhost:8080
	Room     string
	Name     string // default "Bot"
	Password string
	Video    bool // has a camera, and it is on
	Audio    bool // has a microphone, and it is on
	Insecure bool // take any certificate
	Tiles    int  // how many pictures it looks at through a relay; default 9
	ICE      ICE
	Log      *slog.Logger // nil: none
}

// Bot is a member of a room. Its methods may be called from anywhere.
type Bot struct {
	box   *mailbox
	end   context.CancelFunc
	ended chan struct{}
	err   error // why it ended by itself; to be read after ended
	last  Stats // likewise
}

// Join brings a bot into its room. It returns when the bot is in, or says why it is not. The bot
// stays until Leave, until ctx ends, or until the room puts it out.
func Join(ctx context.Context, cfg Config) (*Bot, error) {
	lib, err := clips()
	if err != nil {
		return nil, err
	}
	if cfg.Name == "" {
		cfg.Name = "Bot"
	}
	if cfg.Tiles <= 0 {
		cfg.Tiles = 9
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	engine, err := newEngine(cfg.ICE)
	if err != nil {
		return nil, err
	}
	work, box := &sync.WaitGroup{}, newMailbox()
	line, err := newLine(cfg.URL, cfg.Insecure, box, work)
	if err != nil {
		return nil, err
	}
	joined := make(chan error, 1)
	l := &life{
		cfg: cfg, log: cfg.Log.With("bot", cfg.Name), box: box, line: line, work: work, engine: engine, lib: lib,
		who:   credentials{page: randomID()},
		media: signal.Media{Microphone: device(cfg.Audio), Camera: device(cfg.Video), Screen: "none"},
		links: map[signal.PeerID]*link{}, book: &book{},
		story: story{joined: joined},
	}
	living, end := context.WithCancel(ctx)
	b := &Bot{box: box, end: end, ended: make(chan struct{})}
	go b.live(living, l)
	if err := <-joined; err != nil {
		<-b.ended
		return nil, err
	}
	return b, nil
}

func (b *Bot) live(ctx context.Context, l *life) {
	l.run(ctx)
	b.last, b.err = l.stats(time.Now()), l.story.failed
	b.end()
	l.end()
	close(b.ended)
}

func device(there bool) string {
	if there {
		return "on"
	}
	return "none"
}

// Leave says goodbye and returns when everything of the bot has ended. It gives the last counts.
func (b *Bot) Leave() Stats {
	b.end()
	<-b.ended
	return b.last
}

// Ended is closed when the bot has ended; Err then says why, nil if it left or its context ended.
func (b *Bot) Ended() <-chan struct{} { return b.ended }

// Err says why the bot ended by itself. It waits for the end.
func (b *Bot) Err() error {
	<-b.ended
	return b.err
}

// Stats is how the bot is doing now, or did last.
func (b *Bot) Stats() Stats {
	reply := make(chan Stats, 1)
	b.box.post(question{reply})
	select {
	case s := <-reply:
		return s
	case <-b.ended:
		return b.last
	}
}

// Wait returns once the condition holds, or an error when the bot or the context has ended before.
func (b *Bot) Wait(ctx context.Context, condition func(Stats) bool) error {
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for !condition(b.Stats()) {
		select {
		case <-ticker.C:
		case <-b.ended:
			return errors.Join(errors.New("bot: wait: it has ended"), b.err)
		case <-ctx.Done():
			return fmt.Errorf("bot: wait: %w", ctx.Err())
		}
	}
	return nil
}

// SetMedia turns microphone and camera on or off. A bot that joined without one has none.
func (b *Bot) SetMedia(microphone, camera bool) {
	b.do(func(l *life, _ time.Time) {
		set := func(state *string, on bool) {
			switch {
			case *state == "none":
			case on:
				*state = "on"
			default:
				*state = "off"
			}
		}
		set(&l.media.Microphone, microphone)
		set(&l.media.Camera, camera)
		l.play()
		l.line.send(&signal.SetMedia{Media: l.media})
	})
}

// Cut breaks the connection to the bridge without a goodbye. The bot dials again by itself.
func (b *Bot) Cut() {
	b.do(func(l *life, now time.Time) {
		l.line.drop()
		l.line.retry(now)
	})
}

// Reload does what a browser's reload does: all connections end, and the person comes back with its pass.
func (b *Bot) Reload() { b.do((*life).reload) }

func (b *Bot) do(work func(*life, time.Time)) { b.box.post(errand{work}) }
