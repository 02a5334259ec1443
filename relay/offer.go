package relay

import (
	"errors"
	"fmt"
	"strings"

	"github.com/pion/rtp"
	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"
)

// maxOffer is the longest offer in bytes: 65 m-lines with every codec of a browser take about 150 kB.
const maxOffer = 512 << 10

var errShape = errors.New("relay: read offer: the m-lines are not those of a relay link")

// checkOffer refuses an offer whose m-lines are not microphone, camera, screen, screen sound and
// then, in any order, one for data and receiving slots within the limits. Browsers put data last in
// the offer that introduces it, and further slots behind it.
func checkOffer(text string, limits Limits) error {
	if len(text) > maxOffer {
		return errors.New("relay: read offer: too long")
	}
	var d sdp.SessionDescription
	if err := d.UnmarshalString(text); err != nil {
		return fmt.Errorf("relay: read offer: %w", err)
	}
	fixed := [kindCount]string{"audio", "video", "video", "audio"}
	audio, video, data := 0, 0, 0
	for i, m := range d.MediaDescriptions {
		name := m.MediaName.Media
		_, receives := m.Attribute("recvonly")
		switch {
		case Kind(i) < kindCount && (name != fixed[i] || receives):
			return fmt.Errorf("%w: m-line %d", errShape, i)
		case Kind(i) < kindCount:
		case name == "application":
			data++
		case !receives:
			return fmt.Errorf("%w: m-line %d is no receiving slot", errShape, i)
		case name == "audio":
			audio++
		case name == "video":
			video++
		default:
			return fmt.Errorf("%w: m-line %d", errShape, i)
		}
	}
	if len(d.MediaDescriptions) <= int(kindCount) || data != 1 {
		return errShape
	}
	if audio > limits.AudioSlots || video > limits.VideoSlots {
		return errors.New("relay: read offer: more slots than the relay gives")
	}
	return nil
}

// prefersAV1 reports whether the camera of an offer would be sent as AV1: its first codec is.
func prefersAV1(text string) bool {
	var d sdp.SessionDescription
	if err := d.UnmarshalString(text); err != nil || len(d.MediaDescriptions) <= int(Camera) {
		return false
	}
	camera := d.MediaDescriptions[Camera]
	if len(camera.MediaName.Formats) == 0 {
		return false
	}
	first := camera.MediaName.Formats[0] + " AV1/"
	for _, a := range camera.Attributes {
		if a.Key == "rtpmap" && strings.HasPrefix(a.Value, first) {
			return true
		}
	}
	return false
}

// addSinks puts a Sink on every receiving m-line that has none, in order.
func (p *Port) addSinks() error {
	for i, t := range p.pc.GetTransceivers() {
		if Kind(i) < kindCount || t.Sender() != nil {
			continue
		}
		sink := p.down.newSink(p, t.Kind() == webrtc.RTPCodecTypeVideo)
		sender, err := p.pc.AddTrack(sink)
		if err != nil {
			return fmt.Errorf("relay: fill slot: %w", err)
		}
		if t.Sender() != sender {
			return errShape
		}
	}
	p.room.disturb()
	return nil
}

// Bind is pion's call once the slot's m-line is negotiated.
func (s *Sink) Bind(t webrtc.TrackLocalContext) (webrtc.RTPCodecParameters, error) {
	ln := &lane{out: t.WriteStream(), ssrc: uint32(t.SSRC()), rtxSSRC: uint32(t.SSRCRetransmission())}
	codecs := t.CodecParameters()
	var first *webrtc.RTPCodecParameters
	for i := range codecs {
		c := codecOf(codecs[i])
		if c == codecNone || ln.payload[c] != 0 {
			continue
		}
		ln.payload[c] = uint8(codecs[i].PayloadType)
		ln.rtxPayload[c] = repairType(codecs, codecs[i].PayloadType)
		if first == nil {
			first = &codecs[i]
		}
	}
	if first == nil {
		return webrtc.RTPCodecParameters{}, webrtc.ErrUnsupportedCodec
	}
	extensions := t.HeaderExtensions()
	ln.twccExt = extensionID(extensions, uriTWCC)
	if s.video {
		ln.rotationExt = extensionID(extensions, uriRotation)
		ln.descriptorExt = extensionID(extensions, uriDescriptor)
	} else {
		ln.levelExt = extensionID(extensions, uriLevel)
	}
	ln.profile = extensionProfile(ln.twccExt, ln.rotationExt, ln.levelExt)
	if ln.descriptorExt != 0 { // its structure is longer than the one-byte form allows
		ln.profile = rtp.ExtensionProfileTwoByte
	}
	s.lane.Store(ln)
	s.port.down.bound(s, ln)
	return *first, nil
}

// repairType finds the RTX payload type that repairs media of payload type pt, 0 for none.
func repairType(codecs []webrtc.RTPCodecParameters, pt webrtc.PayloadType) uint8 {
	apt := fmt.Sprintf("apt=%d", pt)
	for _, c := range codecs {
		if strings.EqualFold(c.MimeType, webrtc.MimeTypeRTX) && c.SDPFmtpLine == apt {
			return uint8(c.PayloadType)
		}
	}
	return 0
}

// Unbind is pion's call when the m-line ends.
func (s *Sink) Unbind(webrtc.TrackLocalContext) error {
	s.lane.Store(nil)
	return nil
}

// ID names the slot's track in the answer.
func (s *Sink) ID() string {
	if s.video {
		return fmt.Sprintf("video-%d", s.slot)
	}
	return fmt.Sprintf("audio-%d", s.slot)
}

// StreamID is the same for the audio and the video slot of one number: what shares it is kept in lip sync.
func (s *Sink) StreamID() string { return fmt.Sprintf("slot-%d", s.slot) }

// RID is empty: towards receivers there is no simulcast.
func (s *Sink) RID() string { return "" }

// Kind is the slot's kind in pion's words.
func (s *Sink) Kind() webrtc.RTPCodecType {
	if s.video {
		return webrtc.RTPCodecTypeVideo
	}
	return webrtc.RTPCodecTypeAudio
}

// startBitrate tells a Chromium page where its own estimate begins, which it cannot set by itself:
// a parameter on each video codec of the answer.
func startBitrate(answer string, kbps int) string {
	lines := strings.Split(answer, "\r\n")
	out := make([]string, 0, len(lines)+16)
	video := map[string]bool{} // payload types of video codecs in this m-line that have no fmtp yet
	flush := func() {
		for pt, open := range video {
			if open {
				out = append(out, fmt.Sprintf("a=fmtp:%s x-google-start-bitrate=%d", pt, kbps))
			}
		}
		clear(video)
	}
	for _, line := range lines {
		switch {
		case strings.HasPrefix(line, "m="), line == "":
			flush()
		case strings.HasPrefix(line, "a=rtpmap:"):
			pt, name, _ := strings.Cut(strings.TrimPrefix(line, "a=rtpmap:"), " ")
			for _, c := range []string{"VP8/", "VP9/", "AV1/"} {
				video[pt] = video[pt] || strings.HasPrefix(name, c)
			}
		case strings.HasPrefix(line, "a=fmtp:"):
			pt, _, _ := strings.Cut(strings.TrimPrefix(line, "a=fmtp:"), " ")
			if video[pt] {
				line += fmt.Sprintf(";x-google-start-bitrate=%d", kbps)
				delete(video, pt)
			}
		}
		out = append(out, line)
	}
	return strings.Join(out, "\r\n")
}
