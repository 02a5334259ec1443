package bot

import "testing"

func TestKeyFramesOfEveryLayerShowTheirNumber(t *testing.T) {
	lib, err := clips()
	if err != nil {
		t.Fatal(err)
	}
	for layer, c := range lib.pictures {
		for i, frame := range c {
			if key := frame[0]&1 == 0; key != (i%keyEvery == 0) {
				t.Fatalf("%s: picture %d: key frame %v", layer, i, key)
			} else if !key {
				continue
			}
			picture, err := decodeKey(frame)
			if err != nil {
				t.Fatalf("%s: picture %d: %v", layer, i, err)
			}
			if got, err := readNumber(picture); err != nil || got != i {
				t.Errorf("%s: picture %d reads as %d, %v", layer, i, got, err)
			}
		}
	}
}

func TestAPictureWithoutBarsHasNoNumber(t *testing.T) {
	lib, err := clips()
	if err != nil {
		t.Fatal(err)
	}
	picture, err := decodeKey(lib.pictures["q"][15])
	if err != nil {
		t.Fatal(err)
	}
	for _, spoilt := range []struct {
		name string
		bar  int
		to   byte
	}{{"one bit turned over", 17, 16}, {"no guard", 0, 16}, {"grey", 5, 128}} {
		copied := *picture
		copied.Y = append([]byte(nil), picture.Y...)
		for y := 135; y < 180; y++ {
			for x := spoilt.bar * 16; x < (spoilt.bar+1)*16; x++ {
				copied.Y[y*copied.YStride+x] = spoilt.to
			}
		}
		if got, err := readNumber(&copied); err == nil {
			t.Errorf("%s: read %d", spoilt.name, got)
		}
	}
}

func TestDecodingRubbishIsAnErrorAndNoMore(t *testing.T) {
	for _, rubbish := range [][]byte{nil, {0}, {0x10, 0, 0, 0x9d, 1, 0x2a, 0xff, 0xff, 0xff, 0xff, 1, 2, 3}} {
		if _, err := decodeKey(rubbish); err == nil {
			t.Errorf("%x was decoded", rubbish)
		}
	}
}

func TestEverySoundIsKnownByItsBytes(t *testing.T) {
	lib, err := clips()
	if err != nil {
		t.Fatal(err)
	}
	if len(lib.sounds) != soundCount {
		t.Errorf("%d of %d frames of the tone are different", len(lib.sounds), soundCount)
	}
}
