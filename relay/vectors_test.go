package relay

import (
	"encoding/hex"
	"encoding/json"
	"flag"
	"os"
	"reflect"
	"testing"
)

var update = flag.Bool("update", false, "write testdata/control.json anew")

// vector is one control message as bytes and in words. The web app reads the same file, so that the two
// ends of the channel cannot drift apart.
type vector struct {
	Name  string         `json:"name"`
	Bytes string         `json:"bytes"` // hexadecimal
	Words map[string]any `json:"words"`
}

type words = map[string]any

func seatWords(seats ...Seat) []any {
	list := []any{}
	for _, s := range seats {
		list = append(list, words{"slot": s.Slot, "member": s.Member, "kind": s.Kind})
	}
	return list
}

// toldVectors are messages to pages.
func toldVectors() []vector {
	v := func(name string, b []byte, w words) vector { return vector{name, hex.EncodeToString(b), w} }
	ann, bob := Seat{Slot: 0, Member: 1, Kind: Microphone}, Seat{Slot: 24, Member: 65534, Kind: ScreenSound}
	camera, screen := Seat{Slot: 2, Member: 1, Kind: Camera}, Seat{Slot: 255, Member: 300, Kind: Screen}
	return []vector{
		v("nobody", encodeMembers(nil), words{"type": "members", "members": []any{}}),
		v("members", encodeMembers([]memberName{{1, "ann"}, {65534, "böb"}}), words{"type": "members",
			"members": []any{words{"number": 1, "id": "ann"}, words{"number": 65534, "id": "böb"}}}),
		v("an empty table", encodeTable(1, nil, nil), words{"type": "table", "revision": 1, "audio": []any{}, "video": []any{}}),
		v("a table", encodeTable(1<<32-1, []Seat{ann, bob}, []Seat{camera, screen}), words{"type": "table",
			"revision": uint32(1<<32 - 1), "audio": seatWords(ann, bob), "video": seatWords(camera, screen)}),
		v("filled", encodeFilled(screen, 4000000000), words{"type": "filled", "slot": 255, "member": 300, "kind": Screen, "timestamp": uint32(4000000000)}),
		v("silence", encodeSpeakers(0, nil), words{"type": "speakers", "speaker": 0, "levels": []any{}}),
		v("speakers", encodeSpeakers(300, []loudness{{300, 97.6}, {1, 70}}), words{"type": "speakers", "speaker": 300,
			"levels": []any{words{"number": 300, "level": 97}, words{"number": 1, "level": 70}}}),
		v("slots", encodeSlots(16, 49), words{"type": "slots", "audio": 16, "video": 49}),
		v("layers", encodeLayers(Camera, 5), words{"type": "layers", "kind": Camera, "mask": 5}),
		v("held", encodeHeld([]uint8{0, 7}), words{"type": "held", "slots": []any{0, 7}}),
	}
}

// saidVectors are messages of pages, with what they must be read as.
func saidVectors() (list []vector, read []any) {
	add := func(name, bytes string, w words, r any) {
		list, read = append(list, vector{name, bytes, w}), append(read, r)
	}
	add("ack", "81fffffffe", words{"type": "ack", "revision": uint32(1<<32 - 2)}, uint32(1<<32-2))
	add("nothing in view", "8200", words{"type": "view", "tiles": []any{}}, []view{})
	add("view", "82020001010500"+"02d000"+"012c020780043801", words{"type": "view", "tiles": []any{
		words{"member": 1, "kind": Camera, "width": 1280, "height": 720, "pinned": false},
		words{"member": 300, "kind": Screen, "width": 1920, "height": 1080, "pinned": true},
	}}, []view{{1, Camera, 1280, 720, false}, {300, Screen, 1920, 1080, true}})
	add("mesh", "8300000708"+"00011170", words{"type": "mesh", "up": 1800, "down": 70000}, mesh{1800, 70000})
	add("camera on", "84010103"+"014000b400dc"+"028001680258"+"050002d006a4", words{"type": "announce", "kind": Camera, "on": true, "layers": []any{
		words{"width": 320, "height": 180, "kbps": 220}, words{"width": 640, "height": 360, "kbps": 600}, words{"width": 1280, "height": 720, "kbps": 1700},
	}}, announcement{Camera, true, []layerSize{{320, 180, 220}, {640, 360, 600}, {1280, 720, 1700}}})
	add("microphone off", "84000000", words{"type": "announce", "kind": Microphone, "on": false, "layers": []any{}}, announcement{Microphone, false, nil})
	return list, read
}

func TestControlIsWhatTheWebAppReads(t *testing.T) {
	said, read := saidVectors()
	for i, v := range said {
		b, err := hex.DecodeString(v.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := decode(b); err != nil || !reflect.DeepEqual(got, read[i]) {
			t.Errorf("%s is read as %+v, %v, want %+v", v.Name, got, err, read[i])
		}
	}
	want, err := json.MarshalIndent(map[string][]vector{"told": toldVectors(), "said": said}, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	want = append(want, '\n')
	const path = "testdata/control.json"
	if *update {
		if err := os.WriteFile(path, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Errorf("%s is stale: run go test ./relay -run %s -update", path, t.Name())
	}
}
