package bridge

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"parley/bridge/signal"
)

var quiet = slog.New(slog.DiscardHandler)

func makePair(t *testing.T, name string) (certFile, keyFile string) {
	t.Helper()
	dir := t.TempDir()
	certFile, keyFile = filepath.Join(dir, "a.crt"), filepath.Join(dir, "a.key")
	if err := writeSelfSigned(certFile, keyFile, []string{name}); err != nil {
		t.Fatal(err)
	}
	return certFile, keyFile
}

func TestCertificateErrorsSayWhatToDo(t *testing.T) {
	cert, key := makePair(t, "a.example")
	_, otherKey := makePair(t, "b.example")
	garbage := filepath.Join(t.TempDir(), "garbage.pem")
	locked := filepath.Join(t.TempDir(), "locked.pem")
	for name, text := range map[string]string{garbage: "hello", locked: "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n"} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct{ cert, key, want string }{
		{cert, otherKey, "the key in " + otherKey + " does not belong to the certificate in " + cert},
		{cert, key + "x", "there is no key file " + key + "x"},
		{cert + "x", key, "there is no certificate file " + cert + "x"},
		{filepath.Dir(cert), key, "the certificate file cannot be read"},
		{garbage, key, garbage + " and " + key + " are not a certificate and its key in PEM"},
		{cert, locked, "the key in " + locked + " has a password: give one without"},
	}
	for _, tt := range tests {
		if _, err := LoadCertificate(tt.cert, tt.key, quiet); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("got %v, want %s", err, tt.want)
		}
	}
}

// serveTLS serves until the test ends, as a node would.
func serveTLS(t *testing.T, d *door, c *Certificate) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: d.Bridge, TLSConfig: c.TLS(), ErrorLog: slog.NewLogLogger(quiet.Handler(), slog.LevelInfo)}
	done := make(chan error, 1)
	go func() { done <- server.ServeTLS(l, "", "") }()
	t.Cleanup(func() {
		_ = server.Close()
		<-done
	})
	return l.Addr().String()
}

// shown is the certificate that a server shows in a handshake of real sockets.
func shown(t *testing.T, addr string) *x509.Certificate {
	t.Helper()
	conn, err := tls.Dial("tcp", addr, &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	return conn.ConnectionState().PeerCertificates[0]
}

func TestCertificateIsReloaded(t *testing.T) {
	cert, key := makePair(t, "a.example")
	newCert, newKey := makePair(t, "b.example")
	var log bytes.Buffer
	c, err := LoadCertificate(cert, key, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	c.every = 0
	server := serveTLS(t, openDoor(t, nil), c)
	move := func(from, to string, at time.Time) {
		text, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(to, at, at); err != nil { // file systems with coarse times would hide the change
			t.Fatal(err)
		}
	}
	if got := shown(t, server).DNSNames[0]; got != "a.example" {
		t.Fatalf("shows %s", got)
	}
	before := c.Fingerprint()
	move(newCert, cert, time.Now().Add(time.Minute))
	if got := shown(t, server).DNSNames[0]; got != "a.example" {
		t.Errorf("with half of a new pair it shows %s", got)
	}
	shown(t, server)
	if strings.Count(log.String(), "does not belong") != 1 {
		t.Errorf("half of a pair must be logged once: %s", log.String())
	}
	move(newKey, key, time.Now().Add(time.Minute))
	leaf := shown(t, server)
	if leaf.DNSNames[0] != "b.example" {
		t.Errorf("with a new pair it shows %v", leaf.DNSNames)
	}
	sum := sha256.Sum256(leaf.Raw)
	if got := c.Fingerprint(); got == before || strings.ToLower(strings.ReplaceAll(got, ":", "")) != fmt.Sprintf("%x", sum) {
		t.Errorf("fingerprint %s", got)
	}
	if err := os.Remove(cert); err != nil {
		t.Fatal(err)
	}
	if got := shown(t, server).DNSNames[0]; got != "b.example" {
		t.Errorf("without its file it shows %s", got)
	}
}

func TestSelfSignedStays(t *testing.T) {
	dir := t.TempDir()
	first, err := SelfSigned(dir, []string{"call.example", "192.0.2.7"}, quiet)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"localhost", "127.0.0.1", "call.example", "192.0.2.7"} {
		if err := first.current().Leaf.VerifyHostname(name); err != nil {
			t.Error(err)
		}
	}
	if len(first.Fingerprint()) != 32*3-1 || strings.Trim(first.Fingerprint(), "0123456789ABCDEF:") != "" {
		t.Errorf("fingerprint %s", first.Fingerprint())
	}
	if d := time.Until(first.Expires()); d > 825*24*time.Hour || d < 800*24*time.Hour {
		t.Errorf("is valid for %v", d)
	}
	if info, err := os.Stat(filepath.Join(dir, selfKeyFile)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("key file %v %v", info.Mode(), err)
	}
	again, err := SelfSigned(dir, []string{"call.example"}, quiet)
	if err != nil || again.Fingerprint() != first.Fingerprint() {
		t.Errorf("another certificate after a restart: %v", err)
	}
	other, err := SelfSigned(dir, []string{"other.example"}, quiet)
	if err != nil || other.Fingerprint() == first.Fingerprint() || other.current().Leaf.VerifyHostname("other.example") != nil {
		t.Errorf("no new certificate for a new name: %v", err)
	}
	if _, err := SelfSigned(filepath.Join(dir, "gone"), nil, quiet); err == nil {
		t.Error("a certificate was made in a folder that is not there")
	}
}

// Faults and the end of a connection arrive over TLS as they do without.
func TestSignalOverTLS(t *testing.T) {
	dir := t.TempDir()
	c, err := SelfSigned(dir, nil, quiet)
	if err != nil {
		t.Fatal(err)
	}
	d := openDoor(t, func(c *Config) { c.Timing.Linger = time.Minute })
	server := serveTLS(t, d, c)
	roots := x509.NewCertPool()
	roots.AddCert(c.current().Leaf)
	dialer := websocket.Dialer{TLSClientConfig: &tls.Config{RootCAs: roots}}
	ws, _, err := dialer.Dial("wss://"+server+"/signal", nil)
	if err != nil {
		t.Fatal(err)
	}
	p := newPage(t, ws)
	p.say(newHello("room", "Ann"))
	wants[signal.Welcome](p)
	g := receive(t, d.house.guests)
	p.alive()
	g.Conn.Cut(signal.Faulty(signal.CodeReplaced, "A newer page came."))
	p.wantsFault(signal.CodeReplaced, true)
	eventually(t, "the connection is forgotten", func() bool { return d.Stats().Open.Load() == 0 })
}
