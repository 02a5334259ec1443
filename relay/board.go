package relay

// board is what one page is shown and plays: the slot table and what the page said about it. The
// room's goroutine owns it.
type board struct {
	audio, video []seatOf  // by slot
	aimed        []*Source // what each video slot was opened to, after the acknowledgement
	playing      []*Source // what each audio slot carries
	since        []uint32  // revision in which each video slot got its seat
	asked        []micros  // when a key frame for the slot was asked for last
	revision     uint32
	acked        uint32
	views        map[seatOf]view
	viewed       bool // the page has said what it shows
	mesh         mesh
	useful       map[*Source]uint32 // layers that this page could use, as bit masks
	usefulAt     [kindCount][maxLayers]micros
	told         told
	allocated    micros // when layers were chosen last
}

// told is what the page was told last, so that only changes are sent.
type told struct {
	slotsAudio, slotsVideo int
	held                   string
	speakers               string
}

func (b *board) init() {
	b.views = map[seatOf]view{}
	b.useful = map[*Source]uint32{}
}

// drop closes the page's slots to the sources that match.
func (p *Port) drop(match func(*Source) bool) {
	b := &p.board
	audio, video := p.down.slots()
	for i, s := range b.playing {
		if s != nil && match(s) {
			s.detach(audio[i])
			audio[i].clear()
			b.playing[i] = nil
		}
	}
	for i, s := range b.aimed {
		if s != nil && match(s) {
			s.detach(video[i])
			video[i].clear()
			b.aimed[i] = nil
			delete(b.useful, s)
		}
	}
}

// grow follows the number of slots that were negotiated.
func (b *board) grow(audio, video int) {
	for len(b.audio) < audio {
		b.audio, b.playing = append(b.audio, seatOf{}), append(b.playing, nil)
	}
	for len(b.video) < video {
		b.video, b.aimed = append(b.video, seatOf{}), append(b.aimed, nil)
		b.since, b.asked = append(b.since, 0), append(b.asked, 0)
	}
}

// arrange seats what matters most in the page's slots, opens and closes them, and chooses layers.
func (p *Port) arrange(now micros, sources []*Source) {
	if !p.control.open() {
		return
	}
	b := &p.board
	audio, video := p.down.slots()
	b.grow(len(audio), len(video))
	heard, seen := p.candidates(sources)
	nextVideo := seat(b.video, seen, 0)
	for i := range heard {
		partner := Camera
		if heard[i].kind == ScreenSound {
			partner = Screen
		}
		heard[i].prefer = slotOf(nextVideo, seatOf{heard[i].member, partner})
	}
	nextAudio := seat(b.audio, heard, louderBy)
	p.reseat(nextAudio, nextVideo)
	p.play(audio, sources)
	p.show(video, sources)
	p.choose(now, video)
	p.askSlots(len(heard), len(seen), len(audio), len(video))
}

// candidates lists what could be in the page's slots, with weights.
func (p *Port) candidates(sources []*Source) (heard, seen []candidate) {
	b := &p.board
	for _, s := range sources {
		if s.port == p {
			continue
		}
		c := candidate{seatOf: seatOf{s.number, s.kind}, prefer: -1}
		if !s.kind.Video() {
			c.weight = s.voice.level
			if s.kind == ScreenSound {
				c.weight += 127
			}
			heard = append(heard, c)
			continue
		}
		v, shown := b.views[c.seatOf]
		if b.viewed && (!shown || v.height == 0) {
			continue
		}
		c.weight = b.weight(c.seatOf)
		if s.number == p.room.floor.speaker {
			c.weight++
		}
		c.prefer = slotOf(b.audio, seatOf{s.number, Microphone})
		seen = append(seen, c)
	}
	return heard, seen
}

// weight is how much a picture matters to the page: pinned first, then screens, then by its size.
func (b *board) weight(s seatOf) float64 {
	w := 0.0
	if v, ok := b.views[s]; ok {
		w = float64(v.width) * float64(v.height)
		if v.pinned {
			w += 1 << 40
		}
	}
	if s.kind == Screen {
		w += 1 << 30
	}
	return w
}

// reseat takes the new tables, empties slots that changed hands, and tells the page.
func (p *Port) reseat(audio, video []seatOf) {
	b := &p.board
	changed := false
	_, sinks := p.down.slots()
	for i := range video {
		if video[i] == b.video[i] {
			continue
		}
		changed = true
		b.since[i] = b.revision + 1
		if b.aimed[i] != nil {
			b.aimed[i].detach(sinks[i])
			b.aimed[i] = nil
		}
		sinks[i].clear()
	}
	for i := range audio {
		changed = changed || audio[i] != b.audio[i]
	}
	b.audio, b.video = audio, video
	if changed {
		b.revision++
		p.tellTable()
	}
}

func (p *Port) tellTable() {
	list := func(seats []seatOf) (out []Seat) {
		for i, s := range seats {
			if s.member != 0 {
				out = append(out, Seat{Slot: uint8(i), Member: s.member, Kind: s.kind})
			}
		}
		return out
	}
	p.tell(encodeTable(p.board.revision, list(p.board.audio), list(p.board.video)))
}

// find looks a seat's source up among the live ones.
func find(sources []*Source, s seatOf) *Source {
	for _, source := range sources {
		if source.number == s.member && source.kind == s.kind {
			return source
		}
	}
	return nil
}

// play opens audio slots to their sources at once; the CSRC tells the page whose voice it is.
func (p *Port) play(sinks []*Sink, sources []*Source) {
	b := &p.board
	for i, sink := range sinks {
		source := find(sources, b.audio[i])
		if b.playing[i] != source && b.playing[i] != nil {
			b.playing[i].detach(sink)
			sink.clear()
		}
		if b.playing[i] != source && source != nil {
			sink.aim(source, wholeOf(source.streams[0].Load()))
			source.attach(sink)
		}
		b.playing[i] = source
	}
}

// show opens video slots to their sources once the page has acknowledged the table.
func (p *Port) show(sinks []*Sink, sources []*Source) {
	b := &p.board
	for i, sink := range sinks {
		if b.aimed[i] != nil || b.video[i].member == 0 || b.acked < b.since[i] {
			continue
		}
		if source := find(sources, b.video[i]); source != nil {
			b.aimed[i] = source
			b.asked[i] = 0
			b.allocated = 0
			source.attach(sink)
		}
	}
}

// askSlots asks the page for more receiving slots while it could use more than it has.
func (p *Port) askSlots(heard, seen, audio, video int) {
	t, limits := &p.board.told, p.relay.config.Limits
	heard, seen = min(heard, limits.AudioSlots), min(seen, limits.VideoSlots)
	if (heard <= audio && seen <= video) || (heard <= t.slotsAudio && seen <= t.slotsVideo) {
		return
	}
	t.slotsAudio, t.slotsVideo = max(heard, audio, t.slotsAudio), max(seen, video, t.slotsVideo)
	p.tell(encodeSlots(t.slotsAudio, t.slotsVideo))
}

// silentAfter is how long a page may send no RTCP while media goes there, before it is cut.
const silentAfter = 20 * second

// unfedAfter is how long a page that has told what arrives may tell nothing, before it gets less with every second.
const unfedAfter = 3 * second

// watch gives less to a page that stopped answering although the connection stands, and cuts it in the end.
func (p *Port) watch(now micros) {
	d := &p.down.path
	sent := p.down.sent.newest()
	d.mu.Lock()
	heard := d.heardAt
	if d.fedAt != 0 && now-d.fedAt > unfedAfter && sent != d.watched {
		d.estimate.cut(now, d.estimate.kbps/2)
	}
	d.watched = sent
	d.mu.Unlock()
	if heard != 0 && now-heard > p.relay.silent && p.forwarding() {
		p.end("no feedback")
	}
}

func (p *Port) forwarding() bool {
	for _, list := range [][]*Source{p.board.playing, p.board.aimed} {
		for _, s := range list {
			if s != nil {
				return true
			}
		}
	}
	return false
}

func (p *Port) tellSpeakers(b []byte) {
	if t := &p.board.told; t.speakers != string(b) && p.control.open() {
		t.speakers = string(b)
		p.tell(b)
	}
}

// uplinkStart is where the page's own estimate should begin, in kbit/s: what it sent in the mesh if
// it said so.
func (p *Port) uplinkStart() int {
	start := p.relay.config.Limits.UplinkKbps
	p.room.do(func() {
		if up := int(p.board.mesh.up); up > 0 {
			start = min(max(up, 300), 4000)
		}
	})
	return start
}

// tellFilled tells the page which video slots began to carry a new source since the last round.
func (p *Port) tellFilled() {
	_, video := p.down.slots()
	for _, s := range video {
		if f := s.filled.Swap(nil); f != nil {
			p.tell(encodeFilled(f.seat, f.timestamp))
		}
	}
}
