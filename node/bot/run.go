package bot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"
)

// joinsAtOnce bounds how many bots are on their way in, so that a crowd does not look like an attack.
const joinsAtOnce = 8

// Crowd is many bots in one process.
type Crowd struct {
	Bot    Config        // of each; with more than one, names are numbered
	Count  int           // in each room
	Rooms  int           // with more than one, their names are numbered: name-1, name-2 ...
	For    time.Duration // until they leave; 0: until the context ends
	Every  time.Duration // between reports; 0: one at the end only
	Report io.Writer     // takes one JSON object (Stats) per bot and line
}

// Run joins a crowd and reports on it until its time is up or the context ends; then all leave. It fails if
// one cannot get in, and when none is left in.
func Run(ctx context.Context, c Crowd) error {
	if c.For > 0 {
		short, cancel := context.WithTimeout(ctx, c.For)
		defer cancel()
		ctx = short
	}
	// Once all are in, they stay until they have said what they see, however the context ends.
	living, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	stayIn := context.AfterFunc(ctx, end)
	bots, err := c.join(living)
	stayIn()
	if err == nil {
		err = c.watch(ctx, bots)
	}
	return errors.Join(err, c.leave(bots))
}

// join brings all in. Whoever is in stays in for now, also where one fails.
func (c Crowd) join(ctx context.Context) ([]*Bot, error) {
	var (
		ways sync.WaitGroup
		mu   sync.Mutex // guards what follows
		bots []*Bot
		all  error
	)
	free := make(chan struct{}, joinsAtOnce)
	for _, cfg := range c.each() {
		free <- struct{}{}
		mu.Lock()
		failed := all != nil
		mu.Unlock()
		if failed || ctx.Err() != nil {
			break
		}
		ways.Go(func() {
			b, err := Join(ctx, cfg)
			mu.Lock()
			if err == nil {
				bots = append(bots, b)
			} else if ctx.Err() == nil && all == nil {
				all = err
			}
			mu.Unlock()
			<-free
		})
	}
	ways.Wait()
	return bots, all
}

// each is the configuration of every bot, room by room.
func (c Crowd) each() []Config {
	var out []Config
	for r := range max(c.Rooms, 1) {
		for i := range max(c.Count, 1) {
			cfg := c.Bot
			if cfg.Name == "" {
				cfg.Name = "Bot"
			}
			if c.Count > 1 {
				cfg.Name = fmt.Sprintf("%s %d", cfg.Name, i+1)
			}
			if c.Rooms > 1 {
				cfg.Room = fmt.Sprintf("%s-%d", cfg.Room, r+1)
			}
			out = append(out, cfg)
		}
	}
	return out
}

// watch reports until the context ends or nobody is left.
func (c Crowd) watch(ctx context.Context, bots []*Bot) error {
	gone := make(chan error, 1)
	go func() {
		var all error
		for _, b := range bots {
			all = errors.Join(all, b.Err())
		}
		gone <- all
	}()
	var tick <-chan time.Time
	if c.Every > 0 {
		ticker := time.NewTicker(c.Every)
		defer ticker.Stop()
		tick = ticker.C
	}
	for {
		select {
		case <-tick:
			if err := c.report(bots); err != nil {
				return err
			}
		case <-ctx.Done(): // that is no failure
			return nil
		case err := <-gone:
			return err
		}
	}
}

func (c Crowd) report(bots []*Bot) error {
	for _, b := range bots {
		if err := c.line(b.Stats()); err != nil {
			return err
		}
	}
	return nil
}

// leave ends all, side by side, and reports what they saw last: before the first of them was gone for the others.
func (c Crowd) leave(bots []*Bot) error {
	last := make([]Stats, len(bots))
	for i, b := range bots {
		last[i] = b.Stats()
	}
	var leaving sync.WaitGroup
	for i, b := range bots {
		leaving.Go(func() { last[i].Signaling = b.Leave().Signaling })
	}
	leaving.Wait()
	var all error
	for _, s := range last {
		all = errors.Join(all, c.line(s))
	}
	return all
}

func (c Crowd) line(s Stats) error {
	if c.Report == nil {
		return nil
	}
	if err := json.NewEncoder(c.Report).Encode(s); err != nil {
		return fmt.Errorf("bot: write report: %w", err)
	}
	return nil
}
