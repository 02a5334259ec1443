package turn

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"runtime"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/stun/v3"
)

// spin are the twenty bytes on which pion's reader spins for ever: a STUN header with a length that overflows.
var spin = []byte{0, 1, 0xFF, 0xEC, 0x21, 0x12, 0xA4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}

func TestFrame(t *testing.T) {
	for _, c := range []struct {
		in                     string // hex
		length, padded, wanted int
		bad                    bool
	}{
		{"", 0, 0, 4, false},
		{"000100", 0, 0, 4, false},
		{"00010000", 0, 0, 8, false},
		{"000100002112a442", 20, 20, 0, false},
		{"000105dc2112a442", 1520, 1520, 0, false},
		{"000105e02112a442", 0, 0, 0, true}, // 1504
		{"000100022112a442", 0, 0, 0, true}, // not a multiple of four
		{"000100002112a443", 0, 0, 0, true}, // another cookie
		{"0001ffec", 0, 0, 0, true},
		{"40000000", 4, 4, 0, false},
		{"40000001", 5, 8, 0, false},
		{"7fff05dc", 1504, 1504, 0, false},
		{"400005dd", 0, 0, 0, true}, // 1501
		{"80000000", 0, 0, 0, true},
		{"1603010000000000", 0, 0, 0, true}, // TLS
		{"47455420", 0, 0, 0, true},         // GET
	} {
		var in []byte
		fmt.Sscanf(c.in, "%x", &in)
		length, padded, wanted, err := frame(in)
		if length != c.length || padded != c.padded || wanted != c.wanted || (err != nil) != c.bad {
			t.Errorf("%s: %d, %d, %d, %v", c.in, length, padded, wanted, err)
		}
	}
}

// Bad bytes end their connection at once, and cost no time to speak of.
func TestBadStreamsEnd(t *testing.T) {
	n := start(t, nil)
	eventually(t, "nobody is here", func() bool { return n.Stats().Connections.Load() == 0 })
	before := processorTime(t)
	for _, way := range []string{"tcp", "tls"} {
		for what, bytes := range map[string][]byte{
			"the bytes that spin": spin,
			"zeros":               make([]byte, 100),
			"a web request":       []byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
			"a long channel":      {0x40, 0, 0xFF, 0xFF},
			"a long request":      {0, 1, 0x06, 0, 0x21, 0x12, 0xA4, 0x42},
			"an old STUN":         {0, 1, 0, 0, 1, 2, 3, 4},
		} {
			c := n.dial(t, way)
			c.write(bytes)
			if !c.closed(patience) {
				t.Errorf("%s: %s is let stay", way, what)
			}
		}
	}
	eventually(t, "nobody is left", func() bool { return n.Stats().Connections.Load() == 0 })
	if used := processorTime(t) - before; used > 2*time.Second {
		t.Errorf("it took %v of processor time", used)
	}
	if got := n.Stats().Refused(Malformed); got != 12 {
		t.Errorf("%d are counted, want 12", got)
	}
}

// processorTime is what this process has used.
func processorTime(t testing.TB) time.Duration {
	t.Helper()
	var use syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &use); err != nil {
		t.Fatal(err)
	}
	return time.Duration(use.Utime.Nano() + use.Stime.Nano())
}

// inBubble is a stream between a test and a framer, in time that the test does not wait for.
func inBubble(t *testing.T, held func() bool, f func(there net.Conn, read func() (string, error))) {
	synctest.Test(t, func(t *testing.T) {
		here, there := net.Pipe()
		s, err := newStream(here, netip.AddrPort{}, held)
		if err != nil {
			t.Fatal(err)
		}
		f(there, func() (string, error) {
			b := make([]byte, maxRead)
			n, _, err := s.read(b)
			return string(b[:n]), err
		})
		if err := s.close(); err != nil {
			t.Error(err)
		}
		there.Close()
		pause(time.Hour) // until whoever talks has noticed
	})
}

// Packets come out whole, however they come in.
func TestStreamIsCutIntoPackets(t *testing.T) {
	request, err := stun.Build(stun.TransactionID, stun.BindingRequest)
	if err != nil {
		t.Fatal(err)
	}
	in := append(channelData(0x4000, "12345"), request.Raw...)
	in = append(in, channelData(0x4001, "")...)
	want := []string{"\x40\x00\x00\x0512345", string(request.Raw), "\x40\x01\x00\x00"}
	for size := 1; size <= len(in); size++ {
		inBubble(t, func() bool { return true }, func(there net.Conn, read func() (string, error)) {
			go func() {
				for rest := in; len(rest) > 0; {
					k := min(size, len(rest))
					pause(100 * time.Millisecond)
					there.Write(rest[:k])
					rest = rest[k:]
				}
			}()
			for _, one := range want {
				if got, err := read(); err != nil || got != one {
					t.Fatalf("in pieces of %d: %q, %v, want %q", size, got, err, one)
				}
			}
		})
	}
}

// Who shows no credential has ten seconds, whatever it says meanwhile; within a packet nobody has longer.
func TestStreamsHaveTheirTime(t *testing.T) {
	request, err := stun.Build(stun.TransactionID, stun.BindingRequest)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		held bool
		talk func(there net.Conn)
		want time.Duration
	}{
		{"silence", false, func(net.Conn) {}, openTime},
		{"sound requests", false, func(there net.Conn) {
			for {
				if _, err := there.Write(request.Raw); err != nil {
					return
				}
				pause(time.Second)
			}
		}, openTime},
		{"a slow packet", false, func(there net.Conn) { trickle(there, spin[:2], time.Second) }, openTime},
		{"a slow packet from a client", true, func(there net.Conn) {
			for i := range 60 { // a client with an allocation may be silent, and begin a packet at any time
				pause(time.Second * time.Duration(i))
				there.Write(request.Raw[:10])
				pause(frameTime - time.Second)
				there.Write(request.Raw[10:])
			}
			there.Write(request.Raw[:19])
		}, time.Second*(59*60/2) + 60*(frameTime-time.Second) + 3*frameTime/2},
	} {
		t.Run(c.name, func(t *testing.T) {
			inBubble(t, func() bool { return c.held }, func(there net.Conn, read func() (string, error)) {
				began := time.Now()
				go c.talk(there)
				var err error
				for err == nil {
					_, err = read()
				}
				if took := time.Since(began); took < c.want-frameTime || took > c.want+frameTime {
					t.Errorf("it ended after %v, want about %v: %v", took, c.want, err)
				}
			})
		})
	}
}

// pause waits, in the bubble's time.
func pause(d time.Duration) { <-time.After(d) }

func trickle(there net.Conn, b []byte, between time.Duration) {
	for i := range b {
		if _, err := there.Write(b[i : i+1]); err != nil {
			return
		}
		pause(between)
	}
}

// Only so many connections are open at a time, of one address and of all.
func TestConnectionsAreLimited(t *testing.T) {
	for name, limits := range map[string]Limits{"of one": {SourceConnections: 3}, "of all": {Connections: 3}} {
		t.Run(name, func(t *testing.T) {
			n := start(t, func(c *Config) { c.Limits = limits })
			var open []*client
			for range 3 {
				c := n.dial(t, "tcp")
				c.answer(c.send(stun.MethodBinding))
				open = append(open, c)
			}
			if !n.dial(t, "tcp").closed(patience) {
				t.Error("a fourth is let stay")
			}
			open[0].conn.Close()
			eventually(t, "one is gone", func() bool { return n.Stats().Connections.Load() == 2 })
			c := n.dial(t, "tcp")
			c.answer(c.send(stun.MethodBinding))
		})
	}
}

// A client that reads nothing is cut off, and others are served meanwhile.
func TestSlowReaderIsCutOff(t *testing.T) {
	n := start(t, nil)
	c := n.dial(t, "tcp").as(n, "ann")
	at := relayed(t, c.ask(stun.MethodAllocate, transport(relayUDP)))
	bob := newFar(t, "127.0.0.1:0")
	c.ask(stun.MethodChannelBind, number(0x4000), peer(bob.at()))
	word := string(bytes.Repeat([]byte("x"), 1400))
	end := time.Now().Add(patience)
	for n.Stats().Connections.Load() > 0 {
		if time.Now().After(end) {
			t.Fatal("it is let stay")
		}
		bob.say(at, word)
		runtime.Gosched()
	}
	n.dial(t, "tcp").as(n, "ann").allocated()
}

// Close ends what is open, of whatever kind.
func TestCloseEndsAll(t *testing.T) {
	n := start(t, nil)
	var clients []*client
	for _, way := range ways {
		clients = append(clients, n.dial(t, way).as(n, "ann").allocated(), n.dial(t, way))
	}
	if err := n.Close(); err != nil {
		t.Error(err)
	}
	for _, c := range clients {
		if _, datagram := c.conn.(*net.UDPConn); !datagram && !c.closed(patience) {
			t.Error("a connection is open")
		}
	}
	if a, c := n.Stats().Allocations.Load(), n.Stats().Connections.Load(); a != 0 || c != 0 {
		t.Errorf("%d allocations, %d connections are left", a, c)
	}
	if err := n.Close(); err != nil {
		t.Error(err)
	}
}

// FuzzFrame: a stream of any bytes is cut into packets that fit, or refused; it never takes nothing for something.
func FuzzFrame(f *testing.F) {
	f.Add(spin)
	f.Add(channelData(0x4000, "12345"))
	f.Fuzz(func(t *testing.T, in []byte) {
		for len(in) > 0 {
			length, padded, wanted, err := frame(in)
			switch {
			case err != nil:
				return
			case wanted > 0:
				if wanted <= len(in) {
					t.Fatalf("wants %d of % x", wanted, in)
				}
				return
			case length < channelHeader || padded < length || padded-length > 3 || padded > maxPacket+stunHeader:
				t.Fatalf("%d, %d of % x", length, padded, in)
			case in[0] < 0x40 && padded != stunHeader+int(binary.BigEndian.Uint16(in[2:])):
				t.Fatalf("%d of % x", padded, in)
			}
			in = in[min(padded, len(in)):]
		}
	})
}
