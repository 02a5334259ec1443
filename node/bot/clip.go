package bot

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/pion/webrtc/v4/pkg/media/ivfreader"
)

// The clips are recorded by e2e/clips/record.mjs. All loop after six seconds.
//
//go:embed clips/*.ivf
var recordings embed.FS

// What the recordings are.
const (
	picturesPerSecond = 15
	pictureCount      = 90 // of one round of a picture clip
	keyEvery          = 15 // pictures: number 0, 15, 30 ... are key frames, in every layer
	pictureClock      = 90_000
	pictureStep       = pictureClock / picturesPerSecond

	soundsPerSecond = 50
	soundCount      = 300 // frames of one round of the tone
	soundClock      = 48_000
	soundStep       = soundClock / soundsPerSecond
	soundLevel      = 20 // of the tone, in -dBov (RFC 6464)
)

// layers names the sizes of the picture, the smallest first. They are the rids of simulcast too.
var layers = []string{"q", "h", "f"}

// clip is the frames of one recording.
type clip [][]byte

// library is all recordings.
type library struct {
	pictures map[string]clip // by layer
	tone     clip
	sounds   map[string]int // number of each frame of the tone, by its bytes
}

// clips reads the recordings, once for all bots of a process.
var clips = sync.OnceValues(func() (*library, error) {
	lib := &library{pictures: map[string]clip{}, sounds: map[string]int{}}
	for _, layer := range layers {
		c, err := readClip(layer, pictureCount)
		if err != nil {
			return nil, err
		}
		lib.pictures[layer] = c
	}
	tone, err := readClip("tone", soundCount)
	if err != nil {
		return nil, err
	}
	lib.tone = tone
	for i, frame := range tone {
		lib.sounds[string(frame)] = i
	}
	return lib, nil
})

func readClip(name string, count int) (clip, error) {
	file, err := recordings.ReadFile("clips/" + name + ".ivf")
	if err != nil {
		return nil, fmt.Errorf("bot: read clip %s: %w", name, err)
	}
	ivf, _, err := ivfreader.NewWith(bytes.NewReader(file))
	if err != nil {
		return nil, fmt.Errorf("bot: read clip %s: %w", name, err)
	}
	var c clip
	for {
		frame, _, err := ivf.ParseNextFrame()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("bot: read clip %s: %w", name, err)
		}
		c = append(c, frame)
	}
	if len(c) != count {
		return nil, fmt.Errorf("bot: read clip %s: %d frames instead of %d", name, len(c), count)
	}
	return c, nil
}
