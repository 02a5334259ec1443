package turn

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"sync/atomic"
	"time"
)

// The time that a connection has. Who shows a valid credential keeps it as long as the allocation lives.
const (
	openTime     = 10 * time.Second // to the first allocation, and after the last
	frameTime    = 10 * time.Second // for a packet that has begun; twice that at most
	writeTime    = 5 * time.Second  // for a client to take what was sent
	renewTime    = time.Second      // deadlines are set anew that often, not for each packet
	streamBuffer = 8 << 10          // bytes read at once
	sendBuffer   = 256 << 10        // bytes that the kernel keeps for a slow client: more would be old when they arrive
)

// maxPacket is the most bytes of payload, and of a request: what fits an Ethernet frame.
const maxPacket = 1500

const (
	stunHeader    = 20 // bytes
	channelHeader = 4
	magicCookie   = 0x2112A442 // RFC 8489 section 5
	maxFailures   = 100        // of a socket's reads, one after the other, before it is given up
)

var (
	errFrame = errors.New("bytes that are no STUN or ChannelData")
	errSlow  = errors.New("nothing sound in time")
)

// link is where clients' packets come from: one connection, or a UDP socket.
type link interface {
	read(b []byte) (int, netip.AddrPort, error) // one whole packet
	write(b []byte, to netip.AddrPort) error
	close() error
}

// frame tells how long the packet is that begins with these bytes, without and with padding (RFC 8656 section
// 12.5). It wants four bytes, or eight for what might be STUN, of which wanted tells.
func frame(head []byte) (length, padded, wanted int, err error) {
	if len(head) < 4 {
		return 0, 0, 4, nil
	}
	kind, size := binary.BigEndian.Uint16(head), int(binary.BigEndian.Uint16(head[2:]))
	switch {
	case size > maxPacket:
		return 0, 0, 0, errFrame
	case kind >= firstChannel && kind <= lastChannel:
		return channelHeader + size, channelHeader + (size+3)&^3, 0, nil
	case kind >= firstChannel || size%4 != 0:
		return 0, 0, 0, errFrame
	case len(head) < 8:
		return 0, 0, 8, nil
	case binary.BigEndian.Uint32(head[4:]) != magicCookie:
		return 0, 0, 0, errFrame
	}
	return stunHeader + size, stunHeader + size, 0, nil
}

// stream is a link over TCP or TLS. It hands on whole packets of sound length only, and closes the connection at
// the first bytes that are none: pion's own reader spins for ever on twenty of them.
type stream struct {
	conn    net.Conn
	client  netip.AddrPort
	reader  *bufio.Reader
	held    func() bool  // the client has an allocation
	renewed time.Time    // when the deadline for reading was set; of the reading goroutine
	writing atomic.Int64 // when the deadline for writing was set, in Unix nanoseconds
}

func newStream(conn net.Conn, client netip.AddrPort, held func() bool) (*stream, error) {
	under := conn
	if tls, ok := conn.(interface{ NetConn() net.Conn }); ok {
		under = tls.NetConn()
	}
	if tcp, ok := under.(*net.TCPConn); ok {
		if err := tcp.SetWriteBuffer(sendBuffer); err != nil {
			return nil, err
		}
	}
	// Nobody renews this one before there is an allocation, and a TLS handshake is within it.
	now := time.Now()
	if err := conn.SetDeadline(now.Add(openTime)); err != nil {
		return nil, err
	}
	return &stream{conn: conn, client: client, reader: bufio.NewReaderSize(conn, streamBuffer), held: held, renewed: now}, nil
}

// read waits for one packet. A client with an allocation may be silent between packets, but not within one: of
// that it may have begun at the end of one deadline, but not be unfinished at the end of the next.
func (s *stream) read(b []byte) (int, netip.AddrPort, error) {
	for begun := false; ; {
		if now := time.Now(); now.Sub(s.renewed) > renewTime && s.held() {
			s.renewed = now
			if err := s.conn.SetReadDeadline(now.Add(frameTime)); err != nil {
				return 0, s.client, err
			}
		}
		n, err := s.next(b)
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			return n, s.client, err
		}
		if begun || !s.held() {
			return 0, s.client, errSlow
		}
		begun = s.reader.Buffered() > 0
	}
}

// next takes a packet without its padding. What has come of one that is not whole stays in the reader.
func (s *stream) next(b []byte) (int, error) {
	head, wanted := []byte(nil), 4
	length, padded := 0, 0
	for wanted > 0 {
		var err error
		if head, err = s.reader.Peek(wanted); err != nil {
			return 0, err
		}
		if length, padded, wanted, err = frame(head); err != nil {
			return 0, err
		}
	}
	packet, err := s.reader.Peek(padded)
	if err != nil {
		return 0, err
	}
	copy(b, packet[:length])
	_, err = s.reader.Discard(padded)
	return length, err
}

// write sends one packet, padded by the caller. Who does not take it in time is cut off: half a packet would
// make nonsense of all that follows.
func (s *stream) write(b []byte, _ netip.AddrPort) error {
	now := time.Now()
	if set := s.writing.Load(); now.UnixNano()-set > int64(renewTime) && s.writing.CompareAndSwap(set, now.UnixNano()) {
		if err := s.conn.SetWriteDeadline(now.Add(writeTime)); err != nil {
			return err
		}
	}
	if _, err := s.conn.Write(b); err != nil {
		return errors.Join(err, s.conn.Close())
	}
	return nil
}

func (s *stream) close() error { return s.conn.Close() }

// datagrams is a link over UDP.
type datagrams struct{ conn *net.UDPConn }

func (d datagrams) read(b []byte) (int, netip.AddrPort, error) {
	failures := 0
	for {
		n, from, err := d.conn.ReadFromUDPAddrPort(b)
		if err == nil {
			return n, netip.AddrPortFrom(from.Addr().Unmap(), from.Port()), nil
		}
		if failures++; errors.Is(err, net.ErrClosed) || failures == maxFailures {
			return 0, from, fmt.Errorf("turn: read UDP: %w", err)
		}
	}
}

func (d datagrams) write(b []byte, to netip.AddrPort) error {
	_, err := d.conn.WriteToUDPAddrPort(b, to)
	return err
}

func (d datagrams) close() error { return d.conn.Close() }
