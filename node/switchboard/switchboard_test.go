package switchboard_test

import (
	"strings"
	"testing"

	"go.uber.org/goleak"

	"parley/bridge/signal"
	"parley/node/room"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestTwoPagesAreIntroduced(t *testing.T) {
	n := start(t, "", room.DefaultPolicy())
	defer n.stop()
	ann := n.join("den", "ann")
	bob := n.join("den", "bob")
	if len(bob.self.Members) != 2 || bob.self.Members[0].Name != "ann" {
		t.Fatalf("bob was told of %+v", bob.self.Members)
	}
	if bob.self.Codec != "vp9" {
		t.Errorf("bob was told to send %q", bob.self.Codec)
	}
	joined := expect(ann, "joined", anyOf[*signal.Joined])
	if joined.Member.Peer != bob.self.Self || joined.Member.Seat != 1 {
		t.Fatalf("ann was told of %+v", joined.Member)
	}

	offer := &signal.Describe{Epoch: ann.self.Plan.Epoch, To: bob.self.Self, Page: bob.hello.Page, Link: "link-0001", Kind: "offer", SDP: "v=0"}
	stale := *offer
	stale.Page = "page-of-yesterday"
	ann.say(&stale) // for a page load that is over: must not arrive
	ann.say(offer)
	got := expect(bob, "describe", anyOf[*signal.Describe])
	if got.Page != bob.hello.Page || got.From != ann.self.Self || got.To != "" || got.SDP != "v=0" {
		t.Errorf("bob got %+v", got)
	}
	bob.say(&signal.Candidate{To: ann.self.Self, Page: ann.hello.Page, Link: "link-0001", Candidate: "candidate:1", MLine: 0})
	if got := expect(ann, "candidate", anyOf[*signal.Candidate]); got.From != bob.self.Self {
		t.Errorf("ann got %+v", got)
	}
	bob.say(&signal.Restart{To: ann.self.Self, Page: ann.hello.Page, Link: "link-0001"})
	expect(ann, "restart", anyOf[*signal.Restart])

	bob.say(&signal.SetMedia{Media: signal.Media{Microphone: "off", Camera: "on", Screen: "off"}})
	expect(ann, "changed", func(c *signal.Changed) bool { return c.Member.Media.Microphone == "off" })
	bob.say(&signal.Leave{})
	if left := expect(ann, "left", anyOf[*signal.Left]); left.Why != "left" || left.Peer != bob.self.Self {
		t.Errorf("ann was told %+v", left)
	}
}

func TestNobodySpeaksForAnotherOrToAnotherRoom(t *testing.T) {
	n := start(t, "", room.DefaultPolicy())
	defer n.stop()
	ann, eve := n.join("den", "ann"), n.join("attic", "eve")
	offer := &signal.Describe{
		Epoch: eve.self.Plan.Epoch, To: ann.self.Self, From: ann.self.Self, Page: ann.hello.Page,
		Link: "link-0001", Kind: "offer", SDP: "v=0",
	}
	eve.say(offer)
	if f := expect(eve, "fault", anyOf[*signal.Fault]); f.Code != signal.CodeNoPeer || f.Fatal {
		t.Errorf("eve got %+v", f)
	}
	offer.Epoch += 1_000_000_000
	eve.say(offer)
	if f := expect(eve, "fault", anyOf[*signal.Fault]); f.Code != signal.CodeOrder || f.Of != "describe" {
		t.Errorf("eve got %+v", f)
	}
	bob := n.join("den", "bob")
	bob.say(&signal.Describe{
		Epoch: bob.self.Plan.Epoch, To: ann.self.Self, From: "somebody-else-16", Page: ann.hello.Page,
		Link: "link-0002", Kind: "offer", SDP: "v=0",
	})
	if got := expect(ann, "describe", anyOf[*signal.Describe]); got.From != bob.self.Self || got.Link != "link-0002" {
		t.Errorf("ann got %+v", got)
	}
}

func TestACutLineComesBackAsTheSamePerson(t *testing.T) {
	n := start(t, "", room.DefaultPolicy())
	defer n.stop()
	ann, bob := n.join("den", "ann"), n.join("den", "bob")
	bob.hangUp()
	expect(ann, "bob away", func(c *signal.Changed) bool { return c.Member.Peer == bob.self.Self && !c.Member.Present })
	back := n.enter(bob.again())
	if back.self.Self != bob.self.Self || !back.self.Resumed || len(back.self.Members) != 2 {
		t.Fatalf("bob came back as %+v", back.self)
	}
	expect(ann, "bob back", func(c *signal.Changed) bool { return c.Member.Peer == bob.self.Self && c.Member.Present })
}

func TestTheNewerOfTwoPagesStays(t *testing.T) {
	n := start(t, "", room.DefaultPolicy())
	defer n.stop()
	ann, bob := n.join("den", "ann"), n.join("den", "bob")
	twin := bob.again()
	twin.Page = "page-bob-twin"
	newer := n.enter(twin)
	if f := expect(bob, "fault", anyOf[*signal.Fault]); f.Code != signal.CodeReplaced || !f.Fatal {
		t.Errorf("the older page got %+v", f)
	}
	if newer.self.Self != bob.self.Self {
		t.Error("the newer page is somebody else")
	}
	got := expect(ann, "changed", func(c *signal.Changed) bool { return c.Member.Page == twin.Page })
	if !got.Member.Present {
		t.Error("bob counts as away though his newer page is here")
	}
	newer.say(&signal.Leave{})
	expect(ann, "left", anyOf[*signal.Left])
}

func TestARestartedBridgeAdoptsTheRoomUnchanged(t *testing.T) {
	n := start(t, "", room.DefaultPolicy())
	ann, bob := n.join("den", "ann"), n.join("den", "bob")
	snapshot := expect(ann, "snapshot with bob", anyOf[*signal.Snapshot])
	ann.self.Snapshot = snapshot.Snapshot
	n.stop()

	n = start(t, n.addr, room.DefaultPolicy())
	defer n.stop()
	back := n.enter(ann.again())
	if back.self.Self != ann.self.Self || back.self.Plan.Epoch != ann.self.Plan.Epoch || !back.self.Resumed {
		t.Errorf("ann came back as %+v", back.self)
	}
	if len(back.self.Members) != 2 || back.self.Members[1].Peer != bob.self.Self || back.self.Members[1].Present {
		t.Errorf("the room came back with %+v", back.self.Members)
	}
	again := n.enter(bob.again())
	if again.self.Plan.Epoch != ann.self.Plan.Epoch || len(again.self.Members) != 2 {
		t.Errorf("bob came back to %+v", again.self)
	}
	expect(back, "bob back", func(c *signal.Changed) bool { return c.Member.Peer == bob.self.Self && c.Member.Present })
}

func TestAnEndedRoomIsNotBroughtBack(t *testing.T) {
	n := start(t, "", room.DefaultPolicy())
	defer n.stop()
	ann, bob := n.join("den", "ann"), n.join("den", "bob")
	bob.self.Snapshot = expect(ann, "snapshot with bob", anyOf[*signal.Snapshot]).Snapshot
	ann.say(&signal.Leave{})
	expect(bob, "left", anyOf[*signal.Left])
	bob.say(&signal.Leave{})
	n.until("the room has ended", func() bool { return n.board.Stats().Rooms.Load() == 0 })
	back := n.enter(bob.again())
	if len(back.self.Members) != 1 || back.self.Plan.Epoch <= bob.self.Plan.Epoch {
		t.Errorf("bob came back to %+v", back.self)
	}
}

func TestAFullRoomAndSettings(t *testing.T) {
	n := start(t, "", room.DefaultPolicy())
	defer n.stop()
	creator := helloOf("den", "ann")
	creator.Settings = &signal.Settings{Max: 2, Password: "open sesame"}
	ann := n.enter(creator)
	if !ann.self.Locked || ann.self.Max != 2 {
		t.Fatalf("ann was told %+v", ann.self)
	}
	refused := func(h signal.Hello, want signal.Code) {
		t.Helper()
		p, err := dial(t, n.addr, h)
		if err != nil {
			t.Fatal(err)
		}
		defer p.hangUp()
		if f := expect(p, "fault", anyOf[*signal.Fault]); f.Code != want || !f.Fatal {
			t.Errorf("%s got %+v, want %s", h.Name, f, want)
		}
	}
	guest := helloOf("den", "bob")
	refused(guest, signal.CodeLocked)
	guest.Password = "open barley"
	refused(guest, signal.CodePassword)
	guest.Password = "open sesame"
	bob := n.enter(guest)
	third := helloOf("den", "cid")
	third.Password = "open sesame"
	refused(third, signal.CodeFull)
	another := helloOf("den", "dan")
	another.Settings = &signal.Settings{Password: "mine"}
	refused(another, signal.CodeExists)

	bob.hangUp() // keeps the place, and the pass needs no password
	expect(ann, "bob away", func(c *signal.Changed) bool { return !c.Member.Present })
	refused(third, signal.CodeFull)
	n.enter(bob.again())
}

func TestAPassDoesNotOpenAnotherLock(t *testing.T) {
	n := start(t, "", room.DefaultPolicy())
	defer n.stop()
	bob := n.join("den", "bob")
	bob.say(&signal.Leave{})
	n.until("the room has ended", func() bool { return n.board.Stats().Rooms.Load() == 0 })
	creator := helloOf("den", "ann")
	creator.Settings = &signal.Settings{Password: "open sesame"}
	n.enter(creator)
	p, err := dial(t, n.addr, bob.again())
	if err != nil {
		t.Fatal(err)
	}
	defer p.hangUp()
	if f := expect(p, "fault", anyOf[*signal.Fault]); f.Code != signal.CodeLocked {
		t.Errorf("bob's old pass got %+v", f)
	}
}

func TestAPassOfALockedRoomDoesNotLeadIntoAnOpenOne(t *testing.T) {
	n := start(t, "", room.DefaultPolicy())
	defer n.stop()
	creator := helloOf("den", "ann")
	creator.Settings = &signal.Settings{Password: "open sesame"}
	ann := n.enter(creator)
	ann.say(&signal.Leave{})
	n.until("the room has ended", func() bool { return n.board.Stats().Rooms.Load() == 0 })
	n.join("den", "eve")
	for _, password := range []signal.Secret{"", "open sesame"} {
		again := ann.again()
		again.Password = password
		p, err := dial(t, n.addr, again)
		if err != nil {
			t.Fatal(err)
		}
		defer p.hangUp()
		if f := expect(p, "fault", anyOf[*signal.Fault]); f.Code != signal.CodeLocked || !strings.Contains(f.Text, "another room") {
			t.Errorf("ann got %+v", f)
		}
	}
}

func TestSnapshotOfAStrangerIsNotTaken(t *testing.T) {
	n := start(t, "", room.DefaultPolicy())
	defer n.stop()
	ann := n.join("den", "ann")
	h := helloOf("den", "eve")
	h.Snapshot = ann.self.Snapshot[:len(ann.self.Snapshot)-2] + "xx"
	eve := n.enter(h) // a broken snapshot is no snapshot; without a pass none is taken anyway
	if strings.Contains(string(eve.self.Self), string(ann.self.Self)) {
		t.Error("eve is ann")
	}
}
