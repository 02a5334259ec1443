package bridge

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"parley/bridge/signal"
)

func TestPasswordTriesAreBounded(t *testing.T) {
	g := newGuard(2)
	lock, err := g.forge(home, "sesame")
	if err != nil {
		t.Fatal(err)
	}
	for range 2 * triesBurst { // right ones use up nothing
		if err := g.try(addr(1), "room", lock, "sesame"); err != nil {
			t.Fatal(err)
		}
	}
	for range triesBurst {
		if err := g.try(addr(1), "room", lock, "x"); !errors.Is(err, errWrong) {
			t.Fatal(err)
		}
	}
	if err := g.try(addr(1), "room", lock, "sesame"); !errors.Is(err, errTries) {
		t.Errorf("the right one after too many wrong ones: %v", err)
	}
	g.turns <- struct{}{} // and it is told at once, while others' passwords are worked on
	g.turns <- struct{}{}
	if err := g.try(addr(1), "room", lock, "sesame"); !errors.Is(err, errTries) {
		t.Errorf("it had to wait: %v", err)
	}
	<-g.turns
	<-g.turns
	if err := g.try(addr(1), "another room", lock, "sesame"); !errors.Is(err, errTries) {
		t.Errorf("the same address at another room: %v", err)
	}
	if err := g.try(addr(2), "room", lock, "sesame"); err != nil {
		t.Errorf("another address at the same room: %v", err)
	}
}

// However many strangers guess at a room: a guest of another address gets in.
func TestStrangersWhoGuessKeepNobodyOut(t *testing.T) {
	synctest.Test(t, strangersGuess) // so that no try comes back meanwhile
}

func strangersGuess(t *testing.T) {
	g := newGuard(2)
	lock, err := g.forge(home, "sesame")
	if err != nil {
		t.Fatal(err)
	}
	if err := g.try(addr(1), "room", lock, "x"); !errors.Is(err, errWrong) {
		t.Fatal(err)
	}
	guesses := 1
	for ; g.byRoom.take("room"); guesses++ { // of many addresses
		if guesses > 1000 {
			t.Fatal("there is no bound on guesses at one room")
		}
	}
	if guesses < 10*triesBurst {
		t.Errorf("it takes %d guesses to shut a room, and an address has %d", guesses, triesBurst)
	}
	if err := g.try(addr(1), "room", lock, "sesame"); !errors.Is(err, errTries) {
		t.Errorf("an address that has guessed: %v", err)
	}
	if err := g.try(addr(2), "room", lock, "sesame"); err != nil {
		t.Errorf("a guest: %v", err)
	}
	if err := g.try(addr(3), "room", lock, "x"); !errors.Is(err, errWrong) {
		t.Errorf("a guest who mistypes: %v", err)
	}
	if err := g.try(addr(3), "room", lock, "sesame"); !errors.Is(err, errTries) {
		t.Errorf("a second try: %v", err)
	}
}

// Making a lock costs as much as trying a password, and anybody can make rooms.
func TestLocksOfAnAddressAreBounded(t *testing.T) {
	d := openDoor(t, nil)
	founder := newHello("room", "Ann")
	founder.Password = "sesame"
	d.enter(founder)
	p := d.dial()
	for d.guard.locks.take(home) { // all that this address may make
	}
	p.say(founder)
	p.wantsFault(signal.CodeTryLater, true)
	d.enter(newHello("open room", "Ann"))
	if _, err := d.guard.forge(addr(1), "sesame"); err != nil {
		t.Errorf("another address: %v", err)
	}
}

// Whatever locks are being made, somebody who has the password of a room gets a turn.
func TestMakingLocksLeavesATurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGuard(2)
		lock, err := g.forge(home, "sesame")
		if err != nil {
			t.Fatal(err)
		}
		g.making <- struct{}{} // a lock that takes its time
		g.turns <- struct{}{}
		var makers sync.WaitGroup
		for range 5 {
			makers.Go(func() {
				if _, err := g.forge(home, "sesame"); !errors.Is(err, errBusy) {
					t.Errorf("a lock was made in the last turn: %v", err)
				}
			})
		}
		synctest.Wait()
		began := time.Now()
		if err := g.try(addr(1), "room", lock, "sesame"); err != nil || time.Since(began) > 0 {
			t.Errorf("a guest waited %v: %v", time.Since(began), err)
		}
		makers.Wait()
	})
}

func TestTooManyTriesGetTheirFault(t *testing.T) {
	d := openDoor(t, nil)
	lock, err := d.guard.forge(home, "sesame")
	if err != nil {
		t.Fatal(err)
	}
	d.house.setGate("room", Gate{Open: true, Lock: lock})
	hello := newHello("room", "Eve")
	hello.Password = "x"
	for range triesBurst {
		p := d.dial()
		p.say(hello)
		p.wantsFault(signal.CodePassword, true)
	}
	p := d.dial()
	p.say(hello)
	p.wantsFault(signal.CodeTryLater, true)
	if d.Stats().Unheard.Load() != 1 {
		t.Error("it was not counted")
	}
}

func TestUnreadableLockIsAnInternalFault(t *testing.T) {
	d := openDoor(t, nil)
	d.house.setGate("room", Gate{Open: true, Lock: "$argon2id$v=19$m=9999999,t=2,p=1$AAAA$AAAA"})
	p := d.dial()
	hello := newHello("room", "Eve")
	hello.Password = "x"
	p.say(hello)
	p.wantsFault(signal.CodeInternal, true)
}

// One password, typed on two keyboards: composed and decomposed.
func TestPasswordIsComposed(t *testing.T) {
	lock, err := newGuard(1).forge(home, "caf\u00e9")
	if err != nil {
		t.Fatal(err)
	}
	if ok, err := fits(lock, "cafe\u0301"); !ok || err != nil {
		t.Error(ok, err)
	}
}

func FuzzLock(f *testing.F) {
	f.Add("$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
	f.Add("$argon2id$v=19$m=8,t=1,p=1$$")
	f.Fuzz(func(t *testing.T, lock string) {
		if strings.Contains(lock, "m=") && len(lock) > 60 && !strings.Contains(lock, "m=8,t=1,p=1") {
			t.Skip() // costly on purpose
		}
		if ok, _ := fits(lock, "sesame"); ok {
			t.Error("a lock that nobody made fits")
		}
	})
}
