package overlay

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/connmgr"
	"github.com/libp2p/go-libp2p/core/control"
	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/pnet"
	rcmgr "github.com/libp2p/go-libp2p/p2p/host/resource-manager"
	"github.com/libp2p/go-libp2p/p2p/muxer/yamux"
	"github.com/libp2p/go-libp2p/p2p/security/noise"
	"github.com/libp2p/go-libp2p/p2p/transport/tcp"
	"github.com/libp2p/go-libp2p/x/rate"
	ma "github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"
)

// What strangers and friends may cost together. A node has few friends, each with one connection and a
// handful of streams; the rest is room for those who try and are turned away.
const (
	maxConns      = 1024
	maxConnsPeer  = 4
	maxStreams    = 4096
	maxStreamPeer = 16
	maxMemory     = 128 << 20
	// libp2p's own 8 connections per address refuse hosts behind one NAT without a word.
	maxConnsAddress = 64
)

// dialWithin bounds one attempt to reach a node, from the first packet to its stream.
const dialWithin = 5 * time.Second

// newHost makes the libp2p host: TCP, Noise and Yamux, and nothing that we do not use.
func newHost(c Config, gate connmgr.ConnectionGater, key pnet.PSK) (host.Host, error) {
	private, err := crypto.UnmarshalEd25519PrivateKey(c.Me.Key)
	if err != nil {
		return nil, err
	}
	for _, at := range c.Listen {
		// libp2p tells why it cannot listen in words only. To ask beforehand gives an error that can be told apart.
		trial, err := manet.Listen(at)
		if err != nil {
			return nil, err
		}
		if err := trial.Close(); err != nil {
			return nil, err
		}
	}
	resources, err := limits()
	if err != nil {
		return nil, err
	}
	options := []libp2p.Option{
		libp2p.Identity(private),
		libp2p.NoListenAddrs,
		// Without reuse of the listening port a port that is taken is an error, as it should be.
		libp2p.Transport(tcp.NewTCPTransport, tcp.DisableReuseport(), tcp.WithConnectionTimeout(dialWithin)),
		libp2p.Security(noise.ID, noise.New),
		libp2p.Muxer(yamux.ID, yamux.DefaultTransport),
		libp2p.ConnectionGater(gate),
		libp2p.ConnectionManager(connmgr.NullConnMgr{}), // the resource manager bounds; friends are never trimmed
		libp2p.ResourceManager(resources),
		libp2p.AddrsFactory(announced(c.PublicIPs)),
		libp2p.UserAgent("parley"),
		libp2p.DisableRelay(),
		libp2p.DisableMetrics(),
		libp2p.DisableIdentifyAddressDiscovery(),
		libp2p.Ping(false),
	}
	if key != nil {
		options = append(options, libp2p.PrivateNetwork(key))
	}
	h, err := libp2p.New(options...)
	if err != nil {
		return nil, errors.Join(err, resources.Close())
	}
	if err := h.Network().Listen(c.Listen...); err != nil {
		return nil, errors.Join(err, h.Close())
	}
	return h, nil
}

// limits is what the host may take of this machine.
func limits() (network.ResourceManager, error) {
	all := rcmgr.ResourceLimits{
		Conns: maxConns, ConnsInbound: maxConns, ConnsOutbound: maxConns,
		Streams: maxStreams, StreamsInbound: maxStreams, StreamsOutbound: maxStreams, Memory: maxMemory, FD: maxConns,
	}
	one := rcmgr.ResourceLimits{
		Conns: maxConnsPeer, ConnsInbound: maxConnsPeer, ConnsOutbound: maxConnsPeer,
		Streams: maxStreamPeer, StreamsInbound: maxStreamPeer, StreamsOutbound: maxStreamPeer, Memory: maxMemory / 8,
	}
	bounds := rcmgr.PartialLimitConfig{System: all, PeerDefault: one}.Build(rcmgr.DefaultLimits.AutoScale())
	pace := []rate.SubnetLimit{{PrefixLength: 32, Limit: rate.Limit{RPS: 8, Burst: 2 * maxConnsAddress}}}
	pace6 := []rate.SubnetLimit{{PrefixLength: 56, Limit: rate.Limit{RPS: 8, Burst: 2 * maxConnsAddress}}}
	return rcmgr.NewResourceManager(rcmgr.NewFixedLimiter(bounds),
		rcmgr.WithMetricsDisabled(),
		rcmgr.WithLimitPerSubnet(
			[]rcmgr.ConnLimitPerSubnet{{PrefixLength: 32, ConnCount: maxConnsAddress}},
			[]rcmgr.ConnLimitPerSubnet{{PrefixLength: 56, ConnCount: maxConnsAddress}}),
		rcmgr.WithConnRateLimiters(&rate.Limiter{SubnetRateLimiter: rate.SubnetLimiter{
			IPv4SubnetLimits: pace, IPv6SubnetLimits: pace6, GracePeriod: time.Minute,
		}}))
}

// gate lets in whom this node knows. Where there is a network key, who has it is known: without it no
// connection comes as far as the gate.
type gate struct {
	keyed bool
	known map[peer.ID]bool // never changes
	log   *slog.Logger
	stats *Stats

	mu     sync.Mutex       // guards warned
	warned map[peer.ID]bool // strangers that the log has named
}

// maxWarned is how many strangers the log names; ids cost nothing to make.
const maxWarned = 100

func newGate(c Config, keyed bool, stats *Stats) *gate {
	g := &gate{keyed: keyed, known: map[peer.ID]bool{}, log: c.Log, stats: stats, warned: map[peer.ID]bool{}}
	for _, node := range c.Allow {
		g.known[node] = true
	}
	for _, node := range c.Bootstrap {
		g.known[node.ID] = true
	}
	return g
}

func (g *gate) knows(p peer.ID) bool { return g.keyed || g.known[p] }

func (g *gate) InterceptPeerDial(p peer.ID) bool { return g.knows(p) }

func (g *gate) InterceptAddrDial(peer.ID, ma.Multiaddr) bool { return true }

func (g *gate) InterceptAccept(network.ConnMultiaddrs) bool { return true }

func (g *gate) InterceptSecured(_ network.Direction, p peer.ID, _ network.ConnMultiaddrs) bool {
	if g.knows(p) {
		return true
	}
	g.stats.Strangers.Add(1)
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.warned[p] && len(g.warned) < maxWarned {
		g.warned[p] = true
		g.log.Warn("a node that is not known here was turned away: to let it in, name it with --allow", "other", id(p))
	}
	return false
}

func (g *gate) InterceptUpgraded(network.Conn) (bool, control.DisconnectReason) { return true, 0 }

// networkKey reads the key that all nodes of a private network share, in the form that libp2p's other
// programs read and write too. No file is no key.
func networkKey(path string) (pnet.PSK, error) {
	if path == "" {
		return nil, nil
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if err := guarded(path, info, "make a new one for the whole network"); err != nil {
		return nil, err
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	key, err := pnet.DecodeV1PSK(strings.NewReader(string(text)))
	if err != nil {
		return nil, fmt.Errorf("%s is not a network key: its three lines are /key/swarm/psk/1.0.0/, then /base16/, then 64 hexadecimal digits", path)
	}
	return key, nil
}

// guarded refuses a file with a key that others on the machine can read.
func guarded(path string, info fs.FileInfo, otherwise string) error {
	// Windows has no such bits: there the folder in the user's profile is what protects the key.
	if open := info.Mode().Perm() & 0o077; open != 0 && runtime.GOOS != "windows" {
		return fmt.Errorf("others on this machine can read or change %s (mode %04o): run chmod 600 on it, or %s", path, info.Mode().Perm(), otherwise)
	}
	return nil
}
