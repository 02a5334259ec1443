package room

import "slices"

// maxGranted bounds the relays a room holds: the one in use, the one it is leaving, a spare.
const maxGranted = 3

// hub is the relay the room can use, empty if none. It stays with the one it has; one that an
// adopted plan names counts until the answer to Reserve is in, because media runs through it.
func (t *turn) hub() NodeID {
	now := t.plan.shape().hub
	if now != "" && (now == t.relay.hoped || slices.Contains(t.relay.granted, now)) {
		return now
	}
	if len(t.relay.granted) > 0 {
		return t.relay.granted[0]
	}
	return ""
}

func (t *turn) relayUp(node NodeID) {
	t.relay.answered(false)
	if node == "" || slices.Contains(t.relay.granted, node) {
		return
	}
	if len(t.relay.granted) >= maxGranted {
		t.emit(Release{Node: node})
		return
	}
	t.relay.granted = append(t.relay.granted, node)
}

func (t *turn) relayDown(node NodeID) {
	switch {
	case node == "":
	case node == t.relay.hoped:
		t.relay.answered(false)
	default:
		t.relay.granted = slices.DeleteFunc(t.relay.granted, func(n NodeID) bool { return n == node })
	}
}

func (t *turn) relayNone() { t.relay.answered(len(t.relay.granted) == 0) }

func (s *supply) answered(denied bool) {
	s.asking, s.hoped, s.denied = false, "", denied
}

// stock asks for a relay if one is wanted, and gives back what is not needed any more. Links to
// an older plan's relay are up until the switch is settled and nobody is stuck.
func (t *turn) stock() {
	_, wanted := t.aim()
	if wanted {
		if len(t.relay.granted) == 0 && !t.relay.asking && !t.relay.denied {
			t.reserve("")
		}
		return
	}
	if !t.change.open && len(t.change.stuck) == 0 {
		t.releaseAll()
	}
}

func (t *turn) reserve(prefer NodeID) {
	t.relay.asking, t.relay.hoped, t.relay.denied = true, prefer, false
	t.emit(Reserve{Prefer: prefer})
}

func (t *turn) releaseAll() {
	for _, node := range t.relay.granted {
		t.emit(Release{Node: node})
	}
	if t.relay.asking || t.relay.denied {
		t.emit(Release{})
	}
	t.relay = supply{}
}
