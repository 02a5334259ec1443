package turn

import (
	"context"
	"fmt"
	"net/netip"
	"os/exec"
	"regexp"
	"strconv"
	"sync"
	"testing"
	"time"
)

// coturnsClient runs a tool of Debian's package coturn and returns what it says.
func coturnsClient(t testing.TB, name string, arguments ...string) (string, error) {
	ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second) // without a server some never end
	defer cancel()
	out, err := exec.CommandContext(ctx, name, arguments...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%s %v: %w\n%s", name, arguments, err, out)
	}
	return string(out), nil
}

// wantsCoturn skips a test where the package is not.
func wantsCoturn(t testing.TB) {
	t.Helper()
	if _, err := exec.LookPath("turnutils_uclient"); err != nil {
		t.Skip("turnutils_uclient is not here: apt-get install coturn")
	}
}

var tally = regexp.MustCompile(`tot_send_msgs=(\d+), tot_recv_msgs=(\d+)`)

// last are the messages sent and received that turnutils_uclient counts at its end.
func last(text string) (sent, received int) {
	all := tally.FindAllStringSubmatch(text, -1)
	if len(all) == 0 {
		return 0, 0
	}
	sent, _ = strconv.Atoi(all[len(all)-1][1])
	received, _ = strconv.Atoi(all[len(all)-1][2])
	return sent, received
}

// Another hand's client runs clean: each of its ways to send, over each transport, all at once.
func TestCoturnsClient(t *testing.T) {
	wantsCoturn(t)
	n := start(t, func(c *Config) { c.AllowPeers = append(c.AllowPeers, hostPrefix(t)...) })
	var all sync.WaitGroup
	for way, flags := range map[string][]string{"udp": nil, "tcp": {"-t"}, "tls": {"-t", "-S"}} {
		for form, more := range map[string][]string{"channels": {"-c"}, "indications": {"-c", "-s"}, "pairs": nil} {
			// It leaves its allocations behind, so each run is somebody else's.
			user, credential, err := n.secrets.Issue(time.Now(), form+"-"+way, time.Hour)
			if err != nil {
				t.Fatal(err)
			}
			arguments := append(append([]string{"-y", "-m", "5", "-n", "20", "-u", user, "-w", credential, "-p", strconv.Itoa(n.port(way))}, flags...), more...)
			all.Go(func() {
				text, err := coturnsClient(t, "turnutils_uclient", append(arguments, "127.0.0.1")...)
				if sent, received := last(text); err != nil || sent < 5*20 || received != sent {
					t.Errorf("%s by %s: %d messages sent, %d received, want at least 100, and all: %v\n%s", form, way, sent, received, err, text)
				}
			})
		}
	}
	all.Wait()
}

func TestCoturnsStunClient(t *testing.T) {
	wantsCoturn(t)
	n := start(t, nil)
	text, err := coturnsClient(t, "turnutils_stunclient", "-p", strconv.Itoa(n.port("udp")), "127.0.0.1")
	if err != nil || !regexp.MustCompile(`UDP reflexive addr: 127\.0\.0\.1:\d+`).MatchString(text) {
		t.Errorf("it says: %v\n%s", err, text)
	}
}

// hostPrefix is the address from which packets are relayed here.
func hostPrefix(t testing.TB) []netip.Prefix {
	t.Helper()
	h, err := look(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return []netip.Prefix{netip.PrefixFrom(h.primary, 32)}
}
