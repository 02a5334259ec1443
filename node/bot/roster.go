package bot

import (
	"slices"

	"parley/bridge/signal"
	"parley/node/room"
)

// roster is the room as this member knows it from the bridge. It is changed by messages alone.
type roster struct {
	self    signal.PeerID
	plan    signal.Plan
	members []signal.Member // by seat, self included
	plans   int             // followed so far
	late    int             // of them, those that were settled while somebody was not ready
	settled bool            // links of older plans may close
	stuck   []signal.PeerID // but for those to and from these
}

// welcome takes over the room as it is. The plan counts only if it is newer than the one followed:
// a bridge that forgot everything must not turn the room back.
func (r *roster) welcome(w *signal.Welcome) {
	r.self = w.Self
	r.members = slices.Clone(w.Members)
	newcomer := r.plan.Epoch == 0
	r.follow(w.Plan)
	r.settled = r.settled || newcomer // it has no links of older plans
}

// follow takes a plan, if its epoch is higher than the present one's.
func (r *roster) follow(p signal.Plan) bool {
	if p.Epoch <= r.plan.Epoch {
		return false
	}
	r.plan, r.settled, r.stuck = p, false, nil
	r.plans++
	return true
}

func (r *roster) settle(s *signal.Settled) {
	if s.Epoch == r.plan.Epoch {
		if !r.settled && len(s.Stuck) > 0 {
			r.late++
		}
		r.settled, r.stuck = true, s.Stuck
	}
}

// put adds a member or replaces its entry.
func (r *roster) put(m signal.Member) {
	if i := r.index(m.Peer); i >= 0 {
		r.members[i] = m
		return
	}
	r.members = append(r.members, m)
}

func (r *roster) remove(peer signal.PeerID) {
	r.members = slices.DeleteFunc(r.members, func(m signal.Member) bool { return m.Peer == peer })
}

func (r *roster) member(peer signal.PeerID) (signal.Member, bool) {
	if i := r.index(peer); i >= 0 {
		return r.members[i], true
	}
	return signal.Member{}, false
}

func (r *roster) index(peer signal.PeerID) int {
	return slices.IndexFunc(r.members, func(m signal.Member) bool { return m.Peer == peer })
}

// links are the connections that this member must have.
func (r *roster) links() []room.Link {
	if r.self == "" {
		return nil
	}
	members := make([]room.Member, 0, len(r.members))
	for _, m := range r.members {
		members = append(members, room.Member{
			Peer: room.PeerID(m.Peer), Name: m.Name, Page: m.Page, Seat: m.Seat,
			Relay: room.NodeID(m.Relay), Present: m.Present, Media: room.Media(m.Media),
		})
	}
	plan := room.Plan{Epoch: room.Epoch(r.plan.Epoch), Home: room.NodeID(r.plan.Home), Mode: room.Mode(r.plan.Mode), Warm: r.plan.Warm, Lacking: r.plan.Lacking}
	for _, relay := range r.plan.Relays {
		plan.Relays = append(plan.Relays, room.NodeID(relay))
	}
	return room.Links(plan, members)[room.PeerID(r.self)]
}

// keeps tells whether a link to a member that the plan does not want stays open still.
func (r *roster) keeps(peer signal.PeerID) bool {
	_, here := r.member(peer)
	return here && (!r.settled || slices.Contains(r.stuck, peer) || slices.Contains(r.stuck, r.self))
}

// keepsRelay tells the same of a link to a relay: who is stuck may need it.
func (r *roster) keepsRelay() bool { return !r.settled || len(r.stuck) > 0 }

// sent tells whether a member says that it sends a kind.
func sent(m signal.Member, kind Kind) bool {
	switch kind {
	case Microphone:
		return m.Media.Microphone == "on"
	case Camera:
		return m.Media.Camera == "on"
	default: // a shared screen may have no sound, so nobody waits for that
		return kind == Screen && m.Media.Screen == "on"
	}
}
