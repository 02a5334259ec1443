package main

import (
	"crypto/rand"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"path/filepath"
	"time"

	"parley/bridge/signal"
	"parley/node/config"
	"parley/node/room"
	"parley/relay/turn"
)

const (
	// What a member gets is good for so long after they got it last.
	credentialsLast = time.Hour
	// Members get new ones in time for a page that misses one renewal.
	renewCredentials = 25 * time.Minute
	// A secret is used for so long, and what it issued is good for as long again.
	rotateSecrets = 24 * time.Hour
)

// helper is this node's TURN server, and what its pages need to use it.
type helper struct {
	server  *turn.Server
	secrets *turn.Secrets
	urls    []string
	done    chan struct{}
}

// turnSecrets is where the secrets of credentials are kept.
func turnSecrets(data string) string { return filepath.Join(data, "turn.keys") }

// openTURN opens the TURN server. media tells where the own relay takes media: that is open to everybody who may use TURN.
func (n *node) openTURN() (err error) {
	h := &helper{done: make(chan struct{})}
	if h.secrets, err = turn.OpenSecrets(turnSecrets(n.cfg.Data)); err != nil {
		return err
	}
	at := []string{n.cfg.TURN.String()}
	h.server, err = turn.New(turn.Config{
		UDP: at, TCP: at, PublicIPs: n.cfg.PublicIP, Secrets: h.secrets, AllowPeers: n.cfg.TURNAllow,
		OwnMedia: n.media, Limits: turn.Limits{UserAllocations: n.cfg.TURNUser}, Log: n.log,
	})
	if err != nil {
		return refused(err, n.cfg.TURN, "turn")
	}
	n.turn = h
	h.urls = urls("turn", "udp", h.server.UDP())
	h.urls = append(h.urls, urls("turn", "tcp", h.server.TCP())...)
	go h.rotate(n.log)
	if n.cert == nil {
		return nil
	}
	secure, err := listen(n.cfg.TURNTLS)
	if err != nil {
		return refused(err, n.cfg.TURNTLS, "turn-tls")
	}
	if err := h.server.ServeTCP(tls.NewListener(secure, n.cert.TLS())); err != nil {
		return fmt.Errorf("node: serve TURN over TLS: %w", err)
	}
	h.urls = append(h.urls, fmt.Sprintf("turns:*:%d?transport=tcp", secure.Addr().(*net.TCPAddr).Port))
	return nil
}

// urls names the ports of a server (RFC 7065), each once. The page puts the host that it came from.
func urls(scheme, transport string, at []netip.AddrPort) (list []string) {
	seen := map[uint16]bool{}
	for _, a := range at {
		if !seen[a.Port()] {
			seen[a.Port()] = true
			list = append(list, fmt.Sprintf("%s:*:%d?transport=%s", scheme, a.Port(), transport))
		}
	}
	return list
}

// media is where the own relay takes media, by the addresses that pages know.
func (n *node) media() (list []netip.AddrPort) {
	if n.relay == nil {
		return nil
	}
	port := uint16(n.relay.Port())
	for _, ip := range n.cfg.PublicIP {
		list = append(list, netip.AddrPortFrom(ip, port))
	}
	own, err := net.InterfaceAddrs()
	if err != nil {
		return list
	}
	for _, a := range own {
		if prefix, err := netip.ParsePrefix(a.String()); err == nil {
			list = append(list, netip.AddrPortFrom(prefix.Addr().Unmap(), port))
		}
	}
	return list
}

// servers is what one member gets for their links.
func (n *node) servers(peer room.PeerID) []signal.ICEServer {
	if n.turn == nil {
		return nil
	}
	user, credential, err := n.turn.secrets.Issue(time.Now(), string(peer), credentialsLast)
	if err != nil {
		n.log.Warn("no TURN credential", "err", err)
		return nil
	}
	return []signal.ICEServer{{URLs: n.turn.urls, Username: user, Credential: signal.Secret(credential)}}
}

func (h *helper) rotate(log *slog.Logger) {
	tick := time.NewTicker(rotateSecrets)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if err := h.secrets.Rotate(); err != nil {
				log.Warn("the secrets of TURN were not renewed", "err", err)
			}
		case <-h.done:
			return
		}
	}
}

func (h *helper) close() error {
	close(h.done)
	return h.server.Close()
}

// key prints secrets that are made by command. Only what was asked for goes to standard output.
func key(c call) error {
	if len(c.args) == 0 || c.args[0] != "turn" {
		return wrongUsage{errors.New("say which key: parley key turn")}
	}
	c.args = c.args[1:]
	flags := flag.NewFlagSet("key turn", flag.ContinueOnError)
	ttl := flags.Duration("ttl", time.Hour, "")
	cfg, err := c.load(flags)
	switch {
	case err != nil:
		return err
	case *ttl < time.Second || *ttl > longestKey:
		return wrongUsage{fmt.Errorf("--ttl must lie between 1s and %s", longestKey)}
	}
	return turnKey(c, cfg, *ttl)
}

// longestKey is how long a credential made by hand may be good: until the secret that made it is given up.
const longestKey = rotateSecrets

// turnKey prints a credential for TURN, valid for the node that runs with the same --data.
func turnKey(c call, cfg config.Config, ttl time.Duration) error {
	secrets, err := turn.OpenSecrets(turnSecrets(cfg.Data))
	if err != nil {
		return err
	}
	user, credential, err := secrets.Issue(time.Now(), "key-"+rand.Text(), ttl)
	if err != nil {
		return err
	}
	fmt.Fprintf(c.out, "user: %s\ncredential: %s\n", user, credential)
	return nil
}
