package relay

import (
	"fmt"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/pion/rtp"
)

// BenchmarkForward sends 1,100-byte video packets through a relay in a process of its own, from and
// to real pion pages in this one, and prints the relay's CPU per forwarded packet, how long a packet
// was on its way between two pages, and the relay's memory per subscription.
func BenchmarkForward(b *testing.B) {
	for _, scene := range []struct{ senders, members int }{{1, 10}, {4, 4}, {10, 10}} {
		b.Run(fmt.Sprintf("%dx%d", scene.senders, scene.members), func(b *testing.B) { forwardBench(b, scene.senders, scene.members) })
	}
}

const (
	benchPayload = 1100 - 12 - 10
	benchRate    = 250 // packets a second and sender
)

func forwardBench(b *testing.B, senders, members int) {
	r := startRemote(b)
	idle := r.measure()
	var pages []*testPage
	for i := range members {
		pages = append(pages, newPage(b, nil, fmt.Sprintf("m%d", i), pageOptions{video: members - 1, remote: r}))
	}
	for _, p := range pages {
		eventually(b, 10*time.Second, "control opens", func() bool { return p.number(fmt.Sprintf("m%d", members-1)) != 0 })
	}
	quit := make(chan struct{})
	var wg sync.WaitGroup
	for _, p := range pages[:senders] {
		wg.Add(1)
		go func() {
			defer wg.Done()
			p.camera.flood(quit, benchRate)
		}()
	}
	want := senders * (members - 1)
	eventually(b, 20*time.Second, "every slot is filled", func() bool {
		filled := 0
		for _, p := range pages {
			p.mu.Lock()
			filled += len(p.filled)
			p.mu.Unlock()
		}
		return filled == want
	})
	begun, began := r.measure(), time.Now()
	b.ResetTimer()
	for range b.N {
		for target := r.poll() + 1000; r.poll() < target; {
			<-time.After(250 * time.Millisecond)
		}
	}
	b.StopTimer()
	ended := r.measure()
	sent := float64(ended.Packets - begun.Packets)
	close(quit)
	wg.Wait()
	b.ReportMetric((ended.CPU-begun.CPU)*1e6/sent, "us-cpu/packet")
	b.ReportMetric(sent/time.Since(began).Seconds(), "packets/s")
	b.ReportMetric((ended.Memory-idle.Memory)/float64(want)/1024, "KiB/subscription")
	if delays := latencies(pages); len(delays) > 0 {
		b.ReportMetric(float64(delays[len(delays)/2])/1000, "ms-p50")
		b.ReportMetric(float64(delays[len(delays)*99/100])/1000, "ms-p99")
	}
}

func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// flood sends rate packets a second of one stream, each with its time of sending in it.
func (c *testCamera) flood(quit chan struct{}, rate int) {
	s := vp8Sender{packet: rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: 1}}}
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	began, sent := time.Now(), 0
	for {
		select {
		case <-quit:
			return
		case <-tick.C:
		}
		for due := int(time.Since(began).Seconds() * float64(rate)); sent < due; sent++ {
			s.packet.Timestamp += 90000 / uint32(rate)
			s.frame(benchPayload, c.layers[0].key.Swap(false) || sent == 0, func(p *rtp.Packet) {
				timeInto(p.Payload[len(p.Payload)-8:])
				_ = c.layers[0].track.WriteRTP(p)
			})
		}
	}
}

var benchClock = clock{began: time.Now()}

func timeInto(b []byte) {
	now := uint64(benchClock.now())
	for i := range b {
		b[i] = byte(now >> (8 * (7 - i)))
	}
}

// latencies gathers how long packets took from a page to another through the relay, in microseconds, sorted.
func latencies(pages []*testPage) []int64 {
	var all []int64
	for _, p := range pages {
		p.mu.Lock()
		for _, log := range p.got {
			all = append(all, log.delays...)
		}
		p.mu.Unlock()
	}
	slices.Sort(all)
	return all
}

// BenchmarkPath is the relay's own part of forwarding, without sealing and sending.
func BenchmarkPath(b *testing.B) {
	for _, sinks := range []int{1, 9, 49} {
		b.Run(fmt.Sprint(sinks), func(b *testing.B) {
			first, _ := loneSink(b)
			st := loneStream(first)
			out := &silence{}
			all := []*Sink{first}
			for range sinks - 1 {
				s, _ := loneSink(b)
				s.aim(st.source, wholeOf(st))
				st.source.attach(s)
				all = append(all, s)
			}
			for _, s := range all {
				ln := *s.lane.Load()
				ln.out = out
				s.lane.Store(&ln)
			}
			sender := vp8Sender{}
			sender.packet.Version, sender.packet.PayloadType = 2, 96
			var raw []byte
			sender.frame(benchPayload, true, func(p *rtp.Packet) { raw, _ = p.Marshal() })
			b.ResetTimer()
			for i := range b.N {
				raw[2], raw[3] = byte(i>>8), byte(i)
				st.receive(raw, micros(i)*millisecond)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(out.packets), "ns/forwarded")
		})
	}
}
