package overlay

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"

	"parley/bridge/signal"
)

// Version is the version of what nodes say to each other. Nodes of different versions do not talk.
const Version = 1

// streamProtocol names the kept stream in libp2p's negotiation.
const streamProtocol = "/parley/node/1"

// Bounds of a message. maxSDP leaves room for an answer that is longer than any offer a page may make.
const (
	maxFrame = 256 << 10 // bytes of JSON
	maxSDP   = 96 << 10
	maxText  = 2 << 10 // a candidate
	maxName  = 512     // a room, a reason
	maxID    = 64      // a peer, a page, a link
	maxRoles = 8
)

// Role is a part that a node plays for others.
type Role string

// The roles.
const (
	RoleBridge Role = "bridge" // pages come to it
	RoleRelay  Role = "relay"  // rooms may reserve it
	RoleTURN   Role = "turn"   // it helps its own pages through NATs
)

// message is what one frame says.
type message interface{ check() error }

// Both ends say hello first. Beats follow for as long as both live.
type (
	hello struct {
		Version  int     `json:"version"`
		Release  string  `json:"release"`
		Roles    []Role  `json:"roles"`
		Load     float64 `json:"load"`     // 0 to 1
		Capacity int     `json:"capacity"` // members that its relay may carry, 0 without one
	}
	beat struct {
		Load float64 `json:"load"`
	}
)

// What a bridge says to a relay. Reserve and Offer are requests: their frames have an id, which the answer
// repeats.
type (
	reserve struct {
		Room string `json:"room"`
	}
	release struct {
		Room string `json:"room"`
	}
	// Offer is a member's description of its link to the relay. Another Link is another connection.
	Offer struct {
		Room string     `json:"room"`
		Peer string     `json:"peer"`
		Page string     `json:"page"`
		Link string     `json:"link"`
		SDP  signal.SDP `json:"sdp"`
	}
	// Trickle is a candidate for a member's link to the relay.
	Trickle struct {
		Room      string `json:"room"`
		Peer      string `json:"peer"`
		Link      string `json:"link"`
		Candidate string `json:"candidate"`
		MLine     int    `json:"mline"`
	}
	gone struct {
		Room string `json:"room"`
		Peer string `json:"peer"`
	}
)

// Answers to requests.
type (
	granted struct{}
	answer  struct {
		SDP signal.SDP `json:"sdp"`
	}
	refused struct {
		Reason string `json:"reason"`
	}
)

// registry is all that nodes say. Who adds to it keeps in mind that a node of an older release leaves out
// what it does not know, and refuses requests that it does not know.
var registry = map[string]reflect.Type{
	"hello":     reflect.TypeFor[hello](),
	"beat":      reflect.TypeFor[beat](),
	"reserve":   reflect.TypeFor[reserve](),
	"release":   reflect.TypeFor[release](),
	"offer":     reflect.TypeFor[Offer](),
	"candidate": reflect.TypeFor[Trickle](),
	"gone":      reflect.TypeFor[gone](),
	"granted":   reflect.TypeFor[granted](),
	"answer":    reflect.TypeFor[answer](),
	"refused":   reflect.TypeFor[refused](),
}

// kinds is the registry by type.
var kinds = func() map[reflect.Type]string {
	names := map[reflect.Type]string{}
	for name, of := range registry {
		names[of] = name
	}
	return names
}()

// frame is one message on the stream: its length in bytes as a big-endian uint32, then this as JSON.
type frame struct {
	Kind string          `json:"kind"`
	ID   uint64          `json:"id,omitempty"` // of a request, and of the answer to it; else 0
	Body json.RawMessage `json:"body"`
}

var (
	errMalformed = errors.New("overlay: read message: it is malformed")
	errTooLong   = errors.New("overlay: read message: it is too long")
	errUnknown   = errors.New("overlay: read message: its kind is not known here")
)

// encode writes a message as it goes on the stream.
func encode(id uint64, m message) ([]byte, error) {
	body, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(frame{Kind: kinds[reflect.TypeOf(m)], ID: id, Body: body})
	if err != nil {
		return nil, err
	}
	if len(text) > maxFrame {
		return nil, fmt.Errorf("overlay: write message: %d bytes are too many", len(text))
	}
	return append(binary.BigEndian.AppendUint32(make([]byte, 0, 4+len(text)), uint32(len(text))), text...), nil
}

// readFrame reads the next frame's JSON.
func readFrame(r io.Reader) ([]byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	size := binary.BigEndian.Uint32(head[:])
	if size > maxFrame {
		return nil, errTooLong
	}
	text := make([]byte, size)
	_, err := io.ReadFull(r, text)
	return text, err
}

// decode reads a message from a frame's JSON. Where the error is errUnknown, the id is right.
func decode(text []byte) (id uint64, m message, err error) {
	var f frame
	if err := json.Unmarshal(text, &f); err != nil {
		return 0, nil, errMalformed
	}
	of, known := registry[f.Kind]
	if !known {
		return f.ID, nil, errUnknown
	}
	value := reflect.New(of)
	if err := json.Unmarshal(f.Body, value.Interface()); err != nil {
		return 0, nil, errMalformed
	}
	m = value.Elem().Interface().(message)
	if m.check() != nil {
		return 0, nil, errMalformed
	}
	return f.ID, m, nil
}

// within is nil if each text is as long as it may be.
func within(most int, texts ...string) error {
	for _, text := range texts {
		if len(text) > most {
			return errMalformed
		}
	}
	return nil
}

// named is nil if room and ids are there and not too long.
func named(room string, ids ...string) error {
	for _, text := range append(ids, room) {
		if text == "" {
			return errMalformed
		}
	}
	return errors.Join(within(maxName, room), within(maxID, ids...))
}

func loaded(load float64) error {
	if load < 0 || load > 1 {
		return errMalformed
	}
	return nil
}

func (m hello) check() error {
	if len(m.Roles) > maxRoles || m.Capacity < 0 {
		return errMalformed
	}
	for _, role := range m.Roles {
		if err := within(maxID, string(role)); err != nil {
			return err
		}
	}
	return errors.Join(loaded(m.Load), within(maxID, m.Release))
}

func (m beat) check() error    { return loaded(m.Load) }
func (m reserve) check() error { return named(m.Room) }
func (m release) check() error { return named(m.Room) }
func (m gone) check() error    { return named(m.Room, m.Peer) }
func (granted) check() error   { return nil }
func (m answer) check() error  { return within(maxSDP, string(m.SDP)) }
func (m refused) check() error { return within(maxName, m.Reason) }

func (m Offer) check() error {
	return errors.Join(named(m.Room, m.Peer, m.Page, m.Link), within(maxSDP, string(m.SDP)))
}

func (m Trickle) check() error {
	if m.MLine < 0 || m.MLine > 1<<10 {
		return errMalformed
	}
	return errors.Join(named(m.Room, m.Peer, m.Link), within(maxText, m.Candidate))
}
