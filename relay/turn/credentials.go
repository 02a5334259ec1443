package turn

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

// What is wrong with a user name. Clients are told 401 for each.
var (
	ErrUserName = errors.New("the user name is not expiry:keyid:id")
	ErrExpired  = errors.New("the credential has expired")
	ErrKeyID    = errors.New("no secret has this key id")
)

const (
	secretsKept  = 2 // the newest issues, the one before it is still good
	secretBytes  = 32
	keyIDBytes   = 4
	maxID        = 128  // bytes
	maxSecrets   = 4096 // bytes of the file
	rereadPeriod = time.Second
)

// secret is a key for credentials. The text itself is the key, as coturn has it.
type secret struct{ keyID, text string }

// Secrets are the two keys that are good at a time, kept in a file that only its owner may read. Several
// processes may have the same file open: who meets a key id that it does not know reads the file again.
type Secrets struct {
	path string

	mu   sync.Mutex // guards what follows
	list []secret   // newest first
	read time.Time
}

// OpenSecrets reads the file, and makes it with one new secret where there is none.
func OpenSecrets(path string) (*Secrets, error) {
	s := &Secrets{path: path}
	err := s.load()
	if errors.Is(err, fs.ErrNotExist) {
		if err = s.create(); err == nil {
			err = s.load()
		}
	}
	if err != nil {
		return nil, fmt.Errorf("turn: read secrets: %w", err)
	}
	return s, nil
}

// Issue makes a credential by the newest secret, for the person or page called id, good for ttl. The user name
// is "expiry:keyid:id" with the expiry in seconds since 1970.
func (s *Secrets) Issue(now time.Time, id string, ttl time.Duration) (user, credential string, err error) {
	expiry := now.Add(ttl).Unix()
	if !soundID(id) || ttl <= 0 || expiry > math.MaxUint32 {
		return "", "", fmt.Errorf("turn: issue a credential for %q for %v: %w", id, ttl, ErrUserName)
	}
	s.mu.Lock()
	newest := s.list[0]
	s.mu.Unlock()
	user = strconv.FormatInt(expiry, 10) + ":" + newest.keyID + ":" + id
	return user, Credential(newest.text, user), nil
}

// Check gives the credential that belongs to a user name, and whose it is. An expiry of 2^32 or more is
// refused, not wrapped.
func (s *Secrets) Check(now time.Time, user string) (id, credential string, err error) {
	part := strings.SplitN(user, ":", 3)
	if len(part) != 3 || !soundID(part[2]) {
		return "", "", ErrUserName
	}
	expiry, err := strconv.ParseUint(part[0], 10, 32)
	if err != nil {
		return "", "", ErrUserName
	}
	if now.Unix() >= int64(expiry) {
		return "", "", ErrExpired
	}
	text, ok := s.find(now, part[1])
	if !ok {
		return "", "", ErrKeyID
	}
	return part[2], Credential(text, user), nil
}

// Rotate puts a new secret in front. What the one before it issued stays good until the next rotation.
func (s *Secrets) Rotate() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.loadLocked(); err != nil { // another process may have rotated
		return fmt.Errorf("turn: rotate secrets: %w", err)
	}
	list := append([]secret{newSecret()}, s.list...)
	if len(list) > secretsKept {
		list = list[:secretsKept]
	}
	draft, err := writeDraft(s.path, list)
	if err == nil {
		err = os.Rename(draft, s.path)
	}
	if err != nil {
		return fmt.Errorf("turn: rotate secrets: %w", err)
	}
	s.list = list
	return nil
}

// Credential is the password for a user name: base64 of HMAC-SHA1, as coturn's use-auth-secret has it. With
// the secret of such a server and a user name "expiry:id" it makes credentials for that one.
func Credential(secret, user string) string {
	sum := hmac.New(sha1.New, []byte(secret))
	sum.Write([]byte(user))
	return base64.StdEncoding.EncodeToString(sum.Sum(nil))
}

// soundID tells whether an id may stand in a user name: short, printable, no space.
func soundID(id string) bool {
	return id != "" && len(id) <= maxID && !strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r >= 0x7f })
}

// find looks a secret up by its key id, in the file too if that was not read lately.
func (s *Secrets) find(now time.Time, keyID string) (string, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for range 2 {
		for _, one := range s.list {
			if one.keyID == keyID {
				return one.text, true
			}
		}
		if now.Sub(s.read) < rereadPeriod {
			break
		}
		s.read = now
		if s.loadLocked() != nil {
			break // what was read before stays good
		}
	}
	return "", false
}

func (s *Secrets) load() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.loadLocked()
}

// loadLocked wants mu held.
func (s *Secrets) loadLocked() error {
	info, err := os.Stat(s.path)
	if err != nil {
		return err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return fmt.Errorf("others may read %s: chmod 600 it", s.path)
	}
	if info.Size() > maxSecrets {
		return fmt.Errorf("%s holds no secrets", s.path)
	}
	text, err := os.ReadFile(s.path)
	if err != nil {
		return err
	}
	var list []secret
	for line := range strings.Lines(string(text)) {
		keyID, key, ok := strings.Cut(strings.TrimSpace(line), " ")
		if raw, err := hex.DecodeString(key); !ok || keyID == "" || strings.Contains(keyID, ":") || err != nil || len(raw) != secretBytes {
			return fmt.Errorf("%s: a line is not a key id and a secret", s.path)
		}
		list = append(list, secret{keyID, key})
	}
	if len(list) == 0 || len(list) > secretsKept {
		return fmt.Errorf("%s holds %d secrets, not one or two", s.path, len(list))
	}
	s.list = list
	return nil
}

// create makes the file; if another process was faster, its file stays.
func (s *Secrets) create() error {
	draft, err := writeDraft(s.path, []secret{newSecret()})
	if err != nil {
		return err
	}
	if err = os.Link(draft, s.path); errors.Is(err, fs.ErrExist) {
		err = nil
	}
	return errors.Join(err, os.Remove(draft))
}

func newSecret() secret {
	raw := make([]byte, keyIDBytes+secretBytes)
	rand.Read(raw) // never fails
	return secret{hex.EncodeToString(raw[:keyIDBytes]), hex.EncodeToString(raw[keyIDBytes:])}
}

// writeDraft writes secrets beside the file, so that nobody ever reads half of it.
func writeDraft(path string, list []secret) (string, error) {
	file, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*") // 0600
	if err != nil {
		return "", err
	}
	for _, one := range list {
		if err == nil {
			_, err = fmt.Fprintf(file, "%s %s\n", one.keyID, one.text)
		}
	}
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return "", errors.Join(err, os.Remove(file.Name()))
	}
	return file.Name(), nil
}
