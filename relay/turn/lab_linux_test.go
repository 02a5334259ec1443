package turn

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// The lab has an internet of its own: our server in the middle, and to its left and right a host behind a router
// that is one kind of NAT. The hosts are two peers of WebRTC that want to reach each other.
//
//	left host --- left router --- internet with the server --- right router --- right host
//
// go test runs two pairs of NATs; PARLEY_LAB=all runs all 21.
const (
	serverAddress = "198.51.100.1"
	labPart       = "PARLEY_LAB_PART" // makes the test's program a part of the lab
)

// kinds of NAT, in nft's words. HOST is the host's address; wan is the router's link to the internet.
var kinds = map[string]string{
	"open": ``,
	"full cone": `
		chain pre { type nat hook prerouting priority -100; iifname wan meta l4proto udp dnat to HOST; }
		chain post { type nat hook postrouting priority 100; oifname wan masquerade; }`,
	"address-restricted": `
		set seen { type ipv4_addr; flags dynamic,timeout; timeout 5m; }
		chain out { type filter hook forward priority 0; oifname wan meta l4proto udp update @seen { ip daddr }; }
		chain pre { type nat hook prerouting priority -100; iifname wan meta l4proto udp ip saddr @seen dnat to HOST; }
		chain in { type filter hook input priority 0; iifname wan meta l4proto udp drop; }
		chain post { type nat hook postrouting priority 100; oifname wan masquerade; }`,
	"port-restricted": `
		chain in { type filter hook input priority 0; iifname wan meta l4proto udp drop; }
		chain post { type nat hook postrouting priority 100; oifname wan masquerade; }`,
	"symmetric": `
		chain in { type filter hook input priority 0; iifname wan meta l4proto udp drop; }
		chain post { type nat hook postrouting priority 100; oifname wan masquerade fully-random; }`,
	"UDP blocked": `
		chain out { type filter hook forward priority 0; meta l4proto udp drop; }
		chain post { type nat hook postrouting priority 100; oifname wan masquerade; }`,
}

// needsTURN is what theory says of a pair.
func needsTURN(left, right string) bool {
	has := func(kind string) bool { return left == kind || right == kind }
	return has("UDP blocked") || left == "symmetric" && right == left || has("symmetric") && has("port-restricted")
}

// pairs are all, or the two that need the most.
func pairs() (all [][2]string) {
	if os.Getenv("PARLEY_LAB") != "all" {
		return [][2]string{{"symmetric", "port-restricted"}, {"UDP blocked", "UDP blocked"}}
	}
	var names []string
	for name := range kinds {
		names = append(names, name)
	}
	slices.Sort(names)
	for i, left := range names {
		for _, right := range names[i:] {
			all = append(all, [2]string{left, right})
		}
	}
	return all
}

// lab is five network namespaces, each by its name without the prefix.
type lab struct {
	t      *testing.T
	prefix string
}

// run runs commands, one a line. "NAME: command" runs it in that namespace.
func (l *lab) run(commands string) {
	l.t.Helper()
	for line := range strings.Lines(commands) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		words := []string{"sh", "-c", line}
		if name, command, ok := strings.Cut(line, ": "); ok {
			words = []string{"ip", "netns", "exec", l.prefix + name, "sh", "-c", command}
		}
		if out, err := exec.CommandContext(l.t.Context(), words[0], words[1:]...).CombinedOutput(); err != nil {
			l.t.Fatalf("%s: %v\n%s", line, err, out)
		}
	}
}

// newLab builds it. A host that is open has an address of the internet, the others private ones.
func newLab(t *testing.T, left, right string) *lab {
	t.Helper()
	l := &lab{t, fmt.Sprintf("parley%d-", os.Getpid())}
	for _, name := range []string{"net", "lr", "rr", "lh", "rh"} {
		l.run("ip netns add " + l.prefix + name)
		t.Cleanup(func() {
			if out, err := exec.Command("ip", "netns", "del", l.prefix+name).CombinedOutput(); err != nil {
				t.Errorf("delete namespace: %v\n%s", err, out)
			}
		})
		l.run(name + ": ip link set lo up && echo 1 > /proc/sys/net/ipv4/ip_forward")
	}
	l.run("net: ip addr add " + serverAddress + "/32 dev lo")
	l.side("l", left, 1)
	l.side("r", right, 2)
	return l
}

// side puts a router and a host on one side of the internet.
func (l *lab) side(name, kind string, number int) {
	host, router := fmt.Sprintf("10.%d.0.2", number), fmt.Sprintf("10.%d.0.1", number)
	if kind == "open" {
		host, router = fmt.Sprintf("203.0.113.%d", 128+4*number+2), fmt.Sprintf("203.0.113.%d", 128+4*number+1)
	}
	public, gateway := fmt.Sprintf("203.0.113.%d", 4*number+2), fmt.Sprintf("203.0.113.%d", 4*number+1)
	words := strings.NewReplacer("SIDE", name, "PREFIX", l.prefix, "HOST", host, "ROUTER", router, "PUBLIC", public, "GATEWAY", gateway)
	l.run(words.Replace(`
		ip link add wan netns PREFIXSIDEr type veth peer name to-SIDE netns PREFIXnet
		ip link add lan netns PREFIXSIDEr type veth peer name eth netns PREFIXSIDEh
		net: ip addr add GATEWAY/30 dev to-SIDE && ip link set to-SIDE up
		SIDEr: ip addr add PUBLIC/30 dev wan && ip link set wan up && ip route add default via GATEWAY
		SIDEr: ip addr add ROUTER/30 dev lan && ip link set lan up
		SIDEh: ip addr add HOST/30 dev eth && ip link set eth up && ip route add default via ROUTER`))
	if kind == "open" {
		l.run(words.Replace("net: ip route add HOST/32 via PUBLIC"))
		return
	}
	rules := "table ip nat {" + strings.ReplaceAll(kinds[kind], "HOST", host) + "\n}\n"
	command := exec.CommandContext(l.t.Context(), "ip", "netns", "exec", l.prefix+name+"r", "nft", "-f", "-")
	command.Stdin = strings.NewReader(rules)
	if out, err := command.CombinedOutput(); err != nil {
		l.t.Fatalf("%s: %v\n%s", kind, err, out)
	}
}

// part is this test's program again, in a namespace.
type part struct {
	in  io.WriteCloser
	out *bufio.Scanner
}

// start starts a part. It ends when its standard input does.
func (l *lab) start(name, role string, arguments ...string) *part {
	l.t.Helper()
	self, err := os.Executable()
	if err != nil {
		l.t.Fatal(err)
	}
	command := exec.Command("ip", "netns", "exec", l.prefix+name, self)
	command.Env = append(os.Environ(), labPart+"="+strings.Join(append([]string{role}, arguments...), " "))
	command.Stderr = os.Stderr
	in, err := command.StdinPipe()
	if err != nil {
		l.t.Fatal(err)
	}
	out, err := command.StdoutPipe()
	if err != nil {
		l.t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() {
		in.Close()
		watchdog := time.AfterFunc(patience, func() { command.Process.Kill() })
		if err := command.Wait(); err != nil {
			l.t.Errorf("%s: %v", role, err)
		}
		watchdog.Stop()
	})
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	return &part{in, lines}
}

// line is what a part says next.
func (p *part) line(t *testing.T) string {
	t.Helper()
	if !p.out.Scan() {
		t.Fatalf("a part of the lab has ended: %v", p.out.Err())
	}
	return p.out.Text()
}

// Every pair of NATs connects, and directly where theory says so.
func TestNATs(t *testing.T) {
	if _, err := exec.LookPath("ip"); err != nil || os.Getuid() != 0 {
		t.Skip("the lab wants root, and ip: apt-get install iproute2 nftables")
	}
	if _, err := exec.LookPath("nft"); err != nil {
		t.Fatal("nft is not here: apt-get install nftables") // with root and ip there is no excuse
	}
	ran := 0
	for _, pair := range pairs() {
		if t.Run(pair[0]+" and "+pair[1], func(t *testing.T) { connectIn(t, pair[0], pair[1]) }) {
			ran++
		}
	}
	t.Logf("%d of %d pairs of NATs connected as theory says", ran, len(pairs()))
}

// connectIn lets two peers connect, and judges how.
func connectIn(t *testing.T, left, right string) {
	l := newLab(t, left, right)
	server := l.start("net", "server", serverAddress)
	credential := server.line(t)
	a, b := l.start("lh", "peer", "offers", credential), l.start("rh", "peer", "answers", credential)
	results := make(chan outcome, 2)
	defer time.AfterFunc(patience, func() { // who has not connected by then will not
		a.in.Close()
		b.in.Close()
	}).Stop()
	var posts sync.WaitGroup
	for _, way := range [][2]*part{{a, b}, {b, a}} {
		posts.Go(func() { // what one says is for the other, until it says how it went
			for way[0].out.Scan() {
				var said saying
				if err := json.Unmarshal(way[0].out.Bytes(), &said); err != nil {
					t.Errorf("a peer says %q", way[0].out.Text())
					break
				}
				if said.Outcome != nil {
					results <- *said.Outcome
					return
				}
				fmt.Fprintf(way[1].in, "%s\n", way[0].out.Bytes()) // it may have ended: then it says why
			}
			results <- outcome{}
		})
	}
	posts.Wait()
	for range 2 {
		got := <-results
		relayed := got.Local == "relay" || got.Remote == "relay"
		t.Logf("%s to %s in %d ms", got.Local, got.Remote, got.Millis)
		if got.Local == "" || relayed != needsTURN(left, right) {
			t.Errorf("connected %q to %q; theory says TURN: %v", got.Local, got.Remote, needsTURN(left, right))
		}
	}
}
