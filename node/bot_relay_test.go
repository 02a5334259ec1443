package main

import (
	"fmt"
	"testing"

	"parley/node/bot"
)

// hears tells that a bot hears all others over the relay, and sees those whose pictures the relay does not hold
// back: on a busy machine it takes the way to a bot for narrow.
func hears(others int, since bot.Stats) func(bot.Stats) bool {
	return func(s bot.Stats) bool {
		if len(s.People) != others || len(s.Links) != 1 {
			return false
		}
		heard, seen := 0, 0
		for _, p := range s.People {
			before := person(since, string(p.Peer))
			if before == nil {
				return false
			}
			if p.Microphone.Frames > before.Microphone.Frames+25 {
				heard++
			}
			if p.Camera.KeyFrames > before.Camera.KeyFrames {
				seen++
			}
		}
		return heard == others && seen >= others-s.Links[0].Held
	}
}

// honest fails the test if the relay made one person out of another.
func honest(t testing.TB, b *bot.Bot) {
	t.Helper()
	s := b.Stats()
	for _, l := range s.Links {
		if l.Strangers > 100 { // a few come before the relay has named a newcomer, and are dropped
			t.Errorf("%s got %d packets of nobody", s.Name, l.Strangers)
		}
	}
	for _, p := range s.People {
		for kind, tally := range tallies(p) {
			if tally.Restarts != 0 || strange(tally) {
				t.Errorf("%s of %s at %s: %+v", kind, p.Name, s.Name, tally)
			}
		}
	}
}

func TestBotsMoveToARelayAndBack(t *testing.T) {
	h := hosted(t)
	var all []*bot.Bot
	for n := 1; n <= 5; n++ {
		all = append(all, h.join(fmt.Sprint("bot ", n)))
	}
	for _, b := range all {
		s := await(t, b, "it is on the relay alone", func(s bot.Stats) bool {
			return s.Plan.Mode == "relay" && s.Settled && len(s.Links) == 1 && s.Links[0].Relay && s.Links[0].Live
		})
		await(t, b, "it hears and sees the others", hears(4, s))
		honest(t, b)
	}
	all[4].Leave()
	all[3].Leave()
	for _, b := range all[:3] {
		s := await(t, b, "it is in the mesh again", func(s bot.Stats) bool {
			return s.Plan.Mode == "mesh" && s.Settled && len(s.Links) == 2
		})
		await(t, b, "it meets the others", meets(2, s))
		honest(t, b)
	}
}
