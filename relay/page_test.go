package relay

import (
	"encoding/binary"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/rtp"
	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if os.Getenv(remoteSign) != "" {
		serveRemote()
		return
	}
	goleak.VerifyTestMain(m)
}

// testPage is a page as PROTOCOL.md describes it, made of a real pion peer.
type testPage struct {
	t       testing.TB
	name    string
	pc      *webrtc.PeerConnection
	port    *Port
	control *webrtc.DataChannel
	chat    *webrtc.DataChannel
	mic     *webrtc.TrackLocalStaticRTP
	camera  *testCamera
	wg      sync.WaitGroup

	mu      sync.Mutex
	members map[uint16]string
	table   map[slotKey]seatOf
	rev     uint32
	mute    bool // does not acknowledge
	got     map[slotKey]*slotLog
	filled  map[uint8]seatOf
	wished  map[Kind]byte
	speaker uint16
	held    []byte
	wantsA  int
	wantsV  int
	letters [][]byte
	closed  chan string
}

type slotKey struct {
	video bool
	slot  int
}

func (p *testPage) Connected()          {}
func (p *testPage) Closed(cause string) { p.closed <- cause }

// discard swallows logs.
var discard = slog.New(slog.NewTextHandler(io.Discard, nil))

func newRelay(t testing.TB, limits Limits) *Relay {
	t.Helper()
	r, err := New(Config{Listen: "127.0.0.1:0", Limits: limits, Log: discard})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

// pageOptions shape a testPage.
type pageOptions struct {
	audio, video int  // slots
	layers       int  // of the camera; 0 for 1
	strange      bool // the last layer has a name that no layer has
	setting      func(*webrtc.SettingEngine)
	room         string
	mute         bool
	reroute      func(sdp string) string // rewrites the relay's answer
	remote       *remoteRelay            // in place of a relay in this process
}

func pageAPI(t testing.TB, o pageOptions) *webrtc.API {
	media := &webrtc.MediaEngine{}
	if err := media.RegisterDefaultCodecs(); err != nil {
		t.Fatal(err)
	}
	registry := &interceptor.Registry{}
	if err := webrtc.RegisterDefaultInterceptors(media, registry); err != nil {
		t.Fatal(err)
	}
	for _, uri := range []string{sdp.SDESMidURI, sdp.SDESRTPStreamIDURI, sdp.SDESRepairRTPStreamIDURI} {
		if err := media.RegisterHeaderExtension(webrtc.RTPHeaderExtensionCapability{URI: uri}, webrtc.RTPCodecTypeVideo); err != nil {
			t.Fatal(err)
		}
	}
	if err := media.RegisterHeaderExtension(webrtc.RTPHeaderExtensionCapability{URI: uriLevel}, webrtc.RTPCodecTypeAudio); err != nil {
		t.Fatal(err)
	}
	setting := webrtc.SettingEngine{}
	setting.SetIncludeLoopbackCandidate(true)
	setting.SetIPFilter(func(ip net.IP) bool {
		a, _ := netip.AddrFromSlice(ip)
		return a.Unmap() == netip.MustParseAddr("127.0.0.1")
	})
	setting.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	if o.setting != nil {
		o.setting(&setting)
	}
	return webrtc.NewAPI(webrtc.WithMediaEngine(media), webrtc.WithInterceptorRegistry(registry), webrtc.WithSettingEngine(setting))
}

func newPage(t testing.TB, r *Relay, name string, o pageOptions) *testPage {
	t.Helper()
	p := &testPage{
		t: t, name: name, members: map[uint16]string{}, table: map[slotKey]seatOf{}, got: map[slotKey]*slotLog{},
		filled: map[uint8]seatOf{}, wished: map[Kind]byte{}, closed: make(chan string, 4), mute: o.mute,
	}
	var err error
	if p.pc, err = pageAPI(t, o).NewPeerConnection(webrtc.Configuration{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.stop)
	p.addFixed(o)
	p.pc.OnTrack(p.receive)
	room := o.room
	if room == "" {
		room = "room"
	}
	p.negotiate(o, func(offer string) (string, error) {
		if o.remote != nil {
			return o.remote.offer(name, offer, false)
		}
		port, answer, err := r.Room(room).Open(name, name+"-page", offer, p)
		p.port = port
		return answer, err
	})
	if o.audio+o.video > 0 {
		// pion puts the data m-line last, so the slots need an offer of their own.
		p.grow(o)
	}
	return p
}

// grow adds receiving slots by a later offer.
func (p *testPage) grow(o pageOptions) {
	p.t.Helper()
	for range o.audio {
		p.slot(webrtc.RTPCodecTypeAudio)
	}
	for range o.video {
		p.slot(webrtc.RTPCodecTypeVideo)
	}
	p.negotiate(o, func(offer string) (string, error) {
		if o.remote != nil {
			return o.remote.offer(p.name, offer, true)
		}
		return p.port.Offer(offer)
	})
}

func (p *testPage) negotiate(o pageOptions, ask func(offer string) (string, error)) {
	p.t.Helper()
	offer, err := p.pc.CreateOffer(nil)
	if err != nil {
		p.t.Fatal(err)
	}
	done := webrtc.GatheringCompletePromise(p.pc)
	if err := p.pc.SetLocalDescription(offer); err != nil {
		p.t.Fatal(err)
	}
	<-done
	answer, err := ask(p.pc.LocalDescription().SDP)
	if err != nil {
		p.t.Fatal(err)
	}
	if o.reroute != nil {
		answer = o.reroute(answer)
	}
	if err := p.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer}); err != nil {
		p.t.Fatal(err)
	}
}

// addFixed makes the first five m-lines.
func (p *testPage) addFixed(o pageOptions) {
	p.t.Helper()
	must := func(err error) {
		if err != nil {
			p.t.Fatal(err)
		}
	}
	sendonly := webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly}
	opus := webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2}
	vp8 := webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8, ClockRate: 90000}
	var err error
	p.mic, err = webrtc.NewTrackLocalStaticRTP(opus, "mic", p.name)
	must(err)
	_, err = p.pc.AddTransceiverFromTrack(p.mic, sendonly)
	must(err)
	names := []string{"q", "h", "f"}[:max(o.layers, 1)]
	if o.strange {
		names[len(names)-1] = "x"
	}
	p.camera = newTestCamera(p, vp8, names)
	screen, err := webrtc.NewTrackLocalStaticRTP(vp8, "screen", p.name+"-screen")
	must(err)
	_, err = p.pc.AddTransceiverFromTrack(screen, sendonly)
	must(err)
	sound, err := webrtc.NewTrackLocalStaticRTP(opus, "sound", p.name+"-screen")
	must(err)
	_, err = p.pc.AddTransceiverFromTrack(sound, sendonly)
	must(err)
	yes, zero, one := true, uint16(controlID), uint16(chatID)
	p.control, err = p.pc.CreateDataChannel("control", &webrtc.DataChannelInit{Negotiated: &yes, ID: &zero})
	must(err)
	p.control.OnMessage(func(m webrtc.DataChannelMessage) { p.hear(m.Data) })
	p.chat, err = p.pc.CreateDataChannel("chat", &webrtc.DataChannelInit{Negotiated: &yes, ID: &one})
	must(err)
	p.chat.OnMessage(func(m webrtc.DataChannelMessage) {
		p.mu.Lock()
		p.letters = append(p.letters, m.Data)
		p.mu.Unlock()
	})
}

func (p *testPage) slot(kind webrtc.RTPCodecType) {
	_, err := p.pc.AddTransceiverFromKind(kind, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly})
	if err != nil {
		p.t.Fatal(err)
	}
}

func (p *testPage) stop() {
	if p.camera != nil {
		p.camera.halt()
	}
	if p.port != nil {
		p.port.Close()
	}
	if err := p.pc.Close(); err != nil {
		p.t.Error(err)
	}
	p.wg.Wait()
}

// hear follows the control channel.
func (p *testPage) hear(b []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	r := reader{b: b[1:]}
	switch b[0] {
	case msgMembers:
		clear(p.members)
		for range r.u16() {
			n := r.u16()
			p.members[n] = string(r.take(int(r.u8())))
		}
	case msgTable:
		p.rev = r.u32()
		clear(p.table)
		for _, video := range []bool{false, true} {
			for range r.u8() {
				slot := int(r.u8())
				p.table[slotKey{video, slot}] = seatOf{r.u16(), Kind(r.u8())}
			}
		}
		if !p.mute {
			p.sendControl(binary.BigEndian.AppendUint32([]byte{msgAck}, p.rev))
		}
	case msgFilled:
		p.filled[r.u8()] = seatOf{r.u16(), Kind(r.u8())}
	case msgSpeakers:
		p.speaker = r.u16()
	case msgSlots:
		p.wantsA, p.wantsV = int(r.u8()), int(r.u8())
	case msgLayers:
		p.wished[Kind(r.u8())] = r.u8()
	case msgHeld:
		p.held = r.take(int(r.u8()))
	}
	if r.bad {
		p.t.Errorf("%s: control message %x is malformed", p.name, b)
	}
}

func (p *testPage) sendControl(b []byte) {
	if err := p.control.Send(b); err != nil {
		p.t.Logf("%s: send: %v", p.name, err)
	}
}

// show sends a view message.
func (p *testPage) show(list ...view) {
	b := []byte{msgView, byte(len(list))}
	for _, v := range list {
		b = binary.BigEndian.AppendUint16(b, v.member)
		b = append(b, byte(v.kind))
		b = binary.BigEndian.AppendUint16(b, v.width)
		b = binary.BigEndian.AppendUint16(b, v.height)
		flags := byte(0)
		if v.pinned {
			flags = 1
		}
		b = append(b, flags)
	}
	p.sendControl(b)
}

// number finds a member's number in the page's list.
func (p *testPage) number(name string) uint16 {
	p.mu.Lock()
	defer p.mu.Unlock()
	for n, id := range p.members {
		if id == name {
			return n
		}
	}
	return 0
}

// speak sends sound of the given loudness (0 to 127) until stop is called.
func (p *testPage) speak(level uint8) (stop func()) {
	quit := make(chan struct{})
	id := extensionID(p.pc.GetSenders()[0].GetParameters().HeaderExtensions, uriLevel)
	p.wg.Add(1)
	go func() {
		defer p.wg.Done()
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		packet := &rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: 100}, Payload: make([]byte, 80)}
		for {
			select {
			case <-quit:
				return
			case <-tick.C:
			}
			packet.SequenceNumber++
			packet.Timestamp += 960
			if err := packet.SetExtension(id, []byte{127 - level}); err != nil {
				p.t.Error(err)
			}
			_ = p.mic.WriteRTP(packet)
		}
	}()
	return sync.OnceFunc(func() { close(quit) })
}

// slack multiplies what a quiet machine needs, because tests run on busy ones.
const slack = 6

// eventually waits until f is true, and fails the test if that takes too long.
func eventually(t testing.TB, within time.Duration, what string, f func() bool) {
	t.Helper()
	deadline := time.After(within * slack)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !f() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("waited %v in vain: %s", within*slack, what)
		}
	}
}
