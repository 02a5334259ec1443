// Package certificate is what a node shows browsers so that they speak https with it.
//
// In: two files of the host's, or nothing but a data folder. Out: the certificate for a TLS handshake, always
// the newest one, and its fingerprint.
//
// Read in this order: certificate.go (the host's files), selfsigned.go (one of the node's own making).
package certificate

import (
	"crypto/sha256"
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"
)

// recheck is how long a certificate is shown before its files are looked at again. Files are replaced every
// few weeks, so this only has to be shorter than anyone's patience.
const recheck = 5 * time.Second

// Files is a certificate and its key on disk. It is read again when one of the two files has changed, so that
// a renewed certificate needs no restart.
type Files struct {
	cert, key string
	log       *slog.Logger

	mu      sync.Mutex // guards what follows; held while the files are read, at most once per recheck
	current *tls.Certificate
	seen    stamp
	looked  time.Time
}

// stamp tells one state of the two files from the next.
type stamp struct {
	certTime, keyTime time.Time
	certSize, keySize int64
}

// Open reads a certificate chain and its private key, both in PEM form.
func Open(cert, key string, log *slog.Logger) (*Files, error) {
	f := &Files{cert: cert, key: key, log: log}
	if err := f.read(); err != nil {
		return nil, fmt.Errorf("certificate: open: %w", err)
	}
	f.looked = time.Now()
	return f, nil
}

// Certificate is what tls.Config.GetCertificate wants. Files that have become unreadable, or do not fit
// together because only one of them has been replaced yet, change nothing: the last good pair is shown.
func (f *Files) Certificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	return f.at(time.Now()), nil
}

func (f *Files) at(now time.Time) *tls.Certificate {
	f.mu.Lock()
	defer f.mu.Unlock()
	if now.Sub(f.looked) >= recheck {
		f.looked = now
		if err := f.read(); err != nil {
			f.log.Warn("certificate cannot be read again; the last good one is shown", "err", err)
		}
	}
	return f.current
}

// read loads the pair if it is not the one that is loaded.
func (f *Files) read() error {
	cert, err := os.Stat(f.cert)
	if err != nil {
		return err
	}
	key, err := os.Stat(f.key)
	if err != nil {
		return err
	}
	now := stamp{cert.ModTime(), key.ModTime(), cert.Size(), key.Size()}
	if f.current != nil && now == f.seen {
		return nil
	}
	pair, err := tls.LoadX509KeyPair(f.cert, f.key)
	if err != nil {
		return fmt.Errorf("%s and %s: %w", f.cert, f.key, err)
	}
	f.current, f.seen = &pair, now
	return nil
}

// Fits tells what a browser that opens host would find wrong with a certificate at a time, in words to act
// on. It is nil if there is nothing. Who issued it is not looked at: that is the browser's to trust.
func Fits(pair *tls.Certificate, host string, now time.Time) error {
	leaf := pair.Leaf
	switch {
	case now.Before(leaf.NotBefore):
		return fmt.Errorf("certificate: it becomes valid only at %s: is this machine's clock right?", leaf.NotBefore.Format(time.DateTime))
	case now.After(leaf.NotAfter):
		return fmt.Errorf("certificate: it ended at %s: renew it", leaf.NotAfter.Format(time.DateTime))
	}
	if host != "" && leaf.VerifyHostname(host) != nil {
		names := leaf.DNSNames
		for _, ip := range leaf.IPAddresses {
			names = append(names, ip.String())
		}
		return fmt.Errorf("certificate: it is not for %s but for %s: get one for that name, or change --url", host, strings.Join(names, ", "))
	}
	return nil
}

// Fingerprint is the SHA-256 of a certificate in the form that browsers show.
func Fingerprint(pair *tls.Certificate) string {
	sum := sha256.Sum256(pair.Leaf.Raw)
	return strings.ReplaceAll(fmt.Sprintf("% X", sum), " ", ":")
}
