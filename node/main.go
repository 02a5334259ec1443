// Command parley is one node of a group video chat: everything that a host needs, in one program.
//
// In: a subcommand with settings. Out: a running node, or words about it. This package wires the parts
// together and decides nothing itself.
//
// Read in this order: main.go (subcommands), part.go (what runs until it is told to stop), up.go (a node), relays.go
// (its own relay), others.go (other nodes), remote.go (their relays), served.go (the own relay for them), relay.go (a
// relay alone), greet.go (where to open it), check.go (is all well?), dial.go (how check asks a running node), bot.go
// (headless peers).
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"

	"parley/bridge/signal"
	"parley/node/config"
)

// Exit codes.
const (
	exitFine   = 0
	exitFailed = 1 // something stands in the way that is not the command's fault, such as a taken port
	exitUsage  = 2 // the command or a setting is wrong
)

// wrongUsage is an error of whoever typed the command or wrote the settings.
type wrongUsage struct{ error }

// errFound ends a check that has told what is wrong.
var errFound = errors.New("something is wrong")

// call is one run of the program.
type call struct {
	args    []string // after the subcommand
	environ config.Environ
	out     io.Writer // what was asked for
	log     io.Writer // what happens on the way
}

type command struct {
	name, help string
	run        func(call) error
}

func commands() []command {
	return []command{
		{"up", "run a node", up},
		{"relay", "run a relay alone, for nodes on other machines", lend},
		{"check", "tell what stands in the way of a call, with the same settings as up", check},
		{"key", "make a key: parley key turn prints a credential for TURN clients", key},
		{"bot", "join a room as headless peers that send clips and check what they receive", joinBots},
		{"version", "print what this is", version},
		{"help", "print this", help},
	}
}

func main() {
	os.Exit(run(call{args: os.Args[1:], environ: os.LookupEnv, out: os.Stdout, log: os.Stderr}))
}

// run finds the subcommand, runs it and turns its error into one line and an exit code.
func run(c call) int {
	name := "help"
	if len(c.args) > 0 {
		name, c.args = c.args[0], c.args[1:]
	}
	switch name {
	case "-h", "-help", "--help":
		name = "help"
	case "-version", "--version":
		name = "version"
	}
	var err error = wrongUsage{fmt.Errorf("there is no command %q: parley help lists them", name)}
	for _, command := range commands() {
		if command.name == name {
			err = command.run(c)
		}
	}
	switch {
	case err == nil:
		return exitFine
	case errors.Is(err, errFound):
		return exitFailed
	case errors.Is(err, flag.ErrHelp):
		help(c)
		return exitFine
	}
	fmt.Fprintln(c.log, "parley:", err)
	if errors.As(err, new(wrongUsage)) {
		return exitUsage
	}
	return exitFailed
}

// load reads the settings for a subcommand.
func (c call) load(flags *flag.FlagSet) (config.Config, error) {
	cfg, err := config.Load(flags, c.args, c.environ)
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		err = wrongUsage{err}
	}
	return cfg, err
}

func help(c call) error {
	fmt.Fprint(c.out, "Parley is group video chat that anyone can host.\n\nCommands:\n")
	for _, command := range commands() {
		fmt.Fprintf(c.out, "  parley %-8s %s\n", command.name, command.help)
	}
	fmt.Fprint(c.out, "\nSettings of up, relay and check:\n\n")
	config.Help(c.out)
	fmt.Fprint(c.out, "  --print-config\n      With up and relay: print every setting and where it comes from, and do nothing else.\n")
	return nil
}

func version(c call) error {
	_, err := fmt.Fprintf(c.out, "parley %s, protocol %d, %s %s/%s\n",
		release(), signal.Version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}

// release is what the Go tool noted about the source that this was built from.
func release() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		return info.Main.Version
	}
	return "(unknown)"
}
