package bridge

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"parley/bridge/signal"
)

// Pass brings a person back into a room as the same person. The page keeps it and cannot change it:
// it is signed. It is not encrypted: whoever holds a pass or a snapshot can read all that is in it,
// the room's lock too, which is why that is a slow hash and never the password.
type Pass struct {
	Room   signal.RoomName `json:"room"` // normalised
	Peer   signal.PeerID   `json:"peer"`
	Name   string          `json:"name"`
	Lock   string          `json:"lock,omitempty"` // that its bearer was admitted against
	Issued int64           `json:"issued"`         // milliseconds since 1970; set by [Signer.Pass]
}

// Each kind of token is signed under its own heading, so that one never serves as the other.
const (
	passHeading     = "parley pass 1"
	snapshotHeading = "parley snapshot 1"
)

// A pass is made anew with every welcome, so one that is older than this belongs to a call long over.
const passLife = 30 * 24 * time.Hour

var errToken = errors.New("not signed by this node")

// Signer makes and checks passes and sealed snapshots. Both are `node.body.signature`: the node's id
// as it is, body and signature in base64url; the signature covers the kind of token, node and body.
// It is safe for use by many goroutines.
type Signer struct {
	node signal.NodeID
	key  ed25519.PrivateKey
}

// NewSigner makes the Signer of a node. The key is the one that its id stands for.
func NewSigner(node signal.NodeID, key ed25519.PrivateKey) *Signer {
	return &Signer{node: node, key: key}
}

// Node is the node that this Signer signs for.
func (s *Signer) Node() signal.NodeID { return s.node }

// Pass signs a pass, issued now.
func (s *Signer) Pass(p Pass) signal.Secret {
	p.Issued = time.Now().UnixMilli()
	body, err := json.Marshal(p)
	if err != nil { // strings and a number
		panic(fmt.Sprintf("bridge: encode pass: %v", err))
	}
	return s.sign(passHeading, body)
}

// ReadPass checks a pass and reads it.
func (s *Signer) ReadPass(token signal.Secret) (Pass, error) {
	body, err := s.verify(passHeading, token)
	if err != nil {
		return Pass{}, fmt.Errorf("bridge: read pass: %w", err)
	}
	var p Pass
	if err := json.Unmarshal(body, &p); err != nil {
		return Pass{}, fmt.Errorf("bridge: read pass: %w", err)
	}
	if time.Since(time.UnixMilli(p.Issued)) > passLife {
		return Pass{}, errors.New("bridge: read pass: too old")
	}
	return p, nil
}

// Seal signs a snapshot of a room, given as JSON.
func (s *Signer) Seal(snapshot []byte) signal.Secret { return s.sign(snapshotHeading, snapshot) }

// Open checks a sealed snapshot and returns its JSON.
func (s *Signer) Open(token signal.Secret) ([]byte, error) {
	body, err := s.verify(snapshotHeading, token)
	if err != nil {
		return nil, fmt.Errorf("bridge: open snapshot: %w", err)
	}
	return body, nil
}

// Strict: of several texts that would decode to the same bytes only one is taken.
var base64url = base64.RawURLEncoding.Strict()

func (s *Signer) sign(heading string, body []byte) signal.Secret {
	sig := ed25519.Sign(s.key, signed(heading, s.node, body))
	return signal.Secret(string(s.node) + "." + base64url.EncodeToString(body) + "." + base64url.EncodeToString(sig))
}

func (s *Signer) verify(heading string, token signal.Secret) ([]byte, error) {
	parts := strings.Split(string(token), ".")
	if len(parts) != 3 || parts[0] != string(s.node) {
		return nil, errToken
	}
	body, err := base64url.DecodeString(parts[1])
	if err != nil {
		return nil, errToken
	}
	sig, err := base64url.DecodeString(parts[2])
	if err != nil {
		return nil, errToken
	}
	if !ed25519.Verify(s.key.Public().(ed25519.PublicKey), signed(heading, s.node, body), sig) {
		return nil, errToken
	}
	return body, nil
}

// signed is what a signature covers. Neither heading nor node can hold the zero byte.
func signed(heading string, node signal.NodeID, body []byte) []byte {
	return append([]byte(heading+"\x00"+string(node)+"\x00"), body...)
}
