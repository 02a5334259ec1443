package bridge

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"

	"parley/bridge/signal"
)

// What a new lock costs: about 40 ms on one core, as the OWASP password storage sheet advises.
const (
	lockMemory  = 19 << 10 // KiB
	lockPasses  = 2
	lockThreads = 1
	lockSalt    = 16
	lockSum     = 32
)

// An address tries five wrong passwords, then one in ten seconds. A room hears far more, or one
// stranger who keeps guessing would keep everybody out: so many guesses a day are nothing against a
// password that is worth the name. An address makes ten locks, then one in two seconds.
const (
	triesBurst     = 5
	triesRate      = 1.0 / 10
	roomTriesBurst = 100
	roomTriesRate  = 1
	locksBurst     = 10
	locksRate      = 0.5
)

// Who waits longer than this for a turn at hashing is sent away.
const hashWait = 5 * time.Second

// guard works on passwords: few at a time, because each takes much memory and time, and with a
// bound on wrong ones and on new ones.
type guard struct {
	turns  chan struct{} // one for each password that is worked on
	making chan struct{} // one for each of those that becomes a lock
	byAddr *buckets[netip.Prefix]
	byRoom *buckets[signal.RoomName]
	locks  *buckets[netip.Prefix]
}

func newGuard(atOnce int) *guard {
	return &guard{
		turns:  make(chan struct{}, atOnce),
		making: make(chan struct{}, max(1, atOnce-1)), // one turn is left for who wants to come in
		byAddr: newBuckets[netip.Prefix](triesRate, triesBurst),
		byRoom: newBuckets[signal.RoomName](roomTriesRate, roomTriesBurst),
		locks:  newBuckets[netip.Prefix](locksRate, locksBurst),
	}
}

var (
	errBusy  = errors.New("too many passwords at once")
	errTries = errors.New("too many wrong passwords, or new ones")
	errWrong = errors.New("wrong password")
)

// forge makes the lock of a password.
func (g *guard) forge(addr netip.Prefix, password signal.Secret) (string, error) {
	if !g.locks.take(addr) {
		return "", errTries
	}
	ctx, cancel := context.WithTimeout(context.Background(), hashWait)
	defer cancel()
	if !turn(ctx, g.making) {
		return "", errBusy
	}
	defer done(g.making)
	if !turn(ctx, g.turns) {
		return "", errBusy
	}
	defer done(g.turns)
	salt := make([]byte, lockSalt)
	_, _ = rand.Read(salt) // never fails
	sum := argon2.IDKey(text(password), salt, lockPasses, lockMemory, lockThreads, lockSum)
	enc := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, lockMemory, lockPasses, lockThreads,
		enc.EncodeToString(salt), enc.EncodeToString(sum)), nil
}

// try checks a password against a lock. Only wrong ones use up tries: a hundred people behind one
// address may enter at once.
func (g *guard) try(addr netip.Prefix, room signal.RoomName, lock string, password signal.Secret) error {
	if !g.mayTry(addr, room) {
		return errTries
	}
	ctx, cancel := context.WithTimeout(context.Background(), hashWait)
	defer cancel()
	if !turn(ctx, g.turns) {
		return errBusy
	}
	defer done(g.turns)
	if !g.mayTry(addr, room) { // others may have used up the tries while this one waited
		return errTries
	}
	ok, err := fits(lock, password)
	if err != nil {
		return err
	}
	if !ok {
		g.byAddr.take(addr)
		g.byRoom.take(room)
		return errWrong
	}
	return nil
}

// mayTry tells whether a password is looked at. Who has made no mistake lately has a try also at a
// room that others have guessed at too often.
func (g *guard) mayTry(addr netip.Prefix, room signal.RoomName) bool {
	return g.byAddr.any(addr) && (g.byRoom.any(room) || g.byAddr.full(addr))
}

// turn waits for a place in a queue. It is false when the time to wait is over.
func turn(ctx context.Context, queue chan struct{}) bool {
	select {
	case queue <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

func done(queue chan struct{}) { <-queue }

// fits checks a password against a lock in the PHC string format. Locks come from this node or from
// a snapshot that it signed; the bounds are for a snapshot made by a version with other costs.
func fits(lock string, password signal.Secret) (bool, error) {
	parts := strings.Split(lock, "$")
	if len(parts) != 6 || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return false, errors.New("bridge: read lock: not an argon2id string")
	}
	var memory, passes uint32
	var threads uint8
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &memory, &passes, &threads); err != nil {
		return false, fmt.Errorf("bridge: read lock: %w", err)
	}
	if memory > 1<<18 || passes < 1 || passes > 16 || threads < 1 || threads > 8 {
		return false, errors.New("bridge: read lock: costs out of bounds")
	}
	salt, err := base64.RawStdEncoding.DecodeString(parts[4])
	if err != nil {
		return false, fmt.Errorf("bridge: read lock: salt: %w", err)
	}
	want, err := base64.RawStdEncoding.DecodeString(parts[5])
	if err != nil || len(want) < lockSum {
		return false, errors.New("bridge: read lock: sum")
	}
	got := argon2.IDKey(text(password), salt, passes, memory, threads, uint32(len(want)))
	return subtle.ConstantTimeCompare(got, want) == 1, nil
}

// text is a password as it is hashed: composed, because keyboards differ in how they write one and
// the same character.
func text(password signal.Secret) []byte { return norm.NFC.Bytes([]byte(password)) }
