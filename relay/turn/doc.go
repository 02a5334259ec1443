// Package turn relays packets for clients that cannot reach each other (RFC 8656), over UDP, TCP and whatever
// connections it is given, such as TLS ones. In: requests and data of clients who hold a credential that
// [Secrets] issued. Out: their packets, from a relayed IPv4 address of this host, to peers that the policy lets
// them reach. It knows no JSON, no browser, no bridge and no settings.
//
// pion/turn keeps the allocations and their lifetimes and writes the answers of success. Everything that it does
// not guard is guarded around it, so that a newer version of it could take its place:
//
//	client --> link --> door --> pion/turn --> allocation --> peer
//	         framed    judged                   policy,
//	                                            bandwidth
//
// In front, a door reads one client connection or one UDP socket. It authenticates each request itself, answers
// what must be refused, and hands on to pion only what is sound. Behind, an allocation is the socket towards the
// peers. ChannelData goes from door to allocation and back without pion, and between two clients who are both here
// straight from one door to the other.
//
// Reading order: server.go opens it all; listen.go and framer.go bring whole packets; door.go is what pion reads
// from; request.go judges who asks, rules.go what is asked for, answer.go writes refusals; booking.go,
// allocation.go and rights.go carry data; peers.go and host.go say whom it may reach. Beside them:
// credentials.go, nonce.go, limits.go, stats.go, quiet.go.
//
// Who owns what: a door has one goroutine (pion's, inside ReadFrom), which owns the request at hand and
// writes its allocations' rights; an allocation has one (pion's, inside its ReadFrom), which reads from peers.
// Rights are immutable and replaced by an atomic pointer. Locks: a door's table of clients, the accounts,
// the server's table of doors, the secrets' list; none is held across a read or a write of a socket.
package turn
