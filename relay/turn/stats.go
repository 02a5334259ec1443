package turn

import "sync/atomic"

// Stats counts what a server did since it began. All fields may be read at any time.
type Stats struct {
	Allocations, Connections atomic.Int64  // at present; connections are TCP and TLS ones
	Allocated                atomic.Uint64 // allocations, ever
	PacketsToPeers           atomic.Uint64
	BytesToPeers             atomic.Uint64 // of payload, as are all bytes
	PacketsToClients         atomic.Uint64
	BytesToClients           atomic.Uint64
	WriteErrors              atomic.Uint64
	refused                  [reasons]atomic.Uint64
}

// Reason is why something was refused, for counting.
type Reason uint8

// Why things are refused. Those that a client is told have the number beside them.
const (
	Malformed    Reason = iota // bytes that are no request, 400, or end the connection
	Unknown                    // attributes that must be understood, 420; RFC 6062
	Anonymous                  // no credential yet, 401: the usual first step
	Credentials                // a credential that is wrong, expired or another's, 401 or 441
	Stale                      // a nonce that expired, 438
	Hasty                      // too many requests without a credential: no answer
	Quota                      // too many allocations, 486
	Draining                   // no new allocations any more, 508
	Family                     // IPv6, 440 or 443
	Transport                  // relaying TCP, 442
	Peers                      // a peer that nobody may reach, 403, or a packet to or from one
	Rights                     // too many permissions or channels, 508
	NoAllocation               // 437, or data from nobody
	NoPermission               // packets from peers that were not asked for, or to unbound channels
	Bandwidth                  // packets over the limits
	TooManyOpen                // connections
	Slow                       // connections closed because they said too little in their time
	TooLarge                   // packets from peers over what a client can be given
	NoPort                     // no free port for a relayed address, 508
	reasons
)

var reasonNames = [reasons]string{
	"malformed", "unknown", "anonymous", "credentials", "stale", "hasty", "quota", "draining", "family", "transport",
	"peers", "rights", "no_allocation", "no_permission", "bandwidth", "too_many_open", "slow", "too_large", "no_port",
}

// String is the reason in one word, as metrics name it.
func (r Reason) String() string { return reasonNames[r] }

// Reasons are all there are.
func Reasons() []Reason {
	all := make([]Reason, reasons)
	for i := range all {
		all[i] = Reason(i)
	}
	return all
}

// Refused tells how often something was refused for this reason.
func (s *Stats) Refused(r Reason) uint64 { return s.refused[r].Load() }

func (s *Stats) refuse(r Reason) { s.refused[r].Add(1) }
