package bot

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"math/bits"

	"golang.org/x/image/vp8"
)

// numberBars is how many bars a number is painted with; e2e/clips/paint.mjs says what they mean.
const numberBars = 20

// Y values (BT.601, 16 to 235) beyond which a bar is taken for black or white.
const (
	darkest  = 70
	lightest = 180
)

var errNoNumber = errors.New("bot: read number: the picture shows none")

// decodeKey decodes a VP8 key frame.
func decodeKey(frame []byte) (*image.YCbCr, error) {
	d := vp8.NewDecoder()
	d.Init(bytes.NewReader(frame), len(frame))
	head, err := d.DecodeFrameHeader()
	if err != nil {
		return nil, fmt.Errorf("bot: decode key frame: %w", err)
	}
	if head.Width > 4096 || head.Height > 4096 {
		return nil, fmt.Errorf("bot: decode key frame: %d x %d pixels are too many", head.Width, head.Height)
	}
	picture, err := d.DecodeFrame()
	if err != nil {
		return nil, fmt.Errorf("bot: decode key frame: %w", err)
	}
	return picture, nil
}

// readNumber reads the number painted into a picture.
func readNumber(picture *image.YCbCr) (int, error) {
	size := picture.Bounds().Size()
	if size.X < 4*numberBars || size.Y < 16 {
		return 0, errNoNumber
	}
	painted := uint32(0)
	for i := range numberBars {
		switch y := barLevel(picture, i); {
		case y >= lightest:
			painted = painted<<1 | 1
		case y <= darkest:
			painted <<= 1
		default:
			return 0, errNoNumber
		}
	}
	number := painted >> 2 & 0xffff
	if painted>>18 != 0b10 || painted&3 != uint32(bits.OnesCount32(number)%4) {
		return 0, errNoNumber
	}
	return int(number), nil
}

// barLevel is the mean brightness of the middle of a bar.
func barLevel(picture *image.YCbCr, bar int) int {
	size := picture.Bounds().Size()
	left, right := bar*size.X/numberBars, (bar+1)*size.X/numberBars
	inset := (right - left) / 4
	sum, n := 0, 0
	for y := size.Y - size.Y*3/16; y < size.Y-size.Y/16; y += 2 {
		row := picture.Y[y*picture.YStride:]
		for x := left + inset; x < right-inset; x++ {
			sum += int(row[x])
			n++
		}
	}
	return sum / max(n, 1)
}
