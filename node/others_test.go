package main

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"parley/bridge/signal"
	"parley/node/bot"
	"parley/node/config"
	"parley/node/overlay"
)

// lone is a relay in a process of its own.
type lone struct {
	cmd  *exec.Cmd
	node signal.NodeID
	at   string // its full address
	site string // of its figures
	rest *bufio.Reader
}

// startRelay runs a relay alone until the test ends.
func startRelay(t testing.TB, args ...string) *lone {
	t.Helper()
	args = append([]string{"relay", "--rtc", "127.0.0.1:0", "--p2p", "/ip4/127.0.0.1/tcp/0", "--http", "127.0.0.1:0"}, args...)
	l := &lone{cmd: program(t, nil, args...)}
	out, err := l.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	l.cmd.Stderr = os.Stderr
	if err := l.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	timer := time.AfterFunc(patience, func() { l.cmd.Process.Kill() })
	t.Cleanup(func() {
		timer.Stop()
		l.kill()
	})
	l.rest = bufio.NewReader(out)
	l.at = l.line(t, "--bootstrap ")
	l.node = signal.NodeID(l.line(t, "--allow "))
	l.site = strings.TrimSuffix(l.line(t, "Its figures: "), "/metrics")
	return l
}

// line reads on until a line that begins so, and gives its rest.
func (l *lone) line(t testing.TB, begins string) string {
	t.Helper()
	for {
		line, err := l.rest.ReadString('\n')
		if err != nil {
			t.Fatalf("it never says %q: %v", begins, err)
		}
		if found, ok := strings.CutPrefix(strings.TrimSpace(line), begins); ok {
			return found
		}
	}
}

func (l *lone) kill() {
	if l.cmd.ProcessState == nil {
		l.cmd.Process.Kill()
		l.cmd.Wait()
	}
}

func (l *lone) signal(t *testing.T, sig os.Signal) {
	t.Helper()
	if err := l.cmd.Process.Signal(sig); err != nil {
		t.Fatal(err)
	}
}

// figures are what it counts.
func (l *lone) figures(t *testing.T) string {
	t.Helper()
	answer, err := http.Get(l.site + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	defer http.DefaultClient.CloseIdleConnections()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// networkKey writes a network key.
func networkKey(t testing.TB) string {
	t.Helper()
	path := t.TempDir() + "/network.key"
	text := "/key/swarm/psk/1.0.0/\n/base16/\n" + strings.Repeat("42", 32) + "\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// watch is a node in this process that looks at a relay in another one.
func watch(t *testing.T, key, at string) (found, lost chan *overlay.Remote) {
	t.Helper()
	me, err := overlay.Identify(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	found, lost = make(chan *overlay.Remote, 9), make(chan *overlay.Remote, 9)
	var to overlay.Addresses
	if err := to.UnmarshalText([]byte(at)); err != nil {
		t.Fatal(err)
	}
	o, err := overlay.Open(overlay.Config{
		Me: me, Bootstrap: to, NetworkKeyFile: key, Roles: []overlay.Role{overlay.RoleBridge},
		Found: func(r *overlay.Remote) { found <- r }, Lost: func(r *overlay.Remote) { lost <- r },
		Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { o.Close() })
	return found, lost
}

func next(t *testing.T, c <-chan *overlay.Remote) *overlay.Remote {
	t.Helper()
	select {
	case r := <-c:
		return r
	case <-time.After(patience):
		t.Fatal("nothing happens")
		return nil
	}
}

func TestADeadRelayIsSeenAtOnceAndAFrozenOneSoon(t *testing.T) {
	key := networkKey(t)
	relay := startRelay(t, "--network-key-file", key)
	found, lost := watch(t, key, relay.at)
	if r := next(t, found); r.Node() != relay.node || !r.Is(overlay.RoleRelay) || r.Is(overlay.RoleBridge) || r.Capacity() == 0 {
		t.Errorf("found %s", r.Node())
	}
	began := time.Now()
	relay.signal(t, syscall.SIGSTOP)
	next(t, lost)
	frozen := time.Since(began)
	relay.signal(t, syscall.SIGCONT)
	next(t, found)
	began = time.Now()
	relay.signal(t, syscall.SIGKILL)
	next(t, lost)
	dead := time.Since(began)
	t.Logf("frozen: seen after %v; dead: after %v", frozen, dead)
	if frozen > 5*time.Second || dead > time.Second { // 1.5 s and a few ms on a quiet machine
		t.Error("that is too late")
	}
}

func TestARelayAloneTellsHowItIsAndStops(t *testing.T) {
	relay := startRelay(t, "--network-key-file", networkKey(t))
	page := dial{site: relay.site}
	if err := errors.Join(page.healthy(), page.ready()); err != nil {
		t.Error(err)
	}
	if text := relay.figures(t); !strings.Contains(text, "\nparley_nodes 0\n") || strings.Contains(text, "\nparley_rooms ") {
		t.Errorf("its figures are\n%s", text)
	}
	if status, _, err := page.get("/"); status != http.StatusNotFound || err != nil {
		t.Errorf("it serves a page: %d, %v", status, err)
	}
	relay.signal(t, syscall.SIGTERM)
	relay.cmd.Wait()
	if code := relay.cmd.ProcessState.ExitCode(); code != exitFine {
		t.Errorf("exit code %d", code)
	}
}

func TestRoomsUseARelayInAnotherProcess(t *testing.T) {
	key := networkKey(t)
	relay := startRelay(t, "--network-key-file", key)
	h := hosted(t, "--roles", "bridge", "--mesh-max", "0", "--bootstrap", relay.at, "--network-key-file", key)
	all := []*bot.Bot{h.join("Ann"), h.join("Bob")}
	for _, b := range all {
		s := await(t, b, "it is on the relay alone", func(s bot.Stats) bool {
			return s.Plan.Mode == "relay" && s.Settled && len(s.Links) == 1 && s.Links[0].Relay && s.Links[0].Live
		})
		await(t, b, "it hears and sees the other", hears(1, s))
		honest(t, b)
	}
	if text := relay.figures(t); !strings.Contains(text, "\nparley_relay_connections 2\n") {
		t.Errorf("the relay does not carry them:\n%s", text)
	}
	relay.kill()
	for _, b := range all {
		s := await(t, b, "it is in a mesh", func(s bot.Stats) bool { return s.Plan.Mode == "mesh" && s.Settled })
		await(t, b, "it meets the other", meets(1, s))
	}
}

// A relay that is told to stop carries its rooms until they have moved. Here it is the relay that dials.
func TestARelayThatStopsLetsRoomsMove(t *testing.T) {
	data := t.TempDir()
	me, err := overlay.Identify(data)
	if err != nil {
		t.Fatal(err)
	}
	h := hosted(t, "--mesh-max", "0", "--roles", "bridge", "--p2p", "/ip4/127.0.0.1/tcp/0", "--allow", string(me.Node))
	relay := startRelay(t, "--data", data, "--bootstrap", h.node.others.Address())
	b := h.join("Ann")
	h.join("Bob")
	on := await(t, b, "it is on the relay", func(s bot.Stats) bool { return s.Plan.Mode == "relay" && s.Settled })
	await(t, b, "it hears and sees the other", hears(1, on))
	relay.signal(t, syscall.SIGTERM)
	s := await(t, b, "it is in a mesh", func(s bot.Stats) bool { return s.Plan.Mode == "mesh" && s.Settled })
	await(t, b, "it meets the other", meets(1, s))
	relay.cmd.Wait()
	if code := relay.cmd.ProcessState.ExitCode(); code != exitFine {
		t.Errorf("exit code %d", code)
	}
}

// A call of a bridge that has gone elsewhere is carried until its pages have gone too.
func TestARelayThatStopsWaitsForItsPages(t *testing.T) {
	l, err := buildLender(settings(t, "--rtc", "127.0.0.1:0", "--p2p", "/ip4/127.0.0.1/tcp/0"), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	l.relay.Stats().Ports.Add(1) // as if a page were there
	began := time.Now()
	go l.stop()
	select {
	case <-l.stopped:
		t.Errorf("it ended after %v", time.Since(began))
	case <-time.After(200 * time.Millisecond):
	}
	l.relay.Stats().Ports.Add(-1)
	select {
	case <-l.stopped:
	case <-time.After(patience):
		t.Error("it never ends")
	}
}

// Media goes on while the bridge is down, and the room stays where it was when the bridge is back.
func TestABridgeThatIsRestartedFindsItsRoomsOnTheRelay(t *testing.T) {
	key := networkKey(t)
	relay := startRelay(t, "--network-key-file", key)
	h := hosted(t, "--roles", "bridge", "--mesh-max", "0", "--bootstrap", relay.at, "--network-key-file", key)
	b := h.join("Ann")
	h.join("Bob")
	on := await(t, b, "it is on the relay", func(s bot.Stats) bool { return s.Plan.Mode == "relay" && s.Settled })
	on = await(t, b, "it hears and sees the other", hears(1, on))
	h.stop()
	on = await(t, b, "media goes on meanwhile", hears(1, on))
	h.start()
	if n := h.node.others.Stats().Peers.Load(); n != 1 {
		t.Errorf("it starts with %d relays in sight", n)
	}
	back := await(t, b, "it is back", func(s bot.Stats) bool { return s.Welcomes > on.Welcomes })
	await(t, b, "media goes on", hears(1, back))
	if back = b.Stats(); back.Plan.Epoch != on.Plan.Epoch || back.Opened != on.Opened {
		t.Errorf("the room was moved from plan %v to %v", on.Plan, back.Plan)
	}
}

// settings are those of a command line, in a world without others.
func settings(t *testing.T, args ...string) config.Config {
	t.Helper()
	cfg, err := config.Load(flag.NewFlagSet("", flag.ContinueOnError), append(args, "--data", t.TempDir()),
		func(string) (string, bool) { return "", false })
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// idle is a relay of this process for other nodes, on which nobody has a connection.
func idle(t *testing.T, grace time.Duration) *served {
	t.Helper()
	cfg := settings(t, "--rtc", "127.0.0.1:0")
	r, err := openRelay(cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	s := newServed(newOwnRelay("me", r), grace)
	t.Cleanup(func() { s.close(); r.Close() })
	return s
}

func TestABridgeHasItsOwnRoomsOnASharedRelay(t *testing.T) {
	s := idle(t, time.Hour)
	o := overlay.Offer{Room: "a", Peer: "ann", Page: "p", Link: "l", SDP: "v=0"}
	if _, err := s.Offer(t.Context(), "one", o); !errors.Is(err, errUnreserved) {
		t.Errorf("without a reservation: %v", err)
	}
	if err := s.Reserve("one", "a"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Offer(t.Context(), "two", o); !errors.Is(err, errUnreserved) {
		t.Errorf("another bridge's room of that name: %v", err)
	}
	if _, err := s.Offer(t.Context(), "one", o); err == nil || errors.Is(err, errUnreserved) {
		t.Errorf("a broken offer comes to the relay: %v", err)
	}
	one, _ := s.holds("one", "a")
	if err := s.Reserve("two", "a"); err != nil {
		t.Fatal(err)
	}
	if two, _ := s.holds("two", "a"); one == two || one == "a" {
		t.Errorf("rooms %q and %q are not kept apart", one, two)
	}
	s.Release("one", "a")
	if _, held := s.holds("one", "a"); held {
		t.Error("it is still held")
	}
	if _, held := s.holds("two", "a"); !held {
		t.Error("the other's is released too")
	}
	for n := range maxServedRooms {
		if err := s.Reserve("greedy", fmt.Sprint(n)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Reserve("greedy", "more"); !errors.Is(err, errRooms) {
		t.Errorf("one too many: %v", err)
	}
}

func TestRoomsOfABridgeThatIsGoneLiveOnForAWhile(t *testing.T) {
	s := idle(t, 50*time.Millisecond)
	for _, name := range []string{"kept", "left"} {
		if err := s.Reserve("one", name); err != nil {
			t.Fatal(err)
		}
	}
	s.Parted("one")
	if _, held := s.holds("one", "left"); !held {
		t.Error("it ends at once")
	}
	if err := s.Reserve("one", "kept"); err != nil {
		t.Fatal(err)
	}
	look := time.NewTicker(time.Millisecond)
	defer look.Stop()
	late := time.After(patience)
	for held := true; held; _, held = s.holds("one", "left") {
		select {
		case <-look.C:
		case <-late:
			t.Fatal("it never ends")
		}
	}
	if _, held := s.holds("one", "kept"); !held {
		t.Error("what was reserved again ends too")
	}
}
