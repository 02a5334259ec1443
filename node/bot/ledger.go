package bot

import (
	"hash/fnv"
	"sync"
	"time"

	"parley/bridge/signal"
)

// Kind is what a track carries, in the order of a link's transceivers.
type Kind int

// The kinds.
const (
	Microphone Kind = iota
	Camera
	Screen
	ScreenSound
	kinds // how many
)

// String names a kind as reports do.
func (k Kind) String() string {
	return [...]string{"microphone", "camera", "screen", "screenSound"}[k]
}

func (k Kind) video() bool { return k == Camera || k == Screen }

// Tally is what was received of one person and kind, over all links so far. Everything but Number
// and FirstMillis only rises.
type Tally struct {
	Packets    int64 `json:"packets"`
	Bytes      int64 `json:"bytes"` // of payload
	Lost       int64 `json:"lost"`  // still missing when 128 later ones had come
	Duplicates int64 `json:"duplicates"`
	Late       int64 `json:"late"`       // came after a later one
	Restarts   int64 `json:"restarts"`   // a stream's sequence numbers began anew in mid-stream
	Timestamps int64 `json:"timestamps"` // that contradict the packet before
	Ahead      int64 `json:"ahead"`      // that have run ahead of the clock by a second more: wrong, or late before
	Cut        int64 `json:"cut"`        // pictures cut short by the next: a relay that goes to another layer may do so
	Frames     int64 `json:"frames"`     // complete pictures, or sound packets, of the newest link that has decoded
	KeyFrames  int64 `json:"keyFrames"`  // decoded
	Broken     int64 `json:"broken"`     // pictures that stayed incomplete or could not be decoded
	Number     int   `json:"number"`     // of the last frame in its clip; -1 if it shows none
	// Misplaced counts frames whose number cannot be what this bot sends now: late by more than two
	// seconds, or somebody else's. Their sender's clock must agree with this one to a quarter of a
	// second, and the sender must be a bot.
	Misplaced   int64 `json:"misplaced"`
	FirstMillis int64 `json:"firstMillis"` // from wanting it to the first decoded frame; -1 before
	// LongestMillis is the longest time between two frames while it was being sent.
	LongestMillis int64 `json:"longestMillis"`
	// Backwards counts decoded pictures that are older than the one shown before. It is not counted of sound: two
	// links differ by a few frames of it, which is why a page fades from one to the other.
	Backwards int64     `json:"backwards"`
	Turned    time.Time `json:"turned"` // when the link that it is shown from first decoded it; zero before
}

// ledger counts for one person and kind. Its mutex guards everything in it: links' reading
// goroutines write, reports read.
type ledger struct {
	mu     sync.Mutex
	phase  time.Duration
	wanted time.Time // since when it has been sent as far as we know; zero while it is not
	last   time.Time // the last frame; zero when the next one ends no gap
	rank   int64     // of the newest link that has decoded: frames of older ones are not shown, so not counted
	tally  Tally
}

// book is the ledgers of all people. They outlive links.
type book struct {
	mu     sync.Mutex // guards people
	people map[signal.PeerID]*[kinds]ledger
}

func (b *book) of(peer signal.PeerID) *[kinds]ledger {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.people == nil {
		b.people = map[signal.PeerID]*[kinds]ledger{}
	}
	if b.people[peer] == nil {
		all := &[kinds]ledger{}
		for kind := range all {
			all[kind].begin(peer)
		}
		b.people[peer] = all
	}
	return b.people[peer]
}

func (b *book) remove(peer signal.PeerID) {
	b.mu.Lock()
	delete(b.people, peer)
	b.mu.Unlock()
}

// fall says that a link has ended: what older ones bring counts again.
func (b *book) fall(rank int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, all := range b.people {
		for kind := range all {
			l := &all[kind]
			l.mu.Lock()
			if l.rank == rank {
				l.rank = 0
			}
			l.mu.Unlock()
		}
	}
}

func (l *ledger) begin(peer signal.PeerID) {
	l.phase = phaseOf(peer)
	l.tally = Tally{Number: -1, FirstMillis: -1}
}

// want says whether the person is sending this kind. A pause ends the gap that is measured.
func (l *ledger) want(sent bool, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if sent == !l.wanted.IsZero() {
		return
	}
	l.last, l.wanted = time.Time{}, time.Time{}
	if sent {
		l.wanted = now
	}
}

func (l *ledger) packet(f finding, bytes int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	t := &l.tally
	t.Packets++
	t.Bytes += int64(bytes)
	t.Lost += int64(f.Lost)
	t.Duplicates += one(f.Duplicate)
	t.Late += one(f.Late)
	t.Restarts += one(f.Restarted)
	t.Timestamps += one(f.BadStamp)
	t.Ahead += one(f.Ahead)
	t.Cut += one(f.Cut)
}

func one(happened bool) int64 {
	if happened {
		return 1
	}
	return 0
}

// shown is a complete frame.
type shown struct {
	kind    Kind
	number  int // -1 where none can be read or none was looked for
	decoded bool
	rank    int64 // of its link; below 0 once that is closed
}

// frame counts a frame, if it is the one that a page would show: of the newest link that has decoded a picture not
// older than the one shown.
func (l *ledger) frame(f shown, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	t := &l.tally
	older := l.older(f, now)
	switch {
	case f.rank < max(l.rank, 0), older && f.rank > l.rank && l.rank > 0:
		return
	case f.decoded && f.rank > l.rank:
		l.rank, t.Turned = f.rank, now
	}
	t.Frames++
	if !l.last.IsZero() {
		t.LongestMillis = max(t.LongestMillis, now.Sub(l.last).Milliseconds())
	}
	l.last = now
	if !f.decoded {
		return
	}
	if f.kind.video() {
		t.KeyFrames++
	}
	if t.FirstMillis < 0 && !l.wanted.IsZero() {
		t.FirstMillis = now.Sub(l.wanted).Milliseconds()
	}
	t.Number = f.number
	t.Backwards += one(older)
	if f.number >= 0 && !l.plausible(f.kind, f.number, now) {
		t.Misplaced++
	}
}

// older tells that a picture was sent up to two seconds before the one decoded last. No clock is asked, so that a busy
// machine makes nothing older. After a pause it cannot be told, because numbers go round.
func (l *ledger) older(f shown, now time.Time) bool {
	if !f.kind.video() || !f.decoded || f.number < 0 || l.tally.Number < 0 || now.Sub(l.last) > 3*time.Second {
		return false
	}
	behind := (l.tally.Number - f.number + pictureCount) % pictureCount
	return behind > 0 && behind <= 2*picturesPerSecond
}

func (l *ledger) broken(n int) {
	l.mu.Lock()
	l.tally.Broken += int64(n)
	l.mu.Unlock()
}

func (l *ledger) read() Tally {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.tally
}

// plausible compares a frame's number with what its sender should be sending now.
func (l *ledger) plausible(kind Kind, number int, now time.Time) bool {
	perSecond, round := soundsPerSecond, soundCount
	if kind.video() {
		perSecond, round = picturesPerSecond, pictureCount
	}
	behind := (place(now, l.phase, perSecond) - int64(number)) % int64(round)
	return behind <= 2*int64(perSecond) || behind >= int64(round-perSecond/4)
}

// place is the absolute number of the frame that a bot with this phase sends now; its number in the
// clip is that modulo the clip's length. Clocks give it, so that a receiver knows which number to
// expect of whom, on every link and after every reconnect.
func place(now time.Time, phase time.Duration, perSecond int) int64 {
	return now.Add(phase).UnixMicro() * int64(perSecond) / 1e6
}

// phaseOf sets the bots of a room apart in the loop.
func phaseOf(peer signal.PeerID) time.Duration {
	hash := fnv.New32a()
	_, _ = hash.Write([]byte(peer))
	round := pictureCount * time.Second / picturesPerSecond
	return time.Duration(hash.Sum32()) * time.Millisecond % round
}
