package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"parley/node/bot"
	"parley/node/observe"
)

// errNoRoom means that the command does not say where to go.
var errNoRoom = errors.New("say which room to join: parley bot --room name")

// joinBots brings headless peers into a room and reports what they receive, one JSON object per line, until SIGINT,
// SIGTERM or --for.
func joinBots(c call) error {
	var crowd bot.Crowd
	level := slog.LevelWarn
	flags := botFlags(&crowd, &level)
	err := flags.Parse(c.args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(c.out, "Headless peers join a room and report what they receive, one JSON object per line.\n\n")
		flags.SetOutput(c.out)
		flags.PrintDefaults()
		return nil
	case err != nil:
		return wrongUsage{err}
	case flags.NArg() > 0:
		return wrongUsage{fmt.Errorf("%q is not a setting: parley bot --help lists them", flags.Arg(0))}
	case crowd.Bot.Room == "":
		return wrongUsage{errNoRoom}
	case crowd.Count < 1 || crowd.Rooms < 1:
		return wrongUsage{errors.New("--count and --rooms must be 1 or more")}
	case crowd.For < 0 || crowd.Every < 0:
		return wrongUsage{errors.New("--for and --every must not be negative")}
	}
	crowd.Report = c.out
	crowd.Bot.Log = observe.Log(c.log, level, false)
	ctx, ignore := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer ignore()
	return bot.Run(ctx, crowd)
}

func botFlags(crowd *bot.Crowd, level *slog.Level) *flag.FlagSet {
	flags := flag.NewFlagSet("bot", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // the error is told in one line
	each := &crowd.Bot
	flags.StringVar(&each.URL, "url", "http://localhost:8080", "`address` of the node")
	flags.StringVar(&each.Room, "room", "", "`name` of the room")
	flags.IntVar(&crowd.Rooms, "rooms", 1, "so `many` rooms: name-1, name-2 ...")
	flags.IntVar(&crowd.Count, "count", 1, "`people` in each room")
	flags.StringVar(&each.Name, "name", "Bot", "the bots' `name`, numbered where there are several")
	flags.StringVar(&each.Password, "password", "", "the room's `password`; a room that is not there yet gets it")
	flags.BoolVar(&each.Video, "video", false, "send a picture")
	flags.BoolVar(&each.Audio, "audio", false, "send a tone")
	flags.BoolVar(&each.Insecure, "insecure", false, "take any certificate, such as one of --self-signed")
	flags.BoolVar(&each.ICE.Loopback, "loopback", false, "offer 127.0.0.1 too: for a machine without a network")
	flags.Func("interface", "use this network interface `name` only; may be given several times", func(name string) error {
		each.ICE.Interfaces = append(each.ICE.Interfaces, strings.TrimSpace(name))
		return nil
	})
	flags.DurationVar(&crowd.For, "for", 0, "leave after this `time`, such as 30s")
	flags.DurationVar(&crowd.Every, "every", 5*time.Second, "`time` between reports; 0: one at the end only")
	flags.TextVar(level, "log", *level, "`level` of the log on standard error: debug, info, warn or error")
	return flags
}
