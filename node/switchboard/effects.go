package switchboard

import (
	"time"

	"parley/bridge"
	"parley/bridge/signal"
	"parley/node/room"
)

// step lets the room decide on an event and carries out what it ordered.
func (op *Operator) step(event room.Event) {
	now := time.Now()
	state, effects := room.Step(op.state, now, event)
	op.state = state
	for _, e := range effects {
		op.perform(e, now)
	}
	op.publish()
}

// perform carries out one effect. What it asks for comes back as an event, through the inbox.
func (op *Operator) perform(effect room.Effect, now time.Time) {
	switch e := effect.(type) {
	case room.Welcome:
		op.welcome(e)
	case room.Refuse:
		op.coming.Conn.Cut(refusal(e.Reason))
	case room.Replaced:
		op.cut(e.Peer, signal.Faulty(signal.CodeReplaced, "The call goes on in a newer window."))
	case room.Evict:
		op.cut(e.Peer, refusal(e.Reason))
	case room.Joined:
		op.tell(e.Member.Peer, &signal.Joined{Member: wireMember(e.Member)})
	case room.Changed:
		op.tell(e.Member.Peer, &signal.Changed{Member: wireMember(e.Member)})
	case room.Left:
		delete(op.conns, e.Peer)
		delete(op.given, e.Peer)
		op.forget(e.Peer)
		op.tell(e.Peer, &signal.Left{Peer: signal.PeerID(e.Peer), Why: string(e.Why)})
	case room.Planned:
		op.board.stats.Plans.Add(1)
		op.log.Info("plan", "epoch", int64(e.Plan.Epoch), "shape", e.Plan.Mode, "members", len(op.state.Members()))
		op.tell("", &signal.Planned{Plan: wirePlan(e.Plan)})
	case room.Settled:
		op.settled(e)
	case room.Refresh:
		op.tell("", &signal.Snapshot{Snapshot: op.snapshot()})
		op.renewICE(now)
	case room.Reserve:
		op.supply.wishing = true
		op.reserve(e.Prefer)
	case room.Release:
		op.release(e.Node)
	case room.Wake:
		op.wake.Reset(e.At.Sub(now))
	case room.Empty:
		op.empty = true
	}
}

// welcome answers the arrival at hand. From here on its connection is the member's.
func (op *Operator) welcome(e room.Welcome) {
	a := op.coming
	op.cut(e.To, signal.Faulty(signal.CodeReplaced, "The call goes on in a newer window."))
	op.empty = false
	op.conns[e.To] = a.Conn
	op.given[e.To] = time.Now()
	settings := op.state.Settings()
	a.Conn.Send(signal.Encode(&signal.Welcome{
		Version: signal.Version,
		Self:    signal.PeerID(e.To),
		Pass: op.board.cfg.Signer.Pass(bridge.Pass{
			Room: a.Room, Peer: a.Peer, Name: a.Name, Lock: a.Key,
		}),
		Node:     signal.NodeID(op.board.cfg.Node),
		Room:     a.Room,
		Plan:     wirePlan(op.state.Plan()),
		Members:  wireMembers(op.state.Members()),
		Snapshot: op.snapshot(),
		Max:      op.state.Max(),
		Locked:   settings.Lock != "",
		Resumed:  e.Resumed,
		ICE:      op.ice(e.To),
		Codec:    op.board.cfg.Codec,
	}))
}

func (op *Operator) settled(e room.Settled) {
	m := &signal.Settled{Epoch: int64(e.Epoch), Stuck: wirePeers(e.Stuck)}
	if e.To == "" {
		op.tell("", m)
	} else if conn := op.conns[e.To]; conn != nil {
		conn.Send(signal.Encode(m))
	}
}

// ice is what a member gets for its links.
func (op *Operator) ice(peer room.PeerID) []signal.ICEServer {
	if op.board.cfg.ICE.Servers == nil {
		return nil
	}
	return op.board.cfg.ICE.Servers(peer)
}

// renewICE gives new servers to members whose are old. Refresh comes every few minutes.
func (op *Operator) renewICE(now time.Time) {
	if op.board.cfg.ICE.Servers == nil {
		return
	}
	for peer, conn := range op.conns {
		if now.Sub(op.given[peer]) >= op.board.cfg.ICE.Renew {
			op.given[peer] = now
			conn.Send(signal.Encode(&signal.ICE{Servers: op.ice(peer)}))
		}
	}
}

// cut ends a member's connection, if it has one. What that connection still says is not heard.
func (op *Operator) cut(peer room.PeerID, f *signal.Fault) {
	if conn := op.conns[peer]; conn != nil {
		delete(op.conns, peer)
		conn.Cut(f)
	}
}

// tell sends to everybody here but one.
func (op *Operator) tell(but room.PeerID, m signal.Message) {
	frame := signal.Encode(m)
	for peer, conn := range op.conns {
		if peer != but {
			conn.Send(frame)
		}
	}
}

// publish lets others see what they may: how the room is entered, and how many are in it.
func (op *Operator) publish() {
	n := len(op.state.Members())
	op.board.stats.Members.Add(int64(n - op.members))
	op.members = n
	op.gate.Store(&bridge.Gate{Open: n > 0, Lock: op.state.Settings().Lock, Full: n >= op.state.Max()})
}

// snapshot seals the room as it is now. It is empty for a room too large to fit a hello, see
// packedLimit.
func (op *Operator) snapshot() signal.Secret {
	packed, err := packSnapshot(op.state.Snapshot(time.Now()))
	if err != nil {
		op.log.Warn("no snapshot", "err", err)
		return ""
	}
	return op.board.cfg.Signer.Seal(packed)
}
