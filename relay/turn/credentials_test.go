package turn

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

var noon = time.Unix(1_800_000_000, 0)

func TestCredentials(t *testing.T) {
	path := filepath.Join(t.TempDir(), "turn")
	s, err := OpenSecrets(path)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file's mode is %v, %v", info.Mode(), err)
	}
	user, credential, err := s.Issue(noon, "ann:1", time.Hour)
	if err != nil || !strings.HasPrefix(user, "1800003600:") || !strings.HasSuffix(user, ":ann:1") {
		t.Fatalf("issued %q, %v", user, err)
	}
	check := func(what string, in *Secrets, now time.Time, want error) {
		t.Helper()
		id, got, err := in.Check(now, user)
		if !errors.Is(err, want) || want == nil && (id != "ann:1" || got != credential) {
			t.Errorf("%s: %q, %q, %v", what, id, got, err)
		}
	}
	other, err := OpenSecrets(path) // another process
	if err != nil {
		t.Fatal(err)
	}
	check("as issued", s, noon, nil)
	check("elsewhere", other, noon, nil)
	check("just before its end", s, noon.Add(time.Hour-time.Second), nil)
	check("at its end", s, noon.Add(time.Hour), ErrExpired)
	if err := s.Rotate(); err != nil {
		t.Fatal(err)
	}
	check("after a rotation", s, noon, nil)
	user, credential, err = s.Issue(noon, "ann:1", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	check("by a secret that came later", other, noon.Add(time.Minute), nil)
	for range secretsKept {
		if err := other.Rotate(); err != nil {
			t.Fatal(err)
		}
	}
	check("after two rotations", other, noon, ErrKeyID)
	check("after two rotations elsewhere", s, noon, nil) // not read again yet: its secrets are in memory
}

// Credentials are those of coturn's use-auth-secret: this one is computed by hand with
// printf 1800003600:ann | openssl dgst -sha1 -hmac north -binary | base64.
func TestCoturnsCredential(t *testing.T) {
	if got := Credential("north", "1800003600:ann"); got != "Cr6BV9Y6S/ZFXiZ47vdlFLWYOog=" {
		t.Errorf("the credential is %s", got)
	}
}

func TestUserNames(t *testing.T) {
	s, err := OpenSecrets(filepath.Join(t.TempDir(), "turn"))
	if err != nil {
		t.Fatal(err)
	}
	key := s.list[0].keyID
	for _, user := range []string{
		"", ":", "::", "1900000000", "1900000000:" + key, "1900000000:" + key + ":", ":" + key + ":ann", "x:" + key + ":ann",
		"-1:" + key + ":ann", "+1900000000:" + key + ":ann", " 1900000000:" + key + ":ann", "0x71400000:" + key + ":ann",
		"4294967296:" + key + ":ann", "6194967296:" + key + ":ann", "18446744073709551616:" + key + ":ann",
		"1900000000:" + key + ":an n", "1900000000:" + key + ":an\x00n", "1900000000:" + key + ":" + strings.Repeat("x", maxID+1),
	} {
		if id, _, err := s.Check(noon, user); !errors.Is(err, ErrUserName) {
			t.Errorf("%q is %q, %v", user, id, err)
		}
	}
	if id, _, err := s.Check(noon, "4294967295:"+key+":ann"); err != nil || id != "ann" {
		t.Errorf("the last second is %q, %v", id, err)
	}
	for id, ttl := range map[string]time.Duration{
		"": time.Hour, "a b": time.Hour, "a\n": time.Hour, strings.Repeat("x", maxID+1): time.Hour, "ann": 0, "bob": -1, "carl": math.MaxInt64,
	} {
		if user, _, err := s.Issue(noon, id, ttl); err == nil {
			t.Errorf("%q is issued", user)
		}
	}
}

func TestSecretsFile(t *testing.T) {
	key := strings.Repeat("ab", secretBytes)
	for name, c := range map[string]struct {
		text string
		mode os.FileMode
		want string // "" if it is sound
	}{
		"sound":       {"k1 " + key + "\nk2 " + key + "\n", 0o600, ""},
		"empty":       {"", 0o600, "holds 0 secrets"},
		"open":        {"k1 " + key + "\n", 0o644, "others may read"},
		"short":       {"k1 abcd\n", 0o600, "a line is not"},
		"not hex":     {"k1 " + strings.Repeat("xy", secretBytes) + "\n", 0o600, "a line is not"},
		"no id":       {key + "\n", 0o600, "a line is not"},
		"a bad id":    {"k:1 " + key + "\n", 0o600, "a line is not"},
		"too many":    {strings.Repeat("k1 "+key+"\n", 3), 0o600, "holds 3 secrets"},
		"huge":        {strings.Repeat("k1 "+key+"\n", 1000), 0o600, "holds no secrets"},
		"another one": {"-----BEGIN PRIVATE KEY-----\n", 0o600, "a line is not"},
	} {
		path := filepath.Join(t.TempDir(), "turn")
		if err := os.WriteFile(path, []byte(c.text), c.mode); err != nil {
			t.Fatal(err)
		}
		_, err := OpenSecrets(path)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v", name, err)
		}
		if after, err := os.ReadFile(path); err != nil || string(after) != c.text {
			t.Errorf("%s: the file was changed", name)
		}
	}
}

// However many open it at once, there is one file, and nothing beside it.
func TestSecretsAreMadeOnce(t *testing.T) {
	folder := t.TempDir()
	ids := make([]string, 8)
	var wg sync.WaitGroup
	for i := range ids {
		wg.Go(func() {
			if s, err := OpenSecrets(filepath.Join(folder, "turn")); err != nil {
				t.Error(err)
			} else {
				ids[i] = s.list[0].keyID
			}
		})
	}
	wg.Wait()
	for _, id := range ids {
		if id != ids[0] {
			t.Fatalf("the key ids are %v", ids)
		}
	}
	if files, err := os.ReadDir(folder); err != nil || len(files) != 1 {
		t.Errorf("there are %v, %v", files, err)
	}
}
