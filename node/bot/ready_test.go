package bot

import (
	"testing"

	"parley/bridge/signal"
	"parley/node/room"
)

// What a link needs before a bot calls itself ready over it. The twin for pages is webapp/src/call/ready.test.ts.
func TestALinkRunsOnceItStandsAndBringsWhatIsSent(t *testing.T) {
	const silent, heard = "none", "on"
	for _, c := range []struct {
		name       string
		microphone string
		absent     bool
		link       *link // nil: none was opened yet
		want       bool
	}{
		{"no link yet", silent, false, nil, false},
		{"a link that does not stand, on which nobody sends", silent, false, &link{}, false},
		{"a link that stands, on which nobody sends", silent, false, &link{health: health{live: true}}, true},
		{"a link that stands, on which nothing has come", heard, false, &link{health: health{live: true}}, false},
		{"a link on which all has come", heard, false, &link{health: health{live: true, decoded: map[source]bool{{"bob", Microphone}: true}}}, true},
		{"one on which all had come, but that is lost", heard, false, &link{health: health{decoded: map[source]bool{{"bob", Microphone}: true}}}, false},
		{"somebody who is absent", heard, true, nil, true},
	} {
		bob := signal.Member{Peer: "bob", Present: !c.absent, Media: signal.Media{Microphone: c.microphone}}
		b := &life{
			roster: roster{self: "ann", members: []signal.Member{{Peer: "ann", Present: true}, bob}},
			links:  map[signal.PeerID]*link{},
		}
		if c.link != nil {
			c.link.far = "bob"
			b.links["bob"] = c.link
		}
		if got := b.runs(room.Link{Far: "bob", Media: true}); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
	relayed := &life{roster: roster{self: "ann", members: []signal.Member{{Peer: "ann", Present: true}}}, links: map[signal.PeerID]*link{
		"r": {far: "r", trunk: &trunk{}},
	}}
	if relayed.runs(room.Link{Relay: "r", Media: true}) {
		t.Error("a relay that is not connected runs")
	}
	relayed.links["r"].health.live = true
	if !relayed.runs(room.Link{Relay: "r", Media: true}) {
		t.Error("a relay that is connected does not run for one who is alone")
	}
}

func TestASwitchThatSettledWithoutSomebodyIsCountedOnce(t *testing.T) {
	var r roster
	for epoch := int64(1); epoch <= 3; epoch++ {
		r.follow(signal.Plan{Epoch: epoch})
		if epoch == 2 {
			r.settle(&signal.Settled{Epoch: epoch, Stuck: []signal.PeerID{"ann", "bob"}})
			r.settle(&signal.Settled{Epoch: epoch, Stuck: []signal.PeerID{"ann"}})
		}
		r.settle(&signal.Settled{Epoch: epoch})
		r.follow(signal.Plan{Epoch: epoch}) // again: nothing new
	}
	if r.plans != 3 || r.late != 1 || len(r.stuck) != 0 {
		t.Errorf("%+v", r)
	}
}
