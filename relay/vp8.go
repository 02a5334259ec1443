package relay

// vp8Descriptor is a VP8 payload descriptor (RFC 7741 section 4.2). Offsets of the two running
// numbers are kept, so that they can be rewritten in place.
type vp8Descriptor struct {
	start      bool   // first packet of the frame's first partition
	key        bool   // the frame is a key frame; known on its first packet only
	long       bool   // the PictureID has 15 bits
	picture    uint16 // PictureID
	tl0        uint8  // TL0PICIDX
	pictureAt  int    // offset of the PictureID, 0 where there is none
	tl0At      int    // offset of TL0PICIDX, 0 where there is none
	headerSize int
}

// parseVP8 reads the descriptor and, behind it, the one bit that tells a key frame.
func parseVP8(p []byte) (d vp8Descriptor, ok bool) {
	if len(p) < 2 {
		return d, false
	}
	first := p[0]
	at := 1
	if first&0x80 != 0 { // X: an extension byte follows
		ext := p[1]
		at = 2
		if at, ok = d.parseExtension(p, at, ext); !ok {
			return d, false
		}
	}
	if at >= len(p) {
		return d, false
	}
	d.headerSize = at
	d.start = first&0x10 != 0 && first&0x07 == 0
	d.key = d.start && p[at]&1 == 0
	return d, true
}

func (d *vp8Descriptor) parseExtension(p []byte, at int, ext byte) (int, bool) {
	if ext&0x80 != 0 { // I: PictureID, 7 or 15 bits
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
		at++
	}
	if ext&0x40 != 0 { // L: TL0PICIDX
		if at >= len(p) {
			return at, false
		}
		d.tl0At = at
		d.tl0 = p[at]
		at++
	}
	if ext&0x30 != 0 { // T or K: TID, Y, KEYIDX in one byte
		at++
	}
	return at, at <= len(p)
}

// rewrite puts other running numbers into the payload that d was parsed from.
func (d *vp8Descriptor) rewrite(p []byte, picture uint16, tl0 uint8) {
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
