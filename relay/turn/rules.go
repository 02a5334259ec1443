package turn

import (
	"encoding/binary"
	"net/netip"

	"github.com/pion/stun/v3"
)

// Codes that the library has no name for.
const (
	codeFamilyNotSupported stun.ErrorCode = 440 // RFC 8656 section 19
	codeFamilyMismatch     stun.ErrorCode = 443
)

// What attributes hold.
const (
	relayUDP   = 17   // REQUESTED-TRANSPORT, as IP numbers its protocols
	familyIPv4 = 1    // REQUESTED-ADDRESS-FAMILY
	nextPort   = 0x80 // EVEN-PORT: the one above is to be kept too
)

// ruleBook has what each method may ask for, once it is known who asks.
func (s *Server) ruleBook() map[stun.Method]func(*request) *refusal {
	return map[stun.Method]func(*request) *refusal{
		stun.MethodAllocate:         s.mayAllocate,
		stun.MethodRefresh:          s.mayRefresh,
		stun.MethodCreatePermission: s.mayPermit,
		stun.MethodChannelBind:      s.mayBind,
	}
}

// rule judges an authenticated request.
func (s *Server) rule(r *request) *refusal {
	if unknown := r.notUnderstood(); unknown != nil {
		return &refusal{reason: Unknown, code: stun.CodeUnknownAttribute, unknown: unknown}
	}
	if r.allocation == nil && r.Type.Method != stun.MethodAllocate {
		return &refusal{reason: NoAllocation, code: stun.CodeAllocMismatch}
	}
	return s.rules[r.Type.Method](r)
}

// mayAllocate books a place for the allocation. A second request from the same client is for pion: it answers
// the same one twice alike, and any other by 437.
func (s *Server) mayAllocate(r *request) *refusal {
	if r.allocation != nil {
		return nil
	}
	transport, err := r.Get(stun.AttrRequestedTransport)
	if err != nil || len(transport) != 4 {
		return &refusal{reason: Malformed, code: stun.CodeBadRequest}
	}
	if transport[0] != relayUDP {
		return &refusal{reason: Transport, code: stun.CodeUnsupportedTransProto}
	}
	if family, ok := r.family(); !ok || family != familyIPv4 {
		return &refusal{reason: Family, code: codeFamilyNotSupported}
	}
	even, err := r.Get(stun.AttrEvenPort)
	r.even = err == nil
	token, err := r.Get(stun.AttrReservationToken)
	switch {
	case r.even && (len(even) != 1 || err == nil):
		return &refusal{reason: Malformed, code: stun.CodeBadRequest}
	case err == nil:
		if r.booking = s.claim(string(token), r.id); r.booking == nil {
			return &refusal{reason: NoPort, code: stun.CodeInsufficientCapacity}
		}
		return nil
	case s.draining.Load():
		return &refusal{reason: Draining, code: stun.CodeInsufficientCapacity}
	case !s.book(r, r.even && even[0]&nextPort != 0):
		return &refusal{reason: Quota, code: stun.CodeAllocQuotaReached}
	}
	return nil
}

func (s *Server) mayRefresh(r *request) *refusal {
	if family, ok := r.family(); !ok || family != familyIPv4 {
		return &refusal{reason: Family, code: codeFamilyMismatch}
	}
	return nil
}

// mayPermit installs the permissions: all that are asked for, or none.
func (s *Server) mayPermit(r *request) *refusal {
	var peers []netip.Addr
	for _, one := range r.Attributes {
		if one.Type != stun.AttrXORPeerAddress {
			continue
		}
		peer, ok := peerAddress(one.Value, r.TransactionID)
		if !ok {
			return &refusal{reason: Malformed, code: stun.CodeBadRequest}
		}
		if no := unreachable(s.policy.address(peer.Addr())); no != nil {
			return no
		}
		peers = append(peers, peer.Addr())
	}
	if len(peers) == 0 {
		return &refusal{reason: Malformed, code: stun.CodeBadRequest}
	}
	rights, ok := r.allocation.rights.Load().permit(s.now(), peers, s.config.Limits.Permissions)
	if !ok {
		return &refusal{reason: Rights, code: stun.CodeInsufficientCapacity}
	}
	r.allocation.rights.Store(rights)
	return nil
}

// mayBind installs a channel, and the permission that comes with it.
func (s *Server) mayBind(r *request) *refusal {
	number, err := r.Get(stun.AttrChannelNumber)
	value, missing := r.Get(stun.AttrXORPeerAddress)
	peer, ok := peerAddress(value, r.TransactionID)
	if err != nil || missing != nil || !ok || len(number) != 4 {
		return &refusal{reason: Malformed, code: stun.CodeBadRequest}
	}
	channel := binary.BigEndian.Uint16(number)
	if channel < firstChannel || channel > lastChannel {
		return &refusal{reason: Malformed, code: stun.CodeBadRequest}
	}
	if no := unreachable(s.policy.endpoint(peer)); no != nil {
		return no
	}
	now := s.now()
	rights, fits := r.allocation.rights.Load().permit(now, []netip.Addr{peer.Addr()}, s.config.Limits.Permissions)
	rights, conflict := rights.bind(now, channel, peer)
	switch {
	case conflict:
		return &refusal{reason: Malformed, code: stun.CodeBadRequest}
	case !fits || len(rights.byNumber) > s.config.Limits.Channels:
		return &refusal{reason: Rights, code: stun.CodeInsufficientCapacity}
	}
	r.allocation.rights.Store(rights)
	return nil
}

// unreachable makes a refusal of the policy's verdict.
func unreachable(v verdict) *refusal {
	switch v {
	case forbidden:
		return &refusal{reason: Peers, code: stun.CodeForbidden}
	case wrongFamily:
		return &refusal{reason: Family, code: codeFamilyMismatch}
	}
	return nil
}

// family is the one that was asked for, IPv4 if none was.
func (r *request) family() (byte, bool) {
	value, err := r.Get(stun.AttrRequestedAddressFamily)
	if err != nil {
		return familyIPv4, true
	}
	if len(value) != 4 {
		return 0, false
	}
	return value[0], true
}
