package signal

import "strings"

// Bounds of fields, in bytes unless said otherwise. Names are bounded in characters by the bridge,
// after normalising them.
const (
	maxName      = 256
	maxPassword  = 512
	maxToken     = 48 << 10
	minID        = 8
	maxID        = 32
	maxTo        = 64 // a relay's NodeID is longer than a PeerID
	maxSDP       = 48 << 10
	maxCandidate = 1024
	maxMLine     = 255
	maxPeople    = 500
	maxMeshMax   = 99
)

var mediaStates = map[string]bool{"on": true, "off": true, "none": true}

func (m *Hello) check() *Fault {
	if f := m.Media.check(); f != nil {
		return f
	}
	if m.Settings != nil {
		if f := m.Settings.check(); f != nil {
			return f
		}
	}
	if m.Epoch < 0 {
		return Faulty(CodeMalformed, "The field %q must not be negative.", "epoch")
	}
	return first(short("room", string(m.Room), maxName), short("name", m.Name, maxName), id("page", m.Page),
		short("password", string(m.Password), maxPassword), short("pass", string(m.Pass), maxToken),
		short("snapshot", string(m.Snapshot), maxToken))
}

func (m *Settings) check() *Fault {
	if m.Max < 0 || m.Max > maxPeople || m.Max == 1 {
		return Faulty(CodeBadSetting, "The largest number of people must lie between 2 and %d.", maxPeople)
	}
	if m.MeshMax != nil && (*m.MeshMax < 0 || *m.MeshMax > maxMeshMax) {
		return Faulty(CodeBadSetting, "The number of people who talk directly must lie between 0 and %d.", maxMeshMax)
	}
	return short("password", string(m.Password), maxPassword)
}

func (m *Media) check() *Fault {
	if !mediaStates[m.Microphone] || !mediaStates[m.Camera] || !mediaStates[m.Screen] {
		return Faulty(CodeMalformed, `Microphone, camera and screen must each be "on", "off" or "none".`)
	}
	return nil
}

func (m *Describe) check() *Fault {
	if m.Kind != "offer" && m.Kind != "answer" {
		return Faulty(CodeMalformed, `The field "kind" must be "offer" or "answer".`)
	}
	if m.SDP == "" {
		return Faulty(CodeMalformed, "The field %q must not be empty.", "sdp")
	}
	return first(short("sdp", string(m.SDP), maxSDP), id("link", m.Link), farPage(m.Page), short("to", string(m.To), maxTo))
}

func (m *Candidate) check() *Fault {
	if m.MLine < 0 || m.MLine > maxMLine {
		return Faulty(CodeMalformed, "The field %q is out of range.", "mline")
	}
	return first(short("candidate", m.Candidate, maxCandidate), id("link", m.Link), farPage(m.Page), short("to", string(m.To), maxTo))
}

func (m *Restart) check() *Fault {
	return first(id("link", m.Link), id("page", m.Page), short("to", string(m.To), maxTo))
}

func (m *Ready) check() *Fault { return epoch(m.Epoch) }

func (m *Stuck) check() *Fault {
	return first(epoch(m.Epoch), short("peer", string(m.Peer), maxID))
}

func (m *SetMedia) check() *Fault { return m.Media.check() }

// What only a bridge sends needs no bounds here: a page trusts its bridge.

func (*Welcome) check() *Fault  { return nil }
func (*Planned) check() *Fault  { return nil }
func (*Joined) check() *Fault   { return nil }
func (*Changed) check() *Fault  { return nil }
func (*Left) check() *Fault     { return nil }
func (*Settled) check() *Fault  { return nil }
func (*Snapshot) check() *Fault { return nil }
func (*ICE) check() *Fault      { return nil }
func (*Fault) check() *Fault    { return nil }
func (*Ping) check() *Fault     { return nil }
func (*Pong) check() *Fault     { return nil }
func (*Leave) check() *Fault    { return nil }

func first(faults ...*Fault) *Fault {
	for _, f := range faults {
		if f != nil {
			return f
		}
	}
	return nil
}

func short(field, value string, most int) *Fault {
	if len(value) > most {
		return Faulty(CodeTooLarge, "The field %q may have %d bytes at most.", field, most)
	}
	return nil
}

func epoch(e int64) *Fault {
	if e <= 0 {
		return Faulty(CodeMalformed, "The field %q must be a positive number.", "epoch")
	}
	return nil
}

func id(field, value string) *Fault {
	if len(value) < minID || len(value) > maxID || strings.Trim(value, idAlphabet) != "" {
		return Faulty(CodeMalformed, "The field %q must be %d to %d characters of A-Z, a-z, 0-9, - and _.", field, minID, maxID)
	}
	return nil
}

// farPage is the page of the far end of a link, which a relay does not have.
func farPage(page string) *Fault {
	if page == "" {
		return nil
	}
	return id("page", page)
}

const idAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
