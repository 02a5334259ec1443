package relay

import (
	"log/slog"
	"slices"
	"sync/atomic"
	"time"
)

// Room is the members that hear and see each other. All decisions about who is in which slot, how
// large, and who speaks are made on its one goroutine; media never waits for it.
type Room struct {
	relay   *Relay
	id      string
	log     *slog.Logger
	inbox   chan func()
	done    chan struct{}
	present atomic.Pointer[[]*Port] // immutable list; only the room's goroutine replaces it
	woken   chan struct{}           // holds one token when a round is due before its time
	users   int                     // guarded by relay.mu

	// The room's goroutine owns the rest.
	numbers map[string]uint16
	next    uint16
	floor   floor
	loudest []loudness
	spoken  micros // when speakers were told last
	clocked micros // when sender reports were sent last
	settled micros // when voices were taken last
}

// memberName ties a member's number on this relay to its id.
type memberName struct {
	number uint16
	id     string
}

const (
	roundEvery    = 50 * time.Millisecond
	voicesEvery   = 200 * millisecond
	speakersEvery = 400 * millisecond
	reportsEvery  = second
	roundSoonest  = 10 * millisecond // after the one before
	inboxSize     = 256
	loudestTold   = 8
)

func newRoom(r *Relay, id string) *Room {
	rm := &Room{
		relay: r, id: id, log: r.log.With("room", id),
		inbox: make(chan func(), inboxSize), done: make(chan struct{}),
		woken: make(chan struct{}, 1), numbers: map[string]uint16{},
	}
	rm.present.Store(&[]*Port{})
	return rm
}

// Open makes a member's connection from its page's first offer. A connection that the member had
// before is closed. The answer holds all candidates.
func (rm *Room) Open(member, page, offer string, notify Notify) (p *Port, answer string, err error) {
	rm, err = rm.relay.enter(rm)
	if err != nil {
		return nil, "", err
	}
	defer rm.relay.queue()()
	var number uint16
	rm.do(func() { number = rm.number(member) })
	p = newPort(rm, number, member, page, notify)
	if err = p.prepare(offer); err != nil {
		rm.relay.leave(rm)
		return nil, "", err
	}
	// From here on the Port's end gives the place back.
	if answer, err = p.negotiate(offer); err != nil {
		p.Close()
		return nil, "", err
	}
	rm.do(func() { rm.add(p) })
	return p, answer, nil
}

// run is the room's goroutine.
func (rm *Room) run() {
	defer rm.relay.ports.Done()
	tick := time.NewTicker(roundEvery)
	defer tick.Stop()
	var last micros
	for {
		select {
		case f := <-rm.inbox:
			f()
		case <-rm.woken:
			if now := rm.relay.clock.now(); now-last >= roundSoonest {
				last = now
				rm.round(now)
			}
		case <-tick.C:
			last = rm.relay.clock.now()
			rm.round(last)
		case <-rm.done:
			return
		}
	}
}

// do runs f on the room's goroutine and waits for it. The caller holds a place in the room.
func (rm *Room) do(f func()) {
	ran := make(chan struct{})
	select {
	case rm.inbox <- func() { f(); close(ran) }:
	case <-rm.done:
		return
	}
	select {
	case <-ran:
	case <-rm.done:
	}
}

// post runs f on the room's goroutine, later.
func (rm *Room) post(f func()) {
	select {
	case rm.inbox <- f:
	case <-rm.done:
	}
}

// disturb says that something changed that a round should look at soon. It never blocks.
func (rm *Room) disturb() {
	select {
	case rm.woken <- struct{}{}:
	default:
	}
}

// number gives the member its number on this relay; it keeps it while the room lives.
func (rm *Room) number(member string) uint16 {
	if n, ok := rm.numbers[member]; ok {
		return n
	}
	used := map[uint16]bool{0: true, everybody: true}
	for _, n := range rm.numbers {
		used[n] = true
	}
	for rm.next++; used[rm.next]; rm.next++ {
	}
	rm.numbers[member] = rm.next
	return rm.next
}

func (rm *Room) add(p *Port) {
	select {
	case <-p.life.done:
		return
	default:
	}
	old := *rm.present.Load()
	list := make([]*Port, 0, len(old)+1)
	for _, o := range old {
		if o.number == p.number {
			o.end("replaced")
			rm.forget(o)
			continue
		}
		list = append(list, o)
	}
	list = append(list, p)
	rm.present.Store(&list)
	rm.tellMembers()
	if rm.relay.ending() {
		p.end("")
	}
}

// remove takes a Port that ended out of every list.
func (rm *Room) remove(p *Port) {
	old := *rm.present.Load()
	list := make([]*Port, 0, len(old))
	for _, o := range old {
		if o != p {
			list = append(list, o)
		}
	}
	rm.forget(p)
	rm.present.Store(&list)
	if !slices.ContainsFunc(list, func(o *Port) bool { return o.number == p.number }) {
		delete(rm.numbers, p.member)
	}
	if len(list) < len(old) {
		rm.tellMembers()
	}
}

// forget makes nobody forward to p or from p.
func (rm *Room) forget(p *Port) {
	p.drop(func(*Source) bool { return true })
	for _, o := range *rm.present.Load() {
		o.drop(func(s *Source) bool { return s.port == p })
	}
	rm.disturb()
}

func (rm *Room) tellMembers() {
	list := []memberName{}
	for _, p := range *rm.present.Load() {
		list = append(list, memberName{p.number, p.member})
	}
	b := encodeMembers(list)
	for _, p := range *rm.present.Load() {
		p.tell(b)
	}
	rm.disturb()
}

// round is what the room looks at twenty times a second.
func (rm *Room) round(now micros) {
	ports := *rm.present.Load()
	if now-rm.settled >= voicesEvery {
		rm.settled = now
		rm.listen(now, ports)
	}
	sources := rm.live(now, ports)
	for _, p := range ports {
		p.tellFilled()
		p.arrange(now, sources)
	}
	rm.wishes(now, ports)
	for _, p := range ports {
		p.askKeys(now)
	}
	if now-rm.clocked >= reportsEvery {
		rm.clocked = now
		for _, p := range ports {
			p.reports(now)
			p.watch(now)
		}
	}
}

// listen takes the loudness of all microphones, and tells who speaks.
func (rm *Room) listen(now micros, ports []*Port) {
	levels := make([]loudness, 0, len(ports))
	for _, p := range ports {
		v := &p.sources[Microphone].voice
		v.settle()
		levels = append(levels, loudness{p.number, v.level})
		p.sources[ScreenSound].voice.settle()
	}
	before := rm.floor.speaker
	rm.loudest = rm.floor.step(now, levels)
	if rm.floor.speaker == before && now-rm.spoken < speakersEvery {
		return
	}
	rm.spoken = now
	audible := 0
	for audible < min(len(rm.loudest), loudestTold) && rm.loudest[audible].level >= levelFloor {
		audible++
	}
	b := encodeSpeakers(rm.floor.speaker, rm.loudest[:audible])
	for _, p := range ports {
		p.tellSpeakers(b)
	}
}

// live lists all sources that are being sent.
func (rm *Room) live(now micros, ports []*Port) []*Source {
	list := make([]*Source, 0, 2*len(ports))
	for _, p := range ports {
		for _, s := range p.sources {
			if s.live(now) {
				list = append(list, s)
			}
		}
	}
	return list
}

// pauseAfter is how long a layer must be of no use before its page is asked to pause it.
const pauseAfter = 2 * second

// wishes asks each page for the layers that somebody watches, at once for more and later for less.
func (rm *Room) wishes(now micros, ports []*Port) {
	useful := make(map[*Source]uint32, len(ports))
	for _, p := range ports {
		for source, mask := range p.board.useful {
			useful[source] |= mask
		}
	}
	for _, p := range ports {
		for _, kind := range []Kind{Camera, Screen} {
			source := p.sources[kind]
			if p.wish(now, source, useful[source]) {
				p.tell(encodeLayers(kind, source.wished.Load()))
			}
		}
	}
}

// wish moves what is asked of a source towards what is useful, and reports whether it changed.
func (p *Port) wish(now micros, source *Source, useful uint32) bool {
	at := &p.board.usefulAt[source.kind]
	unsent := !source.live(now) // what is not sent yet must be free to begin
	wished := uint32(0)
	for i := range maxLayers {
		if unsent || useful&(1<<i) != 0 {
			at[i] = now
		}
		if now-at[i] < pauseAfter {
			wished |= 1 << i
		}
	}
	return source.wished.Swap(wished) != wished
}
