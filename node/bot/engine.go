package bot

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	"github.com/pion/interceptor/pkg/nack"
	"github.com/pion/interceptor/pkg/report"
	"github.com/pion/interceptor/pkg/twcc"
	"github.com/pion/logging"
	"github.com/pion/sdp/v3"
	"github.com/pion/transport/v4"
	"github.com/pion/webrtc/v4"
)

// ICE says over which networks a bot's links may go.
type ICE struct {
	// Loopback offers 127.0.0.1 and ::1 too. Browsers do not do that, but bots beside a browser or
	// beside each other need it on a machine without a network.
	Loopback bool
	// Interfaces are the only ones used, if any are named. By default all but those of containers.
	Interfaces []string

	net transport.Net // in place of the machine's, for tests
}

func (i ICE) uses(name string) bool {
	if len(i.Interfaces) > 0 {
		return slices.Contains(i.Interfaces, name)
	}
	return !strings.HasPrefix(name, "docker") && !strings.HasPrefix(name, "br-") && !strings.HasPrefix(name, "veth")
}

// How patient a link is. A browser sees a dead path after about the same time.
const (
	quietAfter  = 3 * time.Second
	failedAfter = 30 * time.Second
	keepAlive   = time.Second
)

// Nobody asks for a packet again that is older than this many.
const resendable = 256

// silent takes pion's own log: what matters of a link's fate is in its state.
var silent = &logging.DefaultLoggerFactory{Writer: io.Discard}

// engine makes a bot's connections. They share one certificate.
type engine struct {
	api         *webrtc.API
	certificate webrtc.Certificate
}

func newEngine(cfg ICE) (*engine, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("bot: make certificate: %w", err)
	}
	certificate, err := webrtc.GenerateCertificate(key)
	if err != nil {
		return nil, fmt.Errorf("bot: make certificate: %w", err)
	}
	media, registry, err := formats()
	if err != nil {
		return nil, fmt.Errorf("bot: register codecs: %w", err)
	}
	var s webrtc.SettingEngine
	s.LoggerFactory = silent
	s.SetIncludeLoopbackCandidate(cfg.Loopback)
	s.SetInterfaceFilter(cfg.uses)
	if cfg.net != nil {
		s.SetNet(cfg.net)
	}
	s.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled) // one more socket per link; hidden addresses are learnt as peer-reflexive
	s.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4, webrtc.NetworkTypeUDP6})
	s.SetICETimeouts(quietAfter, failedAfter, keepAlive)
	s.SetSrflxAcceptanceMinWait(50 * time.Millisecond)
	s.SetPrflxAcceptanceMinWait(50 * time.Millisecond)
	s.SetRelayAcceptanceMinWait(300 * time.Millisecond)
	s.SetSCTPRTOMax(time.Second)
	return &engine{
		api:         webrtc.NewAPI(webrtc.WithMediaEngine(media), webrtc.WithInterceptorRegistry(registry), webrtc.WithSettingEngine(s)),
		certificate: *certificate,
	}, nil
}

func (e *engine) connect() (*webrtc.PeerConnection, error) {
	return e.api.NewPeerConnection(webrtc.Configuration{
		Certificates: []webrtc.Certificate{e.certificate},
		BundlePolicy: webrtc.BundlePolicyMaxBundle,
	})
}

// formats are what the clips are in, and what a browser needs to send well: NACK, reports, TWCC.
func formats() (*webrtc.MediaEngine, *interceptor.Registry, error) {
	media, registry := &webrtc.MediaEngine{}, &interceptor.Registry{}
	for _, c := range []struct {
		kind  webrtc.RTPCodecType
		codec webrtc.RTPCodecParameters
	}{
		{webrtc.RTPCodecTypeAudio, webrtc.RTPCodecParameters{PayloadType: 111, RTPCodecCapability: webrtc.RTPCodecCapability{
			MimeType: webrtc.MimeTypeOpus, ClockRate: soundClock, Channels: 2, SDPFmtpLine: "minptime=10;useinbandfec=1",
		}}},
		{webrtc.RTPCodecTypeVideo, webrtc.RTPCodecParameters{PayloadType: 96, RTPCodecCapability: webrtc.RTPCodecCapability{
			MimeType: webrtc.MimeTypeVP8, ClockRate: pictureClock, RTCPFeedback: []webrtc.RTCPFeedback{
				{Type: "ccm", Parameter: "fir"}, {Type: "nack"}, {Type: "nack", Parameter: "pli"},
			},
		}}},
		{webrtc.RTPCodecTypeVideo, webrtc.RTPCodecParameters{PayloadType: 97, RTPCodecCapability: webrtc.RTPCodecCapability{
			MimeType: webrtc.MimeTypeRTX, ClockRate: pictureClock, SDPFmtpLine: "apt=96",
		}}},
	} {
		if err := media.RegisterCodec(c.codec, c.kind); err != nil {
			return nil, nil, err
		}
	}
	level := webrtc.RTPHeaderExtensionCapability{URI: sdp.AudioLevelURI}
	if err := media.RegisterHeaderExtension(level, webrtc.RTPCodecTypeAudio); err != nil {
		return nil, nil, err
	}
	if err := webrtc.ConfigureNackWithOptions(media, registry, []nack.GeneratorOption{nack.WithGeneratorLoggerFactory(silent)},
		nack.ResponderSize(resendable), nack.WithResponderLoggerFactory(silent)); err != nil {
		return nil, nil, err
	}
	if err := webrtc.ConfigureRTCPReportsWithOptions(registry, []report.ReceiverOption{report.WithReceiverLoggerFactory(silent)},
		report.WithSenderLoggerFactory(silent)); err != nil {
		return nil, nil, err
	}
	if err := webrtc.ConfigureSimulcastExtensionHeaders(media); err != nil {
		return nil, nil, err
	}
	return media, registry, webrtc.ConfigureTWCCSenderWithOptions(media, registry, twcc.WithLoggerFactory(silent))
}
