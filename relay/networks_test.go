package relay

import (
	"context"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/logging"
	"github.com/pion/transport/v4/vnet"
	"github.com/pion/webrtc/v4"
)

// over lets a page use these kinds of network, and one address of its own.
func over(address string, kinds ...webrtc.NetworkType) func(*webrtc.SettingEngine) {
	return func(e *webrtc.SettingEngine) {
		e.SetNetworkTypes(kinds)
		e.SetIPFilter(func(ip net.IP) bool {
			a, _ := netip.AddrFromSlice(ip)
			return a.Unmap() == netip.MustParseAddr(address)
		})
	}
}

// pair is the way that a page's packets take.
func pair(t *testing.T, p *testPage) *webrtc.ICECandidatePair {
	t.Helper()
	chosen, err := p.pc.SCTP().Transport().ICETransport().GetSelectedCandidatePair()
	if err != nil || chosen == nil {
		t.Fatalf("%s has no way: %v", p.name, err)
	}
	return chosen
}

// converse waits until two pages see each other.
func converse(t *testing.T, ann, bob *testPage) {
	t.Helper()
	eventually(t, 10*time.Second, "control opens", func() bool { return ann.number("bob") != 0 && bob.number("ann") != 0 })
	for _, p := range []*testPage{ann, bob} {
		p.camera.roll(15)
	}
	for _, p := range []*testPage{ann, bob} {
		eventually(t, 10*time.Second, p.name+" sees the other", func() bool { return p.packets(slotKey{true, 0}) > 20 })
		p.mu.Lock()
		gapless(t, p.got[slotKey{true, 0}])
		p.mu.Unlock()
	}
}

// Where UDP is blocked a page comes by TCP, on the same port; a page that has both comes by UDP.
func TestTCPWhereUDPIsBlocked(t *testing.T) {
	r := newRelay(t, Limits{})
	ann := newPage(t, r, "ann", pageOptions{video: 1, setting: over("127.0.0.1", webrtc.NetworkTypeTCP4)})
	bob := newPage(t, r, "bob", pageOptions{video: 1, setting: over("127.0.0.1", webrtc.NetworkTypeTCP4, webrtc.NetworkTypeUDP4)})
	converse(t, ann, bob)
	for p, want := range map[*testPage]webrtc.ICEProtocol{ann: webrtc.ICEProtocolTCP, bob: webrtc.ICEProtocolUDP} {
		chosen := pair(t, p)
		if chosen.Remote.Protocol != want || chosen.Local.Protocol != want || int(chosen.Remote.Port) != r.Port() {
			t.Errorf("%s comes by %v", p.name, chosen)
		}
	}
}

// ownIPv6 is an IPv6 address of this machine that ICE takes, which ::1 is not; empty for none.
func ownIPv6() string {
	list, err := net.InterfaceAddrs()
	if err != nil {
		return ""
	}
	for _, one := range list {
		if n, ok := one.(*net.IPNet); ok && n.IP.To4() == nil && n.IP.IsGlobalUnicast() {
			return n.IP.String()
		}
	}
	return ""
}

// elsewhere runs the test once more, in a network of its own that has an IPv6 address.
func elsewhere(t *testing.T) {
	t.Helper()
	const set = `ip link set lo up && ip addr add fd12::1/64 dev lo nodad && exec "$0" -test.run "^$1\$"`
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if out, err := exec.CommandContext(ctx, "unshare", "-rn", "sh", "-c", `ip link set lo up && ip addr add fd12::1/64 dev lo nodad`).CombinedOutput(); err != nil {
		t.Skipf("this machine has no IPv6 address and gives none: %v, %s", err, out)
	}
	if out, err := exec.CommandContext(ctx, "unshare", "-rn", "sh", "-c", set, os.Args[0], t.Name()).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// Over IPv6 it is the same, by UDP and by TCP.
func TestIPv6(t *testing.T) {
	own := ownIPv6()
	if own == "" {
		elsewhere(t)
		return
	}
	r, err := New(Config{Listen: net.JoinHostPort(own, "0"), Log: discard})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	ann := newPage(t, r, "ann", pageOptions{video: 1, setting: over(own, webrtc.NetworkTypeUDP6)})
	bob := newPage(t, r, "bob", pageOptions{video: 1, setting: over(own, webrtc.NetworkTypeTCP6)})
	converse(t, ann, bob)
	for p, want := range map[*testPage]webrtc.ICEProtocol{ann: webrtc.ICEProtocolUDP, bob: webrtc.ICEProtocolTCP} {
		if chosen := pair(t, p); chosen.Remote.Address != own || chosen.Remote.Protocol != want {
			t.Errorf("%s comes by %v", p.name, chosen)
		}
	}
}

// internet is a network of routers that exists in this process only.
type internet struct {
	t    *testing.T
	root *vnet.Router
}

func newInternet(t *testing.T) *internet {
	t.Helper()
	root, err := vnet.NewRouter(&vnet.RouterConfig{CIDR: "0.0.0.0/0", LoggerFactory: logging.NewDefaultLoggerFactory()})
	if err != nil {
		t.Fatal(err)
	}
	return &internet{t, root}
}

// behind makes a host with address local, behind a NAT that is seen as public.
func (i *internet) behind(nat vnet.NATType, public, local string) *vnet.Net {
	i.t.Helper()
	outside := public
	if nat.Mode == vnet.NATModeNAT1To1 {
		outside += "/" + local
	}
	prefix, _ := netip.MustParseAddr(local).Prefix(24)
	router, err := vnet.NewRouter(&vnet.RouterConfig{
		CIDR: prefix.String(), StaticIPs: []string{outside}, NATType: &nat, LoggerFactory: logging.NewDefaultLoggerFactory(),
	})
	if err != nil {
		i.t.Fatal(err)
	}
	host, err := vnet.NewNet(&vnet.NetConfig{StaticIPs: []string{local}})
	if err != nil {
		i.t.Fatal(err)
	}
	for _, err := range []error{router.AddNet(host), i.root.AddRouter(router)} {
		if err != nil {
			i.t.Fatal(err)
		}
	}
	return host
}

// A relay behind a 1:1 NAT announces its public address and nothing else; pages behind every kind of
// NAT reach it there.
func TestPublicAddressBehindNAT(t *testing.T) {
	const public, private = "198.51.100.7", "10.0.0.2"
	world := newInternet(t)
	relayNet := world.behind(vnet.NATType{Mode: vnet.NATModeNAT1To1}, public, private)
	kinds := []struct {
		name, public, private string
		nat                   vnet.NATType
	}{
		{"ann", "203.0.113.1", "192.168.1.2", vnet.NATType{MappingBehavior: vnet.EndpointIndependent, FilteringBehavior: vnet.EndpointIndependent}},
		{"bob", "203.0.113.2", "192.168.2.2", vnet.NATType{MappingBehavior: vnet.EndpointIndependent, FilteringBehavior: vnet.EndpointAddrPortDependent}},
		{"cid", "203.0.113.3", "192.168.3.2", vnet.NATType{MappingBehavior: vnet.EndpointAddrPortDependent, FilteringBehavior: vnet.EndpointAddrPortDependent}},
	}
	hosts := make([]*vnet.Net, len(kinds))
	for i, k := range kinds {
		hosts[i] = world.behind(k.nat, k.public, k.private)
	}
	if err := world.root.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := world.root.Stop(); err != nil {
			t.Error(err)
		}
	})
	r, err := New(Config{Listen: ":0", PublicIPs: []netip.Addr{netip.MustParseAddr(public)}, Log: discard, net: relayNet})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	pages := make([]*testPage, len(kinds))
	for i, k := range kinds {
		pages[i] = newPage(t, r, k.name, pageOptions{video: 2, setting: func(e *webrtc.SettingEngine) {
			e.SetNet(hosts[i])
			e.SetIPFilter(func(net.IP) bool { return true })
			e.SetIncludeLoopbackCandidate(false)
			e.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
		}})
		answer := pages[i].pc.RemoteDescription().SDP
		if strings.Contains(answer, private) || !strings.Contains(answer, public) {
			t.Errorf("%s is told candidates %v", k.name, answer)
		}
	}
	for _, p := range pages {
		eventually(t, 10*time.Second, "control opens", func() bool { return p.number("cid") != 0 })
		p.camera.roll(15)
	}
	for i, p := range pages {
		for slot := range 2 {
			eventually(t, 10*time.Second, p.name+" sees both others", func() bool { return p.packets(slotKey{true, slot}) > 20 })
		}
		if chosen := pair(t, p); chosen.Remote.Address != public || chosen.Remote.Typ != webrtc.ICECandidateTypeHost {
			t.Errorf("%s behind NAT %d comes by %v", p.name, i, chosen)
		}
	}
}
