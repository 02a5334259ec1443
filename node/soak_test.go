package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/pprof"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/node/bot"
)

// Rooms of bots that move to the relay of a real node and back, over and over: `just soak`. Two residents of each
// room are there throughout; two guests come, which makes the room move, and leave, which makes it move back. So
// links, members and connections to the bridge come and go as well.

// What a soak may cost: nothing per switch, so these do not depend on how many there are. One connection that leaks
// leaves more than ten goroutines and 400 kB.
var (
	// looseEmpty, of a node that is empty again: maps that have grown, files that the runtime opened for itself.
	looseEmpty = burden{goroutines: 3, files: 3, heap: 1 << 20}
	// looseRoom, per room: timers of the network libraries that happen to run, and buffers of the connections that
	// are up, which keep the size that a busy moment needed.
	looseRoom = burden{goroutines: 3, files: 1, heap: 4 << 20}
)

// plansOfACycle: a mesh with a warm relay, the relay, the mesh.
const plansOfACycle = 3

// lodge is one room of a soak.
type lodge struct {
	host      *host
	name      string
	residents []*bot.Bot
	moves     []move
	visits    int // of guests
	late      int // switches that settled before all were ready
	flaws     []string
	sum       bot.Tally // of what all of its bots received
}

// move is one switch as those in the room saw it.
type move struct {
	to   string
	took time.Duration
}

// enter brings one more bot into the room.
func (l *lodge) enter(ctx context.Context, name string) (*bot.Bot, error) {
	return bot.Join(ctx, bot.Config{
		URL: "http://" + l.host.at, Room: l.name, Name: name, Video: true, Audio: true,
		ICE: bot.ICE{Loopback: true, Interfaces: []string{"lo"}},
	})
}

// open brings the residents in.
func (l *lodge) open(ctx context.Context) error {
	for _, name := range []string{"Ann", "Bob"} {
		b, err := l.enter(ctx, name)
		if err != nil {
			return err
		}
		l.residents = append(l.residents, b)
	}
	return l.all(ctx, l.residents, "in a mesh", meshOf(2))
}

// all waits until it is so for each.
func (l *lodge) all(ctx context.Context, bots []*bot.Bot, what string, is func(bot.Stats) bool) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for _, b := range bots {
		if err := b.Wait(ctx, is); err != nil {
			all := fmt.Errorf("%s: waiting until %s is %s: %w", l.name, b.Stats().Name, what, err)
			for _, b := range bots {
				all = fmt.Errorf("%w\n%+v", all, b.Stats())
			}
			return all
		}
	}
	return nil
}

// meshOf tells that a bot is done with its move to a mesh of so many, and relayOf to a relay: nobody is stuck,
// everybody is seen and heard, and nothing of the older plan is left.
func meshOf(people int) func(bot.Stats) bool {
	return func(s bot.Stats) bool {
		return s.Plan.Mode == "mesh" && !s.Plan.Warm && arrivedIn(s, people) && len(s.Links) == people-1 && !s.Links[0].Relay
	}
}

func relayOf(people int) func(bot.Stats) bool {
	return func(s bot.Stats) bool {
		return s.Plan.Mode == "relay" && arrivedIn(s, people) && len(s.Links) == 1 && s.Links[0].Relay
	}
}

func arrivedIn(s bot.Stats, people int) bool {
	return s.Settled && len(s.Stuck) == 0 && s.Ready && len(s.People) == people-1 &&
		!slices.ContainsFunc(s.Links, func(l bot.LinkStats) bool { return !l.Live })
}

// warm tells that the link to the relay stands and is not in use yet.
func warm(s bot.Stats) bool {
	return s.Plan.Warm && s.Ready && len(s.Links) == 3 && !slices.ContainsFunc(s.Links, func(l bot.LinkStats) bool { return !l.Live })
}

// cycle moves the room to the relay and back.
func (l *lodge) cycle(ctx context.Context) error {
	l.visits++
	third, err := l.enter(ctx, fmt.Sprint("Cat ", l.visits))
	if err != nil {
		return err
	}
	defer third.Leave()
	if err := l.all(ctx, append(l.residents[:2:2], third), "in a warm mesh", warm); err != nil {
		return err
	}
	began := time.Now()
	fourth, err := l.enter(ctx, fmt.Sprint("Dan ", l.visits))
	if err != nil {
		return err
	}
	defer fourth.Leave()
	everybody := append(l.residents[:2:2], third, fourth)
	if err := l.all(ctx, everybody, "on the relay", relayOf(4)); err != nil {
		return err
	}
	l.moves = append(l.moves, move{"relay", time.Since(began)})
	for _, b := range everybody {
		l.judge(l.passing(b.Stats()))
	}
	fourth.Leave()
	third.Leave()
	began = time.Now()
	if err := l.all(ctx, l.residents, "back in the mesh", meshOf(2)); err != nil {
		return err
	}
	l.moves = append(l.moves, move{"mesh", time.Since(began)})
	return nil
}

// repeat moves the room so many times there and back.
func (l *lodge) repeat(ctx context.Context, times int) error {
	for range times {
		if err := l.cycle(ctx); err != nil {
			return err
		}
	}
	return nil
}

// passing leaves out what one resident received of the other: that is judged once, at the end.
func (l *lodge) passing(s bot.Stats) bot.Stats {
	a, b := l.residents[0].Stats().Self, l.residents[1].Stats().Self
	if s.Self == a || s.Self == b {
		s.People = slices.DeleteFunc(s.People, func(p bot.Person) bool { return p.Peer == a || p.Peer == b })
	}
	return s
}

// judge takes in what a bot received. What is wrong with it fails the soak at its end.
func (l *lodge) judge(s bot.Stats) {
	if text := faults(s); text != "" {
		l.flaws = append(l.flaws, text)
	}
	for _, p := range s.People {
		for _, t := range tallies(p) {
			l.sum.Packets += t.Packets
			l.sum.Lost += t.Lost
			l.sum.Duplicates += t.Duplicates
			l.sum.Late += t.Late
			l.sum.Restarts += t.Restarts
			l.sum.Timestamps += t.Timestamps
			l.sum.Misplaced += t.Misplaced
			l.sum.Backwards += t.Backwards
		}
	}
}

// stall is a gap in milliseconds that no switch makes, only a machine that has no time.
const stall = 1500

// faults names what came to a bot otherwise than it was sent: out of order, at a wrong time, or from somebody else.
// Packets that come twice are none, nor are those lost where the machine is busy: a relay probes with repeats, and
// sends again what is missing.
func faults(s bot.Stats) string {
	var wrong []string
	for _, p := range s.People {
		for kind, t := range tallies(p) {
			// The numbers in pictures go round after six seconds, so that after a stall forwards looks like backwards.
			back := t.Backwards > 0 && t.Misplaced == 0 && t.LongestMillis < stall
			if t.Restarts+t.Timestamps > 0 || back || strange(t) {
				wrong = append(wrong, fmt.Sprintf("%s of %s: %+v", kind, p.Name, t))
			}
		}
	}
	if len(wrong) == 0 {
		return ""
	}
	return s.Room + ", at " + s.Name + ": " + strings.Join(wrong, "; ")
}

// close sends the residents home, and tells what is wrong with what they saw.
func (l *lodge) close(cycles int) error {
	late, saw := 0, []bot.Stats{}
	for _, b := range l.residents {
		saw = append(saw, b.Stats())
	}
	for i, s := range saw {
		l.residents[i].Leave()
		l.judge(s)
		late = max(late, s.Late)
		if s.Plans != 1+cycles*plansOfACycle {
			l.flaws = append(l.flaws, fmt.Sprintf("%s: %s followed %d plans in %d cycles", l.name, s.Name, s.Plans, cycles))
		}
	}
	l.late += late
	l.residents = nil
	if len(l.flaws) > 0 {
		return errors.New(strings.Join(l.flaws, "\n"))
	}
	return nil
}

// setting reads a number that `just soak` was given.
func setting(t *testing.T, name string, standard int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return standard
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("%s=%s is not a number of 1 or more", name, text)
	}
	return n
}

// soak is rooms side by side on one node.
type soak struct {
	t      *testing.T
	host   *host
	lodges []*lodge
	began  time.Time
}

// each does something in every room at the same time.
func (s *soak) each(do func(*lodge) error) {
	s.t.Helper()
	var all sync.WaitGroup
	for _, l := range s.lodges {
		all.Go(func() {
			if err := do(l); err != nil {
				s.t.Error(err)
			}
		})
	}
	if all.Wait(); s.t.Failed() {
		s.t.FailNow()
	}
}

// look weighs what is left. What was closed may take a while to end.
func (s *soak) look(when string, before, loose burden) {
	s.t.Helper()
	after := calm(s.t)
	for late := time.Now().Add(patience); !after.within(before, loose) && time.Now().Before(late); {
		after = calm(s.t)
	}
	s.t.Logf("%s, after %v: %v", when, time.Since(s.began).Round(time.Second), after)
	if !after.within(before, loose) {
		_ = pprof.Lookup("goroutine").WriteTo(os.Stderr, 1)
		s.t.Fatalf("before it held %v", before)
	}
}

// Without PARLEY_SWITCHES it is a short one.
func TestSwitchesLeaveNothingBehind(t *testing.T) {
	if raced() {
		t.Skip("pion/srtp reads one stream on two goroutines where media of a new slot comes before its description, which many switches do")
	}
	rooms := setting(t, "PARLEY_ROOMS", 3)
	cycles := max(setting(t, "PARLEY_SWITCHES", 6)/(2*rooms), 1)
	s := &soak{t: t, host: hosted(t, "--mesh-max", "3", "--hold", "0s")}
	for i := range rooms {
		s.lodges = append(s.lodges, &lodge{host: s.host, name: fmt.Sprint("soak-", i+1)})
	}
	t.Cleanup(func() {
		for _, l := range s.lodges {
			for _, b := range l.residents {
				b.Leave()
			}
		}
	})
	// What is made once is made in a first life of the rooms.
	s.each(func(l *lodge) error { return l.open(t.Context()) })
	s.each(func(l *lodge) error { return l.repeat(t.Context(), 1) })
	s.each(func(l *lodge) error { return l.close(1) })
	empty := calm(t)
	t.Logf("empty: %v", empty)
	s.each(func(l *lodge) error { return l.open(t.Context()) })
	before := calm(t)
	t.Logf("%d rooms of 2: %v", rooms, before)
	s.began = time.Now()
	for done := 0; done < cycles; {
		part := min(cycles-done, max(cycles/10, 3))
		s.each(func(l *lodge) error { return l.repeat(t.Context(), part) })
		done += part
		s.look(fmt.Sprintf("%d switches", done*2*rooms), before, burden{rooms * looseRoom.goroutines, rooms * looseRoom.files, rooms * looseRoom.heap})
	}
	if got, want := s.host.node.rooms.Stats().Plans.Load(), int64(rooms*(2+(cycles+1)*plansOfACycle)); got != want {
		t.Errorf("%d plans were given, want %d", got, want)
	}
	defer report(t, s.lodges)
	s.each(func(l *lodge) error { return l.close(cycles) })
	s.look("empty again", empty, looseEmpty)
	if n := s.host.node.relay.Stats().Ports.Load(); n != 0 {
		t.Errorf("%d connections to the relay are left", n)
	}
}

// report says how long the switches took.
func report(t *testing.T, lodges []*lodge) {
	took, late := map[string][]time.Duration{}, 0
	for _, l := range lodges {
		late += l.late
		for _, m := range l.moves {
			took[m.to] = append(took[m.to], m.took)
		}
	}
	for to, all := range took {
		slices.Sort(all)
		t.Logf("%d to the %s: p50 %v, p95 %v, longest %v", len(all), to,
			quantile(all, 50).Round(time.Millisecond), quantile(all, 95).Round(time.Millisecond), all[len(all)-1].Round(time.Millisecond))
	}
	t.Logf("%d settled late", late)
	for _, l := range lodges {
		s := l.sum
		t.Logf("%s: of %d packets %d lost, %d twice, %d late; %d streams anew, %d wrong timestamps, %d pictures backwards, %d frames out of their time",
			l.name, s.Packets, s.Lost, s.Duplicates, s.Late, s.Restarts, s.Timestamps, s.Backwards, s.Misplaced)
	}
}

// quantile of what is sorted.
func quantile(sorted []time.Duration, percent int) time.Duration {
	return sorted[(len(sorted)-1)*percent/100]
}
