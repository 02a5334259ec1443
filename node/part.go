package main

import (
	"context"
	"flag"
	"io"
	"log/slog"
	"os/signal"
	"syscall"

	"parley/node/config"
	"parley/node/observe"
)

// part is what a subcommand runs: a node, or a relay alone.
type part interface {
	greet(out io.Writer) // says how to use it
	serve() error        // until stop is called
	stop()
}

// play runs the part that a subcommand builds from its settings, or shows these.
func play(c call, name string, build func(config.Config, *slog.Logger) (part, error)) error {
	flags := flag.NewFlagSet(name, flag.ContinueOnError)
	show := flags.Bool("print-config", false, "")
	cfg, err := c.load(flags)
	switch {
	case err != nil:
		return err
	case *show:
		return cfg.Print(c.out)
	}
	return untilSignal(c.out, func() (part, error) { return build(cfg, observe.Log(c.log, cfg.Log.Level, cfg.Log.JSON)) })
}

// untilSignal runs what is built until SIGINT or SIGTERM says to stop. A second signal ends it at once.
func untilSignal(out io.Writer, build func() (part, error)) error {
	ctx, ignore := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer ignore()
	p, err := build()
	if err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- p.serve() }()
	p.greet(out)
	select {
	case err = <-ended:
		ignore()
		p.stop()
		return err
	case <-ctx.Done():
		ignore()
		p.stop()
		return <-ended
	}
}
