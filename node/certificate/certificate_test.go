package certificate

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var today = time.Now()

// write puts a new certificate for a host where --cert and --key would point, both in one file.
func write(t *testing.T, path, host string, changed time.Time) {
	t.Helper()
	text, err := makeSelfSigned([]string{host}, today)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path, changed, changed); err != nil {
		t.Fatal(err)
	}
}

func name(pair *tls.Certificate) string { return strings.Join(pair.Leaf.DNSNames, " ") }

func TestRenewedFilesAreShownWithoutARestart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "both.pem")
	write(t, path, "old.example", today)
	var log bytes.Buffer
	files, err := Open(path, path, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	write(t, path, "new.example", today.Add(time.Second))
	if got := name(files.at(files.looked.Add(recheck / 2))); got != "old.example" {
		t.Errorf("looked at the files again too soon: %s", got)
	}
	if got := name(files.at(files.looked.Add(recheck))); got != "new.example" {
		t.Errorf("still shows %s", got)
	}
	if err := os.WriteFile(path, []byte("half a file"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := name(files.at(files.looked.Add(recheck))); got != "new.example" || !strings.Contains(log.String(), "cannot be read again") {
		t.Errorf("broken files: shows %s and logs %q", got, &log)
	}
	write(t, path, "last.example", today.Add(2*time.Second))
	if got := name(files.at(files.looked.Add(recheck))); got != "last.example" {
		t.Errorf("does not recover from broken files: shows %s", got)
	}
}

func TestOpenSaysWhichFileIsWrong(t *testing.T) {
	folder := t.TempDir()
	_, err := Open(filepath.Join(folder, "nothing.pem"), filepath.Join(folder, "nothing.pem"), slog.Default())
	if err == nil || !strings.Contains(err.Error(), "nothing.pem") {
		t.Errorf("got %v", err)
	}
}

func TestSelfSignedIsKeptWhileItServes(t *testing.T) {
	folder := t.TempDir()
	hosts := []string{"localhost", "127.0.0.1", "::1", "my-machine"}
	serve := func(hosts []string, now time.Time) string {
		t.Helper()
		pair, err := SelfSigned(folder, hosts, now)
		if err != nil {
			t.Fatal(err)
		}
		return Fingerprint(pair)
	}
	first := serve(hosts, today)
	if again := serve(hosts[:2], today.Add(700*24*time.Hour)); again != first {
		t.Error("it was made anew although the old one serves")
	}
	moved := serve(append(hosts, "192.168.1.7"), today)
	if moved == first {
		t.Error("it was kept although the machine has an address that is not in it")
	}
	if late := serve(hosts, today.Add(selfSignedLife)); late == moved {
		t.Error("it was kept although it ends")
	}
	info, err := os.Stat(filepath.Join(folder, selfSignedFile))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("others can read the key: %v %v", info.Mode(), err)
	}
}

// A client that trusts just this certificate talks to a server that shows it.
func TestBrowsersCanUseSelfSigned(t *testing.T) {
	pair, err := SelfSigned(t.TempDir(), []string{"127.0.0.1"}, today)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "hello") }))
	server.TLS = &tls.Config{Certificates: []tls.Certificate{*pair}}
	server.StartTLS()
	defer server.Close()
	pool := x509.NewCertPool()
	pool.AddCert(pair.Leaf)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, DisableKeepAlives: true}}
	answer, err := client.Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if got := Fingerprint(&tls.Certificate{Leaf: answer.TLS.PeerCertificates[0]}); got != Fingerprint(pair) || len(got) != 95 {
		t.Errorf("the fingerprint is %s", got)
	}
}

func TestFits(t *testing.T) {
	pair, err := SelfSigned(t.TempDir(), []string{"meet.example", "10.0.0.1"}, today)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		host string
		now  time.Time
		want string
	}{
		{"meet.example", today, ""},
		{"10.0.0.1", today, ""},
		{"", today, ""},
		{"other.example", today, "it is not for other.example but for meet.example, 10.0.0.1"},
		{"meet.example", today.Add(-48 * time.Hour), "is this machine's clock right?"},
		{"meet.example", today.Add(selfSignedLife + time.Hour), "renew it"},
	} {
		err := Fits(pair, c.host, c.now)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s at %s: got %v, want %q", c.host, c.now.Format(time.DateOnly), err, c.want)
		}
	}
}
