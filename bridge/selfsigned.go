package bridge

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Files of the self-signed certificate in the data folder.
const (
	selfCertFile = "self-signed.crt"
	selfKeyFile  = "self-signed.key"
)

const (
	selfLife  = 820 * 24 * time.Hour // Apple's devices take no more than 825 days
	selfSpare = 7 * 24 * time.Hour   // a new one is made when less is left
)

// SelfSigned is a certificate that this node signs itself, for the names and addresses of its host
// and for those given (of the public URL). It is kept in the folder, so that its fingerprint stays,
// until it is about to expire or lacks one of the names given.
func SelfSigned(folder string, names []string, log *slog.Logger) (*Certificate, error) {
	certFile, keyFile := filepath.Join(folder, selfCertFile), filepath.Join(folder, selfKeyFile)
	if kept, err := LoadCertificate(certFile, keyFile, log); err == nil && serves(kept.pair.Leaf, names) {
		return kept, nil
	}
	if err := writeSelfSigned(certFile, keyFile, append(hostNames(), names...)); err != nil {
		return nil, fmt.Errorf("bridge: make certificate: %w", err)
	}
	return LoadCertificate(certFile, keyFile, log)
}

func serves(leaf *x509.Certificate, names []string) bool {
	for _, name := range names {
		if leaf.VerifyHostname(name) != nil {
			return false
		}
	}
	return time.Until(leaf.NotAfter) > selfSpare
}

func writeSelfSigned(certFile, keyFile string, names []string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return err
	}
	now := time.Now()
	template := x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{Organization: []string{"Parley"}, CommonName: "Parley self-signed"},
		NotBefore:    now.Add(-time.Hour), // a phone's clock may be behind
		NotAfter:     now.Add(selfLife),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, name := range names {
		if ip := net.ParseIP(name); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, name)
		}
	}
	cert, err := x509.CreateCertificate(rand.Reader, &template, &template, key.Public(), key)
	if err != nil {
		return err
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	if err := writePEM(keyFile, "PRIVATE KEY", keyDER, 0o600); err != nil {
		return err
	}
	return writePEM(certFile, "CERTIFICATE", cert, 0o644)
}

func writePEM(name, kind string, der []byte, mode os.FileMode) error {
	var text bytes.Buffer
	_ = pem.Encode(&text, &pem.Block{Type: kind, Bytes: der}) // into memory
	// Beside it and renamed, so that nobody ever reads half a file, or a key under looser permissions.
	draft := name + ".new"
	_ = os.Remove(draft) // of an earlier try; a file that stays shows in the next line
	f, err := os.OpenFile(draft, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	if _, err := f.Write(text.Bytes()); err != nil {
		_ = f.Close()
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(draft, name)
}

// hostNames is by which names and addresses a browser may reach this host.
func hostNames() []string {
	names := []string{"localhost"}
	host, err := os.Hostname()
	plain := strings.Trim(strings.ToLower(host), "abcdefghijklmnopqrstuvwxyz0123456789-.") == "" // all that DNS allows
	if err == nil && plain && host != "" && host != "localhost" {
		names = append(names, host)
		if !strings.Contains(host, ".") {
			names = append(names, host+".local") // as mDNS calls it
		}
	}
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return append(names, "127.0.0.1", "::1")
	}
	for _, a := range addrs {
		if n, ok := a.(*net.IPNet); ok && !n.IP.IsLinkLocalUnicast() {
			names = append(names, n.IP.String())
		}
	}
	return names
}
