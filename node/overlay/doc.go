// Package overlay is how the machines that run Parley know and use each other.
//
// In: the data folder, where to listen and whom to know, and this node's relay if it has one. Out: who this
// machine is; every relay on another machine that is there, as a [Remote] that rooms can use, and word at once
// when it is gone. Media never goes through here, and browsers never speak it. The package knows no rooms'
// rules: it carries what bridges and relays have to say to each other.
//
// A node's id is the libp2p peer id of an ed25519 key, so that every pass and snapshot which a bridge signs
// can be verified by any other bridge from the id alone, and a connection proves who is at its other end.
//
// Two nodes that know each other keep one stream (TCP, Noise, Yamux) with small messages of JSON on it:
//
//	opened --hello, hello--> met --beats each 500 ms--> met
//	   |                      +--stream broken, or nothing heard for 1.5 s--> gone --backoff--> opened
//	   +--other version, silence, rubbish--> gone
//
// Read in this order: identity.go (who we are), address.go (how others are named), host.go (whom we let in),
// message.go (what is said), session.go (a stream and its life), serve.go (what we do for others), remote.go
// (what others do for us), overlay.go (all of it together).
package overlay
