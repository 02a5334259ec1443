package certificate

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// A self-signed certificate is kept, because browsers that were told to accept it ask again about another one.
// Apple's devices refuse any that holds for more than 825 days.
const (
	selfSignedFile = "self-signed.pem"
	selfSignedLife = 800 * 24 * time.Hour
	selfSignedLeft = 60 * 24 * time.Hour // with less than this to go, a start makes a new one
)

var errStale = errors.New("it is not for these names, or about to end")

// SelfSigned is a certificate for the given host names and addresses that nobody vouches for. It is kept in the
// data folder, and made anew only if the kept one lacks one of the hosts or is about to end.
func SelfSigned(folder string, hosts []string, now time.Time) (*tls.Certificate, error) {
	path := filepath.Join(folder, selfSignedFile)
	if kept, err := readSelfSigned(path, hosts, now); err == nil {
		return kept, nil
	}
	text, err := makeSelfSigned(hosts, now)
	if err != nil {
		return nil, fmt.Errorf("certificate: make: %w", err)
	}
	if err := replace(path, text); err != nil {
		return nil, fmt.Errorf("certificate: keep: %w", err)
	}
	made, err := readSelfSigned(path, hosts, now)
	if err != nil {
		return nil, fmt.Errorf("certificate: read: %w", err)
	}
	return made, nil
}

func readSelfSigned(path string, hosts []string, now time.Time) (*tls.Certificate, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	pair, err := tls.X509KeyPair(text, text)
	if err != nil {
		return nil, err
	}
	if now.Before(pair.Leaf.NotBefore) || now.Add(selfSignedLeft).After(pair.Leaf.NotAfter) {
		return nil, errStale
	}
	for _, host := range hosts {
		if pair.Leaf.VerifyHostname(host) != nil {
			return nil, errStale
		}
	}
	return &pair, nil
}

// makeSelfSigned writes certificate and key into one PEM text. ECDSA on P-256 is what every browser takes.
func makeSelfSigned(hosts []string, now time.Time) ([]byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, err
	}
	form := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: "Parley"},
		// A phone's clock may be a little behind this machine's.
		NotBefore:             now.Add(-24 * time.Hour),
		NotAfter:              now.Add(selfSignedLife),
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
	}
	for _, host := range hosts {
		if ip := net.ParseIP(host); ip != nil {
			form.IPAddresses = append(form.IPAddresses, ip)
		} else {
			form.DNSNames = append(form.DNSNames, host)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, form, form, key.Public(), key)
	if err != nil {
		return nil, err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	var text bytes.Buffer
	err = pem.Encode(&text, &pem.Block{Type: "CERTIFICATE", Bytes: der})
	if err == nil {
		err = pem.Encode(&text, &pem.Block{Type: "PRIVATE KEY", Bytes: secret})
	}
	return text.Bytes(), err
}

// replace writes a file that only this user can read, whole or not at all.
func replace(path string, content []byte) error {
	draft, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(draft.Name())
	_, err = draft.Write(content)
	if closed := draft.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return err
	}
	return os.Rename(draft.Name(), path)
}
