package main

import (
	"flag"
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"

	"parley/node/config"
)

// Whoever stops a node leaves no goroutine behind (TestMain looks), and pages hear that they should dial again.
func TestStopTellsPagesToDialAgain(t *testing.T) {
	cfg, err := config.Load(flag.NewFlagSet("up", flag.ContinueOnError), []string{"--http", "127.0.0.1:0", "--rtc", "127.0.0.1:0", "--turn", "127.0.0.1:0", "--data", t.TempDir()},
		func(string) (string, bool) { return "", false })
	if err != nil {
		t.Fatal(err)
	}
	n, err := build(cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- n.serve() }()
	page := dial{site: local(cfg, n.listener.Addr().(*net.TCPAddr).Port)}
	socket, err := page.socket()
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	if err := page.healthy(); err != nil {
		t.Error(err)
	}
	n.stop()
	if err := <-ended; err != nil {
		t.Errorf("serving ended with %v", err)
	}
	frames, err := io.ReadAll(socket)
	if !strings.Contains(string(frames), `"restarting"`) {
		t.Errorf("the page heard %q, %v", frames, err)
	}
	for _, need := range n.needs() {
		if need() == "the node is stopping" {
			return
		}
	}
	t.Error("it says it is ready although it is stopping")
}

func TestPlaceIsWhatAPersonWouldType(t *testing.T) {
	for _, c := range []struct {
		args string
		want string
	}{
		{"", "http://localhost:8080"},
		{"--http 80", "http://localhost"},
		{"--http [::]:443 --self-signed", "https://localhost"},
		{"--http [::1]:80", "http://[::1]"},
		{"--http 192.168.1.7:8080", "http://192.168.1.7:8080"},
		{"--http meet.example:8080", "http://meet.example:8080"},
		{"--url https://meet.example", "https://meet.example"},
	} {
		args := append(strings.Fields(c.args), "--data", t.TempDir())
		cfg, err := config.Load(flag.NewFlagSet("up", flag.ContinueOnError), args, func(string) (string, bool) { return "", false })
		if err != nil {
			t.Fatal(err)
		}
		if got := place(cfg, int(cfg.HTTP.Port)); got != c.want {
			t.Errorf("%s: got %s, want %s", c.args, got, c.want)
		}
	}
}
