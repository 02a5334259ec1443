package bot

import (
	"encoding/hex"
	"testing"

	"parley/bridge/signal"
)

// bytesOf reads a message written in hexadecimal with spaces.
func bytesOf(t testing.TB, text string) []byte {
	t.Helper()
	out := make([]byte, 0, len(text)/2)
	for _, c := range text {
		if c != ' ' {
			out = append(out, byte(c))
		}
	}
	b, err := hex.DecodeString(string(out))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestARelaySaysWhoIsInASlot(t *testing.T) {
	l := &link{trunk: &trunk{}}
	for _, said := range []string{
		"01 0002 0001 03 616e6e 0007 03 626f62",   // ann is 1, bob is 7
		"02 00000005 01 00 0007 00 01 01 0007 02", // audio slot 0: bob's microphone; video slot 1: bob's screen
		"55 01 02", // of a later version
	} {
		if err := l.hear(bytesOf(t, said), 9); err != nil {
			t.Fatalf("%s: %v", said, err)
		}
	}
	for _, c := range []struct {
		at    slot
		csrc  []uint32
		want  source
		known bool
	}{
		{slot{false, 0}, []uint32{7}, source{"bob", Microphone}, true},
		{slot{true, 1}, []uint32{7}, source{"bob", Screen}, true},
		{slot{false, 0}, []uint32{1}, source{"ann", Microphone}, true}, // the CSRC decides
		{slot{true, 0}, []uint32{1}, source{"ann", Camera}, true},
		{slot{true, 1}, []uint32{2}, source{}, false},
		{slot{true, 1}, nil, source{}, false},
	} {
		if got, known := l.trunk.who(c.at, c.csrc); got != c.want || known != c.known {
			t.Errorf("slot %v, CSRC %v: %v, %v", c.at, c.csrc, got, known)
		}
	}
	if l.trunk.strangers != 2 {
		t.Errorf("%d strangers", l.trunk.strangers)
	}
}

func TestALayerThatNobodyWatchesPauses(t *testing.T) {
	l := &link{trunk: &trunk{}, out: []*outlet{newOutlet(Microphone, ""), newOutlet(Camera, "q"), newOutlet(Camera, "h"), newOutlet(Camera, "f")}}
	if err := l.hear([]byte{saysLayers, byte(Camera), 0b101}, 9); err != nil {
		t.Fatal(err)
	}
	for i, paused := range []bool{false, false, true, false} {
		if l.out[i].paused.Load() != paused {
			t.Errorf("%v %s: paused %v", l.out[i].kind, l.out[i].rid, !paused)
		}
	}
}

func FuzzControl(f *testing.F) {
	f.Add(bytesOf(f, "01 0002 0001 03 616e6e 0007 03 626f62"))
	f.Add(bytesOf(f, "02 00000005 01 00 0007 00 01 01 0007 02"))
	f.Add([]byte{saysLayers, 1})
	f.Fuzz(func(t *testing.T, data []byte) {
		l := &link{trunk: &trunk{members: map[uint16]signal.PeerID{1: "ann"}}}
		if len(data) > 0 && data[0] == saysSlots {
			return // adds slots to a real connection
		}
		_ = l.hear(data, 9)
		l.trunk.who(slot{true, 0}, []uint32{1})
	})
}
