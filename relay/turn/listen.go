package turn

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"syscall"
	"time"
)

const (
	listenBuffer = 4 << 20 // bytes; Linux may grant less
	acceptPause  = 50 * time.Millisecond
	freeAttempts = 20 // to find a number that is free on every address
	inUseHint    = "is it in use?"
)

// listenUDP opens a socket on every address that is meant: one that is bound to all of them at once would answer
// from the wrong one.
func (s *Server) listenUDP(address string) error {
	at, err := parseListen(address)
	if err != nil {
		return err
	}
	var sockets []*net.UDPConn
	for range freeAttempts {
		if sockets, err = bindAll(s.host.Load(), at); err == nil || at.Port() != 0 {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("turn: listen on UDP %s (%s): %w", address, inUseHint, err)
	}
	for _, conn := range sockets {
		local := conn.LocalAddr().(*net.UDPAddr).AddrPort()
		local = netip.AddrPortFrom(local.Addr().Unmap(), local.Port())
		if err := s.open(&door{link: datagrams{conn}, local: local}); err != nil {
			return errors.Join(fmt.Errorf("turn: listen on UDP %s: %w", address, err), conn.Close())
		}
		s.udp = append(s.udp, local)
	}
	return nil
}

// bindAll opens the sockets with one number, the first address's if none was asked for.
func bindAll(h *host, at netip.AddrPort) (sockets []*net.UDPConn, err error) {
	port := at.Port()
	for _, a := range h.listenOn(at.Addr()) {
		var conn *net.UDPConn
		conn, err = net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(a, port)))
		if errors.Is(err, syscall.EADDRNOTAVAIL) && at.Addr().IsUnspecified() {
			err = nil
			continue // an address that is just coming or going
		}
		if err == nil {
			sockets = append(sockets, conn)
			port = uint16(conn.LocalAddr().(*net.UDPAddr).Port)
			err = errors.Join(conn.SetReadBuffer(listenBuffer), conn.SetWriteBuffer(listenBuffer))
		}
		if err != nil {
			break
		}
	}
	if err == nil && len(sockets) == 0 {
		err = errors.New("no address of this host fits")
	}
	if err != nil {
		for _, conn := range sockets {
			err = errors.Join(err, conn.Close())
		}
		return nil, err
	}
	return sockets, nil
}

// listenOn are the addresses that an address to listen on means.
func (h *host) listenOn(a netip.Addr) []netip.Addr {
	if !a.IsUnspecified() {
		return []netip.Addr{a}
	}
	var all []netip.Addr
	for _, bound := range h.bound {
		if !bound.IsLinkLocalUnicast() && (a.Is6() || bound.Is4()) { // :: means both
			all = append(all, bound)
		}
	}
	return all
}

// parseListen reads "address:port"; without an address it is all of them, IPv4 and IPv6.
func parseListen(address string) (netip.AddrPort, error) {
	host, number, err := net.SplitHostPort(address)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("turn: read listen address %q: %w", address, err)
	}
	port, err := strconv.ParseUint(number, 10, 16)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("turn: read listen address %q: %w", address, err)
	}
	a := netip.IPv6Unspecified()
	if host != "" {
		if a, err = netip.ParseAddr(host); err != nil {
			return netip.AddrPort{}, fmt.Errorf("turn: read listen address %q: %w", address, err)
		}
	}
	return netip.AddrPortFrom(a.Unmap(), uint16(port)), nil
}

// listenTCP opens a listener of our own.
func (s *Server) listenTCP(address string) error {
	at, err := parseListen(address)
	if err != nil {
		return err
	}
	host := at.Addr().String()
	if at.Addr() == netip.IPv6Unspecified() {
		host = "" // both families, also where there is no IPv6
	}
	listener, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(int(at.Port()))))
	if err != nil {
		return fmt.Errorf("turn: listen on TCP %s (%s): %w", address, inUseHint, err)
	}
	s.tcp = append(s.tcp, listener.Addr().(*net.TCPAddr).AddrPort())
	return s.ServeTCP(listener)
}

// ServeTCP takes connections from a listener until the server is closed, which closes the listener too. It may be
// one of TLS; the handshake then falls under the time that a client has.
func (s *Server) ServeTCP(listener net.Listener) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return errors.Join(net.ErrClosed, listener.Close())
	}
	s.listeners = append(s.listeners, listener)
	s.running.Go(func() {
		for {
			conn, err := listener.Accept()
			if err == nil {
				s.Take(conn)
				continue
			}
			if errors.Is(err, net.ErrClosed) {
				return
			}
			select {
			case <-s.done:
				return
			case <-time.After(acceptPause): // out of file descriptors, most likely
			}
		}
	})
	return nil
}

// Take serves one connection, of which nothing was read or what was read is read again. It does not wait, and the
// connection is closed when it is over, or at once if there are too many.
func (s *Server) Take(conn net.Conn) {
	if err := s.take(conn); err != nil {
		conn.Close() // nobody to tell
	}
}

func (s *Server) take(conn net.Conn) error {
	client, local, err := ends(conn)
	if err != nil {
		return err
	}
	if !s.seat(client.Addr()) {
		s.refuse(TooManyOpen)
		return errors.New("turn: too many connections")
	}
	d := &door{local: local, padded: true, source: client.Addr()}
	if d.link, err = newStream(conn, client, d.holds); err == nil {
		err = s.open(d)
	}
	if err != nil {
		s.unseat(client.Addr())
	}
	return err
}

// ends are the two addresses of a connection.
func ends(conn net.Conn) (client, local netip.AddrPort, err error) {
	there, ok := conn.RemoteAddr().(*net.TCPAddr)
	here, both := conn.LocalAddr().(*net.TCPAddr)
	if !ok || !both {
		return client, local, fmt.Errorf("turn: serve %T: %w", conn, errors.ErrUnsupported)
	}
	plain := func(a netip.AddrPort) netip.AddrPort { return netip.AddrPortFrom(a.Addr().Unmap(), a.Port()) }
	return plain(there.AddrPort()), plain(here.AddrPort()), nil
}
