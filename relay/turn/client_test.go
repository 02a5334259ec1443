package turn

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/pion/stun/v3"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what must come; silence, how long for what must not.
const (
	patience = 20 * time.Second
	silence  = 200 * time.Millisecond
)

var (
	discard  = slog.New(slog.NewTextHandler(io.Discard, nil))
	loopback = netip.MustParsePrefix("127.0.0.0/8")
)

// node is a server with each way in, at an address of this host.
type node struct {
	*Server
	secrets *Secrets
	tls     net.Addr
	trust   *x509.CertPool
}

// start opens a server on loopback, which may relay to loopback unless the test says otherwise.
func start(t testing.TB, change func(*Config)) *node {
	t.Helper()
	secrets, err := OpenSecrets(filepath.Join(t.TempDir(), "turn"))
	if err != nil {
		t.Fatal(err)
	}
	c := Config{
		UDP: []string{"127.0.0.1:0"}, TCP: []string{"127.0.0.1:0"}, Secrets: secrets, Log: discard,
		AllowPeers: []netip.Prefix{loopback},
	}
	if change != nil {
		change(&c)
	}
	s, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	n := &node{Server: s, secrets: secrets}
	certificate, pool := selfSigned(t)
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{certificate}})
	if err != nil {
		t.Fatal(err)
	}
	n.tls, n.trust = listener.Addr(), pool
	if err := s.ServeTCP(listener); err != nil {
		t.Fatal(err)
	}
	return n
}

func selfSigned(t testing.TB) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

// ways are the transports that a client can come by.
var ways = []string{"udp", "tcp", "tls"}

// port is the one for a way.
func (n *node) port(way string) int {
	switch way {
	case "udp":
		return int(n.UDP()[0].Port())
	case "tcp":
		return int(n.TCP()[0].Port())
	}
	return n.tls.(*net.TCPAddr).Port
}

// client speaks TURN word by word, so that it can say what no proper client would.
type client struct {
	t     testing.TB
	conn  net.Conn
	user  string
	key   stun.MessageIntegrity
	nonce stun.Nonce
	in    []byte // of a stream, what was read and not yet taken
}

// dial connects, without a credential.
func (n *node) dial(t testing.TB, way string) *client {
	t.Helper()
	var conn net.Conn
	var err error
	switch way {
	case "udp":
		conn, err = net.Dial("udp", n.UDP()[0].String())
	case "tcp":
		conn, err = net.Dial("tcp", n.TCP()[0].String())
	case "tls":
		conn, err = tls.Dial("tcp", n.tls.String(), &tls.Config{RootCAs: n.trust, ServerName: "127.0.0.1"})
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return &client{t: t, conn: conn}
}

// as gives the client a credential.
func (c *client) as(n *node, id string) *client {
	c.t.Helper()
	user, credential, err := n.secrets.Issue(time.Now(), id, time.Hour)
	if err != nil {
		c.t.Fatal(err)
	}
	c.user, c.key = user, stun.NewLongTermIntegrity(user, Realm, credential)
	return c
}

// send sends a request.
func (c *client) send(method stun.Method, with ...stun.Setter) *stun.Message {
	c.t.Helper()
	m, err := stun.Build(append([]stun.Setter{stun.TransactionID, stun.NewType(method, stun.ClassRequest)}, with...)...)
	if err != nil {
		c.t.Fatal(err)
	}
	c.write(m.Raw)
	return m
}

func (c *client) write(b []byte) {
	c.t.Helper()
	if _, err := c.conn.Write(b); err != nil {
		c.t.Fatal(err)
	}
}

// signed are the setters that end an authenticated request.
func (c *client) signed(with []stun.Setter) []stun.Setter {
	return append(with, stun.NewUsername(c.user), stun.NewRealm(Realm), c.nonce, c.key)
}

// ask sends an authenticated request and returns its answer. The nonce is got first, and again when it is stale.
func (c *client) ask(method stun.Method, with ...stun.Setter) *stun.Message {
	c.t.Helper()
	for range 3 {
		if c.nonce == nil {
			request := c.send(stun.MethodAllocate, transport(relayUDP))
			if err := c.nonce.GetFrom(c.answer(request)); err != nil {
				c.t.Fatal(err)
			}
		}
		answer := c.answer(c.send(method, c.signed(with)...))
		if code(answer) != stun.CodeStaleNonce {
			return answer
		}
		c.nonce = nil
	}
	c.t.Fatal("nonces are always stale")
	return nil
}

// answer waits for the answer to a request; data that comes before it is lost.
func (c *client) answer(to *stun.Message) *stun.Message {
	c.t.Helper()
	for {
		m := &stun.Message{Raw: c.read(patience)}
		if m.Raw == nil {
			c.t.Fatalf("no answer to %v", to.Type)
		}
		if m.Raw[0] < firstChannel>>8 && m.Decode() == nil && m.TransactionID == to.TransactionID {
			if m.Contains(stun.AttrMessageIntegrity) {
				if err := c.key.Check(m); err != nil {
					c.t.Fatalf("the answer to %v is signed wrongly: %v", to.Type, err)
				}
			}
			return m
		}
	}
}

// read takes one packet, nil if none comes in time or the connection is closed.
func (c *client) read(wait time.Duration) []byte {
	c.t.Helper()
	if err := c.conn.SetReadDeadline(time.Now().Add(wait)); err != nil {
		c.t.Fatal(err)
	}
	buffer := make([]byte, maxRead)
	for {
		if length, padded, wanted, err := frame(c.in); err != nil {
			c.t.Fatalf("the server sent % x", c.in)
		} else if wanted == 0 && len(c.in) >= padded {
			packet := bytes.Clone(c.in[:length])
			c.in = c.in[padded:]
			return packet
		}
		n, err := c.conn.Read(buffer)
		if _, datagram := c.conn.(*net.UDPConn); datagram && err == nil {
			return buffer[:n]
		}
		if err != nil {
			return nil
		}
		c.in = append(c.in, buffer[:n]...)
	}
}

// door is the one that a client came by over UDP.
func (c *client) door(n *node) *door {
	c.t.Helper()
	n.mu.Lock()
	defer n.mu.Unlock()
	for d := range n.doors {
		if d.local.String() == c.conn.RemoteAddr().String() {
			return d
		}
	}
	c.t.Fatal("there is no such door")
	return nil
}

// closed tells whether the server ended the connection within the wait.
func (c *client) closed(wait time.Duration) bool {
	c.t.Helper()
	if err := c.conn.SetReadDeadline(time.Now().Add(wait)); err != nil {
		c.t.Fatal(err)
	}
	_, err := io.Copy(io.Discard, c.conn)
	return !errors.Is(err, os.ErrDeadlineExceeded)
}

// allocated allocates, and fails the test if that does not work.
func (c *client) allocated() *client {
	c.t.Helper()
	if m := c.ask(stun.MethodAllocate, transport(relayUDP)); code(m) != 0 {
		c.t.Fatalf("Allocate is answered %d", code(m))
	}
	return c
}

// code is an answer's error code, 0 for success.
func code(m *stun.Message) stun.ErrorCode {
	var e stun.ErrorCodeAttribute
	if m.Type.Class == stun.ClassSuccessResponse {
		return 0
	}
	if e.GetFrom(m) != nil {
		return -1
	}
	return e.Code
}

// raw is an attribute with any value.
func raw(kind stun.AttrType, value ...byte) stun.Setter {
	return stun.RawAttribute{Type: kind, Value: value}
}

func transport(protocol byte) stun.Setter { return raw(stun.AttrRequestedTransport, protocol, 0, 0, 0) }

func family(f byte) stun.Setter { return raw(stun.AttrRequestedAddressFamily, f, 0, 0, 0) }

func lifetime(seconds uint32) stun.Setter {
	return raw(stun.AttrLifetime, binary.BigEndian.AppendUint32(nil, seconds)...)
}

func number(n uint16) stun.Setter {
	return raw(stun.AttrChannelNumber, binary.BigEndian.AppendUint32(nil, uint32(n)<<16)...)
}

// peer is XOR-PEER-ADDRESS, of any form that an address can have.
type peer netip.AddrPort

func (p peer) AddTo(m *stun.Message) error {
	at := netip.AddrPort(p)
	address := at.Addr().AsSlice()
	value := binary.BigEndian.AppendUint16([]byte{0, byte(len(address)/12 + 1)}, at.Port()^magicCookie>>16)
	pad := append(binary.BigEndian.AppendUint32(nil, magicCookie), m.TransactionID[:]...)
	for i := range address {
		value = append(value, address[i]^pad[i])
	}
	m.Add(stun.AttrXORPeerAddress, value)
	return nil
}

// channelData is a packet over a channel, padded as streams want it.
func channelData(n uint16, payload string) []byte {
	b := binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(nil, n), uint16(len(payload)))
	b = append(b, payload...)
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	return b
}

// indication sends payload to a peer without a channel.
func (c *client) indication(to netip.AddrPort, payload string) {
	c.t.Helper()
	m, err := stun.Build(stun.TransactionID, stun.NewType(stun.MethodSend, stun.ClassIndication), peer(to), raw(stun.AttrData, []byte(payload)...))
	if err != nil {
		c.t.Fatal(err)
	}
	c.write(m.Raw)
}

// far is a peer: a UDP socket that hears and answers.
type far struct {
	t    testing.TB
	conn *net.UDPConn
}

func newFar(t testing.TB, address string) *far {
	t.Helper()
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.MustParseAddrPort(address)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return &far{t, conn}
}

func (f *far) at() netip.AddrPort {
	at := f.conn.LocalAddr().(*net.UDPAddr).AddrPort()
	return netip.AddrPortFrom(at.Addr().Unmap(), at.Port())
}

// hear waits for a packet, "" if none comes.
func (f *far) hear(wait time.Duration) (string, netip.AddrPort) {
	f.t.Helper()
	if err := f.conn.SetReadDeadline(time.Now().Add(wait)); err != nil {
		f.t.Fatal(err)
	}
	b := make([]byte, maxRead)
	n, from, err := f.conn.ReadFromUDPAddrPort(b)
	if err != nil {
		return "", from
	}
	return string(b[:n]), netip.AddrPortFrom(from.Addr().Unmap(), from.Port())
}

func (f *far) say(to netip.AddrPort, text string) {
	f.t.Helper()
	if _, err := f.conn.WriteToUDPAddrPort([]byte(text), to); err != nil {
		f.t.Fatal(err)
	}
}

// eventually waits for a state.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for end := time.After(patience); !holds(); {
		select {
		case <-end:
			t.Fatalf("never came: %s", what)
		case <-tick.C:
		}
	}
}
