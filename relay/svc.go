package relay

// Some streams carry several layers at once (SVC): pictures of growing size (spatial) and of growing
// rate (temporal), each predicted from those below. A receiver then gets a part of one stream, and a
// change between parts is possible only where nothing that was left out is referred to. What a
// frame is needed for, its codec says (vp9.go, descriptor.go); what of it goes to one slot is decided here.

const (
	maxSpatial  = 4
	maxTemporal = 4
	allSpatial  = maxSpatial - 1
	allTemporal = maxTemporal - 1
	whole       = 255 // in place of a spatial layer: everything, however many there are
)

// mask is a set of targets; a target is the part of a stream up to one spatial and one temporal layer.
type mask uint16

const everyTarget = ^mask(0)

func targetOf(spatial, temporal uint8) mask {
	return 1 << (min(spatial, allSpatial)*maxTemporal + min(temporal, allTemporal))
}

// layerFrame is one spatial layer of one picture. Its packets all say the same.
type layerFrame struct {
	number            uint16 // different for all frames that are under way together
	timestamp         uint32 // of its picture
	spatial, temporal uint8
	end               bool // this is its last packet
	alone             bool // it refers to no frame before
	needed            mask // targets that it belongs to
	entry             mask // targets whose later frames refer to nothing before it
	spare             mask // targets that lose nothing else when it is left out
}

// choice decides which frames of a layered stream go to one slot. The Sink's lock guards it.
//
//	following one target --another is wanted, a picture begins, nothing it needs was left out--> following that
type choice struct {
	target    mask
	top       uint8 // spatial layer of target
	wanted    mask
	wantedTop uint8
	intact    mask   // targets of which nothing was left out
	timestamp uint32 // of the newest picture
	verdicts  [verdictsKept]verdict
}

// verdict is what became of one frame, for those of its packets that come later.
type verdict struct {
	timestamp    uint32
	number       uint16
	known, taken bool
	top          bool
}

const verdictsKept = 64

// begin follows what is wanted from the picture with this timestamp on, a key picture.
func (c *choice) begin(timestamp uint32) {
	*c = choice{
		target: c.wanted, top: c.wantedTop, wanted: c.wanted, wantedTop: c.wantedTop,
		timestamp: timestamp - 1,
	}
}

// want sets what the slot is to get from the next fitting frame on.
func (c *choice) want(spatial, temporal uint8) {
	c.wanted, c.wantedTop = targetOf(spatial, temporal), spatial
	if spatial == whole {
		c.wanted = everyTarget
	}
}

// take reports whether a packet of f is for this slot, and whether f is the last frame of the picture there.
func (c *choice) take(f *layerFrame) (ok, top bool) {
	v := &c.verdicts[f.number%verdictsKept]
	if !v.known || v.number != f.number || v.timestamp != f.timestamp {
		taken := c.judge(f)
		*v = verdict{timestamp: f.timestamp, number: f.number, known: true, taken: taken, top: f.spatial == c.top}
	}
	return v.taken, v.top
}

func (c *choice) judge(f *layerFrame) bool {
	ahead := int32(f.timestamp - c.timestamp)
	if ahead >= 0 && (f.alone || c.intact&f.needed != 0) {
		c.intact |= f.entry
	}
	if ahead > 0 {
		c.timestamp = f.timestamp
		// Within a picture it is too late: the marker may have left with a lower layer.
		if c.wanted != c.target && c.wanted&^c.intact == 0 && c.wanted&f.needed != 0 {
			c.target, c.top = c.wanted, c.wantedTop
		}
	}
	if f.needed&c.target != 0 {
		return true
	}
	c.intact &^= f.needed &^ f.spare
	return false
}

// stuck reports whether only a key frame brings what is wanted. More or fewer pictures of the same
// size are only a matter of frames.
func (c *choice) stuck() bool {
	return c.wantedTop != c.top && c.intact&targetOf(c.wantedTop, 0) == 0
}
