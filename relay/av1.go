package relay

// av1Header is the AV1 aggregation header (RTP payload format for AV1, section 4.4).
type av1Header struct {
	continues bool // Z: the first element continues one of the packet before
	sequence  bool // N: first packet of a coded video sequence, where a receiver can begin
}

func parseAV1(p []byte) (h av1Header, ok bool) {
	if len(p) < 2 {
		return h, false
	}
	h.continues = p[0]&0x80 != 0
	h.sequence = p[0]&0x08 != 0
	// A coded video sequence cannot begin in the middle of an element.
	return h, !(h.sequence && h.continues)
}
