package relay

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"testing"
)

// remoteSign in the environment makes the test binary a relay, so that a benchmark can tell the
// relay's CPU from that of its pages.
const remoteSign = "PARLEY_TEST_RELAY"

// remoteRelay is a relay in a process of its own.
type remoteRelay struct {
	t       testing.TB
	address string
	client  http.Client
}

// remoteFigures is what a remote relay measures of itself.
type remoteFigures struct {
	CPU     float64 // seconds
	Memory  float64 // bytes in use after a collection
	Packets uint64  // forwarded
}

type noNotify struct{}

func (noNotify) Connected()    {}
func (noNotify) Closed(string) {}

// serveRemote is the main function of the relay's process; it ends when its standard input does.
func serveRemote() {
	r, err := New(Config{Listen: "127.0.0.1:0", Limits: Limits{StartKbps: 30000, VideoKbps: 100000}, Log: discard})
	if err != nil {
		panic(err)
	}
	var mu sync.Mutex
	ports := map[string]*Port{}
	mux := http.NewServeMux()
	mux.HandleFunc("/offer", func(w http.ResponseWriter, q *http.Request) {
		member, again := q.URL.Query().Get("member"), q.URL.Query().Get("again") != ""
		body, err := io.ReadAll(q.Body)
		answer := ""
		mu.Lock()
		defer mu.Unlock()
		switch {
		case err != nil:
		case again:
			answer, err = ports[member].Offer(string(body))
		default:
			ports[member], answer, err = r.Room("room").Open(member, member, string(body), noNotify{})
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		_, _ = io.WriteString(w, answer)
	})
	mux.HandleFunc("/figures", func(w http.ResponseWriter, q *http.Request) {
		var m runtime.MemStats
		if q.URL.Query().Get("memory") != "" {
			runtime.GC()
			runtime.ReadMemStats(&m)
		}
		_ = json.NewEncoder(w).Encode(remoteFigures{cpuTime().Seconds(), float64(m.HeapAlloc + m.StackInuse), r.stats.PacketsOut.Load()})
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(l.Addr())
	go func() { _ = http.Serve(l, mux) }()
	_, _ = io.Copy(io.Discard, os.Stdin)
}

func startRemote(t testing.TB) *remoteRelay {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), remoteSign+"=1")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	r := &remoteRelay{t: t}
	t.Cleanup(func() {
		r.client.CloseIdleConnections()
		_ = in.Close()
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	r.address = "http://" + strings.TrimSpace(line)
	return r
}

func (r *remoteRelay) offer(member, sdp string, again bool) (string, error) {
	url := r.address + "/offer?member=" + member
	if again {
		url += "&again=1"
	}
	res, err := r.client.Post(url, "application/sdp", strings.NewReader(sdp))
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("remote relay: %s", b)
	}
	return string(b), err
}

func (r *remoteRelay) figures(query string) (f remoteFigures) {
	res, err := r.client.Get(r.address + "/figures" + query)
	if err != nil {
		r.t.Fatal(err)
	}
	defer res.Body.Close()
	if err := json.NewDecoder(res.Body).Decode(&f); err != nil {
		r.t.Fatal(err)
	}
	return f
}

// measure collects garbage first; poll only counts.
func (r *remoteRelay) measure() remoteFigures { return r.figures("?memory=1") }
func (r *remoteRelay) poll() uint64           { return r.figures("").Packets }
