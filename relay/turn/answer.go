package turn

import (
	"encoding/binary"
	"net/netip"
	"time"

	"github.com/pion/stun/v3"
)

// answer tells a client why not. Once it is known who asks, the answer is signed.
func (d *door) answer(r *request, no *refusal) {
	with := []stun.Setter{stun.ErrorCodeAttribute{Code: no.code}} // the number says it all; words would be bytes for strangers
	if no.challenge {
		with = append(with, stun.NewRealm(Realm), stun.NewNonce(d.server.nonces.issue(r.at, r.from)))
	}
	if no.unknown != nil {
		with = append(with, stun.UnknownAttributes(no.unknown))
	}
	if r.key != nil {
		with = append(with, r.key)
	}
	d.reply(r, stun.NewType(r.Type.Method, stun.ClassErrorResponse), with...)
}

// reply writes an answer of our own.
func (d *door) reply(r *request, kind stun.MessageType, with ...stun.Setter) {
	m := stun.New()
	m.TransactionID, m.Type = r.TransactionID, kind
	m.WriteHeader()
	for _, one := range with {
		if one.AddTo(m) != nil {
			return // nothing here can be too long
		}
	}
	if d.link.write(m.Raw, r.from) != nil {
		d.server.stats.WriteErrors.Add(1)
	}
}

// Lifetimes that pion would get wrong: it takes an hour and more for ten minutes, and none for none.
const (
	defaultLifetime = 10 * time.Minute
	longestLifetime = time.Hour - time.Second
)

// sealed is the request as pion wants it: with pion's nonce, and without what was dealt with here.
func (r *request) sealed(nonce string) *stun.Message {
	m := stun.New()
	m.TransactionID, m.Type = r.TransactionID, r.Type
	m.WriteHeader()
	for _, one := range r.Attributes {
		switch one.Type {
		case stun.AttrNonce:
			m.Add(one.Type, []byte(nonce))
		case stun.AttrLifetime:
			m.Add(one.Type, binary.BigEndian.AppendUint32(nil, r.lifetime(one.Value)))
		case stun.AttrUsername, stun.AttrRealm, stun.AttrRequestedTransport, stun.AttrXORPeerAddress, stun.AttrChannelNumber:
			m.Add(one.Type, one.Value)
		}
	}
	if r.above != nil { // pion makes the token; an even port alone is our affair
		m.Add(stun.AttrEvenPort, []byte{nextPort})
	}
	if r.key.AddTo(m) != nil {
		return r.Message // there is no FINGERPRINT in front of it
	}
	return m
}

// lifetime is what a client gets of what it asked for, in seconds: between ten minutes and an hour, or 0 for the
// end of its allocation (RFC 8656 sections 7.2 and 8.2).
func (r *request) lifetime(asked []byte) uint32 {
	if len(asked) != 4 {
		return uint32(defaultLifetime / time.Second)
	}
	seconds := binary.BigEndian.Uint32(asked)
	if seconds == 0 && r.Type.Method == stun.MethodRefresh {
		return 0
	}
	return min(max(seconds, uint32(defaultLifetime/time.Second)), uint32(longestLifetime/time.Second))
}

// peerAddress reads XOR-PEER-ADDRESS (RFC 8656 section 18.3). An IPv6 address that holds an IPv4 one stays
// what it is.
func peerAddress(value []byte, id [stun.TransactionIDSize]byte) (netip.AddrPort, bool) {
	if len(value) < 4 {
		return netip.AddrPort{}, false
	}
	pad := append(binary.BigEndian.AppendUint32(nil, magicCookie), id[:]...)
	port := binary.BigEndian.Uint16(value[2:]) ^ magicCookie>>16
	raw := make([]byte, len(value)-4)
	if len(raw) > len(pad) {
		return netip.AddrPort{}, false
	}
	for i := range raw {
		raw[i] = value[4+i] ^ pad[i]
	}
	address, ok := netip.AddrFromSlice(raw)
	family := byte(1)
	if len(raw) == 16 {
		family = 2
	}
	return netip.AddrPortFrom(address, port), ok && value[1] == family
}
