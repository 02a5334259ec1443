// Package signal is the protocol between a page and a bridge: what may be said over the WebSocket,
// by whom, and within which bounds.
//
// In: one text frame. Out: one typed, validated message, or a [Fault] that says what was wrong.
// It knows no sockets and no rooms. Everything else is made from one list, the registry: the decoder,
// the TypeScript types of the web app and the tables of PROTOCOL.md (`just gen`).
//
// Read in this order: ids.go (who and where), messages.go (what is said), registry.go (by whom),
// decode.go (frames to messages and back), check.go (bounds), fault.go (what went wrong), typescript.go
// and markdown.go (what is made from it).
package signal

// Version of the protocol that this package speaks. A hello that carries another one is answered
// with the Fault "version".
const Version = 1

// MaxFrame is the largest frame in bytes that either side may send.
const MaxFrame = 64 << 10
