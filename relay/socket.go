package relay

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"

	"github.com/pion/ice/v4"
	"github.com/pion/transport/v4"
)

// socket is the one port: UDP on every address of the host and ICE-TCP, all on the same number.
// Each address has its own UDP socket, because one that is bound to 0.0.0.0 on a host with several
// addresses answers from the wrong one.
type socket struct {
	port     int
	host     netip.Addr // the one address asked for, invalid for all
	public   []netip.Addr
	udp      ice.UDPMux
	tcp      ice.TCPMux
	listener net.Listener
	loopback bool
	net      transport.Net // nil: the host's
}

const (
	socketBuffer  = 4 << 20 // bytes; Linux may grant less
	tcpQueue      = 4 << 20 // bytes waiting for a slow TCP page before packets are dropped
	portAttempts  = 20
	tcpReadQueued = 64 // packets
)

// listen opens the port; with port 0 it looks for a number that is free for both protocols.
func listen(c Config) (*socket, error) {
	address := c.Listen
	host, number, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("relay: read listen address %q: %w", address, err)
	}
	port, err := strconv.ParseUint(number, 10, 16)
	if err != nil {
		return nil, fmt.Errorf("relay: read listen address %q: %w", address, err)
	}
	s := &socket{port: int(port), public: c.PublicIPs, net: c.net}
	if host != "" {
		if s.host, err = netip.ParseAddr(host); err != nil {
			return nil, fmt.Errorf("relay: read listen address %q: %w", address, err)
		}
		if s.host.IsUnspecified() {
			s.host = netip.Addr{}
		}
	}
	s.loopback = s.host.IsLoopback() || !hasAddress()
	for range portAttempts {
		if err = s.open(int(port)); err == nil || port != 0 {
			break
		}
	}
	if err != nil {
		return nil, fmt.Errorf("relay: open port %d (is it in use?): %w", port, err)
	}
	return s, nil
}

// open listens by TCP first, which fixes the number, then by UDP.
func (s *socket) open(port int) error {
	bind := ""
	if s.host.IsValid() {
		bind = s.host.String()
	}
	listener, err := net.Listen("tcp", net.JoinHostPort(bind, strconv.Itoa(port)))
	if err != nil {
		return err
	}
	s.port = listener.Addr().(*net.TCPAddr).Port
	options := []ice.UDPMuxFromPortOption{
		ice.UDPMuxFromPortWithInterfaceFilter(keepInterface),
		ice.UDPMuxFromPortWithIPFilter(s.keepIP),
		ice.UDPMuxFromPortWithReadBufferSize(socketBuffer),
		ice.UDPMuxFromPortWithWriteBufferSize(socketBuffer),
		ice.UDPMuxFromPortWithLogger(silent.NewLogger("ice")),
	}
	if s.loopback {
		options = append(options, ice.UDPMuxFromPortWithLoopback())
	}
	if s.net != nil {
		options = append(options, ice.UDPMuxFromPortWithNet(s.net))
	}
	mux, err := ice.NewMultiUDPMuxFromPort(s.port, options...)
	if err == nil && len(mux.GetListenAddresses()) == 0 {
		err = errors.Join(errors.New("no address of this host fits"), mux.Close())
	}
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	s.udp, s.listener = mux, listener
	s.tcp = ice.NewTCPMuxDefault(ice.TCPMuxParams{
		Listener: listener, ReadBufferSize: tcpReadQueued, WriteBufferSize: tcpQueue, Logger: silent.NewLogger("ice"),
	})
	return nil
}

// Close gives the port back.
func (s *socket) Close() error { return errors.Join(s.udp.Close(), s.tcp.Close()) }

// keepIP leaves out link-local addresses, which need a zone that no candidate carries, and
// everything but the one address that was asked for.
func (s *socket) keepIP(ip net.IP) bool {
	a, ok := netip.AddrFromSlice(ip)
	if !ok {
		return false
	}
	a = a.Unmap()
	if s.host.IsValid() {
		return a == s.host
	}
	return !a.IsLinkLocalUnicast() && !a.IsMulticast()
}

// foreign are prefixes of interfaces that containers and virtual machines bring: no page can reach
// them from elsewhere, and each costs gathering time and a candidate.
var foreign = []string{"docker", "br-", "virbr", "cni", "flannel", "cali", "lxc", "lxd", "podman", "vmnet", "vboxnet", "kube", "nerdctl"}

func keepInterface(name string) bool {
	for _, prefix := range foreign {
		if strings.HasPrefix(name, prefix) {
			return false
		}
	}
	return true
}

// hasAddress reports whether the host has any address besides loopback that pages could use.
func hasAddress() bool {
	interfaces, err := net.Interfaces()
	if err != nil {
		return false
	}
	for _, i := range interfaces {
		if i.Flags&net.FlagUp == 0 || i.Flags&net.FlagLoopback != 0 || !keepInterface(i.Name) {
			continue
		}
		addresses, err := i.Addrs()
		if err != nil {
			continue
		}
		for _, a := range addresses {
			if n, ok := a.(*net.IPNet); ok && !n.IP.IsLinkLocalUnicast() {
				return true
			}
		}
	}
	return false
}
