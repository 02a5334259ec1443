package turn

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/pion/webrtc/v4"
)

// saying is a line between the parts of the lab.
type saying struct {
	Description *webrtc.SessionDescription `json:",omitempty"`
	Candidate   *webrtc.ICECandidateInit   `json:",omitempty"`
	Outcome     *outcome                   `json:",omitempty"`
}

// outcome is how a peer is connected: the types of the two candidates, and how long it took.
type outcome struct {
	Local, Remote string
	Millis        int64
}

// servePart plays a part in the lab until standard input ends.
func servePart(words []string) error {
	if words[0] == "server" {
		return serveLab(words[1])
	}
	return servePeer(words[1] == "offers", words[2], words[3])
}

// serveLab is the server in the middle. It prints a credential.
func serveLab(address string) error {
	folder, err := os.MkdirTemp("", "parley")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	secrets, err := OpenSecrets(filepath.Join(folder, "turn"))
	if err != nil {
		return err
	}
	at := address + ":3478"
	s, err := New(Config{
		UDP: []string{at}, TCP: []string{at}, Secrets: secrets, Log: discard,
		AllowPeers: []netip.Prefix{netip.MustParsePrefix(address + "/32")}, // where both sides have only relayed addresses
	})
	if err != nil {
		return err
	}
	user, credential, err := secrets.Issue(time.Now(), "lab", time.Hour)
	if err != nil {
		return err
	}
	fmt.Println(user, credential)
	io.Copy(io.Discard, os.Stdin)
	return s.Close()
}

// say prints a line; candidates come from many goroutines.
func say(mu *sync.Mutex, what saying) {
	mu.Lock()
	defer mu.Unlock()
	printLine(what)
}

func printLine(what saying) {
	line, err := json.Marshal(what)
	if err != nil {
		panic(err) // these types always can be written
	}
	fmt.Printf("%s\n", line)
}

// describe sets a local description and says it, before any candidate that comes of it.
func describe(mu *sync.Mutex, pc *webrtc.PeerConnection, d webrtc.SessionDescription) error {
	mu.Lock()
	defer mu.Unlock()
	printLine(saying{Description: &d})
	return pc.SetLocalDescription(d)
}

// servePeer is a peer of WebRTC that takes part in one connection, and says how it went once a word came.
func servePeer(offers bool, user, credential string) error {
	var mu sync.Mutex
	began := time.Now()
	var settings webrtc.SettingEngine
	settings.SetSrflxAcceptanceMinWait(50 * time.Millisecond)
	settings.SetPrflxAcceptanceMinWait(50 * time.Millisecond)
	settings.SetRelayAcceptanceMinWait(300 * time.Millisecond)
	at := serverAddress + ":3478"
	pc, err := webrtc.NewAPI(webrtc.WithSettingEngine(settings)).NewPeerConnection(webrtc.Configuration{ICEServers: []webrtc.ICEServer{
		{URLs: []string{"stun:" + at}},
		{URLs: []string{"turn:" + at + "?transport=udp", "turn:" + at + "?transport=tcp"}, Username: user, Credential: credential},
	}})
	if err != nil {
		return err
	}
	pc.OnICECandidate(func(c *webrtc.ICECandidate) {
		if c != nil {
			one := c.ToJSON()
			say(&mu, saying{Candidate: &one})
		}
	})
	heard := func(webrtc.DataChannelMessage) {
		pair, err := pc.SCTP().Transport().ICETransport().GetSelectedCandidatePair()
		if err != nil || pair == nil {
			return
		}
		say(&mu, saying{Outcome: &outcome{pair.Local.Typ.String(), pair.Remote.Typ.String(), time.Since(began).Milliseconds()}})
	}
	open := func(channel *webrtc.DataChannel) {
		channel.OnMessage(heard)
		channel.OnOpen(func() { channel.SendText("hello") }) // what is lost here is a test that fails
	}
	yes, id := true, uint16(0)
	channel, err := pc.CreateDataChannel("word", &webrtc.DataChannelInit{Negotiated: &yes, ID: &id})
	if err != nil {
		return err
	}
	open(channel)
	if offers {
		offer, err := pc.CreateOffer(nil)
		if err != nil {
			return err
		}
		if err := describe(&mu, pc, offer); err != nil {
			return err
		}
	}
	return listenTo(pc, &mu, offers) // the process ends then: Close would wait for TURN over UDP that is blocked
}

// listenTo takes what the other peer says, until standard input ends.
func listenTo(pc *webrtc.PeerConnection, mu *sync.Mutex, offers bool) error {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var said saying
		if err := json.Unmarshal(lines.Bytes(), &said); err != nil {
			return err
		}
		switch {
		case said.Candidate != nil:
			if err := pc.AddICECandidate(*said.Candidate); err != nil {
				return err
			}
		case said.Description != nil:
			if err := pc.SetRemoteDescription(*said.Description); err != nil {
				return err
			}
			if offers {
				continue
			}
			answer, err := pc.CreateAnswer(nil)
			if err != nil {
				return err
			}
			if err := describe(mu, pc, answer); err != nil {
				return err
			}
		}
	}
	return lines.Err()
}

// play is called before any test: a program with a part in the lab has no others.
func play() {
	words := os.Getenv(labPart)
	if words == "" {
		return
	}
	if err := servePart(strings.Fields(words)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func init() { play() }
