package turn

import (
	"context"
	"net"
	"net/netip"
	"os/exec"
	"regexp"
	"strconv"
	"testing"
	"time"
)

// coturnsClient runs a tool of Debian's package coturn and returns what it says.
func coturnsClient(t testing.TB, name string, arguments ...string) string {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Skipf("%s is not here: apt-get install coturn", name)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second) // without a server some never end
	defer cancel()
	out, err := exec.CommandContext(ctx, name, arguments...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", name, arguments, err, out)
	}
	return string(out)
}

var tally = regexp.MustCompile(`tot_send_msgs=(\d+), tot_recv_msgs=(\d+)`)

// last are the messages sent and received that turnutils_uclient counts at its end.
func last(t testing.TB, text string) (sent, received int) {
	t.Helper()
	all := tally.FindAllStringSubmatch(text, -1)
	if len(all) == 0 {
		t.Fatalf("no messages are counted:\n%s", text)
	}
	sent, _ = strconv.Atoi(all[len(all)-1][1])
	received, _ = strconv.Atoi(all[len(all)-1][2])
	return sent, received
}

// Another hand's client runs clean: each of its ways to send, over each transport.
func TestCoturnsClient(t *testing.T) {
	n := start(t, func(c *Config) { c.AllowPeers = append(c.AllowPeers, hostPrefix(t)...) })
	ports := map[string]int{"udp": int(n.UDP()[0].Port()), "tcp": int(n.TCP()[0].Port()), "tls": n.tls.(*net.TCPAddr).Port}
	for way, flags := range map[string][]string{"udp": nil, "tcp": {"-t"}, "tls": {"-t", "-S"}} {
		for form, more := range map[string][]string{"channels": {"-c"}, "indications": {"-c", "-s"}, "pairs": nil} {
			t.Run(way+" "+form, func(t *testing.T) {
				t.Parallel()
				// It leaves its allocations behind, so each run is somebody else's.
				user, credential, err := n.secrets.Issue(time.Now(), form+"-"+way, time.Hour)
				if err != nil {
					t.Fatal(err)
				}
				arguments := append([]string{"-y", "-m", "5", "-n", "20", "-u", user, "-w", credential, "-p", strconv.Itoa(ports[way])}, flags...)
				text := coturnsClient(t, "turnutils_uclient", append(append(arguments, more...), "127.0.0.1")...)
				if sent, received := last(t, text); sent < 5*20 || received != sent {
					t.Errorf("%d messages sent, %d received, want at least 100, and all\n%s", sent, received, text)
				}
			})
		}
	}
}

func TestCoturnsStunClient(t *testing.T) {
	n := start(t, nil)
	text := coturnsClient(t, "turnutils_stunclient", "-p", strconv.Itoa(int(n.UDP()[0].Port())), "127.0.0.1")
	if !regexp.MustCompile(`UDP reflexive addr: 127\.0\.0\.1:\d+`).MatchString(text) {
		t.Errorf("it says:\n%s", text)
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
