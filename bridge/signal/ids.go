package signal

import (
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
)

// PeerID says who is in a room: 16 random characters, given by the bridge, kept over reloads and
// reconnects by a pass.
type PeerID string

// NodeID says which machine: the libp2p peer id of the node's ed25519 key.
type NodeID string

// RoomName is a room's name as people type it. It is redacted in logs, because who knows the name
// can enter.
type RoomName string

// LogValue redacts the name: equal rooms stay recognisable within a log, no more.
func (r RoomName) LogValue() slog.Value { return redact(string(r)) }

// Secret is a password, a pass or a snapshot: never logged.
type Secret string

// LogValue hides the secret wholly.
func (Secret) LogValue() slog.Value { return slog.StringValue("[redacted]") }

// SDP is a session description (RFC 8866). It holds addresses, so it is never logged.
type SDP string

// LogValue hides the description wholly.
func (SDP) LogValue() slog.Value { return slog.StringValue("[redacted]") }

func redact(s string) slog.Value {
	sum := sha256.Sum256([]byte(s))
	return slog.StringValue(hex.EncodeToString(sum[:4]))
}
