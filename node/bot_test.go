package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"parley/node/bot"
	"parley/node/config"
)

// Bots beside a real node: what a call must do, without a browser. The node is the program's own, the
// media goes over loopback.

// host runs a node that can be stopped and started again at the same place with the same key.
type host struct {
	t    testing.TB
	data string
	at   string // address:port
	args []string
	node *node
	done chan error
}

func hosted(t testing.TB, args ...string) *host {
	t.Helper()
	h := &host{t: t, data: t.TempDir(), at: "127.0.0.1:0", args: args}
	h.start()
	t.Cleanup(h.stop)
	return h
}

func (h *host) start() {
	h.t.Helper()
	args := append([]string{"--http", h.at, "--rtc", "127.0.0.1:0", "--turn", "127.0.0.1:0", "--data", h.data}, h.args...)
	cfg, err := config.Load(flag.NewFlagSet("up", flag.ContinueOnError), args,
		func(string) (string, bool) { return "", false })
	if err != nil {
		h.t.Fatal(err)
	}
	n, err := build(cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		h.t.Fatal(err)
	}
	h.node, h.done = n, make(chan error, 1)
	h.at = n.listener.Addr().(*net.TCPAddr).String()
	go func() { h.done <- n.serve() }()
}

func (h *host) stop() {
	if h.node == nil {
		return
	}
	h.node.stop()
	if err := <-h.done; err != nil {
		h.t.Errorf("the node ended with %v", err)
	}
	h.node = nil
}

func (h *host) join(name string, change ...func(*bot.Config)) *bot.Bot {
	h.t.Helper()
	cfg := bot.Config{
		URL: "http://" + h.at, Room: "test", Name: name, Video: true, Audio: true,
		ICE: bot.ICE{Loopback: true, Interfaces: []string{"lo"}},
	}
	for _, c := range change {
		c(&cfg)
	}
	b, err := bot.Join(h.t.Context(), cfg)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { b.Leave() })
	return b
}

// await fails the test unless the bot comes to be so.
func await(t testing.TB, b *bot.Bot, what string, condition func(bot.Stats) bool) bot.Stats {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := b.Wait(ctx, condition); err != nil {
		t.Fatalf("waiting until %s: %v\n%+v", what, err, b.Stats())
	}
	return b.Stats()
}

// meets tells that a bot sees and hears this many others, and more of them than in the counts given.
func meets(others int, since ...bot.Stats) func(bot.Stats) bool {
	return func(s bot.Stats) bool {
		if len(s.People) != others || !s.Ready {
			return false
		}
		for _, p := range s.People {
			keys, sounds := int64(0), int64(0)
			for _, old := range since {
				if q := person(old, string(p.Peer)); q != nil {
					keys, sounds = max(keys, q.Camera.KeyFrames), max(sounds, q.Microphone.Frames)
				}
			}
			if p.Camera.KeyFrames < keys+1 || p.Microphone.Frames < sounds+25 {
				return false
			}
		}
		return true
	}
}

func person(s bot.Stats, peer string) *bot.Person {
	i := slices.IndexFunc(s.People, func(p bot.Person) bool { return string(p.Peer) == peer })
	if i < 0 {
		return nil
	}
	return &s.People[i]
}

// tallies are what came of a person, by kind.
func tallies(p bot.Person) map[string]bot.Tally {
	return map[string]bot.Tally{"microphone": p.Microphone, "camera": p.Camera}
}

// strange tells that hardly a frame came in its time: of a busy machine some are late, somebody else's would be out of
// their time always. Of a picture only key frames bear a number that is read.
func strange(t bot.Tally) bool {
	judged := t.Frames
	if t.KeyFrames > 0 {
		judged = t.KeyFrames
	}
	return t.Misplaced > max(judged*9/10, 10)
}

// faultless fails the test if anything that was received is not as it was sent. Repeats are no fault: relays and
// browsers probe a path with them. A frame out of its time may be late on a busy machine; somebody else's picture
// would be out of its time always.
func faultless(t *testing.T, b *bot.Bot) {
	t.Helper()
	s := b.Stats()
	if s.Faults != 0 {
		t.Errorf("%s: the bridge refused %d messages, the last as %s", s.Name, s.Faults, s.Refused)
	}
	for _, p := range s.People {
		for kind, tally := range tallies(p) {
			wrong := tally.Restarts + tally.Timestamps + tally.Ahead + tally.Cut + tally.Broken
			if wrong != 0 || tally.Number < 0 || strange(tally) {
				t.Errorf("%s of %s at %s: %+v", kind, p.Name, s.Name, tally)
			}
		}
	}
}

func TestTwoThreeAndFourBotsSeeAndHearEachOther(t *testing.T) {
	h := hosted(t)
	var all []*bot.Bot
	for n := 1; n <= 4; n++ {
		all = append(all, h.join(fmt.Sprint("bot ", n)))
		for _, b := range all {
			if n > 1 {
				await(t, b, fmt.Sprintf("it meets %d", n-1), meets(n-1))
			}
		}
	}
	for _, b := range all {
		faultless(t, b)
	}
	all[0].Leave()
	for _, b := range all[1:] {
		s := await(t, b, "the first is gone", func(s bot.Stats) bool { return len(s.People) == 2 && len(s.Links) == 2 })
		await(t, b, "the others go on", meets(2, s))
		faultless(t, b)
	}
}

func TestACameraThatIsTurnedOffAndOnAgain(t *testing.T) {
	h := hosted(t)
	ann, bob := h.join("Ann"), h.join("Bob")
	await(t, bob, "it meets Ann", meets(1))
	ann.SetMedia(true, false)
	off := await(t, bob, "Ann's camera is off", func(s bot.Stats) bool { return s.People[0].Media.Camera == "off" })
	quiet := await(t, bob, "sound goes on", func(s bot.Stats) bool {
		return s.People[0].Microphone.Frames > off.People[0].Microphone.Frames+50
	})
	if more := quiet.People[0].Camera.Packets - off.People[0].Camera.Packets; more > 20 {
		t.Errorf("%d packets of a camera that is off", more)
	}
	ann.SetMedia(true, true)
	await(t, bob, "it sees Ann again", meets(1, quiet))
	faultless(t, bob)
	if s := bob.Stats(); s.Links[0].Restarts != 0 || s.Welcomes != 1 {
		t.Errorf("it took a new connection: %+v", s)
	}
}

func TestAReloadComesBackAsTheSamePerson(t *testing.T) {
	h := hosted(t)
	ann, bob := h.join("Ann"), h.join("Bob")
	await(t, ann, "it meets Bob", meets(1))
	before := await(t, bob, "it meets Ann", meets(1))
	ann.Reload()
	await(t, ann, "it is welcomed again", func(s bot.Stats) bool { return s.Welcomes == 2 })
	after := await(t, bob, "it sees Ann again", meets(1, before))
	await(t, ann, "it sees Bob again", meets(1, ann.Stats()))
	if after.People[0].Peer != before.People[0].Peer || after.People[0].Seat != before.People[0].Seat {
		t.Errorf("Ann was %+v and is %+v", before.People[0], after.People[0])
	}
	if after.Plan.Epoch != before.Plan.Epoch {
		t.Errorf("a reload made a new plan")
	}
}

func TestACutSocketResumesWithoutTouchingTheMedia(t *testing.T) {
	h := hosted(t)
	ann, bob := h.join("Ann"), h.join("Bob")
	await(t, ann, "it meets Bob", meets(1))
	before := await(t, bob, "it meets Ann", meets(1))
	bob.Cut()
	await(t, bob, "it is welcomed again", func(s bot.Stats) bool { return s.Welcomes == 2 && s.Ready })
	after := await(t, bob, "media goes on", meets(1, before))
	if after.Links[0].Restarts != 0 || after.Self != before.Self {
		t.Errorf("before %+v\nafter %+v", before, after)
	}
	faultless(t, bob)
	faultless(t, ann)
}

func TestMediaOutlivesAStoppedBridge(t *testing.T) {
	h := hosted(t)
	outlive(t, h, h.stop, h.start)
}

func TestMediaOutlivesAKilledBridge(t *testing.T) {
	h := &host{t: t, data: t.TempDir()}
	first := start(t, "--data", h.data)
	h.at = strings.TrimPrefix(first.site, "http://")
	kill := func() { first.stop(t, syscall.SIGKILL) }
	again := func() { start(t, "--data", h.data, "--http", h.at) }
	outlive(t, h, kill, again)
}

// outlive has three bots talk while their bridge goes away and comes back.
func outlive(t *testing.T, h *host, down, up func()) {
	all := []*bot.Bot{h.join("Ann"), h.join("Bob"), h.join("Cat")}
	var before []bot.Stats
	for _, b := range all {
		before = append(before, await(t, b, "it meets the others", meets(2)))
	}
	down()
	for i, b := range all {
		before[i] = await(t, b, "media goes on without a bridge", grows(2, before[i]))
	}
	up()
	for i, b := range all {
		after := await(t, b, "it is welcomed again", func(s bot.Stats) bool { return s.Welcomes > before[i].Welcomes })
		after = await(t, b, "all are back and media goes on", func(s bot.Stats) bool {
			return meets(2, after)(s) && !slices.ContainsFunc(s.People, func(p bot.Person) bool { return !p.Present })
		})
		if after.Self != before[i].Self || after.Plan.Epoch != before[i].Plan.Epoch {
			t.Errorf("before %+v\nafter %+v", before[i], after)
		}
		for _, l := range after.Links {
			if l.Restarts != 0 {
				t.Errorf("%s mended a link that was whole: %+v", after.Name, l)
			}
		}
		faultless(t, b)
	}
}

// grows tells that more has come of everybody than before.
func grows(others int, before bot.Stats) func(bot.Stats) bool {
	return func(s bot.Stats) bool {
		s.Ready = true // nobody is there to hear it
		return meets(others, before)(s)
	}
}

func TestTwoRoomsDoNotMeet(t *testing.T) {
	h := hosted(t)
	silent := func(c *bot.Config) { c.Video, c.Audio = false, false }
	other := func(c *bot.Config) { c.Room = "other" }
	h.join("Ann", silent)
	h.join("Bob", silent, other)
	b := h.join("Cat", silent)
	s := await(t, b, "it is ready", func(s bot.Stats) bool { return s.Ready && len(s.Links) == 1 && s.Links[0].Live })
	if len(s.People) != 1 || s.People[0].Name != "Ann" {
		t.Errorf("%+v", s.People)
	}
}

// Who leaves is gone at once, not only when the time for those is up whose connection broke.
func TestALeaveIsHeard(t *testing.T) {
	h := hosted(t, "--gone-after", "1h")
	silent := func(c *bot.Config) { c.Video, c.Audio = false, false }
	ann := h.join("Ann", silent)
	for range 5 {
		var others [6]*bot.Bot
		for i := range others {
			others[i] = h.join("Guest", silent)
		}
		await(t, ann, "all are there", func(s bot.Stats) bool { return len(s.People) == len(others) })
		var leaving sync.WaitGroup
		for _, b := range others {
			leaving.Go(func() { b.Leave() })
		}
		leaving.Wait()
		await(t, ann, "all are gone", func(s bot.Stats) bool { return len(s.People) == 0 })
	}
}

func TestAPasswordIsAskedFor(t *testing.T) {
	h := hosted(t)
	locked := func(c *bot.Config) { c.Password = "right" }
	ann := h.join("Ann", locked)
	cfg := bot.Config{URL: "http://" + h.at, Room: "test", Password: "wrong"}
	if b, err := bot.Join(t.Context(), cfg); err == nil {
		b.Leave()
		t.Error("it got in with a wrong password")
	}
	h.join("Bob", locked).Reload()
	await(t, ann, "Bob is there", func(s bot.Stats) bool { return len(s.People) == 1 })
}
