package turn

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/pion/stun/v3"
)

const stranger = "203.0.113.1:9" // a peer that may be asked for; nothing is sent to it

// What cannot be served is answered at once, with the number that says why.
func TestRefusals(t *testing.T) {
	n := start(t, nil)
	udp := transport(relayUDP)
	peerAt := peer(netip.MustParseAddrPort(stranger))
	for _, way := range ways {
		c := n.dial(t, way).as(n, "ann-"+way)
		check := func(what string, want stun.ErrorCode, m *stun.Message) {
			t.Helper()
			if got := code(m); got != want {
				t.Errorf("%s: %s is answered %d, want %d", way, what, got, want)
			}
		}
		check("Allocate by a stranger", 401, c.answer(c.send(stun.MethodAllocate, udp)))
		check("Allocate by a stranger who wants nothing", 400, c.answer(c.send(stun.MethodAllocate)))
		check("Allocate with half a credential", 400, c.answer(c.send(stun.MethodAllocate, udp, stun.NewUsername("x"), c.key)))
		check("Allocate with a short signature", 400, c.answer(c.send(stun.MethodAllocate, udp, stun.NewUsername(c.user), stun.NewRealm(Realm), c.nonce, raw(stun.AttrMessageIntegrity, 1, 2, 3, 4))))
		c.ask(stun.MethodRefresh) // for the nonce
		elsewhere := []stun.Setter{udp, stun.NewUsername(c.user), stun.NewRealm("elsewhere"), c.nonce, c.key}
		check("Allocate of another realm", 401, c.answer(c.send(stun.MethodAllocate, elsewhere...)))
		for _, method := range []stun.Method{stun.MethodRefresh, stun.MethodCreatePermission, stun.MethodChannelBind} {
			check(method.String()+" by a stranger", 437, c.answer(c.send(method)))
			check(method.String()+" without an allocation", 437, c.ask(method, number(0x4000), peerAt))
		}
		check("Connect", 400, c.ask(stun.MethodConnect, peerAt))
		check("ConnectionBind", 400, c.answer(c.send(stun.MethodConnectionBind)))
		check("Allocate without a transport", 400, c.ask(stun.MethodAllocate))
		check("Allocate of TCP", 442, c.ask(stun.MethodAllocate, transport(6)))
		check("Allocate of IPv6", 440, c.ask(stun.MethodAllocate, udp, family(2)))
		check("Allocate of no family", 440, c.ask(stun.MethodAllocate, udp, family(7)))
		check("Allocate with what nobody knows", 420, c.ask(stun.MethodAllocate, udp, raw(0x7777, 1, 2, 3, 4)))
		check("Allocate that must not be fragmented", 420, c.ask(stun.MethodAllocate, udp, raw(stun.AttrDontFragment)))
		check("Allocate by a token", 508, c.ask(stun.MethodAllocate, udp, raw(stun.AttrReservationToken, 1, 2, 3, 4, 5, 6, 7, 8)))
		check("Allocate of IPv4", 0, c.ask(stun.MethodAllocate, udp, family(1)))
		check("another Allocate", 437, c.ask(stun.MethodAllocate, udp))
		check("Refresh of IPv6", 443, c.ask(stun.MethodRefresh, family(2)))
		check("CreatePermission for nobody", 400, c.ask(stun.MethodCreatePermission))
		check("ChannelBind without a number", 400, c.ask(stun.MethodChannelBind, peerAt))
		check("ChannelBind of a number too low", 400, c.ask(stun.MethodChannelBind, number(0x3FFF), peerAt))
		check("ChannelBind of a number too high", 400, c.ask(stun.MethodChannelBind, number(0x8000), peerAt))
		check("ChannelBind", 0, c.ask(stun.MethodChannelBind, number(0x4000), peerAt))
		check("ChannelBind again", 0, c.ask(stun.MethodChannelBind, number(0x4000), peerAt))
		check("ChannelBind of a second number", 400, c.ask(stun.MethodChannelBind, number(0x4001), peerAt))
		other := peer(netip.MustParseAddrPort("203.0.113.1:10"))
		check("ChannelBind to a second peer", 400, c.ask(stun.MethodChannelBind, number(0x4000), other))
		check("Refresh by a stranger", 401, c.answer(c.send(stun.MethodRefresh)))
		check("the last Refresh", 0, c.ask(stun.MethodRefresh, lifetime(0)))
		check("Refresh after the last", 437, c.ask(stun.MethodRefresh))
	}
}

// What stands behind the signature was put there by anybody.
func TestNothingCountsBehindTheSignature(t *testing.T) {
	n := start(t, nil)
	c := n.dial(t, "udp").as(n, "ann").allocated()
	m := stun.MustBuild(append([]stun.Setter{stun.TransactionID, stun.NewType(stun.MethodCreatePermission, stun.ClassRequest)}, c.signed(nil)...)...)
	if err := peer(netip.MustParseAddrPort(stranger)).AddTo(m); err != nil {
		t.Fatal(err)
	}
	c.write(m.Raw)
	if got := code(c.answer(m)); got != stun.CodeBadRequest {
		t.Errorf("CreatePermission for a peer behind the signature is answered %d", got)
	}
}

// An answer that was lost is given again; pion counts one allocation.
func TestRepeatedAllocate(t *testing.T) {
	n := start(t, nil)
	c := n.dial(t, "udp").as(n, "ann")
	c.ask(stun.MethodRefresh) // for the nonce
	request := c.send(stun.MethodAllocate, c.signed([]stun.Setter{transport(relayUDP)})...)
	first := relayed(t, c.answer(request))
	c.write(request.Raw)
	if second := relayed(t, c.answer(request)); first != second {
		t.Errorf("the answers name %v and %v", first, second)
	}
	if got := n.Stats().Allocations.Load(); got != 1 {
		t.Errorf("there are %d allocations", got)
	}
}

// A wrong, expired, foreign or wrapped credential is told 401, and how to ask again.
func TestBadCredentials(t *testing.T) {
	n := start(t, nil)
	good, _, err := n.secrets.Issue(time.Now(), "ann", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	keyID := n.secrets.list[0].keyID
	expired := fmt.Sprintf("%d:%s:ann", time.Now().Add(-time.Second).Unix(), keyID)
	wrapped := fmt.Sprintf("%d:%s:ann", uint64(1)<<32+uint64(time.Now().Add(time.Hour).Unix()), keyID)
	sign := func(user string) string { return Credential(n.secrets.list[0].text, user) }
	for what, c := range map[string]struct{ user, credential string }{
		"a wrong password":       {good, "wrong"},
		"an expired credential":  {expired, sign(expired)},
		"an expiry over 2^32":    {wrapped, sign(wrapped)},
		"an unknown key id":      {"4000000000:00000000:ann", sign("4000000000:00000000:ann")},
		"coturn's form":          {"4000000000:ann", sign("4000000000:ann")},
		"a negative expiry":      {"-1:" + keyID + ":ann", sign("-1:" + keyID + ":ann")},
		"an empty name":          {"4000000000:" + keyID + ":", sign("4000000000:" + keyID + ":")},
		"somebody else's key":    {good, sign(expired)},
		"nothing that is a name": {"ann", sign("ann")},
	} {
		for _, way := range ways {
			one := n.dial(t, way)
			one.user, one.key = c.user, stun.NewLongTermIntegrity(c.user, Realm, c.credential)
			m := one.ask(stun.MethodAllocate, transport(relayUDP))
			if got := code(m); got != stun.CodeUnauthorized || !m.Contains(stun.AttrRealm) || !m.Contains(stun.AttrNonce) {
				t.Errorf("%s: %s is answered %d, realm %v", way, what, got, m.Contains(stun.AttrRealm))
			}
		}
	}
}

// An allocation belongs to the user name that made it, for as long as it lives.
func TestAllocationsBelongToAUserName(t *testing.T) {
	n := start(t, nil)
	for _, way := range ways {
		c := n.dial(t, way).as(n, "ann").allocated()
		user, key := c.user, c.key
		c.as(n, "eve")
		for _, method := range []stun.Method{stun.MethodRefresh, stun.MethodCreatePermission, stun.MethodChannelBind, stun.MethodAllocate} {
			if got := code(c.ask(method, transport(relayUDP), number(0x4000), peer(netip.MustParseAddrPort(stranger)))); got != stun.CodeWrongCredentials {
				t.Errorf("%s: %v by another is answered %d", way, method, got)
			}
		}
		// Once its secret is gone, the credential still serves the allocation, and no other.
		for range secretsKept {
			if err := n.secrets.Rotate(); err != nil {
				t.Fatal(err)
			}
		}
		c.user, c.key = user, key
		if got := code(c.ask(stun.MethodRefresh, lifetime(600))); got != 0 {
			t.Errorf("%s: Refresh after two rotations is answered %d", way, got)
		}
		late := n.dial(t, way)
		late.user, late.key = user, key
		if got := code(late.ask(stun.MethodAllocate, transport(relayUDP))); got != stun.CodeUnauthorized {
			t.Errorf("%s: Allocate after two rotations is answered %d", way, got)
		}
		c.ask(stun.MethodRefresh, lifetime(0))
	}
}

// A nonce is good for one client and one time.
func TestNonces(t *testing.T) {
	n := start(t, nil)
	c := n.dial(t, "udp").as(n, "ann").allocated()
	other := n.dial(t, "udp").as(n, "ann")
	other.nonce = c.nonce
	if got := code(other.answer(other.send(stun.MethodAllocate, other.signed([]stun.Setter{transport(relayUDP)})...))); got != stun.CodeStaleNonce {
		t.Errorf("another client's nonce is answered %d", got)
	}
	own, now, from := newNonces(), time.Unix(1_800_000_000, 0), netip.MustParseAddrPort("192.0.2.1:5")
	nonce := own.issue(now, from)
	for what, c := range map[string]struct {
		at    time.Time
		nonce string
		from  netip.AddrPort
		want  bool
	}{
		"new":            {now, nonce, from, true},
		"old":            {now.Add(nonceLife - time.Second), nonce, from, true},
		"too old":        {now.Add(nonceLife), nonce, from, false},
		"of the future":  {now.Add(-2 * time.Second), nonce, from, false},
		"another port's": {now, nonce, netip.MustParseAddrPort("192.0.2.1:6"), false},
		"another host's": {now, nonce, netip.MustParseAddrPort("192.0.2.2:5"), false},
		"another's":      {now, newNonces().issue(now, from), from, false},
		"cut":            {now, nonce[:12], from, false},
		"empty":          {now, "", from, false},
	} {
		if own.fresh(c.at, c.nonce, c.from) != c.want {
			t.Errorf("a nonce that is %s: fresh is %v", what, !c.want)
		}
	}
}

// aging is a link on which an hour passes between two packets, as far as pion's nonce is concerned.
type aging struct {
	link
	door    *door
	renewed int
}

func (a *aging) read(b []byte) (int, netip.AddrPort, error) {
	n, from, err := a.link.read(b)
	if time.Since(a.door.fetched) < nonceRenewal {
		a.renewed++
	}
	a.door.fetched = a.door.fetched.Add(-time.Hour)
	return n, from, err
}

// pion's own nonces expire after an hour; a door fetches another one before that, and no client notices.
func TestPionsNonceIsRenewed(t *testing.T) {
	n := start(t, nil)
	socket := newFar(t, "127.0.0.1:0")
	d := &door{local: socket.at()}
	old := &aging{link: datagrams{socket.conn}, door: d}
	d.link = old
	if err := n.open(d); err != nil {
		t.Fatal(err)
	}
	n.udp = []netip.AddrPort{socket.at()}
	c := n.dial(t, "udp").as(n, "ann").allocated()
	for range 3 {
		if got := code(c.ask(stun.MethodRefresh, lifetime(600))); got != 0 {
			t.Fatalf("Refresh is answered %d", got)
		}
	}
	if err := n.Close(); err != nil { // after which the door is at rest
		t.Fatal(err)
	}
	if old.renewed < 4 {
		t.Errorf("the nonce was fetched %d times, want 4", old.renewed)
	}
}

// Lifetimes are between ten minutes and an hour, whatever is asked for.
func TestLifetimes(t *testing.T) {
	n := start(t, nil)
	for asked, want := range map[uint32]uint32{0: 600, 1: 600, 600: 600, 1800: 1800, 3600: 3599, 1 << 31: 3599} {
		c := n.dial(t, "tcp").as(n, fmt.Sprint("ann", asked))
		for _, method := range []stun.Method{stun.MethodAllocate, stun.MethodRefresh} {
			if method == stun.MethodRefresh && asked == 0 {
				continue
			}
			m := c.ask(method, transport(relayUDP), lifetime(asked))
			value, err := m.Get(stun.AttrLifetime)
			if err != nil || len(value) != 4 || uint32(value[0])<<24|uint32(value[1])<<16|uint32(value[2])<<8|uint32(value[3]) != want {
				t.Errorf("%v for %d s is answered % x, %v, want %d", method, asked, value, err, want)
			}
		}
	}
}

// A pair of ports is an even one and the next; the second is kept for the one who has the token, and counts as
// an allocation until then.
func TestPairOfPorts(t *testing.T) {
	n := start(t, func(c *Config) { c.Limits.UserAllocations = 2 })
	for _, way := range ways {
		first := n.dial(t, way).as(n, "ann")
		m := first.ask(stun.MethodAllocate, transport(relayUDP), raw(stun.AttrEvenPort, nextPort))
		even := relayed(t, m)
		token, err := m.Get(stun.AttrReservationToken)
		if even.Port()%2 != 0 || err != nil || len(token) != 8 {
			t.Fatalf("%s: port %d, token % x, %v", way, even.Port(), token, err)
		}
		if got := code(n.dial(t, way).as(n, "ann").ask(stun.MethodAllocate, transport(relayUDP))); got != stun.CodeAllocQuotaReached {
			t.Errorf("%s: a third is answered %d", way, got)
		}
		for what, c := range map[string]struct {
			id    string
			token []byte
		}{"another's": {"eve", token}, "a wrong": {"ann", make([]byte, 8)}, "a short": {"ann", token[:4]}} {
			got := code(n.dial(t, way).as(n, c.id).ask(stun.MethodAllocate, transport(relayUDP), raw(stun.AttrReservationToken, c.token...)))
			if got != stun.CodeInsufficientCapacity {
				t.Errorf("%s: %s token is answered %d", way, what, got)
			}
		}
		second := n.dial(t, way).as(n, "ann")
		if odd := relayed(t, second.ask(stun.MethodAllocate, transport(relayUDP), raw(stun.AttrReservationToken, token...))); odd.Port() != even.Port()+1 {
			t.Errorf("%s: ports %d and %d", way, even.Port(), odd.Port())
		}
		both := raw(stun.AttrEvenPort, nextPort)
		if got := code(n.dial(t, way).as(n, "ann").ask(stun.MethodAllocate, transport(relayUDP), both, raw(stun.AttrReservationToken, token...))); got != 400 {
			t.Errorf("%s: a pair by a token is answered %d", way, got)
		}
		for _, c := range []*client{first, second} {
			c.ask(stun.MethodRefresh, lifetime(0))
		}
		single := n.dial(t, way).as(n, "ann")
		if at := relayed(t, single.ask(stun.MethodAllocate, transport(relayUDP), raw(stun.AttrEvenPort, 0))); at.Port()%2 != 0 {
			t.Errorf("%s: an even port is %d", way, at.Port())
		}
		single.ask(stun.MethodRefresh, lifetime(0))
	}
	// Close gives up what is kept still.
	n.dial(t, "udp").as(n, "ann").ask(stun.MethodAllocate, transport(relayUDP), raw(stun.AttrEvenPort, nextPort))
	if err := n.Close(); err != nil {
		t.Error(err)
	}
}
