package main

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"parley/webapp"
)

// patience is how long a test waits for what should take milliseconds; race-enabled builds on a busy machine
// take long.
const patience = 90 * time.Second

// folder holds the program while the tests run.
var folder string

// built is the program itself, made once.
var built = sync.OnceValues(func() (string, error) {
	path := filepath.Join(folder, "parley")
	out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return path, nil
})

func TestMain(m *testing.M) {
	var err error
	if folder, err = os.MkdirTemp("", "parley-test"); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		os.RemoveAll(folder)
		os.Exit(code)
	}))
}

// program prepares a run of the program in a world that has only these variables and a data folder of its own.
func program(t testing.TB, environ []string, args ...string) *exec.Cmd {
	t.Helper()
	path, err := built()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, args...)
	cmd.Env = append([]string{"HOME=" + t.TempDir()}, environ...)
	return cmd
}

// finish runs the program to its end.
func finish(t *testing.T, cmd *exec.Cmd) (code int, out, log string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	timer := time.AfterFunc(patience, func() { cmd.Process.Kill() })
	defer timer.Stop()
	if err := cmd.Run(); cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()
}

// running is a node that has said where to open it.
type running struct {
	cmd   *exec.Cmd
	lines []string // of its greeting, up to the one with the address
	site  string
	rest  *bufio.Reader
}

var address = regexp.MustCompile(`https?://[^ ]+`)

// start runs a node on a free port until the test ends.
func start(t testing.TB, args ...string) *running {
	t.Helper()
	cmd := program(t, nil, append([]string{"up", "--http", "127.0.0.1:0", "--rtc", "127.0.0.1:0", "--turn", "127.0.0.1:0"}, args...)...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	timer := time.AfterFunc(patience, func() { cmd.Process.Kill() })
	t.Cleanup(func() {
		timer.Stop()
		if cmd.ProcessState == nil {
			cmd.Process.Kill()
			cmd.Wait()
		}
	})
	r := &running{cmd: cmd, rest: bufio.NewReader(out)}
	line, err := r.rest.ReadString('\n')
	if err != nil {
		t.Fatalf("the node said nothing: %v", err)
	}
	r.lines = append(r.lines, strings.TrimSpace(line))
	r.site = strings.TrimSpace(address.FindString(line))
	return r
}

// stop sends a signal and gives the exit code.
func (r *running) stop(t *testing.T, sig os.Signal) int {
	t.Helper()
	if err := r.cmd.Process.Signal(sig); err != nil {
		t.Fatal(err)
	}
	r.cmd.Wait()
	return r.cmd.ProcessState.ExitCode()
}

func TestWrongCommandsAndSettingsExitWith2(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"serve"}, `there is no command "serve"`},
		{[]string{"up", "--nonsense"}, "there is no setting --nonsense"},
		{[]string{"up", "--http", "99999"}, "has no port between 0 and 65535"},
		{[]string{"up", "--mesh-max", "-1"}, "must lie between 0 and 99"},
		{[]string{"up", "--cert", "/nowhere/a.pem", "--key", "/nowhere/b.pem"}, "/nowhere/a.pem"},
		{[]string{"check", "extra"}, `"extra" is not understood`},
	} {
		code, out, log := finish(t, program(t, nil, c.args...))
		if code != 2 || out != "" || strings.Count(log, "\n") != 1 || !strings.Contains(log, c.want) {
			t.Errorf("parley %v: exit code %d, out %q, log %q", c.args, code, out, log)
		}
	}
}

func TestHelpAndVersion(t *testing.T) {
	for _, args := range [][]string{nil, {"help"}, {"--help"}, {"up", "--help"}, {"check", "-h"}} {
		code, out, log := finish(t, program(t, nil, args...))
		if code != 0 || log != "" || !strings.Contains(out, "parley up") || !strings.Contains(out, "--mesh-max") {
			t.Errorf("parley %v: exit code %d, out %q, log %q", args, code, out, log)
		}
	}
	code, out, _ := finish(t, program(t, nil, "version"))
	if code != 0 || !strings.HasPrefix(out, "parley ") || !strings.Contains(out, "protocol ") {
		t.Errorf("parley version: exit code %d, %q", code, out)
	}
}

func TestPrintConfigShowsWhatIsInForceAndWhy(t *testing.T) {
	file := filepath.Join(t.TempDir(), "parley.conf")
	if err := os.WriteFile(file, []byte("mesh-max = 1\nmax-people = 11\ngone-after = 10s\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	environ := []string{"PARLEY_CONFIG=" + file, "PARLEY_MESH_MAX=2", "PARLEY_MAX_PEOPLE=22"}
	code, out, log := finish(t, program(t, environ, "up", "--mesh-max", "3", "--print-config"))
	if code != 0 || log != "" {
		t.Fatalf("exit code %d, log %q", code, log)
	}
	for name, want := range map[string]string{
		"mesh-max": "3 # --mesh-max", "max-people": "22 # PARLEY_MAX_PEOPLE", "gone-after": "10s # " + file, "rtc": ":7881 # default",
	} {
		line := regexp.MustCompile(`(?m)^` + name + ` .*$`).FindString(out)
		if got := strings.Join(strings.Fields(line), " "); got != name+" = "+want {
			t.Errorf("got %q, want %s = %s", got, name, want)
		}
	}
}

func TestTakenPortExitsWith1(t *testing.T) {
	other, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	taken := other.Addr().String()
	for setting, args := range map[string][]string{
		"--http": {"up", "--http", taken},
		"--rtc":  {"up", "--http", "127.0.0.1:0", "--turn", "127.0.0.1:0", "--rtc", taken},
	} {
		code, out, log := finish(t, program(t, nil, args...))
		if code != 1 || out != "" || strings.Count(log, "\n") != 1 || !strings.Contains(log, "choose another port with "+setting) {
			t.Errorf("%v: exit code %d, out %q, log %q", args, code, out, log)
		}
	}
}

func TestKeyThatOthersCanReadExitsWith1(t *testing.T) {
	data := t.TempDir()
	if err := os.WriteFile(filepath.Join(data, "node.key"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	code, _, log := finish(t, program(t, nil, "up", "--http", "127.0.0.1:0", "--data", data))
	if code != 1 || strings.Count(log, "\n") != 1 || !strings.Contains(log, "run chmod 600") {
		t.Errorf("exit code %d, log %q", code, log)
	}
}

func TestNodeServesUntilItIsToldToStop(t *testing.T) {
	for _, sig := range []os.Signal{syscall.SIGTERM, syscall.SIGINT} {
		r := start(t)
		if _, built := webapp.Files(); built && !strings.HasPrefix(r.lines[0], "Parley is ready: open http://127.0.0.1:") {
			t.Errorf("it greets with %q", r.lines[0])
		}
		page := dial{site: r.site}
		if err := page.healthy(); err != nil {
			t.Error(err)
		}
		if err := page.talk(); err != nil {
			t.Error(err)
		}
		_, ready := webapp.Files()
		if err := page.ready(); (err == nil) != ready {
			t.Errorf("the web app is built: %v, and /readyz says %v", ready, err)
		}
		for path, want := range map[string]string{"/": "<!doctype html>", "/metrics": "parley_dials_total 1"} {
			if status, text, err := page.get(path); status != 200 || err != nil || path == "/" && !strings.Contains(strings.ToLower(text), want) {
				t.Errorf("%s: status %d, %v", path, status, err)
			}
		}
		if code := r.stop(t, sig); code != 0 {
			t.Errorf("after %s the exit code is %d", sig, code)
		}
		if page.healthy() == nil {
			t.Error("it still answers")
		}
	}
}

func TestSelfSignedSaysItsFingerprint(t *testing.T) {
	r := start(t, "--self-signed")
	if !strings.HasPrefix(r.site, "https://127.0.0.1:") {
		t.Fatalf("it greets with %q", r.lines)
	}
	conn, err := tls.Dial("tcp", strings.TrimPrefix(r.site, "https://"), &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	leaf := conn.ConnectionState().PeerCertificates[0]
	if err := leaf.VerifyHostname("127.0.0.1"); err != nil {
		t.Error(err)
	}
	want := strings.ReplaceAll(fmt.Sprintf("% X", sha256.Sum256(leaf.Raw)), " ", ":")
	for said := ""; strings.TrimSpace(said) != want; {
		if said, err = r.rest.ReadString('\n'); err != nil {
			t.Fatalf("it never says %s: %v", want, err)
		}
	}
}

func TestCheck(t *testing.T) {
	r := start(t)
	foreign := &http.Server{Handler: http.NotFoundHandler()}
	other, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan struct{})
	go func() { foreign.Serve(other); close(served) }()
	defer func() { foreign.Close(); <-served }()
	own := strings.TrimPrefix(r.site, "http://")
	data := t.TempDir()
	if err := os.WriteFile(filepath.Join(data, "node.key"), []byte("not a key"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, isBuilt := webapp.Files()
	for name, c := range map[string]struct {
		args []string
		fine bool
		want string
	}{
		"free port":        {[]string{"--http", "127.0.0.1:0"}, isBuilt, "is free for the web page"},
		"running node":     {[]string{"--http", own}, isBuilt, "a page can talk to it"},
		"running, by name": {[]string{"--http", own, "--url", r.site}, isBuilt, "leads to a node"},
		"media port":       {[]string{"--http", "127.0.0.1:0", "--rtc", other.Addr().String()}, false, "choose another port with --rtc"},
		"foreign program":  {[]string{"--http", other.Addr().String()}, false, "is taken by another program"},
		"wrong name":       {[]string{"--http", own, "--url", "http://" + other.Addr().String()}, false, "does not lead to this node"},
		"broken key":       {[]string{"--http", "127.0.0.1:0", "--data", data}, false, "is not an ed25519 key"},
		"no folder":        {[]string{"--http", "127.0.0.1:0", "--data", "/dev/null"}, false, "is not a folder"},
	} {
		code, out, log := finish(t, program(t, nil, append([]string{"check", "--rtc", "127.0.0.1:0"}, c.args...)...))
		if (code == 0) != c.fine || code > 1 || log != "" || !strings.Contains(out, c.want) {
			t.Errorf("%s: exit code %d, log %q, out:\n%s", name, code, log, out)
		}
		if c.fine != !strings.Contains(out, "WRONG") {
			t.Errorf("%s: exit code %d does not go with\n%s", name, code, out)
		}
	}
}
