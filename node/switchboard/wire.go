package switchboard

import (
	"bytes"
	"compress/flate"
	"encoding/json"
	"fmt"
	"io"
	"sync"
	"time"

	"parley/bridge"
	"parley/bridge/signal"
	"parley/node/room"
)

func wirePlan(p room.Plan) signal.Plan {
	relays := make([]signal.NodeID, 0, len(p.Relays))
	for _, r := range p.Relays {
		relays = append(relays, signal.NodeID(r))
	}
	return signal.Plan{
		Epoch: int64(p.Epoch), Home: signal.NodeID(p.Home), Mode: string(p.Mode),
		Relays: relays, Warm: p.Warm, Lacking: p.Lacking,
	}
}

func wireMember(m room.Member) signal.Member {
	return signal.Member{
		Peer: signal.PeerID(m.Peer), Name: m.Name, Page: m.Page, Seat: m.Seat,
		Relay: signal.NodeID(m.Relay), Present: m.Present, Media: signal.Media(m.Media),
	}
}

func wireMembers(members []room.Member) []signal.Member {
	out := make([]signal.Member, 0, len(members))
	for _, m := range members {
		out = append(out, wireMember(m))
	}
	return out
}

func wirePeers(peers []room.PeerID) []signal.PeerID {
	out := make([]signal.PeerID, 0, len(peers))
	for _, p := range peers {
		out = append(out, signal.PeerID(p))
	}
	return out
}

func joinEvent(a bridge.Arrival) room.Join {
	join := room.Join{
		Peer: room.PeerID(a.Peer), Name: a.Name, Page: a.Page, Key: a.Key,
		Media: room.Media(a.Media), Floor: room.Epoch(a.Floor),
	}
	if a.Settings != nil {
		join.Settings = &room.Settings{Lock: a.Key, Max: a.Settings.Max, MeshMax: -1}
		if a.Settings.MeshMax != nil {
			join.Settings.MeshMax = *a.Settings.MeshMax
		}
	}
	return join
}

// resumeEvent makes a usable event even where the snapshot is of no use: one of another room, or one
// that this process took itself. The latter knows nothing that the room does not, and if that room has
// ended since, it would bring back people who left.
func resumeEvent(a bridge.Arrival, start time.Time) (room.Resume, error) {
	resume := room.Resume{
		Peer: room.PeerID(a.Peer), Name: a.Name, Page: a.Page, Key: a.Key,
		Media: room.Media(a.Media), Floor: room.Epoch(a.Floor),
	}
	if a.Snapshot == nil {
		return resume, nil
	}
	snapshot, err := unpackSnapshot(a.Snapshot)
	if err != nil {
		return resume, err
	}
	if snapshot.Room == room.RoomID(a.Room) && int64(snapshot.Born) < start.UnixMilli() {
		resume.Snapshot = &snapshot
	}
	return resume, nil
}

func lossEvent(peer room.PeerID, how bridge.Loss) room.Event {
	if how == bridge.Closed {
		return room.Closed{Peer: peer}
	}
	return room.Broken{Peer: peer}
}

func refusal(r room.Reason) *signal.Fault {
	switch r {
	case room.ReasonFull:
		return signal.Faulty(signal.CodeFull, "The room is full.")
	case room.ReasonLocked:
		return signal.Faulty(signal.CodeLocked, "The room has a password. Join with it.")
	case room.ReasonOpen:
		return signal.Faulty(signal.CodeLocked, "The room that you were in has a password, and the one of its name now has none: it is another room. Join as a new person.")
	case room.ReasonExists:
		return signal.Faulty(signal.CodeExists, "The room is there already, with its own settings. Join without settings.")
	case room.ReasonFloor:
		return signal.Faulty(signal.CodeFloor, "The epoch presented lies too far in the future. Check the clock, and join as a new person.")
	default:
		return signal.Faulty(signal.CodeInternal, "The bridge could not place you. Dial again.")
	}
}

// A room whose snapshot is larger than packedLimit has none (some hundred people with long names).
// After a restart its members then appear to each other one by one, and the links of a mesh to those
// who are not back yet close. Rooms of that size are on a relay, where no link is to another member.
const (
	packedLimit   = 30 << 10 // bytes, so that a sealed snapshot fits a hello
	unpackedLimit = 1 << 20  // bytes
)

// packers are kept for use again: one takes more than half a megabyte, and every join, change and age
// of every room makes a snapshot.
var packers = sync.Pool{New: func() any {
	w, _ := flate.NewWriter(nil, flate.DefaultCompression) // fails only for a level that does not exist
	return w
}}

func packSnapshot(s room.Snapshot) ([]byte, error) {
	var b bytes.Buffer
	w := packers.Get().(*flate.Writer)
	defer packers.Put(w)
	w.Reset(&b)
	if err := json.NewEncoder(w).Encode(s); err != nil {
		return nil, fmt.Errorf("switchboard: pack snapshot: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("switchboard: pack snapshot: %w", err)
	}
	if b.Len() > packedLimit {
		return nil, fmt.Errorf("switchboard: pack snapshot: %d bytes are over the limit of %d", b.Len(), packedLimit)
	}
	return b.Bytes(), nil
}

func unpackSnapshot(packed []byte) (room.Snapshot, error) {
	var s room.Snapshot
	r := io.LimitReader(flate.NewReader(bytes.NewReader(packed)), unpackedLimit)
	if err := json.NewDecoder(r).Decode(&s); err != nil {
		return s, fmt.Errorf("switchboard: unpack snapshot: %w", err)
	}
	return s, nil
}
