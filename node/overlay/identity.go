package overlay

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	libp2p "github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/peer"

	"parley/bridge/signal"
)

// KeyFile is the key's name within the data folder.
const KeyFile = "node.key"

// pemType is what RFC 7468 section 10 calls an unencrypted PKCS #8 key.
const pemType = "PRIVATE KEY"

// maxKeyFile is the size in bytes above which a file cannot be an ed25519 key, which takes about 120.
const maxKeyFile = 4 << 10

// Identity is who a machine is.
type Identity struct {
	Node signal.NodeID      // made from the public key, so it cannot be claimed by another
	Key  ed25519.PrivateKey // signs passes and snapshots; never leaves the machine
}

// Identify reads the machine's key from the data folder, and makes folder and key where there are none.
// A key that others on the machine can read is refused: whoever has it can pretend to be this node.
func Identify(folder string) (Identity, error) {
	path := filepath.Join(folder, KeyFile)
	key, err := readKey(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err := makeKey(folder, path); err != nil {
			return Identity{}, fmt.Errorf("overlay: make key: %w", err)
		}
		key, err = readKey(path)
	}
	if err != nil {
		return Identity{}, fmt.Errorf("overlay: read key: %w", err)
	}
	node, err := nodeID(key)
	if err != nil {
		return Identity{}, fmt.Errorf("overlay: derive id: %w", err)
	}
	return Identity{Node: node, Key: key}, nil
}

func readKey(path string) (ed25519.PrivateKey, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxKeyFile {
		return nil, notAKey(path)
	}
	if err := guarded(path, info, "delete it to get a new identity"); err != nil {
		return nil, err
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(text)
	if block == nil || block.Type != pemType {
		return nil, notAKey(path)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, notAKey(path)
	}
	key, ok := parsed.(ed25519.PrivateKey)
	if !ok {
		return nil, notAKey(path)
	}
	return key, nil
}

func notAKey(path string) error {
	return fmt.Errorf("%s is not an ed25519 key in PEM form: put the right file there, or delete it to get a new identity", path)
}

// makeKey writes a new key under a name of its own and then links it to its place, so that of two programs
// that start at once both end up with the same key and neither ever reads half of one.
func makeKey(folder, path string) error {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	draft, err := os.CreateTemp(folder, KeyFile+".*") // CreateTemp gives mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(draft.Name())
	err = errors.Join(pem.Encode(draft, &pem.Block{Type: pemType, Bytes: der}), draft.Sync(), draft.Close())
	if err != nil {
		return err
	}
	if err := os.Link(draft.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

func nodeID(key ed25519.PrivateKey) (signal.NodeID, error) {
	public, err := libp2p.UnmarshalEd25519PublicKey(key.Public().(ed25519.PublicKey))
	if err != nil {
		return "", err
	}
	id, err := peer.IDFromPublicKey(public)
	if err != nil {
		return "", err
	}
	return signal.NodeID(id.String()), nil
}
