package bot

import (
	"encoding/binary"
	"fmt"
	"sync"
	"time"

	"github.com/pion/webrtc/v4"

	"parley/bridge/signal"
)

// trunk is what a link to a relay has beyond one to a member (relay/PROTOCOL.md): receiving slots that
// the relay fills with whom it likes, and a channel on which it says who that is.
//
// The bot's goroutine owns it, but for what the mutex guards: slots' reading goroutines look that up.
type trunk struct {
	control   *webrtc.DataChannel
	open      bool
	audio     int  // slots there are
	video     int  // likewise
	more      bool // slots were added that no offer has told of
	held      int  // video slots for which the way here is too narrow
	view      string
	reported  time.Time // the mesh's rates, to the relay
	strangers int64     // packets of nobody known; guarded by mu too

	mu      sync.Mutex // guards members and seats
	members map[uint16]signal.PeerID
	seats   map[slot]Kind
}

// slot is one receiving m-line; audio and video are counted apart.
type slot struct {
	video bool
	index int
}

// What a trunk tells the bot's goroutine.
type (
	controlOpen struct{ link *link }
	controlSaid struct {
		link *link
		data []byte
	}
)

// layTrunk makes the four sending m-lines, the two data channels, and the slots.
func (l *link) layTrunk(m media) error {
	for kind := range kinds {
		if err := l.layOutlets(kind); err != nil {
			return err
		}
	}
	control, err := l.channel(0, "control")
	if err != nil {
		return err
	}
	l.trunk.control = control
	control.OnOpen(func() { m.box.post(controlOpen{l}) })
	control.OnMessage(func(said webrtc.DataChannelMessage) { m.box.post(controlSaid{l, said.Data}) })
	if _, err := l.channel(1, "chat"); err != nil {
		return err
	}
	l.pc.OnTrack(func(track *webrtc.TrackRemote, receiver *webrtc.RTPReceiver) { l.fill(m, track, receiver) })
	audio, video := l.trunk.audio, l.trunk.video
	l.trunk.audio, l.trunk.video = 0, 0
	return l.grow(audio, video)
}

func (l *link) layOutlets(kind Kind) error {
	rids := []string{""}
	if kind == Camera {
		rids = layers
	}
	var sender *webrtc.RTPSender
	for _, rid := range rids {
		o := newOutlet(kind, rid)
		if sender == nil {
			t, err := l.pc.AddTransceiverFromTrack(o, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
			if err != nil {
				return err
			}
			sender, o.mid = t.Sender(), t.Mid
		} else if err := sender.AddEncoding(o); err != nil {
			return err
		} else {
			o.mid = l.out[len(l.out)-1].mid
		}
		l.out = append(l.out, o)
		if kind <= Camera {
			go o.mind(sender)
		}
	}
	return nil
}

// grow adds slots until there are so many. The next offer tells the relay.
func (l *link) grow(audio, video int) error {
	for _, more := range []struct {
		have *int
		want int
		kind webrtc.RTPCodecType
	}{{&l.trunk.audio, audio, webrtc.RTPCodecTypeAudio}, {&l.trunk.video, video, webrtc.RTPCodecTypeVideo}} {
		for *more.have < more.want {
			_, err := l.pc.AddTransceiverFromKind(more.kind, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly})
			if err != nil {
				return fmt.Errorf("bot: add slot: %w", err)
			}
			*more.have++
			l.trunk.more = true
		}
	}
	return nil
}

// fill reads one slot until the connection ends. It runs in a goroutine of pion's own.
func (l *link) fill(m media, track *webrtc.TrackRemote, receiver *webrtc.RTPReceiver) {
	at, known := l.slotOf(receiver, track.Kind())
	if !known {
		return
	}
	go drain(receiver)
	in := newInlet(m.lib, l.rank)
	for {
		packet, _, err := track.ReadRTP()
		if err != nil {
			return
		}
		of, known := l.trunk.who(at, packet.CSRC)
		if !known {
			continue
		}
		if of != in.of {
			in.turn(of, &m.book.of(of.peer)[of.kind], func() { m.box.post(firstDecoded{l, of}) })
		}
		in.serve(packet, track, l.pc.WriteRTCP)
	}
}

func (l *link) slotOf(receiver *webrtc.RTPReceiver, kind webrtc.RTPCodecType) (slot, bool) {
	at := slot{video: kind == webrtc.RTPCodecTypeVideo}
	for i, t := range l.pc.GetTransceivers() {
		switch {
		case Kind(i) < kinds || t.Kind() != kind:
		case t.Receiver() == receiver:
			return at, true
		default:
			at.index++
		}
	}
	return slot{}, false
}

// who is the source of a packet: the CSRC says whose it is, the table which of its kinds.
func (t *trunk) who(at slot, csrc []uint32) (source, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(csrc) == 1 {
		if peer, known := t.members[uint16(csrc[0])]; known {
			kind, seated := t.seats[at]
			if !seated && at.video {
				kind = Camera
			}
			return source{peer, kind}, true
		}
	}
	t.strangers++
	return source{}, false
}

// Types of control messages (relay/PROTOCOL.md).
const (
	saysMembers = 0x01
	saysTable   = 0x02
	saysSlots   = 0x05
	saysLayers  = 0x06
	saysHeld    = 0x07

	tellsAck      = 0x81
	tellsView     = 0x82
	tellsMesh     = 0x83
	tellsAnnounce = 0x84
)

// hear takes a control message. What is malformed is dropped, what is unknown ignored.
func (l *link) hear(data []byte, mostTiles int) error {
	if len(data) == 0 {
		return errControl
	}
	r := &reader{rest: data[1:]}
	t := l.trunk
	switch data[0] {
	case saysMembers:
		t.enlist(r)
	case saysTable:
		revision := r.u32()
		t.seat(r)
		t.tell(binary.BigEndian.AppendUint32([]byte{tellsAck}, revision))
	case saysSlots:
		audio, video := int(r.u8()), int(r.u8())
		return l.grow(audio, min(video, mostTiles))
	case saysLayers:
		kind, mask := Kind(r.u8()), r.u8()
		for _, o := range l.out {
			for i, layer := range layers {
				if o.kind == kind && o.rid == layer {
					o.paused.Store(mask&(1<<i) == 0)
				}
			}
		}
	case saysHeld:
		t.held = int(r.u8())
	}
	if r.bad {
		return errControl
	}
	return nil
}

func (t *trunk) enlist(r *reader) {
	members := map[uint16]signal.PeerID{}
	for range r.u16() {
		number := r.u16()
		members[number] = signal.PeerID(r.take(int(r.u8())))
		if r.bad {
			return
		}
	}
	t.mu.Lock()
	t.members = members
	t.mu.Unlock()
}

func (t *trunk) seat(r *reader) {
	seats := map[slot]Kind{}
	for _, video := range []bool{false, true} {
		for range r.u8() {
			at := slot{video, int(r.u8())}
			r.u16() // the member; every packet says it itself
			if kind := Kind(r.u8()); kind < kinds && kind.video() == video {
				seats[at] = kind
			}
		}
	}
	if r.bad {
		return
	}
	t.mu.Lock()
	t.seats = seats
	t.mu.Unlock()
}

// tell sends a control message. One that is lost with its connection is said again on the next.
func (t *trunk) tell(message []byte) {
	if t.open {
		_ = t.control.Send(message)
	}
}
