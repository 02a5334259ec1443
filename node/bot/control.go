package bot

import (
	"encoding/binary"
	"errors"
	"slices"
	"time"

	"parley/bridge/signal"
)

var errControl = errors.New("bot: read control message: malformed")

// reader takes big-endian numbers off the front of a control message; bad is set once one was missing.
type reader struct {
	rest []byte
	bad  bool
}

func (r *reader) take(n int) []byte {
	if len(r.rest) < n {
		r.bad, r.rest = true, nil
		return make([]byte, n)
	}
	taken := r.rest[:n]
	r.rest = r.rest[n:]
	return taken
}

func (r *reader) u8() uint8   { return r.take(1)[0] }
func (r *reader) u16() uint16 { return binary.BigEndian.Uint16(r.take(2)) }
func (r *reader) u32() uint32 { return binary.BigEndian.Uint32(r.take(4)) }

// sizes are the layers of the camera as they are announced: width, height and kbit/s at most.
var sizes = [][3]uint16{{320, 180, 120}, {640, 360, 300}, {1280, 720, 800}}

// What a tile is shown at, in pixels.
const (
	tileWidth  = 640
	tileHeight = 360
)

// announce tells the relay what is sent of the two kinds that a bot has.
func (t *trunk) announce(sending signal.Media) {
	for kind, state := range map[Kind]string{Microphone: sending.Microphone, Camera: sending.Camera} {
		m := []byte{tellsAnnounce, byte(kind), byte(one(state == "on")), 0}
		if kind == Camera {
			m[3] = byte(len(sizes))
			for _, size := range sizes {
				for _, number := range size {
					m = binary.BigEndian.AppendUint16(m, number)
				}
			}
		}
		t.tell(m)
	}
}

// look tells the relay which tiles are shown: so many members' cameras, those who came first.
func (t *trunk) look(self signal.PeerID, most int) {
	t.mu.Lock()
	numbers := make([]uint16, 0, len(t.members))
	for number, peer := range t.members {
		if peer != self {
			numbers = append(numbers, number)
		}
	}
	t.mu.Unlock()
	slices.Sort(numbers)
	numbers = numbers[:min(len(numbers), most)]
	m := []byte{tellsView, byte(len(numbers))}
	for _, number := range numbers {
		m = binary.BigEndian.AppendUint16(m, number)
		m = append(m, byte(Camera))
		m = binary.BigEndian.AppendUint16(m, tileWidth)
		m = binary.BigEndian.AppendUint16(m, tileHeight)
		m = append(m, 0)
	}
	if t.open && t.view != string(m) {
		t.view = string(m)
		t.tell(m)
	}
}

// reportEvery is how often a relay that is kept warm learns what goes over the mesh.
const reportEvery = 2 * time.Second

// compare tells a relay that is not in use yet what so many links of the mesh carry each way.
func (t *trunk) compare(links int, now time.Time) {
	if !t.open || links == 0 || now.Sub(t.reported) < reportEvery {
		return
	}
	t.reported = now
	kbps := uint32(links) * uint32(sizes[1][2])
	m := binary.BigEndian.AppendUint32([]byte{tellsMesh}, kbps)
	t.tell(binary.BigEndian.AppendUint32(m, kbps))
}
