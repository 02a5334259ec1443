package bot

import (
	"bytes"
	"math/rand/v2"
	"testing"
	"time"
)

type packet struct {
	seq     int64
	stamp   uint32
	marker  bool
	payload []byte
}

func packets(frames [][]byte) (out []packet) {
	for i, frame := range frames {
		parts := fragmentPicture(frame, int64(i))
		for j, part := range parts {
			out = append(out, packet{int64(len(out) + 1), uint32(i * pictureStep), j == len(parts)-1, part})
		}
	}
	return out
}

func assemble(t *testing.T, in []packet) (frames [][]byte, broken int) {
	t.Helper()
	var a assembly
	for _, p := range in {
		frame, err := a.push(p.seq, p.stamp, p.marker, p.payload)
		if err != nil {
			t.Fatal(err)
		}
		if frame != nil {
			frames = append(frames, frame)
		}
	}
	return frames, a.broken
}

func TestPicturesComeTogetherFromShuffledPackets(t *testing.T) {
	lib, err := clips()
	if err != nil {
		t.Fatal(err)
	}
	in := packets(lib.pictures["f"])
	for i := 0; i+4 <= len(in); i += 4 {
		rand.Shuffle(4, func(a, b int) { in[i+a], in[i+b] = in[i+b], in[i+a] })
	}
	frames, broken := assemble(t, in)
	if broken != 0 || len(frames) != pictureCount {
		t.Fatalf("%d pictures, %d broken", len(frames), broken)
	}
	whole := map[string]bool{}
	for _, frame := range frames {
		whole[string(frame)] = true
	}
	for i, frame := range lib.pictures["f"] {
		if !whole[string(frame)] {
			t.Errorf("picture %d is another one", i)
		}
	}
}

func TestAPictureWithAHoleIsBroken(t *testing.T) {
	lib, err := clips()
	if err != nil {
		t.Fatal(err)
	}
	in := packets(lib.pictures["f"])
	frames, broken := assemble(t, append(in[:1:1], in[2:]...)) // the first is a key frame of many packets
	if len(frames) != pictureCount-1 || broken != 1 {
		t.Errorf("%d pictures, %d broken", len(frames), broken)
	}
	if len(frames) > 0 && bytes.Equal(frames[0], lib.pictures["f"][0]) {
		t.Error("the picture with the hole came out")
	}
}

func TestANumberOutOfItsTimeIsMisplaced(t *testing.T) {
	now := time.UnixMilli(1_800_000_000_000)
	for _, kind := range []Kind{Camera, Microphone} {
		perSecond, round := soundsPerSecond, soundCount
		if kind.video() {
			perSecond, round = picturesPerSecond, pictureCount
		}
		for behind, misplaced := range map[time.Duration]int64{
			0: 0, 200 * time.Millisecond: 0, 1900 * time.Millisecond: 0, -100 * time.Millisecond: 0,
			2500 * time.Millisecond: 1, 3 * time.Second: 1, 5 * time.Second: 1,
		} {
			var l ledger
			l.begin("ann")
			number := int(place(now.Add(-behind), phaseOf("ann"), perSecond) % int64(round))
			l.frame(shown{kind, number, true, 1}, now)
			if got := l.read().Misplaced; got != misplaced {
				t.Errorf("%v, %v behind: misplaced %d", kind, behind, got)
			}
		}
	}
}

func FuzzReceivedPictures(f *testing.F) {
	lib, err := clips()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(lib.pictures["q"][0], uint16(1), true)
	f.Add(fragmentPicture(lib.pictures["q"][1], 1)[0], uint16(9), false)
	f.Fuzz(func(t *testing.T, data []byte, seq uint16, marker bool) {
		var a assembly
		for i := range 3 {
			if frame, err := a.push(int64(seq)+int64(i), uint32(i/2), marker, data); err == nil && isKey(frame) {
				if picture, err := decodeKey(frame); err == nil {
					_, _ = readNumber(picture)
				}
			}
		}
	})
}
