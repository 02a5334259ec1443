// Package relay carries media for rooms that outgrew their mesh. In: one WebRTC connection per
// member, offered by the member's page; RTP from its microphone, camera, screen and screen sound.
// Out: RTP in the receiving slots of the other pages, and members' chat envelopes. It reads RTP
// headers, header extensions and payload descriptors, never a picture or a sound: those may be
// encrypted end to end. It knows no JSON, no browser and no rules of a room; what a page and a
// relay say to each other in media's own time goes over a data channel (PROTOCOL.md, control.go).
//
// In packet order: source.go reads what a page sends, window.go drops repeats, cache.go keeps it
// for resending, sink.go offers it to each receiving slot, rewrite.go continues that slot's
// numbers, outlet.go is the door to sealing and the socket. Where one stream carries several layers,
// vp9.go and descriptor.go say what a packet is needed for, ladder.go what each layer takes, and svc.go
// what of it a slot gets. Control returns through feedback.go
// (NACK, PLI, TWCC), keyframe.go, estimate.go with trend.go, and probe.go. A Room (room.go, the only
// place of decisions) has one goroutine; for each page (board.go) it asks pure functions who is
// shown where (slots.go), how large (choose.go, layers.go), and who speaks (speaker.go). Around that:
// relay.go and socket.go open the one port, port.go and offer.go a connection with engine.go's
// settings, channel.go and chat.go the data channels.
//
// Who owns what: a Room's goroutine owns members, tables and views. A stream's reading goroutine
// owns its packet, its outgoing header and scratch space. A Source's list of Sinks is an atomic
// pointer to an immutable slice. A Sink's numbers and a stream's cache have a short lock each,
// because resend requests arrive on another goroutine; no lock is held across a write.
package relay
