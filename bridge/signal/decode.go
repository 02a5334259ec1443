package signal

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
)

// Decode reads one frame that the given side sent. Unknown fields are ignored, so that a newer
// client of the same version stays understood; unknown types are a Fault, never a guess.
func Decode(frame []byte, from Direction) (Message, *Fault) {
	if len(frame) > MaxFrame {
		return nil, Faulty(CodeTooLarge, "A message may have %d bytes at most.", MaxFrame)
	}
	var head struct {
		Type    *string `json:"type"`
		Version any     `json:"version"`
	}
	if err := json.Unmarshal(frame, &head); err != nil || head.Type == nil {
		return nil, Faulty(CodeMalformed, "A message must be one JSON object with a text field named type.")
	}
	s, known := byName[*head.Type]
	if !known || s.from&from == 0 {
		return nil, Faulty(CodeUnknown, "This side sends no message of the type given; see PROTOCOL.md.")
	}
	if s.typ == typ[Hello]() && head.Version != float64(Version) { // before its shape, which another version may have changed
		return nil, about(s.name, wrongVersion())
	}
	v := reflect.New(s.typ)
	if err := json.Unmarshal(frame, v.Interface()); err != nil {
		return nil, about(s.name, malformed(err))
	}
	m := v.Interface().(Message)
	if f := m.check(); f != nil {
		return nil, about(s.name, f)
	}
	return m, nil
}

// Encode makes the frame of a message. Its type is always one of the registry, so it cannot fail for
// a caller's input.
func Encode(m Message) []byte {
	s, known := byType[reflect.TypeOf(m).Elem()]
	if !known {
		panic(fmt.Sprintf("signal: encode: %T is not in the registry", m))
	}
	body, err := json.Marshal(m)
	if err != nil {
		panic(fmt.Sprintf("signal: encode %s: %v", s.name, err))
	}
	var b bytes.Buffer
	b.Grow(len(body) + len(s.name) + 12)
	fmt.Fprintf(&b, `{"type":%q`, s.name)
	if len(body) > len("{}") {
		b.WriteByte(',')
	}
	b.Write(body[1:])
	return b.Bytes()
}

// Name is the type under which a message travels.
func Name(m Message) string { return byType[reflect.TypeOf(m).Elem()].name }

func wrongVersion() *Fault {
	return Faulty(CodeVersion, "This bridge speaks version %d of the protocol. Reload the page to get the one that fits.", Version)
}

func about(name string, f *Fault) *Fault {
	f.Of = name
	return f
}

func malformed(err error) *Fault {
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) && wrong.Field != "" {
		return Faulty(CodeMalformed, "The field %q has the wrong type.", wrong.Field)
	}
	return Faulty(CodeMalformed, "The message is not valid JSON.")
}
