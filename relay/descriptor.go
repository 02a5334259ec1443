package relay

// The dependency descriptor (RTP Payload Format For AV1, appendix A) says of each packet which layer
// frame it belongs to, which decode targets need that frame, and whether a receiver can begin with
// it. Most of that stands in a structure of templates that comes with key frames only; later
// packets name a template and its structure has to be remembered (templates).

const (
	maxTemplates     = 64
	maxDecodeTargets = 32
)

// template is what the packets that name it have in common.
type template struct {
	spatial, temporal    uint8
	indications          indications
	alone                bool // refers to no frame before
	needed, entry, spare mask // the indications in our words
}

// indications are a frame's decode target indications, as one bit mask per meaning.
type indications struct {
	present uint32 // the frame belongs to these targets
	begins  uint32 // these can begin here
	spare   uint32 // nothing that these need refers to it
}

// templates is the structure that a stream's descriptors refer to.
type templates struct {
	offset  uint8 // of template ids
	targets uint8 // decode targets
	count   uint8 // templates
	chains  uint8
	list    [maxTemplates]template
	size    [maxSpatial]layerSize  // of each spatial layer's picture; width 0 where it was not said
	marks   [maxDecodeTargets]mask // which of our targets each decode target stands for
}

// descriptor is one packet's dependency descriptor.
type descriptor struct {
	start, end        bool // first and last packet of the frame
	number            uint16
	spatial, temporal uint8
	alone             bool // refers to no frame before
	needed            mask // targets that the frame belongs to
	entry             mask // targets that can begin with it
	spare             mask // targets that lose nothing else with it
}

// frame is d as the choice of layers sees it.
func (d *descriptor) frame(timestamp uint32) layerFrame {
	return layerFrame{
		number: d.number, timestamp: timestamp, spatial: d.spatial, temporal: d.temporal,
		end: d.end, alone: d.alone, needed: d.needed, entry: d.entry, spare: d.spare,
	}
}

// describer reads one stream's descriptors. The zero value waits for a structure.
type describer struct {
	current, next *templates // next is where a new structure is written before it is known to be whole
}

// describedNumber is the frame number in a descriptor, which stands in the same place in all; 0 for none.
func describedNumber(b []byte) uint16 {
	if len(b) < 3 {
		return 0
	}
	return uint16(b[1])<<8 | uint16(b[2])
}

// read parses b; ok is false for what is malformed or refers to a structure that never came.
func (r *describer) read(b []byte) (d descriptor, ok bool) {
	if len(b) < 3 || len(b) > 255 {
		return d, false
	}
	bits := bitReader{b: b}
	d.start, d.end = bits.flag(), bits.flag()
	id := uint8(bits.take(6))
	d.number = uint16(bits.take(16))
	structure, active, indicated, referring := false, false, false, false
	if len(b) > 3 {
		structure, active, indicated, referring = bits.flag(), bits.flag(), bits.flag(), bits.flag()
		bits.flag() // own chains: they stand at the end, and nothing here needs them
	}
	if structure {
		r.take(&bits)
	}
	if r.current == nil || bits.bad {
		return d, false
	}
	t := r.current
	if active { // which targets the sender serves at present shows in the packets as well
		bits.take(int(t.targets))
	}
	index := (id + 64 - t.offset) % 64
	if index >= t.count {
		return d, false
	}
	own := &t.list[index]
	d.spatial, d.temporal, d.alone = own.spatial, own.temporal, own.alone
	d.needed, d.entry, d.spare = own.needed, own.entry, own.spare
	if indicated {
		d.needed, d.entry, d.spare = t.masks(bits.indications(int(t.targets)))
	}
	if referring {
		d.alone = bits.references()
	}
	return d, !bits.bad
}

// take reads a structure, and puts it in force if it is whole.
func (r *describer) take(bits *bitReader) {
	if r.next == nil {
		r.next = &templates{}
	}
	*r.next = templates{}
	if r.next.read(bits); bits.bad {
		return
	}
	r.current, r.next = r.next, r.current
}

// read parses template_dependency_structure.
func (t *templates) read(bits *bitReader) {
	t.offset = uint8(bits.take(6))
	t.targets = uint8(bits.take(5)) + 1
	t.layers(bits)
	for i := range t.count {
		t.list[i].indications = bits.indications(int(t.targets))
	}
	for i := range t.count {
		t.list[i].alone = true
		for bits.flag() && !bits.bad {
			bits.take(4)
			t.list[i].alone = false
		}
	}
	if t.chains = uint8(bits.below(uint32(t.targets) + 1)); t.chains > 0 {
		for range t.targets {
			bits.below(uint32(t.chains))
		}
		for range int(t.count) * int(t.chains) {
			bits.take(4)
		}
	}
	if bits.flag() {
		for s := range t.list[t.count-1].spatial + 1 {
			width, height := bits.take(16), bits.take(16)
			if s < maxSpatial {
				t.size[s] = layerSize{width: uint16(min(width+1, 1<<16-1)), height: uint16(min(height+1, 1<<16-1))}
			}
		}
	}
	t.mark()
	for i := range t.count {
		own := &t.list[i]
		own.needed, own.entry, own.spare = t.masks(own.indications)
	}
}

// layers reads template_layers, which go up in temporal and then in spatial order.
func (t *templates) layers(bits *bitReader) {
	spatial, temporal := uint8(0), uint8(0)
	for {
		if t.count == maxTemplates {
			bits.bad = true
			return
		}
		t.list[t.count].spatial, t.list[t.count].temporal = spatial, temporal
		t.count++
		switch bits.take(2) {
		case 1:
			temporal++
		case 2:
			spatial, temporal = spatial+1, 0
		case 3:
			return
		}
		if bits.bad || spatial > 7 || temporal > 7 {
			bits.bad = true
			return
		}
	}
}

// mark finds what each decode target is in our words: the highest layers that it has a part in. Where
// the stream has no target of its own for one of ours, the next below serves.
func (t *templates) mark() {
	var of [maxSpatial][maxTemporal]uint8 // decode target + 1
	for d := range t.targets {
		spatial, temporal := uint8(0), uint8(0)
		for i := range t.count {
			if own := &t.list[i]; own.indications.present&(1<<d) != 0 {
				spatial, temporal = max(spatial, own.spatial), max(temporal, own.temporal)
			}
		}
		if spatial < maxSpatial && temporal < maxTemporal && of[spatial][temporal] == 0 {
			of[spatial][temporal] = d + 1
		}
	}
	for s := range of {
		for k := range of[s] {
			switch {
			case of[s][k] != 0:
			case k > 0 && of[s][k-1] != 0:
				of[s][k] = of[s][k-1]
			case s > 0:
				of[s][k] = of[s-1][k]
			}
			if d := of[s][k]; d != 0 {
				t.marks[d-1] |= targetOf(uint8(s), uint8(k))
			}
		}
	}
}

// masks puts indications in our words.
func (t *templates) masks(in indications) (needed, entry, spare mask) {
	for d := range t.targets {
		m := t.marks[d]
		if in.present&(1<<d) != 0 {
			needed |= m
		}
		if in.begins&(1<<d) != 0 {
			entry |= m
		}
		if in.spare&(1<<d) != 0 {
			spare |= m
		}
	}
	return needed, entry, spare
}

// bitReader takes numbers off a string of bits; bad is set once it has run out.
type bitReader struct {
	b   []byte
	at  int // in bits
	bad bool
}

// take reads n bits, at most 32, as f(n) of the AV1 specification does.
func (r *bitReader) take(n int) (v uint32) {
	if r.at+n > 8*len(r.b) {
		r.bad = true
		return 0
	}
	for range n {
		v = v<<1 | uint32(r.b[r.at>>3]>>(7-r.at&7))&1
		r.at++
	}
	return v
}

func (r *bitReader) flag() bool { return r.take(1) == 1 }

// below reads a number smaller than n, ns(n) of the AV1 specification.
func (r *bitReader) below(n uint32) uint32 {
	w := 0
	for x := n; x != 0; x >>= 1 {
		w++
	}
	if w == 0 {
		return 0
	}
	m := uint32(1)<<w - n
	v := r.take(w - 1)
	if v < m {
		return v
	}
	return v<<1 - m + r.take(1)
}

// indications reads one frame's decode target indications: 0 not present, 1 discardable, 2 switch, 3 required.
func (r *bitReader) indications(targets int) (in indications) {
	for d := range targets {
		v := r.take(2)
		if v != 0 {
			in.present |= 1 << d
		}
		switch v {
		case 1:
			in.spare |= 1 << d
		case 2:
			in.begins |= 1 << d
		}
	}
	return in
}

// references passes frame_fdiffs and reports whether there were none.
func (r *bitReader) references() (alone bool) {
	alone = true
	for {
		size := int(r.take(2))
		if size == 0 || r.bad {
			return alone
		}
		r.take(4 * size)
		alone = false
	}
}
