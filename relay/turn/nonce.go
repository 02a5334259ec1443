package turn

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"net/netip"
	"time"
)

const (
	nonceLife  = 30 * time.Minute // RFC 8656 section 5 wants a new one at least every hour
	nonceTime  = 4                // bytes: seconds since 1970
	nonceProof = 8                // bytes of HMAC-SHA256; guessing is online only, and rate-limited
	nonceText  = 16               // characters. Longer ones make answers to strangers larger than 1.5 times what they sent
)

// nonces are proof that a client was given an answer at its address, lately: they hold the time and a seal over
// it and the address, so that the server remembers nothing about strangers.
type nonces struct{ key [32]byte }

func newNonces() *nonces {
	n := &nonces{}
	rand.Read(n.key[:]) // never fails
	return n
}

// issue makes a nonce for a client's address.
func (n *nonces) issue(now time.Time, client netip.AddrPort) string {
	return n.seal(uint32(now.Unix()), client)
}

// fresh tells whether a nonce was issued to this client and has not expired.
func (n *nonces) fresh(now time.Time, nonce string, client netip.AddrPort) bool {
	raw, err := base64.RawURLEncoding.DecodeString(nonce)
	if err != nil || len(nonce) != nonceText {
		return false
	}
	at := binary.BigEndian.Uint32(raw)
	age := now.Unix() - int64(at)
	return age >= 0 && age < int64(nonceLife/time.Second) && hmac.Equal([]byte(nonce), []byte(n.seal(at, client)))
}

func (n *nonces) seal(at uint32, client netip.AddrPort) string {
	sum := hmac.New(sha256.New, n.key[:])
	raw := binary.BigEndian.AppendUint32(nil, at)
	address := client.Addr().As16()
	sum.Write(binary.BigEndian.AppendUint16(append(raw, address[:]...), client.Port()))
	return base64.RawURLEncoding.EncodeToString(sum.Sum(raw)[:nonceTime+nonceProof])
}
