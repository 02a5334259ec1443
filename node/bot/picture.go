package bot

import (
	"errors"
	"fmt"
	"slices"

	"github.com/pion/rtp/codecs"
)

// Bounds of what is kept of pictures that are not complete.
const (
	maxPartial   = 4
	maxFragments = 512
	maxAge       = pictureClock / 2 // behind the newest complete picture
)

var errEmptyPayload = errors.New("nothing behind the descriptor")

// assembly puts VP8 pictures together from RTP packets (RFC 7741) that may come in any order.
type assembly struct {
	partial []*partial // the oldest first
	broken  int        // pictures given up
}

// partial is a picture of which something is missing.
type partial struct {
	stamp       uint32
	first, last int64 // extended sequence numbers, 0 while unknown
	fragments   []fragment
}

type fragment struct {
	seq  int64
	data []byte
}

// push takes one packet and returns the picture that it completes, or nil.
func (a *assembly) push(seq int64, stamp uint32, marker bool, payload []byte) ([]byte, error) {
	var descriptor codecs.VP8Packet
	data, err := descriptor.Unmarshal(payload)
	if err != nil {
		return nil, fmt.Errorf("bot: read VP8 packet: %w", err)
	}
	if len(data) == 0 {
		return nil, fmt.Errorf("bot: read VP8 packet: %w", errEmptyPayload)
	}
	p := a.of(stamp)
	p.fragments = append(p.fragments, fragment{seq, data})
	if descriptor.S == 1 && descriptor.PID == 0 {
		p.first = seq
	}
	if marker {
		p.last = seq
	}
	if p.first != 0 && p.last != 0 && int64(len(p.fragments)) == p.last-p.first+1 {
		a.partial = slices.DeleteFunc(a.partial, func(other *partial) bool { return other == p })
		a.giveUp(func(other *partial) bool { return int32(stamp-other.stamp) > maxAge })
		return p.join(), nil
	}
	a.giveUp(func(other *partial) bool { return len(other.fragments) > maxFragments })
	return nil, nil
}

func (a *assembly) giveUp(hopeless func(*partial) bool) {
	before := len(a.partial)
	a.partial = slices.DeleteFunc(a.partial, hopeless)
	a.broken += before - len(a.partial)
}

// of is the picture of a timestamp, begun if it is new.
func (a *assembly) of(stamp uint32) *partial {
	for _, p := range a.partial {
		if p.stamp == stamp {
			return p
		}
	}
	if len(a.partial) == maxPartial {
		a.partial = slices.Delete(a.partial, 0, 1)
		a.broken++
	}
	p := &partial{stamp: stamp}
	a.partial = append(a.partial, p)
	return p
}

func (p *partial) join() []byte {
	slices.SortFunc(p.fragments, func(a, b fragment) int { return int(a.seq - b.seq) })
	var frame []byte
	for _, f := range p.fragments {
		frame = append(frame, f.data...)
	}
	return frame
}

// isKey tells a VP8 key frame by the first bit of its frame tag (RFC 6386, section 9.1).
func isKey(frame []byte) bool { return len(frame) > 0 && frame[0]&1 == 0 }

// fragmentPicture cuts a VP8 frame into RTP payloads. The PictureID is the frame's place in time,
// equal in every layer and on every link.
func fragmentPicture(frame []byte, place int64) [][]byte {
	const most = 1100 // bytes, so that a packet fits any path
	var payloads [][]byte
	for start := true; len(frame) > 0; start = false {
		n := min(len(frame), most)
		descriptor := byte(0x80) // X: extended
		if start {
			descriptor |= 0x10 // S: a partition begins
		}
		payload := make([]byte, 0, n+4)
		payload = append(payload, descriptor, 0x80, 0x80|byte(place>>8&0x7f), byte(place)) // I, then 15 bits
		payloads = append(payloads, append(payload, frame[:n]...))
		frame = frame[n:]
	}
	return payloads
}
