package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"syscall"
	"time"

	"parley/bridge"
	"parley/node/config"
	"parley/node/observe"
	"parley/node/overlay"
	"parley/node/room"
	"parley/node/switchboard"
	"parley/relay"
	"parley/webapp"
)

// stopWithin is how long pages and requests have to end on their own. Process supervisors kill after 10 s, impatient ones after 5.
const stopWithin = 4 * time.Second

// node is one running node and its parts.
type node struct {
	cfg      config.Config
	log      *slog.Logger
	me       overlay.Identity
	built    bool                // the web app was built before the program was
	cert     *bridge.Certificate // nil: plain http
	listener net.Listener
	server   *http.Server
	bridge   *bridge.Bridge
	rooms    *switchboard.Switchboard
	relay    *relay.Relay     // nil: rooms have only those of other nodes
	served   *served          // nil with relay
	turn     *helper          // nil: its pages get no TURN from it
	others   *overlay.Overlay // nil: this node is on its own
	stopping atomic.Bool
}

// up runs a node.
func up(c call) error {
	return play(c, "up", func(cfg config.Config, log *slog.Logger) (part, error) {
		if !cfg.Roles.Has(overlay.RoleBridge) {
			return nil, wrongUsage{errors.New("up serves pages, so --roles must have bridge: parley relay runs a relay alone")}
		}
		return build(cfg, log)
	})
}

// build takes the ports and makes the parts. No page is served yet.
func build(cfg config.Config, log *slog.Logger) (*node, error) {
	me, err := overlay.Identify(cfg.Data)
	if err != nil {
		return nil, err
	}
	n := &node{cfg: cfg, log: log.With("node", me.Node), me: me}
	if n.cert, err = n.certificate(); err != nil {
		return nil, err
	}
	if n.listener, err = listen(cfg.HTTP); err != nil {
		return nil, err
	}
	policy := room.DefaultPolicy().WithMeshMax(cfg.MeshMax)
	policy.Hold, policy.GoneAfter, policy.Max = cfg.Hold, cfg.GoneAfter, cfg.MaxPeople
	signer := bridge.NewSigner(me.Node, me.Key)
	n.rooms = switchboard.New(switchboard.Config{Node: room.NodeID(me.Node), Policy: policy, Codec: string(cfg.Codec), Signer: signer, Log: n.log,
		ICE: switchboard.ICE{Servers: n.servers, Renew: renewCredentials}})
	if err := n.openRelays(); err != nil {
		return nil, errors.Join(err, n.close(), n.listener.Close())
	}
	files, built := webapp.Files()
	n.built = built
	n.bridge, err = bridge.New(bridge.Config{
		Rooms: n.rooms, Signer: signer, Site: files,
		URL: string(cfg.URL), Origins: cfg.Origins.Strings(), Proxies: cfg.Proxies,
		HSTS: cfg.Cert != "", Log: n.log,
	})
	if err != nil {
		return nil, errors.Join(err, n.close(), n.listener.Close())
	}
	n.server = newServer(observe.Pages(n.bridge, n.figures(), n.needs()...), n.log)
	if n.cert != nil {
		n.server.TLSConfig = n.cert.TLS()
	}
	return n, nil
}

// openRelays opens the own relay and TURN, if this node plays these parts, and the way to other nodes.
func (n *node) openRelays() (err error) {
	mine := overlay.Config{Roles: n.cfg.Roles, Found: n.found, Lost: n.lost}
	if n.cfg.Roles.Has(overlay.RoleRelay) {
		if n.relay, err = openRelay(n.cfg, n.log); err != nil {
			return err
		}
		own := newOwnRelay(room.NodeID(n.me.Node), n.relay)
		n.rooms.RelayUp(own)
		n.served = newServed(own, n.cfg.GoneAfter)
		mine.Relay = n.served
	}
	if n.cfg.Roles.Has(overlay.RoleTURN) {
		if err = n.openTURN(); err != nil {
			return err
		}
	}
	n.others, err = others(n.cfg, n.me, n.log, mine)
	return err
}

// newServer answers requests by a handler, and bounds what a client may cost.
func newServer(handler http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug), // strangers' broken handshakes
	}
}

// certificate is what https is spoken with; nil where http is.
func (n *node) certificate() (*bridge.Certificate, error) {
	switch {
	case n.cfg.Cert != "":
		cert, err := bridge.LoadCertificate(n.cfg.Cert, n.cfg.Key, n.log)
		if err != nil {
			return nil, wrongUsage{err}
		}
		return cert, nil
	case n.cfg.SelfSigned:
		return bridge.SelfSigned(n.cfg.Data, hosts(n.cfg), n.log)
	}
	return nil, nil
}

// errTaken means that something listens there already.
var errTaken = errors.New("taken by another program")

// listen takes the address where pages are served.
func listen(at config.Address) (net.Listener, error) {
	listener, err := net.Listen("tcp", at.String())
	return listener, refused(err, at, "http")
}

// openRelay takes the port where the relay serves media.
func openRelay(cfg config.Config, log *slog.Logger) (*relay.Relay, error) {
	r, err := relay.New(relay.Config{Listen: cfg.RTC.String(), PublicIPs: cfg.PublicIP, Log: log})
	return r, refused(err, cfg.RTC, "rtc")
}

// refused says in a sentence why an address could not be taken, and with which setting that is mended.
func refused(err error, at config.Address, setting string) error {
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("port %d is %w: stop that one, or choose another port with --%s", at.Port, errTaken, setting)
	case errors.Is(err, syscall.EACCES):
		return fmt.Errorf("this user may not take port %d: choose one above 1023 with --%s", at.Port, setting)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return fmt.Errorf("%s is not an address of this machine: choose another with --%s", at.Host, setting)
	}
	return err
}

// figures is where /metrics reads.
func (n *node) figures() observe.Figures {
	rooms := n.rooms.Stats()
	f := observe.Figures{
		Version: release(), Node: string(n.me.Node), Bridge: n.bridge.Stats(),
		Rooms: &observe.Rooms{
			Open: rooms.Rooms.Load, Members: rooms.Members.Load,
			Forwarded: rooms.Forwarded.Load, Plans: rooms.Plans.Load,
		},
	}
	if n.relay != nil {
		f.Relay = n.relay.Stats()
	}
	if n.turn != nil {
		f.TURN = n.turn.server.Stats()
	}
	if n.others != nil {
		f.Overlay = n.others.Stats()
	}
	return f
}

// needs is what a call needs. Key and ports are not among them: a node does not start without.
func (n *node) needs() []observe.Need {
	return []observe.Need{
		func() string {
			if !n.built {
				return "the web app is not built: run just build and start again"
			}
			return ""
		},
		func() string {
			if n.stopping.Load() {
				return "the node is stopping"
			}
			return ""
		},
	}
}

// serve answers requests until stop is called.
func (n *node) serve() error {
	var err error
	if n.cert != nil {
		err = n.server.ServeTLS(n.listener, "", "")
	} else {
		err = n.server.Serve(n.listener)
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// stop ends the parts in the order in which they depend on each other: no new requests, then the pages'
// connections with a word to dial again, then the rooms, then the relay that carried them.
func (n *node) stop() {
	n.stopping.Store(true)
	ctx, cancel := context.WithTimeout(context.Background(), stopWithin)
	defer cancel()
	requests := make(chan error, 1)
	go func() { requests <- n.server.Shutdown(ctx) }()
	err := errors.Join(n.bridge.Close(ctx), <-requests)
	if err != nil {
		n.log.Warn("not everything ended in time", "err", err)
		err = n.server.Close()
	}
	if err != nil {
		n.log.Warn("the server did not close", "err", err)
	}
	if err := n.close(); err != nil {
		n.log.Warn("not everything closed", "err", err)
	}
}

// close ends what is behind the bridge. Other nodes' relays go first, so that they are not told to end what
// runs on them: this node may be back before anybody there has noticed.
func (n *node) close() error {
	var errs []error
	if n.others != nil {
		errs = append(errs, n.others.Close())
	}
	n.rooms.Close()
	if n.turn != nil {
		errs = append(errs, n.turn.close())
	}
	if n.relay != nil {
		n.served.close()
		errs = append(errs, n.relay.Close())
	}
	return errors.Join(errs...)
}
