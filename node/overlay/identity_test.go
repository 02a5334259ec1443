package overlay

import (
	"crypto/ed25519"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/libp2p/go-libp2p/core/peer"
)

func TestIdentityIsMadeOnceAndKept(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "a", "parley")
	first, err := Identify(folder)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Identify(folder)
	if err != nil {
		t.Fatal(err)
	}
	if first.Node != again.Node || !first.Key.Equal(again.Key) {
		t.Errorf("the identity changed from %s to %s", first.Node, again.Node)
	}
	for path, want := range map[string]os.FileMode{folder: 0o700, filepath.Join(folder, KeyFile): 0o600} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s has mode %04o, want %04o", filepath.Base(path), got, want)
		}
	}
	if files, _ := os.ReadDir(folder); len(files) != 1 {
		t.Errorf("the folder holds %d files, want the key alone", len(files))
	}
}

// What other bridges rely on: the id alone is enough to check a signature.
func TestIDHoldsThePublicKey(t *testing.T) {
	me, err := Identify(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	id, err := peer.Decode(string(me.Node))
	if err != nil {
		t.Fatal(err)
	}
	public, err := id.ExtractPublicKey()
	if err != nil {
		t.Fatal(err)
	}
	message := []byte("a pass")
	ok, err := public.Verify(message, ed25519.Sign(me.Key, message))
	if err != nil || !ok {
		t.Errorf("the key in %s does not verify what the node signed: %v", me.Node, err)
	}
}

func TestKeyIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(path string) error
		want  string
	}{
		"others can read it": {func(p string) error { return os.Chmod(p, 0o640) }, "run chmod 600"},
		"empty":              {func(p string) error { return os.WriteFile(p, nil, 0o600) }, "is not an ed25519 key"},
		"another kind": {func(p string) error {
			return os.WriteFile(p, []byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), 0o600)
		}, "is not an ed25519 key"},
		"broken": {func(p string) error {
			return os.WriteFile(p, []byte("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"), 0o600)
		}, "is not an ed25519 key"},
		"huge":     {func(p string) error { return os.WriteFile(p, make([]byte, maxKeyFile+1), 0o600) }, "is not an ed25519 key"},
		"a folder": {func(p string) error { os.Remove(p); return os.Mkdir(p, 0o700) }, "is not an ed25519 key"},
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			if _, err := Identify(folder); err != nil {
				t.Fatal(err)
			}
			if err := c.spoil(filepath.Join(folder, KeyFile)); err != nil {
				t.Fatal(err)
			}
			_, err := Identify(folder)
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %v, want one line with %q", err, c.want)
			}
		})
	}
}

func TestProgramsThatStartAtOnceAgree(t *testing.T) {
	folder := t.TempDir()
	found := make([]Identity, 8)
	var all sync.WaitGroup
	for i := range found {
		all.Go(func() { found[i], _ = Identify(folder) })
	}
	all.Wait()
	for _, one := range found {
		if one.Node == "" || one.Node != found[0].Node {
			t.Errorf("two identities came out of one folder: %q and %q", found[0].Node, one.Node)
		}
	}
}
