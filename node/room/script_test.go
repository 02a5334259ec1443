package room_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"parley/node/room"
)

// The scripts in testdata say what a room does, line by line:
//
//	10s  join eve          at this time this happens; several names: one after the other
//	     -> plan 2: relay  and this is all that comes of it, in this order
//
// Plans are numbered as they come. Ticks come by themselves, as the room asks to be woken; a line
// "18s wait" is there to see what they do. Wakes and refreshes are shown only after "show wake"
// or "show refresh", and "quietly" skips the effects of a line. The words are in script.run.
func TestScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, scene := range strings.Split("\n"+string(text), "\n== ")[1:] {
			title, body, _ := strings.Cut(scene, "\n")
			name := strings.TrimSuffix(filepath.Base(file), ".txt") + "/" + title
			t.Run(name, func(t *testing.T) { newScript(t).play(body) })
		}
	}
}

// start is when every script begins.
var start = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

type script struct {
	t      *testing.T
	policy room.Policy
	state  room.State
	now    time.Time
	wake   time.Time
	seen   []string // effects not yet expected
	shown  map[string]bool
	epochs []room.Epoch
	saved  map[string]room.Snapshot
}

func newScript(t *testing.T) *script {
	s := &script{t: t, policy: room.DefaultPolicy(), now: start, shown: map[string]bool{}, saved: map[string]room.Snapshot{}}
	s.state = room.New("den", "home", s.policy)
	return s
}

func (s *script) play(body string) {
	var line string
	var want []string
	quiet := false
	check := func() {
		s.t.Helper()
		if !quiet && !slices.Equal(s.seen, want) {
			s.t.Fatalf("%s\nhappened:\n  -> %s\nexpected:\n  -> %s", line,
				strings.Join(s.seen, "\n  -> "), strings.Join(want, "\n  -> "))
		}
		s.seen, want = nil, nil
	}
	for _, l := range strings.Split(body, "\n") {
		l, _, _ = strings.Cut(l, "#")
		l = strings.TrimSpace(l)
		if effect, ok := strings.CutPrefix(l, "-> "); ok {
			want = append(want, strings.TrimSpace(effect))
			continue
		}
		if l == "" {
			continue
		}
		check()
		line = l
		words := strings.Fields(l)
		at, err := time.ParseDuration(words[0])
		if err == nil {
			s.until(line, start.Add(at))
			words = words[1:]
		}
		quiet = words[0] == "quietly"
		if quiet {
			words = words[1:]
		}
		s.run(words[0], words[1:])
	}
	check()
}

// until lets time pass up to at. What ticks do on the way must be seen by a line of its own.
func (s *script) until(line string, at time.Time) {
	for !s.wake.IsZero() && !s.wake.After(at) {
		s.now, s.wake = s.wake, time.Time{}
		s.step(room.Tick{})
		if s.now.Before(at) && len(s.seen) > 0 {
			s.t.Fatalf("before %q, at %v: %s", line, s.now.Sub(start), strings.Join(s.seen, ", "))
		}
	}
	s.now = at
}

// run does what a line says. Words are names or options such as lock=x.
func (s *script) run(verb string, words []string) {
	var names []string
	opt := map[string]string{}
	for _, w := range words {
		if k, v, ok := strings.Cut(w, "="); ok {
			opt[k] = v
		} else {
			names = append(names, w)
		}
	}
	switch verb {
	case "wait":
	case "tick":
		s.step(room.Tick{})
	case "show":
		s.shown[names[0]] = true
	case "policy":
		s.setPolicy(opt)
	case "restart":
		s.state, s.wake = room.New("den", "home", s.policy), time.Time{}
	case "save":
		s.saved[names[0]] = s.state.Snapshot(s.now)
	case "members":
		for _, m := range s.state.Members() {
			s.seen = append(s.seen, describe(m))
		}
	case "plan":
		s.seen = append(s.seen, s.planText(s.state.Plan()))
	case "relay":
		s.step(relayEvent(names))
	case "stuck":
		s.step(room.Stuck{Peer: peer(names[0]), Epoch: s.epoch(opt["plan"]), Far: peer(names[1])})
	default:
		for _, name := range names {
			s.step(s.memberEvent(verb, peer(name), opt))
		}
	}
}

func peer(name string) room.PeerID { return room.PeerID(name) }

func relayEvent(names []string) room.Event {
	switch {
	case names[0] == "none":
		return room.RelayNone{}
	case names[1] == "up":
		return room.RelayUp{Node: room.NodeID(names[0])}
	default:
		return room.RelayDown{Node: room.NodeID(names[0])}
	}
}

func (s *script) memberEvent(verb string, p room.PeerID, opt map[string]string) room.Event {
	page := opt["page"]
	if page == "" {
		page = "1"
	}
	media := room.Media{Microphone: "on", Camera: "on", Screen: "off"}
	if opt["camera"] != "" {
		media.Camera = opt["camera"]
	}
	switch verb {
	case "join":
		e := room.Join{Peer: p, Name: string(p), Page: page, Key: opt["key"], Media: media, Floor: s.epoch(opt["floor"])}
		if opt["lock"]+opt["max"]+opt["mesh-max"] != "" {
			e.Settings = &room.Settings{Lock: opt["lock"], Max: number(opt["max"], 0), MeshMax: number(opt["mesh-max"], -1)}
		}
		return e
	case "resume":
		e := room.Resume{Peer: p, Name: string(p), Page: page, Key: opt["key"], Media: media, Floor: s.epoch(opt["floor"])}
		if snap, ok := s.saved[opt["with"]]; ok {
			e.Snapshot = &snap
			e.Floor = max(e.Floor, snap.Plan.Epoch)
		} else if opt["with"] != "" {
			s.t.Fatalf("no snapshot %q was saved", opt["with"])
		}
		return e
	case "leave":
		return room.Leave{Peer: p}
	case "closed":
		return room.Closed{Peer: p}
	case "broken":
		return room.Broken{Peer: p}
	case "media":
		return room.SetMedia{Peer: p, Media: media}
	case "ready":
		e := s.state.Plan().Epoch
		if opt["plan"] != "" {
			e = s.epoch(opt["plan"])
		}
		return room.Ready{Peer: p, Epoch: e}
	}
	s.t.Fatalf("no such verb: %s", verb)
	return nil
}

func number(text string, otherwise int) int {
	if n, err := strconv.Atoi(text); err == nil {
		return n
	}
	return otherwise
}

// epoch reads the number of a plan, or a time from now such as +61s.
func (s *script) epoch(text string) room.Epoch {
	if ahead, err := time.ParseDuration(text); err == nil && strings.HasPrefix(text, "+") {
		return room.Epoch(s.now.Add(ahead).UnixMilli())
	}
	if n := number(text, 0); n > 0 && n <= len(s.epochs) {
		return s.epochs[n-1]
	}
	return 0
}

func (s *script) setPolicy(opt map[string]string) {
	if v := opt["mesh-max"]; v != "" {
		s.policy = s.policy.WithMeshMax(number(v, 4))
	}
	s.policy.Max = number(opt["max"], s.policy.Max)
	s.state = room.New("den", "home", s.policy)
}

func (s *script) step(e room.Event) {
	before := s.state
	var effects []room.Effect
	s.state, effects = room.Step(s.state, s.now, e)
	obey(s.t, before, e, s.state, effects)
	for _, effect := range effects {
		if w, ok := effect.(room.Wake); ok {
			s.wake = w.At
		}
		text := s.text(effect)
		word, _, _ := strings.Cut(text, " ")
		if (word == "wake" || word == "refresh") && !s.shown[word] {
			continue
		}
		s.seen = append(s.seen, text)
	}
}

// nth is the number by which scripts call an epoch.
func (s *script) nth(e room.Epoch) int {
	i := slices.Index(s.epochs, e)
	if i < 0 {
		i = len(s.epochs)
		s.epochs = append(s.epochs, e)
	}
	return i + 1
}

func (s *script) planText(p room.Plan) string {
	text := fmt.Sprintf("plan %d: %s", s.nth(p.Epoch), p.Mode)
	if p.Warm {
		text += ", warm"
	}
	for _, r := range p.Relays {
		text += " " + string(r)
	}
	if p.Lacking {
		text += ", lacking a relay"
	}
	return text
}

func describe(m room.Member) string {
	text := fmt.Sprintf("%s: seat %d", m.Peer, m.Seat)
	if !m.Present {
		text += ", away"
	}
	if m.Page != "1" {
		text += ", page " + m.Page
	}
	if m.Media.Camera != "on" {
		text += ", camera " + m.Media.Camera
	}
	return text
}

func (s *script) text(e room.Effect) string {
	switch e := e.(type) {
	case room.Welcome:
		if e.Resumed {
			return "welcome back " + string(e.To)
		}
		return "welcome " + string(e.To)
	case room.Refuse:
		return fmt.Sprintf("refuse %s: %s", e.To, e.Reason)
	case room.Replaced:
		return fmt.Sprintf("replaced an older page of %s", e.Peer)
	case room.Joined:
		return "joined " + describe(e.Member)
	case room.Changed:
		return "changed " + describe(e.Member)
	case room.Left:
		return fmt.Sprintf("%s is out: %s", e.Peer, e.Why)
	case room.Evict:
		return fmt.Sprintf("evict %s: %s", e.Peer, e.Reason)
	case room.Planned:
		return s.planText(e.Plan)
	case room.Settled:
		text := fmt.Sprintf("settled %d", s.nth(e.Epoch))
		if e.To != "" {
			text += " for " + string(e.To)
		}
		for i, p := range e.Stuck {
			text += []string{", stuck: ", " "}[min(i, 1)] + string(p)
		}
		return text
	case room.Reserve:
		return strings.TrimSpace("reserve a relay " + string(e.Prefer))
	case room.Release:
		if e.Node == "" {
			return "release the wish for a relay"
		}
		return "release " + string(e.Node)
	case room.Wake:
		return "wake at " + e.At.Sub(start).String()
	case room.Refresh:
		return "refresh snapshots"
	case room.Empty:
		return "empty"
	}
	s.t.Fatalf("no words for %T", e)
	return ""
}
