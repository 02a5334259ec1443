package turn

import (
	"maps"
	"net/netip"
	"time"
)

// RFC 8656 sections 9 and 12; pion keeps the same times.
const (
	permissionLife = 5 * time.Minute
	channelLife    = 10 * time.Minute
	firstChannel   = 0x4000
	lastChannel    = 0x7FFF // of RFC 5766, whose clients are still about; RFC 8656 ends at 0x4FFF
)

// channel is a peer's short name.
type channel struct {
	number uint16
	peer   netip.AddrPort
	until  int64 // nanoseconds on the server's clock, as are all of these
}

// rights are what the client of an allocation asked for: from whom packets may come, and which channels there
// are. They are not changed once made, because two goroutines read them.
type rights struct {
	peers    map[netip.Addr]int64 // until when
	byNumber map[uint16]channel
	byPeer   map[netip.AddrPort]channel
}

// current is a copy without what has expired.
func (r *rights) current(now int64) *rights {
	next := &rights{maps.Clone(r.peers), maps.Clone(r.byNumber), maps.Clone(r.byPeer)}
	expired := func(c channel) bool { return c.until <= now }
	maps.DeleteFunc(next.peers, func(_ netip.Addr, until int64) bool { return until <= now })
	maps.DeleteFunc(next.byNumber, func(_ uint16, c channel) bool { return expired(c) })
	maps.DeleteFunc(next.byPeer, func(_ netip.AddrPort, c channel) bool { return expired(c) })
	return next
}

// permit adds peers, if there are not more than most then.
func (r *rights) permit(now int64, peers []netip.Addr, most int) (*rights, bool) {
	next := r.current(now)
	for _, a := range peers {
		next.peers[a] = now + int64(permissionLife)
	}
	return next, len(next.peers) <= most
}

// bind adds a channel or renews it. It does not conflict if neither number nor peer has another partner.
func (r *rights) bind(now int64, number uint16, peer netip.AddrPort) (next *rights, conflict bool) {
	next = r.current(now)
	if byNumber, ok := next.byNumber[number]; ok && byNumber.peer != peer {
		return nil, true
	}
	if byPeer, ok := next.byPeer[peer]; ok && byPeer.number != number {
		return nil, true
	}
	c := channel{number, peer, now + int64(channelLife)}
	next.byNumber[number], next.byPeer[peer] = c, c
	return next, false
}

// permits tells whether packets may come from a peer.
func (r *rights) permits(now int64, peer netip.Addr) bool { return r.peers[peer] > now }

// to finds a channel by its number.
func (r *rights) to(now int64, number uint16) (channel, bool) {
	c, ok := r.byNumber[number]
	return c, ok && c.until > now
}

// from finds a channel by its peer.
func (r *rights) from(now int64, peer netip.AddrPort) (channel, bool) {
	c, ok := r.byPeer[peer]
	return c, ok && c.until > now
}
