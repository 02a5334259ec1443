package overlay

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"

	"parley/bridge/signal"
)

func signalText(size int) signal.SDP { return signal.SDP(strings.Repeat("x", size)) }

// samples are one of each message, as large as may be where that matters.
func samples() []message {
	long, room := strings.Repeat("i", maxID), strings.Repeat("r", maxName)
	return []message{
		hello{Version, "v1", []Role{RoleBridge, RoleRelay}, 0.5, 10}, beat{1}, reserve{room}, release{room},
		Offer{room, long, long, long, signalText(maxSDP)},
		Trickle{room, long, long, strings.Repeat("c", maxText), 3}, gone{room, long},
		granted{}, answer{signalText(maxSDP)}, refused{strings.Repeat("n", maxName)},
	}
}

func TestMessagesComeThroughAsTheyWere(t *testing.T) {
	if len(samples()) != len(registry) {
		t.Errorf("there are %d samples of %d messages", len(samples()), len(registry))
	}
	for _, want := range samples() {
		text, err := encode(9, want)
		if err != nil {
			t.Errorf("%T: %v", want, err)
			continue
		}
		body, err := readFrame(bytes.NewReader(text))
		if err != nil {
			t.Errorf("%T: %v", want, err)
			continue
		}
		id, got, err := decode(body)
		if err != nil || id != 9 || !reflect.DeepEqual(got, want) {
			t.Errorf("%T: got %v, %v", want, got, err)
		}
	}
}

func TestBoundsOfMessages(t *testing.T) {
	for _, m := range []message{
		hello{Load: -1}, hello{Capacity: -1}, hello{Roles: make([]Role, maxRoles+1)}, hello{Release: strings.Repeat("v", maxID+1)},
		hello{Roles: []Role{Role(strings.Repeat("r", maxID+1))}},
		beat{1.01}, reserve{}, reserve{strings.Repeat("r", maxName+1)}, release{}, gone{"a", ""}, gone{"", "a"},
		Offer{"a", "b", "c", "", "d"}, Offer{"a", "b", "c", "d", signalText(maxSDP + 1)},
		Trickle{"a", "b", "c", "d", -1}, Trickle{"a", "b", "c", strings.Repeat("c", maxText+1), 0}, Trickle{"a", "b", "", "d", 0},
		answer{signalText(maxSDP + 1)}, refused{strings.Repeat("n", maxName+1)},
	} {
		text, err := encode(0, m)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := decode(text[4:]); !errors.Is(err, errMalformed) {
			t.Errorf("%T of wrong size: %v", m, err)
		}
	}
	if _, err := encode(0, answer{signalText(maxFrame)}); err == nil {
		t.Error("a message that nobody would read is written")
	}
}

// Whatever comes, reading ends, takes no more memory than a frame, and gives only what is within bounds.
func FuzzDecode(f *testing.F) {
	for _, m := range samples() {
		text, err := encode(3, m)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte("\x00\x00\x00\x02{}"))
	f.Fuzz(func(t *testing.T, stream []byte) {
		r := bytes.NewReader(stream)
		for {
			text, err := readFrame(r)
			if err != nil {
				if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, errTooLong) {
					t.Fatal(err)
				}
				return
			}
			_, m, err := decode(text)
			if (m == nil) != (err != nil) {
				t.Fatalf("%v with %v", m, err)
			}
			if err == nil && m.check() != nil {
				t.Fatalf("%v is out of bounds", m)
			}
		}
	})
}
