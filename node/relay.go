package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"parley/node/config"
	"parley/node/observe"
	"parley/node/overlay"
	"parley/node/room"
	"parley/relay"
)

// p2pDefault is where a relay alone can be reached, if the settings say nothing: it is of no use else.
const p2pDefault = "/ip4/0.0.0.0/tcp/7882"

// lender is a relay alone, for bridges on other machines.
type lender struct {
	cfg      config.Config
	log      *slog.Logger
	me       overlay.Identity
	relay    *relay.Relay
	served   *served
	others   *overlay.Overlay
	listener net.Listener // nil: nobody looks at it
	server   *http.Server // nil with listener
	stopping atomic.Bool
	stopped  chan struct{}
}

// lend runs a relay alone.
func lend(c call) error {
	return play(c, "relay", func(cfg config.Config, log *slog.Logger) (part, error) { return buildLender(cfg, log) })
}

// buildLender takes the ports and makes the parts.
func buildLender(cfg config.Config, log *slog.Logger) (*lender, error) {
	me, err := overlay.Identify(cfg.Data)
	if err != nil {
		return nil, err
	}
	if len(cfg.P2P) == 0 && len(cfg.Bootstrap) == 0 {
		if err := cfg.P2P.UnmarshalText([]byte(p2pDefault)); err != nil {
			return nil, err
		}
	}
	l := &lender{cfg: cfg, log: log.With("node", me.Node), me: me, stopped: make(chan struct{})}
	if cfg.Given("http") {
		if l.listener, err = listen(cfg.HTTP); err != nil {
			return nil, err
		}
	}
	if l.relay, err = openRelay(cfg, l.log); err != nil {
		return nil, errors.Join(err, l.unlisten())
	}
	l.served = newServed(newOwnRelay(room.NodeID(me.Node), l.relay), cfg.GoneAfter)
	l.others, err = others(cfg, me, l.log, overlay.Config{Roles: []overlay.Role{overlay.RoleRelay}, Relay: l.served})
	if err != nil {
		return nil, errors.Join(err, l.relay.Close(), l.unlisten())
	}
	if l.listener != nil {
		figures := observe.Figures{Version: release(), Node: string(me.Node), Relay: l.relay.Stats(), Overlay: l.others.Stats()}
		l.server = newServer(observe.Pages(http.NotFoundHandler(), figures, l.need), l.log)
	}
	return l, nil
}

func (l *lender) unlisten() error {
	if l.listener == nil {
		return nil
	}
	return l.listener.Close()
}

// need is what a relay needs to be of use.
func (l *lender) need() string {
	if l.stopping.Load() {
		return "the relay is stopping"
	}
	return ""
}

// greet says how to use this relay.
func (l *lender) greet(out io.Writer) {
	fmt.Fprintf(out, "Parley's relay is ready: media on port %d\n", l.relay.Port())
	introduce(out, l.me, l.others)
	if l.listener != nil {
		fmt.Fprintf(out, "Its figures: %s/metrics\n", local(l.cfg, l.listener.Addr().(*net.TCPAddr).Port))
	}
}

// serve answers requests, if there is a door for them, until stop is called.
func (l *lender) serve() error {
	if l.server == nil {
		<-l.stopped
		return nil
	}
	if err := l.server.Serve(l.listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// stop first leaves the other nodes, whose rooms then move, and carries what is left for as long as that takes.
func (l *lender) stop() {
	l.stopping.Store(true)
	if err := l.others.Close(); err != nil {
		l.log.Warn("the overlay did not close", "err", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), stopWithin)
	defer cancel()
	l.empty(ctx)
	l.served.close()
	if err := l.relay.Close(); err != nil {
		l.log.Warn("the relay did not close", "err", err)
	}
	if l.server != nil {
		if err := l.server.Shutdown(ctx); err != nil {
			l.log.Warn("the server did not close", "err", errors.Join(err, l.server.Close()))
		}
	}
	close(l.stopped)
}

// empty waits until nobody is connected to the relay.
func (l *lender) empty(ctx context.Context) {
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for l.relay.Stats().Ports.Load() > 0 {
		select {
		case <-look.C:
		case <-ctx.Done():
			return
		}
	}
}
