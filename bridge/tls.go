package bridge

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"
)

// Certificate is what a node shows browsers, read from two PEM files. When these change, the next
// handshake shows the new one; a pair that does not fit is logged and the old one stays. It is safe
// for use by many goroutines.
type Certificate struct {
	certFile, keyFile string
	log               *slog.Logger
	every             time.Duration // between looks at the files

	mu     sync.Mutex // guards what follows
	pair   *tls.Certificate
	seen   [2]stamp
	looked time.Time
}

// stamp tells whether a file is another one than before.
type stamp struct {
	changed time.Time
	size    int64
}

// LoadCertificate reads a certificate (with the chain above it) and its key. Errors are one sentence
// that says what to change.
func LoadCertificate(certFile, keyFile string, log *slog.Logger) (*Certificate, error) {
	c := &Certificate{certFile: certFile, keyFile: keyFile, log: log, every: time.Second}
	c.seen = c.look()
	pair, err := readPair(certFile, keyFile)
	if err != nil {
		return nil, fmt.Errorf("bridge: load certificate: %w", err)
	}
	c.pair = pair
	return c, nil
}

// TLS is the setting for a server that shows this certificate.
func (c *Certificate) TLS() *tls.Config {
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		NextProtos:     []string{"h2", "http/1.1"}, // a WebSocket gets a connection of its own in HTTP/1.1
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.current(), nil },
	}
}

// Fingerprint is the SHA-256 of the certificate that is shown now, in the form in which browsers
// show it.
func (c *Certificate) Fingerprint() string {
	sum := sha256.Sum256(c.current().Leaf.Raw)
	return strings.ReplaceAll(fmt.Sprintf("% X", sum), " ", ":")
}

// Expires tells until when the certificate that is shown now is valid.
func (c *Certificate) Expires() time.Time { return c.current().Leaf.NotAfter }

// current looks at the files once in a while, and reads them when they have changed.
func (c *Certificate) current() *tls.Certificate {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	if now.Sub(c.looked) < c.every {
		return c.pair
	}
	c.looked = now
	seen := c.look()
	if seen == c.seen {
		return c.pair
	}
	c.seen = seen
	pair, err := readPair(c.certFile, c.keyFile)
	if err != nil { // one of two files may have been written so far: the next change is looked at again
		c.log.Warn("the changed certificate is not used", "error", err)
		return c.pair
	}
	c.pair = pair
	c.log.Info("the certificate was changed", "expires", pair.Leaf.NotAfter)
	return c.pair
}

func (c *Certificate) look() [2]stamp {
	var out [2]stamp
	for i, name := range []string{c.certFile, c.keyFile} {
		if info, err := os.Stat(name); err == nil {
			out[i] = stamp{info.ModTime(), info.Size()}
		}
	}
	return out
}

func readPair(certFile, keyFile string) (*tls.Certificate, error) {
	certPEM, err := readPEM("certificate", certFile)
	if err != nil {
		return nil, err
	}
	keyPEM, err := readPEM("key", keyFile)
	if err != nil {
		return nil, err
	}
	pair, err := tls.X509KeyPair(certPEM, keyPEM)
	switch {
	case err == nil:
	case strings.Contains(err.Error(), "does not match"):
		return nil, fmt.Errorf("the key in %s does not belong to the certificate in %s", keyFile, certFile)
	case strings.Contains(string(keyPEM), "ENCRYPTED"):
		return nil, fmt.Errorf("the key in %s has a password: give one without", keyFile)
	default:
		return nil, fmt.Errorf("%s and %s are not a certificate and its key in PEM: %w", certFile, keyFile, err)
	}
	if pair.Leaf == nil { // only with GODEBUG x509keypairleaf=0
		if pair.Leaf, err = x509.ParseCertificate(pair.Certificate[0]); err != nil {
			return nil, fmt.Errorf("the certificate in %s cannot be read: %w", certFile, err)
		}
	}
	if time.Now().After(pair.Leaf.NotAfter) {
		return nil, fmt.Errorf("the certificate in %s was valid until %s only", certFile, pair.Leaf.NotAfter.Format(time.DateOnly))
	}
	return &pair, nil
}

func readPEM(what, name string) ([]byte, error) {
	text, err := os.ReadFile(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("there is no %s file %s", what, name)
	case errors.Is(err, fs.ErrPermission):
		return nil, fmt.Errorf("the %s file %s may not be read by this user", what, name)
	case err != nil:
		return nil, fmt.Errorf("the %s file cannot be read: %w", what, err)
	}
	return text, nil
}
