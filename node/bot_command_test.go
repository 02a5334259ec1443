package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"syscall"
	"testing"

	"parley/node/bot"
)

// The command parley bot, beside a real node.

// interruption takes lines of reports, and interrupts the program, as Ctrl+C does, once everybody is heard.
type interruption struct {
	t     *testing.T
	count int
	heard map[string]bool // by room and name
	last  []bot.Stats     // of those that have left
}

func (i *interruption) Write(line []byte) (int, error) {
	var s bot.Stats
	if err := json.Unmarshal(line, &s); err != nil {
		i.t.Errorf("%v: %s", err, line)
	}
	if s.Signaling == "ended" {
		i.last = append(i.last, s)
	}
	if len(s.People) == 1 && s.People[0].Microphone.Frames >= 10 && len(i.heard) < i.count {
		i.heard[s.Room+" "+s.Name] = true
		if len(i.heard) == i.count {
			if err := syscall.Kill(syscall.Getpid(), syscall.SIGINT); err != nil {
				i.t.Error(err)
			}
		}
	}
	return len(line), nil
}

func TestTheBotCommandReportsInLinesAndLeaves(t *testing.T) {
	h := hosted(t)
	out, log := &interruption{t: t, count: 4, heard: map[string]bool{}}, bytes.Buffer{}
	code := run(call{out: out, log: &log, environ: func(string) (string, bool) { return "", false }, args: strings.Fields(
		"bot --url http://" + h.at + " --room test --rooms 2 --count 2 --audio --loopback --interface lo --for 60s --every 50ms")})
	if code != exitFine || log.Len() > 0 {
		t.Errorf("exit code %d: %s", code, &log)
	}
	if len(out.last) != 4 {
		t.Errorf("%d have left", len(out.last))
	}
	for _, s := range out.last {
		if len(s.People) != 1 || s.People[0].Microphone.Frames < 10 {
			t.Errorf("%+v", s)
		}
	}
}

func TestTheBotCommandEndsWhenItsTimeIsUp(t *testing.T) {
	h := hosted(t)
	var out, log bytes.Buffer
	code := run(call{out: &out, log: &log, environ: func(string) (string, bool) { return "", false },
		args: strings.Fields("bot --url http://" + h.at + " --room test --loopback --interface lo --for 1s --every 0")})
	var s bot.Stats
	if err := json.Unmarshal(out.Bytes(), &s); code != exitFine || log.Len() > 0 || err != nil || s.Signaling != "ended" {
		t.Errorf("exit code %d: %s, %s", code, &log, &out)
	}
}

func TestTheBotCommandSaysWhatIsWrong(t *testing.T) {
	for args, want := range map[string]struct {
		code int
		text string
	}{
		"bot":                               {exitUsage, "--room"},
		"bot --room a b":                    {exitUsage, `"b" is not a setting`},
		"bot --room a --count 0":            {exitUsage, "--count"},
		"bot --room a --url ftp://x":        {exitFailed, "http://"},
		"bot --room a --url http://[::1]:1": {exitFailed, "refused"},
	} {
		var out, log bytes.Buffer
		code := run(call{out: &out, log: &log, args: strings.Fields(args)})
		if code != want.code || !strings.Contains(log.String(), want.text) || strings.Count(log.String(), "\n") != 1 {
			t.Errorf("%s: exit code %d, %s", args, code, &log)
		}
	}
}
