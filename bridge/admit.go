package bridge

import (
	"crypto/rand"
	"encoding/base32"
	"errors"
	"net/netip"
	"strings"

	"parley/bridge/signal"
)

// admit checks a hello and makes an Arrival of it, or says what is wrong.
func (b *Bridge) admit(addr netip.Prefix, hello *signal.Hello) (Arrival, *signal.Fault) {
	if !b.hellos.take(addr) {
		return Arrival{}, signal.Faulty(signal.CodeTryLater, "Too many connections from this address at once. Wait a moment.")
	}
	room, fault := NormalRoom(hello.Room)
	if fault != nil {
		return Arrival{}, fault
	}
	name, fault := NormalName(hello.Name)
	if fault != nil {
		return Arrival{}, fault
	}
	a := Arrival{Room: room, Name: name, Page: hello.Page, Media: hello.Media, Floor: hello.Epoch}
	if fault := b.identify(&a, hello); fault != nil {
		return Arrival{}, fault
	}
	if fault := b.unlock(&a, addr, hello); fault != nil {
		return Arrival{}, fault
	}
	return a, nil
}

// identify says who arrives: the bearer of a pass, or somebody new.
func (b *Bridge) identify(a *Arrival, hello *signal.Hello) *signal.Fault {
	if hello.Pass == "" {
		a.Peer = newPeer()
		return nil
	}
	pass, err := b.config.Signer.ReadPass(hello.Pass)
	if err != nil || pass.Room != a.Room {
		return signal.Faulty(signal.CodeBadPass, "This pass is not valid for this room. Join without it, as a new person.")
	}
	a.Peer, a.Key, a.Resumed = pass.Peer, pass.Lock, true
	if hello.Snapshot == "" {
		return nil
	}
	a.Snapshot, err = b.config.Signer.Open(hello.Snapshot)
	if err != nil {
		return signal.Faulty(signal.CodeBadPass, "This snapshot is not valid here. Join without it and without the pass.")
	}
	return nil
}

// unlock checks the password against the room's lock, or makes the lock of a room that is not there
// yet. Hashing takes long enough for somebody else to open the room meanwhile, so the gate is asked
// again after it.
func (b *Bridge) unlock(a *Arrival, addr netip.Prefix, hello *signal.Hello) *signal.Fault {
	gate := b.config.Rooms.Gate(a.Room)
	if !gate.Open && !a.Resumed {
		if fault := b.found(a, addr, hello); fault != nil || a.Key == "" {
			return fault
		}
		gate = b.config.Rooms.Gate(a.Room)
		if !gate.Open {
			return nil
		}
		a.Key, a.Settings = "", nil
	}
	switch {
	case a.Resumed && (hello.Password == "" || a.Snapshot != nil):
		// The room knows best what an old pass is worth to it. The lock that is on it now may be a
		// newcomer's, who was first after a restart; with the snapshot that of the pass comes back.
		return nil
	case gate.Open && hello.Settings != nil && !a.Resumed:
		return signal.Faulty(signal.CodeExists, "A room of this name is there already. Join it, or choose another name.")
	case gate.Full && !a.Resumed:
		return signal.Faulty(signal.CodeFull, "This room is full.")
	case gate.Lock == "" || gate.Lock == a.Key:
		return nil
	case hello.Password == "":
		return signal.Faulty(signal.CodeLocked, "This room has a password.")
	}
	if fault := b.passwordFault(b.guard.try(addr, a.Room, gate.Lock, hello.Password)); fault != nil {
		return fault
	}
	a.Key = gate.Lock
	return nil
}

// found makes the settings of a new room. A password for a room that is not there (any more) founds
// it with that password.
func (b *Bridge) found(a *Arrival, addr netip.Prefix, hello *signal.Hello) *signal.Fault {
	password := hello.Password
	if hello.Settings != nil {
		settings := *hello.Settings
		if settings.Password != "" {
			password = settings.Password
		}
		settings.Password = ""
		a.Settings = &settings
	}
	if password == "" {
		return nil
	}
	if a.Settings == nil {
		a.Settings = &signal.Settings{}
	}
	lock, err := b.guard.forge(addr, password)
	a.Key = lock
	return b.passwordFault(err)
}

func (b *Bridge) passwordFault(err error) *signal.Fault {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, errWrong):
		b.stats.Wrong.Add(1)
		return signal.Faulty(signal.CodePassword, "This password is wrong.")
	case errors.Is(err, errTries), errors.Is(err, errBusy):
		b.stats.Unheard.Add(1)
		return signal.Faulty(signal.CodeTryLater, "Too many passwords at once. Wait ten seconds.")
	default:
		b.config.Log.Error("a room's lock cannot be read", "error", err)
		return signal.Faulty(signal.CodeInternal, "Something went wrong in this bridge. Try again.")
	}
}

var peerAlphabet = base32.StdEncoding.WithPadding(base32.NoPadding)

// newPeer makes an id of 16 characters, 80 random bits.
func newPeer() signal.PeerID {
	raw := make([]byte, 10)
	_, _ = rand.Read(raw) // never fails
	return signal.PeerID(strings.ToLower(peerAlphabet.EncodeToString(raw)))
}
