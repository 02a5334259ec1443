package turn

import (
	"crypto/hmac"
	"net/netip"
	"slices"
	"time"

	"github.com/pion/stun/v3"
)

// Realm is what credentials are for. Clients take it from the first answer. It is short, because that answer must
// not be much larger than what a stranger sent.
const Realm = "turn"

// relayingTCP is RFC 6062. Each is answered at once: pion leaves who asks waiting.
var relayingTCP = []stun.Method{stun.MethodConnect, stun.MethodConnectionBind}

// request is one that is being judged, and then worked on by pion.
type request struct {
	*stun.Message
	from       netip.AddrPort
	at         time.Time
	allocation *allocation // what the client already has, or nil

	// once authenticated
	user string
	id   string
	key  stun.MessageIntegrity

	// for Allocate
	booking *booking // kept for the allocation; nil once it is made
	above   *booking // kept for the port above it, until its token is known
	even    bool     // an even port is wanted
}

// refusal is why a request is not handed on.
type refusal struct {
	reason    Reason
	code      stun.ErrorCode // 0: no answer
	stranger  bool           // nothing in the request is worth an answer: only so many are given
	challenge bool           // the answer says how to ask again: realm and nonce
	unknown   []stun.AttrType
}

// judge returns what is sound, and answers what is not.
func (d *door) judge(b []byte, from netip.AddrPort) *request {
	s := d.server
	r := &request{Message: &stun.Message{Raw: slices.Clone(b)}, from: from, at: time.Now(), allocation: d.client(from)}
	if r.Decode() != nil {
		s.refuse(Malformed)
		return nil
	}
	if r.Type.Class == stun.ClassIndication {
		return d.indication(r)
	}
	if r.Type.Class != stun.ClassRequest {
		s.refuse(Malformed)
		return nil
	}
	if r.Type.Method == stun.MethodBinding {
		d.binding(r)
		return nil
	}
	no := s.authenticate(r)
	if no == nil {
		no = s.rule(r)
	}
	if no == nil {
		return r
	}
	if s.refuse(no.reason); no.code == 0 {
		return nil
	}
	if no.stranger && !s.strangers.allow(s.now(), from.Addr()) {
		s.refuse(Hasty)
		return nil
	}
	d.answer(r, no)
	return nil
}

// indication lets Send pass; there is no answer to any.
func (d *door) indication(r *request) *request {
	if r.Type.Method != stun.MethodSend {
		return nil // a Binding indication keeps a NAT open; others say nothing
	}
	if r.allocation == nil {
		d.server.refuse(NoAllocation)
		return nil
	}
	value, err := r.Get(stun.AttrXORPeerAddress)
	if peer, ok := peerAddress(value, r.TransactionID); err != nil || !ok || d.server.policy.endpoint(peer) != allowed {
		d.server.refuse(Peers)
		return nil
	}
	return r
}

// binding tells a client its address (RFC 8489). Browsers ask this of TURN servers too.
func (d *door) binding(r *request) {
	s := d.server
	if r.allocation == nil && !s.strangers.allow(s.now(), r.from.Addr()) {
		s.refuse(Hasty)
		return
	}
	if unknown := r.notUnderstood(); unknown != nil {
		s.refuse(Unknown)
		d.answer(r, &refusal{code: stun.CodeUnknownAttribute, unknown: unknown})
		return
	}
	d.reply(r, stun.BindingSuccess, &stun.XORMappedAddress{IP: r.from.Addr().AsSlice(), Port: int(r.from.Port())})
}

// authenticate finds out who asks (RFC 8489 section 9.2.4, RFC 8656 section 5). An allocation belongs to
// the user name that made it, and its key stays good as long as it lives: credentials expire for Allocate only.
func (s *Server) authenticate(r *request) *refusal {
	integrity, err := r.Get(stun.AttrMessageIntegrity)
	switch {
	case slices.Contains(relayingTCP, r.Type.Method):
		return &refusal{reason: Unknown, code: stun.CodeBadRequest, stranger: true}
	case s.rules[r.Type.Method] == nil:
		return &refusal{reason: Unknown}
	case err != nil && r.allocation == nil && r.Type.Method != stun.MethodAllocate:
		return &refusal{reason: NoAllocation, code: stun.CodeAllocMismatch, stranger: true}
	case err != nil && r.allocation == nil && !r.Contains(stun.AttrRequestedTransport):
		return &refusal{reason: Malformed, code: stun.CodeBadRequest, stranger: true}
	case err != nil:
		return &refusal{reason: Anonymous, code: stun.CodeUnauthorized, stranger: true, challenge: true}
	}
	var user stun.Username
	var realm stun.Realm
	var nonce stun.Nonce
	if len(integrity) != 20 || user.GetFrom(r.Message) != nil || realm.GetFrom(r.Message) != nil || nonce.GetFrom(r.Message) != nil {
		return &refusal{reason: Malformed, code: stun.CodeBadRequest, stranger: true}
	}
	if !s.nonces.fresh(r.at, nonce.String(), r.from) {
		return &refusal{reason: Stale, code: stun.CodeStaleNonce, stranger: true, challenge: true}
	}
	r.user = user.String()
	wrong := &refusal{reason: Credentials, code: stun.CodeUnauthorized, stranger: true, challenge: true}
	own := r.allocation != nil && hmac.Equal([]byte(r.user), []byte(r.allocation.user))
	key := stun.MessageIntegrity(nil)
	if own {
		key, r.id = r.allocation.key, r.allocation.account.id
	} else {
		id, credential, err := s.config.Secrets.Check(r.at, r.user)
		if err != nil {
			return wrong
		}
		key, r.id = stun.NewLongTermIntegrity(r.user, Realm, credential), id
	}
	if realm.String() != Realm || key.Check(r.Message) != nil {
		return wrong
	}
	r.key = key
	r.keepSigned()
	if r.allocation != nil && !own {
		return &refusal{reason: Credentials, code: stun.CodeWrongCredentials}
	}
	return nil
}

// understood are the attributes in requests that must be understood and are (RFC 8489 section 14, RFC 8656
// section 18). DONT-FRAGMENT is not: RFC 8656 section 7.2 lets a server that cannot set the bit say so.
var understood = []stun.AttrType{
	stun.AttrUsername, stun.AttrMessageIntegrity, stun.AttrRealm, stun.AttrNonce, stun.AttrChannelNumber, stun.AttrLifetime,
	stun.AttrXORPeerAddress, stun.AttrData, stun.AttrRequestedAddressFamily, stun.AttrEvenPort, stun.AttrRequestedTransport,
	stun.AttrReservationToken, stun.AttrPriority, stun.AttrUseCandidate,
}

// notUnderstood lists attributes below 0x8000 that are not in the list.
func (r *request) notUnderstood() []stun.AttrType {
	var unknown []stun.AttrType
	for _, one := range r.Attributes {
		if one.Type < 0x8000 && !slices.Contains(understood, one.Type) {
			unknown = append(unknown, one.Type)
		}
	}
	return unknown
}

// keepSigned forgets the attributes from MESSAGE-INTEGRITY on: nothing behind it counts.
func (r *request) keepSigned() {
	for i, one := range r.Attributes {
		if one.Type == stun.AttrMessageIntegrity {
			r.Attributes = r.Attributes[:i]
			return
		}
	}
}
