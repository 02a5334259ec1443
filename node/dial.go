package main

import (
	"crypto/rand"
	"crypto/sha1"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// answerWithin is how long a node has to answer check.
const answerWithin = 5 * time.Second

// dial asks a running node the way a browser would.
type dial struct {
	site       string // scheme, host and port
	unverified bool   // any certificate will do
}

// healthy is nil if a node answers.
func (d dial) healthy() error {
	status, text, err := d.get("/healthz")
	if err != nil {
		return err
	}
	if status != http.StatusOK || text != "alive" {
		return fmt.Errorf("what answers at %s is not Parley", d.site)
	}
	return nil
}

// ready is nil if the node could hold a call.
func (d dial) ready() error {
	status, text, err := d.get("/readyz")
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("a node answers at %s, but it is not ready: %s", d.site, strings.ReplaceAll(text, "\n", "; "))
	}
	return err
}

// webSocketID is what both ends of a WebSocket hash (RFC 6455 section 1.3).
const webSocketID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

// talk is nil if a page of the site gets a WebSocket. Proxies that were not told about WebSockets fail here.
func (d dial) talk() error {
	socket, err := d.socket()
	if err != nil {
		return err
	}
	return socket.Close()
}

// socket opens a WebSocket. What is read from it are frames.
func (d dial) socket() (io.ReadCloser, error) {
	nonce := make([]byte, 16)
	rand.Read(nonce) // never fails
	key := base64.StdEncoding.EncodeToString(nonce)
	answer, err := d.ask("/signal", http.Header{
		"Connection": {"Upgrade"}, "Upgrade": {"websocket"}, "Origin": {d.site},
		"Sec-Websocket-Version": {"13"}, "Sec-Websocket-Key": {key},
	})
	if err != nil {
		return nil, err
	}
	sum := sha1.Sum([]byte(key + webSocketID))
	accept := base64.StdEncoding.EncodeToString(sum[:])
	switch {
	case answer.StatusCode == http.StatusForbidden:
		err = fmt.Errorf("the node refuses pages of %s: name that site with --url or --origins", d.site)
	case answer.StatusCode != http.StatusSwitchingProtocols, answer.Header.Get("Sec-Websocket-Accept") != accept:
		err = fmt.Errorf("no WebSocket gets through to %s/signal (status %d): a proxy in between must pass WebSockets on", d.site, answer.StatusCode)
	default:
		return answer.Body, nil
	}
	return nil, errors.Join(err, answer.Body.Close())
}

func (d dial) get(path string) (status int, text string, err error) {
	answer, err := d.ask(path, nil)
	if err != nil {
		return 0, "", err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, 4<<10))
	return answer.StatusCode, strings.TrimSpace(string(body)), err
}

func (d dial) ask(path string, headers http.Header) (*http.Response, error) {
	request, err := http.NewRequest(http.MethodGet, d.site+path, nil)
	if err != nil {
		return nil, err
	}
	for name, values := range headers {
		request.Header[name] = values
	}
	client := http.Client{
		Timeout: answerWithin,
		Transport: &http.Transport{
			// No Proxy: a node on this machine is not to be looked for elsewhere.
			TLSClientConfig:   &tls.Config{InsecureSkipVerify: d.unverified},
			DisableKeepAlives: headers == nil,
		},
	}
	return client.Do(request)
}
