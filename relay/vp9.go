package relay

// vp9Descriptor is the part of a VP9 payload descriptor (RFC 9628 section 4.2) that forwarding needs.
type vp9Descriptor struct {
	start     bool // B: first packet of a layer frame
	end       bool // E: last packet of a layer frame
	inter     bool // P: predicted from earlier pictures
	topmost   bool // Z: larger layers do without this one from here on
	layered   bool // L: layer indices are there
	up        bool // U: later pictures of higher rate refer to nothing of theirs before this one
	spatial   uint8
	temporal  uint8
	long      bool // the PictureID has 15 bits
	picture   uint16
	tl0       uint8
	pictureAt int // offset of the PictureID, 0 where there is none
	tl0At     int // offset of TL0PICIDX, 0 where there is none
	structure int // offset of the scalability structure, 0 where there is none
}

// key tells whether a receiver can begin here.
func (d *vp9Descriptor) key() bool { return d.start && !d.inter && d.spatial == 0 }

func parseVP9(p []byte) (d vp9Descriptor, ok bool) {
	if len(p) < 1 {
		return d, false
	}
	first := p[0]
	d.inter = first&0x40 != 0
	d.start = first&0x08 != 0
	d.end = first&0x04 != 0
	d.topmost = first&0x01 != 0
	flexible := first&0x10 != 0
	at := 1
	if first&0x80 != 0 { // I
		if at, ok = d.parsePicture(p, at); !ok {
			return d, false
		}
	}
	if first&0x20 != 0 { // L
		if at, ok = d.parseLayer(p, at, flexible); !ok {
			return d, false
		}
	}
	if flexible && d.inter {
		for more := true; more; at++ { // at most three P_DIFFs
			if at >= len(p) {
				return d, false
			}
			more = p[at]&1 != 0
		}
	}
	if first&0x02 != 0 { // V
		d.structure = at
	}
	return d, at < len(p)
}

func (d *vp9Descriptor) parsePicture(p []byte, at int) (int, bool) {
	if at >= len(p) {
		return at, false
	}
	d.pictureAt = at
	d.picture = uint16(p[at] & 0x7f)
	if p[at]&0x80 != 0 {
		if at+1 >= len(p) {
			return at, false
		}
		d.long = true
		d.picture = d.picture<<8 | uint16(p[at+1])
		at++
	}
	return at + 1, true
}

func (d *vp9Descriptor) parseLayer(p []byte, at int, flexible bool) (int, bool) {
	if at >= len(p) {
		return at, false
	}
	d.layered = true
	d.temporal = p[at] >> 5
	d.up = p[at]&0x10 != 0
	d.spatial = p[at] >> 1 & 7
	at++
	if flexible {
		return at, true
	}
	if at >= len(p) {
		return at, false
	}
	d.tl0At = at
	d.tl0 = p[at]
	return at + 1, true
}

// sizes reads the pictures' sizes from the scalability structure, if it tells them, into room for maxSpatial.
func (d *vp9Descriptor) sizes(p []byte, into []layerSize) []layerSize {
	if d.structure == 0 || d.structure >= len(p) || p[d.structure]&0x10 == 0 { // Y
		return nil
	}
	at := d.structure + 1
	for range p[d.structure]>>5 + 1 {
		if at+4 > len(p) || len(into) == maxSpatial {
			break
		}
		into = append(into, layerSize{
			width:  uint16(p[at])<<8 | uint16(p[at+1]),
			height: uint16(p[at+2])<<8 | uint16(p[at+3]),
		})
		at += 4
	}
	return into
}

// frame tells the packet's layer frame; false for a stream that does not number its pictures and layers.
func (d *vp9Descriptor) frame(timestamp uint32) (f layerFrame, ok bool) {
	if !d.layered || d.pictureAt == 0 {
		return f, false
	}
	f = layerFrame{
		number: d.picture<<2 | uint16(d.spatial&3), timestamp: timestamp,
		spatial: d.spatial, temporal: d.temporal, end: d.end,
		alone: !d.inter && d.spatial == 0,
	}
	if d.spatial > allSpatial || d.temporal > allTemporal {
		return f, true // beyond what anybody is given: needed by nobody
	}
	const row = 1<<maxTemporal - 1
	rate := mask(row) << d.temporal & row // targets of one size with this picture rate or a higher one
	f.needed = rate << (d.spatial * maxTemporal)
	for s := d.spatial + 1; s < maxSpatial && !d.topmost; s++ {
		f.needed |= rate << (s * maxTemporal)
	}
	switch {
	case f.alone:
		f.entry = everyTarget
	case d.up:
		f.entry = rate &^ (1 << d.temporal) << (d.spatial * maxTemporal)
	}
	return f, true
}

// rewrite puts other running numbers into the payload that d was parsed from.
func (d *vp9Descriptor) rewrite(p []byte, picture uint16, tl0 uint8) {
	switch {
	case d.pictureAt == 0:
	case d.long:
		p[d.pictureAt] = 0x80 | byte(picture>>8)&0x7f
		p[d.pictureAt+1] = byte(picture)
	default:
		p[d.pictureAt] = byte(picture) & 0x7f
	}
	if d.tl0At != 0 {
		p[d.tl0At] = tl0
	}
}
