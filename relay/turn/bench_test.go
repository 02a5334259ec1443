package turn

import (
	"fmt"
	"net"
	"net/netip"
	"os/exec"
	"strconv"
	"testing"
	"time"
)

// BenchmarkBesideCoturn tells what a relayed packet costs the server, ours and coturn's, with the same load:
//
//	go test -run '^$' -bench BesideCoturn -benchtime 1x ./relay/turn
//
// A packet is relayed twice on its way, from client to relayed address and from there to the other client: each
// counts. With 1x the figure "ns/op" says nothing; the others do.
func BenchmarkBesideCoturn(b *testing.B) {
	wantsCoturn(b)
	const clients, messages, size, interval = 10, 3000, 1100, 2 // of these bytes, every so many milliseconds
	load := func(b *testing.B, user, credential string, port int, flags ...string) (packets int) {
		arguments := append(flags, "-y", "-c", "-u", user, "-w", credential, "-p", strconv.Itoa(port),
			"-n", strconv.Itoa(messages), "-m", strconv.Itoa(clients), "-l", strconv.Itoa(size), "-z", strconv.Itoa(interval), "127.0.0.1")
		text, err := coturnsClient(b, "turnutils_uclient", arguments...)
		sent, received := last(text)
		if err != nil || received == 0 {
			b.Fatalf("%v\n%s", err, text)
		}
		b.ReportMetric(100*float64(sent-received)/float64(sent), "lost%")
		return 2 * received
	}
	for way, flags := range map[string][]string{"udp": nil, "tcp": {"-t"}, "tls": {"-t", "-S"}} {
		b.Run("parley/"+way, func(b *testing.B) {
			n := start(b, func(c *Config) {
				c.AllowPeers = append(c.AllowPeers, hostPrefix(b)...)
				c.Limits = Limits{UserAllocations: 100, UserBandwidth: 1 << 30, Bandwidth: 1 << 30}
			})
			for b.Loop() {
				user, credential, err := n.secrets.Issue(time.Now(), "ann", time.Hour)
				if err != nil {
					b.Fatal(err)
				}
				before := processorTime(b)
				packets := load(b, user, credential, n.port(way), flags...)
				b.ReportMetric(float64((processorTime(b)-before).Microseconds())/float64(packets), "us/packet")
			}
		})
		b.Run("coturn/"+way, func(b *testing.B) {
			if way == "tls" {
				b.Skip("it wants a certificate of its own")
			}
			for b.Loop() {
				port, stop := coturn(b)
				packets := load(b, "ann", "secret", port, flags...)
				b.ReportMetric(float64(stop().Microseconds())/float64(packets), "us/packet")
			}
		})
	}
}

// coturn runs Debian's server, and tells what it has used when it is stopped.
func coturn(b *testing.B) (port int, stop func() time.Duration) {
	b.Helper()
	free, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:0")))
	if err != nil {
		b.Fatal(err)
	}
	port = free.LocalAddr().(*net.UDPAddr).Port
	free.Close()
	command := exec.Command("turnserver", "-n", "--no-cli", "--lt-cred-mech", "-u", "ann:secret", "-r", Realm, "-p", strconv.Itoa(port),
		"-L", "127.0.0.1", "-E", "127.0.0.1", "--allow-loopback-peers", "--no-tls", "--no-dtls", "--log-file", "/dev/null", "--pidfile", b.TempDir()+"/pid")
	if err := command.Start(); err != nil {
		b.Skipf("turnserver is not here: %v", err)
	}
	eventually(b, "coturn listens", func() bool {
		conn, err := net.Dial("tcp", fmt.Sprint("127.0.0.1:", port))
		if err == nil {
			conn.Close()
		}
		return err == nil
	})
	return port, func() time.Duration {
		if err := command.Process.Kill(); err != nil {
			b.Fatal(err)
		}
		state, err := command.Process.Wait()
		if err != nil {
			b.Fatal(err)
		}
		return state.UserTime() + state.SystemTime()
	}
}
