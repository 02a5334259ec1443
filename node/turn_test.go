package main

import (
	"bytes"
	"net"
	"regexp"
	"strings"
	"testing"

	"github.com/gorilla/websocket"
	"github.com/pion/turn/v3"

	"parley/bridge/signal"
)

// allocate opens a way through the node's TURN over UDP, as a browser does with these credentials.
func (h *host) allocate(user, credential string) error {
	h.t.Helper()
	conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		h.t.Fatal(err)
	}
	defer conn.Close()
	at := h.node.turn.server.UDP()[0].String()
	client, err := turn.NewClient(&turn.ClientConfig{STUNServerAddr: at, TURNServerAddr: at, Conn: conn, Username: user, Password: credential})
	if err != nil {
		h.t.Fatal(err)
	}
	defer client.Close()
	if err := client.Listen(); err != nil {
		h.t.Fatal(err)
	}
	way, err := client.Allocate()
	if err != nil {
		return err
	}
	return way.Close()
}

// A page gets TURN once it is in a room, and no sooner: with credentials that work, and only they do.
func TestAPageGetsTURNOnceItIsIn(t *testing.T) {
	h := hosted(t)
	ws, _, err := websocket.DefaultDialer.Dial("ws://"+h.at+"/signal", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ws.Close()
	hello := &signal.Hello{Version: signal.Version, Room: "room", Name: "Ann", Page: "page-0001", Media: signal.Media{Microphone: "none", Camera: "none", Screen: "none"}}
	if err := ws.WriteMessage(websocket.TextMessage, signal.Encode(hello)); err != nil {
		t.Fatal(err)
	}
	_, frame, err := ws.ReadMessage()
	if err != nil {
		t.Fatal(err)
	}
	m, fault := signal.Decode(frame, signal.FromServer)
	welcome, ok := m.(*signal.Welcome)
	if fault != nil || !ok || len(welcome.ICE) != 1 {
		t.Fatalf("%s", frame)
	}
	ice := welcome.ICE[0]
	if len(ice.URLs) != 2 || !regexp.MustCompile(`^turn:\*:\d+\?transport=udp turn:\*:\d+\?transport=tcp$`).MatchString(strings.Join(ice.URLs, " ")) {
		t.Errorf("%v", ice.URLs)
	}
	if !regexp.MustCompile(`^\d{10}:\w+:` + string(welcome.Self) + `$`).MatchString(ice.Username) {
		t.Errorf("the user name is %q", ice.Username)
	}
	if err := h.allocate(ice.Username, string(ice.Credential)); err != nil {
		t.Error(err)
	}
	if err := h.allocate(ice.Username, "wrong"); err == nil {
		t.Error("a wrong credential was taken")
	}
}

func TestANodeWithoutTURNGivesNone(t *testing.T) {
	h := hosted(t, "--roles", "bridge,relay")
	if h.node.turn != nil || h.node.servers("ann") != nil {
		t.Error("a node without the role gives TURN")
	}
}

var keyLines = regexp.MustCompile(`^user: (\S+)\ncredential: (\S+)\n$`)

func TestAKeyForTURN(t *testing.T) {
	h := hosted(t)
	var out, log bytes.Buffer
	none := func(string) (string, bool) { return "", false }
	if code := run(call{out: &out, log: &log, environ: none, args: []string{"key", "turn", "--data", h.data, "--ttl", "5m"}}); code != exitFine {
		t.Fatalf("exit code %d: %s", code, &log)
	}
	found := keyLines.FindStringSubmatch(out.String())
	if found == nil {
		t.Fatalf("printed %q", &out)
	}
	if err := h.allocate(found[1], found[2]); err != nil {
		t.Error(err)
	}
	for args, want := range map[string]string{
		"key":                   "parley key turn",
		"key house":             "parley key turn",
		"key turn --ttl 1000h":  "--ttl",
		"key turn --ttl -1s":    "--ttl",
		"key turn --nonsense 1": "nonsense",
	} {
		log.Reset()
		if code := run(call{out: &out, log: &log, environ: none, args: strings.Fields(args)}); code != exitUsage || !strings.Contains(log.String(), want) {
			t.Errorf("%s: exit code %d, %s", args, code, &log)
		}
	}
}
