package main

import (
	"fmt"
	"io"
	"net"
	"net/netip"
	"net/url"
	"strconv"

	"parley/node/config"
)

// greet says where to open this node. It is the first thing that a new host reads.
func (n *node) greet(out io.Writer) {
	port := n.listener.Addr().(*net.TCPAddr).Port
	address := place(n.cfg, port)
	if n.built {
		fmt.Fprintf(out, "Parley is ready: open %s\n", address)
	} else {
		fmt.Fprintf(out, "Parley runs at %s without its web app: run just build, then start it again\n", address)
	}
	if n.cfg.SelfSigned {
		n.vouch(out, port)
	}
	introduce(out, n.me, n.others)
}

// vouch says what a self-signed certificate needs of people.
func (n *node) vouch(out io.Writer, port int) {
	if ip, ok := lan(n.cfg.HTTP); ok {
		fmt.Fprintf(out, "On other devices in this network: %s\n", site("https", ip.String(), port))
	}
	fmt.Fprintf(out, "Browsers will warn once, because nobody vouches for the certificate. Its SHA-256 fingerprint is\n%s\n",
		n.cert.Fingerprint())
}

// place is where a person on this machine opens the node.
func place(cfg config.Config, port int) string {
	if cfg.URL != "" {
		return string(cfg.URL)
	}
	return local(cfg, port)
}

// local is where this machine itself reaches the node.
func local(cfg config.Config, port int) string {
	scheme, host := "http", cfg.HTTP.Host
	if cfg.TLS() {
		scheme = "https"
	}
	if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return site(scheme, host, port)
}

// site writes an address without the port that its scheme means anyway.
func site(scheme, host string, port int) string {
	if scheme == "http" && port == 80 || scheme == "https" && port == 443 {
		if ip, err := netip.ParseAddr(host); err == nil && ip.Is6() {
			host = "[" + host + "]"
		}
		return scheme + "://" + host
	}
	return scheme + "://" + net.JoinHostPort(host, strconv.Itoa(port))
}

// lan is the address under which other devices in the same network reach this machine, if there is one: the
// one that the machine's own way out uses. It is an IPv4 address, because IPv6 ones change by themselves, and
// with each change a self-signed certificate would have to be accepted again.
func lan(at config.Address) (netip.Addr, bool) {
	if ip, err := netip.ParseAddr(at.Host); err == nil && !ip.IsUnspecified() {
		return ip, !ip.IsLoopback()
	}
	// A UDP socket that is connected sends nothing; the system only chooses its address. The far end is
	// of a range for documentation (RFC 5737).
	if conn, err := net.Dial("udp4", "192.0.2.1:9"); err == nil {
		defer conn.Close()
		return conn.LocalAddr().(*net.UDPAddr).AddrPort().Addr().Unmap(), true
	}
	found, err := net.InterfaceAddrs()
	if err != nil {
		return netip.Addr{}, false
	}
	for _, one := range found {
		network, err := netip.ParsePrefix(one.String())
		if ip := network.Addr(); err == nil && ip.Is4() && !ip.IsLoopback() && !ip.IsLinkLocalUnicast() {
			return ip, true
		}
	}
	return netip.Addr{}, false
}

// hosts are the names and addresses that a self-signed certificate must be good for, beside the machine's own.
func hosts(cfg config.Config) []string {
	var names []string
	if ip, ok := lan(cfg.HTTP); ok {
		names = append(names, ip.String())
	}
	if ip, err := netip.ParseAddr(cfg.HTTP.Host); cfg.HTTP.Host != "" && (err != nil || !ip.IsUnspecified()) {
		names = append(names, cfg.HTTP.Host)
	}
	if public, err := url.Parse(string(cfg.URL)); err == nil && public.Hostname() != "" {
		names = append(names, public.Hostname())
	}
	return names
}
