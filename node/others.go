package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"syscall"
	"time"

	"parley/node/config"
	"parley/node/overlay"
)

// lookWithin is how long a start waits for other nodes. Who is back after a restart should find the relay that
// the room was on.
const lookWithin = time.Second

// others opens the overlay for a node, if the settings want one: nil for a node that is on its own.
func others(cfg config.Config, me overlay.Identity, log *slog.Logger, mine overlay.Config) (*overlay.Overlay, error) {
	if len(cfg.P2P) == 0 && len(cfg.Bootstrap) == 0 {
		return nil, nil
	}
	if len(cfg.Bootstrap) == 0 && len(cfg.Allow) == 0 && cfg.NetworkKey == "" {
		log.Warn("this node talks to no other yet: name some with --allow or --bootstrap, or give all the same --network-key-file")
	}
	mine.Me, mine.Release, mine.Log = me, release(), log
	mine.Listen, mine.PublicIPs, mine.Bootstrap, mine.Allow = cfg.P2P, cfg.PublicIP, cfg.Bootstrap, cfg.Allow
	mine.NetworkKeyFile = cfg.NetworkKey
	o, err := overlay.Open(mine)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("the port in --p2p is %w: stop that one, or choose another", errTaken)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return nil, errors.New("the address in --p2p is not one of this machine: choose another")
	case errors.Is(err, syscall.EACCES):
		return nil, errors.New("this user may not take the port in --p2p: choose one above 1023")
	}
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), lookWithin)
	defer cancel()
	o.Look(ctx)
	return o, nil
}

// introduce says how other nodes get to know this one, in lines to copy.
func introduce(out io.Writer, me overlay.Identity, o *overlay.Overlay) {
	if o == nil {
		return
	}
	if at := o.Address(); at != "" {
		fmt.Fprintf(out, "Other nodes reach this one with\n--bootstrap %s\n", at)
	}
	fmt.Fprintf(out, "Other nodes let this one in with\n--allow %s\n", me.Node)
}
