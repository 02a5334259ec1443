package relay

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	"github.com/pion/interceptor/pkg/nack"
	"github.com/pion/interceptor/pkg/report"
	"github.com/pion/interceptor/pkg/twcc"
	"github.com/pion/logging"
	"github.com/pion/rtp"
	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"
)

// Header extensions that the relay reads or writes.
const (
	uriTWCC       = sdp.TransportCCURI
	uriLevel      = sdp.AudioLevelURI
	uriRotation   = "urn:3gpp:video-orientation"
	uriRepairedID = sdp.SDESRepairRTPStreamIDURI
	uriDescriptor = "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension"
)

// newAPI sets pion up for one connection. Every connection has an API of its own, because the
// buffers below RTCP belong to its Port. With describe its page may send dependency descriptors.
func newAPI(p *Port, describe bool) (*webrtc.API, error) {
	media := &webrtc.MediaEngine{}
	if err := registerCodecs(media); err != nil {
		return nil, fmt.Errorf("relay: set up codecs: %w", err)
	}
	if err := registerExtensions(media, describe); err != nil {
		return nil, fmt.Errorf("relay: set up header extensions: %w", err)
	}
	registry, err := upwards()
	if err != nil {
		return nil, fmt.Errorf("relay: set up feedback: %w", err)
	}
	return webrtc.NewAPI(
		webrtc.WithMediaEngine(media),
		webrtc.WithInterceptorRegistry(registry),
		webrtc.WithSettingEngine(settings(p)),
	), nil
}

func registerCodecs(media *webrtc.MediaEngine) error {
	feedback := []webrtc.RTCPFeedback{{Type: "transport-cc"}, {Type: "ccm", Parameter: "fir"}, {Type: "nack"}, {Type: "nack", Parameter: "pli"}}
	type entry struct {
		mime, fmtp string
		rate       uint32
		channels   uint16
		pt         webrtc.PayloadType
		feedback   []webrtc.RTCPFeedback
		kind       webrtc.RTPCodecType
	}
	for _, e := range []entry{
		{webrtc.MimeTypeOpus, "minptime=10;useinbandfec=1", 48000, 2, 111, feedback[:1], webrtc.RTPCodecTypeAudio},
		{webrtc.MimeTypeVP8, "", 90000, 0, 96, feedback, webrtc.RTPCodecTypeVideo},
		{webrtc.MimeTypeRTX, "apt=96", 90000, 0, 97, nil, webrtc.RTPCodecTypeVideo},
		{webrtc.MimeTypeVP9, "profile-id=0", 90000, 0, 98, feedback, webrtc.RTPCodecTypeVideo},
		{webrtc.MimeTypeRTX, "apt=98", 90000, 0, 99, nil, webrtc.RTPCodecTypeVideo},
		{webrtc.MimeTypeAV1, "", 90000, 0, 45, feedback, webrtc.RTPCodecTypeVideo},
		{webrtc.MimeTypeRTX, "apt=45", 90000, 0, 46, nil, webrtc.RTPCodecTypeVideo},
	} {
		err := media.RegisterCodec(webrtc.RTPCodecParameters{
			RTPCodecCapability: webrtc.RTPCodecCapability{
				MimeType: e.mime, ClockRate: e.rate, Channels: e.channels, SDPFmtpLine: e.fmtp, RTCPFeedback: e.feedback,
			},
			PayloadType: e.pt,
		}, e.kind)
		if err != nil {
			return err
		}
	}
	return nil
}

// registerExtensions takes stream ids only upwards. The dependency descriptor goes with AV1 only,
// which browsers cannot put together from several layers without; it is taken upwards only with
// describe, because a browser whose descriptor is taken leaves the numbers out of VP8 payloads by
// which receivers decode across a change of source.
func registerExtensions(media *webrtc.MediaEngine, describe bool) error {
	up := webrtc.RTPTransceiverDirectionRecvonly
	down := webrtc.RTPTransceiverDirectionSendonly
	described := []webrtc.RTPTransceiverDirection{down}
	if describe {
		described = append(described, up)
	}
	type entry struct {
		uri        string
		kinds      []webrtc.RTPCodecType
		directions []webrtc.RTPTransceiverDirection
	}
	audio, video := webrtc.RTPCodecTypeAudio, webrtc.RTPCodecTypeVideo
	for _, e := range []entry{
		{uriTWCC, []webrtc.RTPCodecType{audio, video}, []webrtc.RTPTransceiverDirection{up, down}},
		{uriLevel, []webrtc.RTPCodecType{audio}, []webrtc.RTPTransceiverDirection{up, down}},
		{uriRotation, []webrtc.RTPCodecType{video}, []webrtc.RTPTransceiverDirection{up, down}},
		{sdp.SDESMidURI, []webrtc.RTPCodecType{audio, video}, []webrtc.RTPTransceiverDirection{up, down}},
		{sdp.SDESRTPStreamIDURI, []webrtc.RTPCodecType{video}, []webrtc.RTPTransceiverDirection{up}},
		{uriRepairedID, []webrtc.RTPCodecType{video}, []webrtc.RTPTransceiverDirection{up}},
		{uriDescriptor, []webrtc.RTPCodecType{video}, described},
	} {
		for _, k := range e.kinds {
			if err := media.RegisterHeaderExtension(webrtc.RTPHeaderExtensionCapability{URI: e.uri}, k, e.directions...); err != nil {
				return err
			}
		}
	}
	return nil
}

// upwards makes the feedback that publishers need: NACK, receiver reports, TWCC. Towards
// receivers the relay does all by itself.
func upwards() (*interceptor.Registry, error) {
	registry := &interceptor.Registry{}
	resend, err := nack.NewGeneratorInterceptor(nack.GeneratorInterval(40*time.Millisecond), nack.GeneratorMaxNacksPerPacket(10))
	if err != nil {
		return nil, err
	}
	reports, err := report.NewReceiverInterceptor()
	if err != nil {
		return nil, err
	}
	congestion, err := twcc.NewSenderInterceptor(twcc.SendInterval(50 * time.Millisecond))
	if err != nil {
		return nil, err
	}
	registry.Add(resend)
	registry.Add(reports)
	registry.Add(congestion)
	return registry, nil
}

// silent takes pion's own log, which would go to standard error with addresses in it: what matters of a connection's
// fate is in its state, and that is logged.
var silent = &logging.DefaultLoggerFactory{Writer: io.Discard}

// settings pins transport, seal and time-outs.
func settings(p *Port) webrtc.SettingEngine {
	s := p.relay.socket
	e := webrtc.SettingEngine{BufferFactory: p.buffer, LoggerFactory: silent}
	if s.net != nil {
		e.SetNet(s.net)
	}
	e.SetICEUDPMux(s.udp)
	e.SetICETCPMux(s.tcp)
	e.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4, webrtc.NetworkTypeUDP6, webrtc.NetworkTypeTCP4, webrtc.NetworkTypeTCP6})
	e.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	e.SetInterfaceFilter(keepInterface)
	e.SetIPFilter(s.keepIP)
	e.SetIncludeLoopbackCandidate(s.loopback)
	if len(s.public) > 0 {
		addresses := make([]string, 0, len(s.public))
		for _, a := range s.public {
			addresses = append(addresses, a.String())
		}
		if err := e.SetICEAddressRewriteRules(webrtc.ICEAddressRewriteRule{
			External: addresses, AsCandidateType: webrtc.ICECandidateTypeHost, Mode: webrtc.ICEAddressRewriteReplace,
		}); err != nil {
			p.log.Error("relay: put public addresses in place of the host's", "error", err)
		}
	}
	// AES-128-GCM seals a packet in a seventh of the time of the HMAC profile, which stays for old
	// pages. The relay is the DTLS server, so that its list decides and not the browser's.
	e.SetSRTPProtectionProfiles(dtls.SRTP_AEAD_AES_128_GCM, dtls.SRTP_AES128_CM_HMAC_SHA1_80)
	if err := e.SetAnsweringDTLSRole(webrtc.DTLSRoleServer); err != nil {
		p.log.Error("relay: set DTLS role", "error", err)
	}
	e.SetDTLSConnectContextMaker(func() (context.Context, func()) {
		return context.WithTimeout(context.Background(), dtlsWithin)
	})
	e.SetSCTPRTOMax(time.Second)
	// Failed is late: pages restart ICE after an outage, and a restart needs something to restart.
	e.SetICETimeouts(5*time.Second, 40*time.Second, 2*time.Second)
	return e
}

const dtlsWithin = 10 * time.Second

// codecOf maps an SDP codec to ours.
func codecOf(c webrtc.RTPCodecParameters) codec {
	switch c.MimeType {
	case webrtc.MimeTypeOpus:
		return codecOpus
	case webrtc.MimeTypeVP8:
		return codecVP8
	case webrtc.MimeTypeVP9:
		return codecVP9
	case webrtc.MimeTypeAV1:
		return codecAV1
	}
	return codecNone
}

// extensionID finds the id that uri has on this m-line, 0 for none.
func extensionID(list []webrtc.RTPHeaderExtensionParameter, uri string) uint8 {
	for _, e := range list {
		if e.URI == uri && e.ID > 0 && e.ID <= 255 {
			return uint8(e.ID)
		}
	}
	return 0
}

// extensionProfile is the header profile that ids need: the two-byte one once an id is over 14,
// 0 while there are no extensions.
func extensionProfile(ids ...uint8) (profile uint16) {
	for _, id := range ids {
		switch {
		case id > 14:
			return rtp.ExtensionProfileTwoByte
		case id > 0:
			profile = rtp.ExtensionProfileOneByte
		}
	}
	return profile
}
