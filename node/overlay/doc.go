// Package overlay is how the machines that run Parley know each other.
//
// In: the data folder. Out: who this machine is, as a key to sign with and an id that others can check the
// signature against.
//
// A node's id is the libp2p peer id of an ed25519 key, so that every pass and snapshot which a bridge signs
// can be verified by any other bridge from the id alone.
//
// Read in this order: identity.go.
package overlay
