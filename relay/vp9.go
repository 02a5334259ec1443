package relay

// vp9Descriptor is the part of a VP9 payload descriptor (RFC 9628 section 4.2) that forwarding needs.
type vp9Descriptor struct {
	start     bool // B: first packet of a layer frame
	inter     bool // P: predicted from earlier pictures
	spatial   uint8
	long      bool // the PictureID has 15 bits
	picture   uint16
	tl0       uint8
	pictureAt int // offset of the PictureID, 0 where there is none
	tl0At     int // offset of TL0PICIDX, 0 where there is none
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
	at := 1
	if first&0x80 != 0 { // I
		if at >= len(p) {
			return d, false
		}
		d.pictureAt = at
		d.picture = uint16(p[at] & 0x7f)
		if p[at]&0x80 != 0 {
			if at+1 >= len(p) {
				return d, false
			}
			d.long = true
			d.picture = d.picture<<8 | uint16(p[at+1])
			at++
		}
		at++
	}
	if first&0x20 != 0 { // L
		if at >= len(p) {
			return d, false
		}
		d.spatial = p[at] >> 1 & 7
		at++
		if first&0x10 == 0 { // not flexible mode: TL0PICIDX
			if at >= len(p) {
				return d, false
			}
			d.tl0At = at
			d.tl0 = p[at]
			at++
		}
	}
	return d, at < len(p)
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
