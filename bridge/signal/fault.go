package signal

import "fmt"

// Code names what went wrong, for programs. The sentence beside it is for people.
type Code string

// The codes of faults. Those marked fatal close the connection after the fault.
const (
	CodeVersion    Code = "version"     // fatal: hello carries a protocol version that this bridge does not speak
	CodeMalformed  Code = "malformed"   // not JSON, not an object, or a field of the wrong shape
	CodeUnknown    Code = "unknown"     // no such message type, or not from this side
	CodeTooLarge   Code = "too-large"   // a frame or field over its bound
	CodeTooOften   Code = "too-often"   // more messages than the rate allows; fatal when it goes on
	CodeOrder      Code = "order"       // a message at the wrong time: before hello, a second hello, a future epoch
	CodeNoPeer     Code = "no-peer"     // nobody of that id is in the room
	CodeRelay      Code = "relay"       // the relay could not take this description
	CodeBadName    Code = "bad-name"    // fatal: display name empty, too long or with refused characters
	CodeBadRoom    Code = "bad-room"    // fatal: the same for the room's name
	CodeBadSetting Code = "bad-setting" // fatal: a setting of a new room out of its range
	CodeLocked     Code = "locked"      // fatal: the room has a password and none was given
	CodePassword   Code = "password"    // fatal: the password is wrong
	CodeTryLater   Code = "try-later"   // fatal: too many tries or connections from this address; wait
	CodeFull       Code = "full"        // fatal: the room takes no more people
	CodeExists     Code = "exists"      // fatal: settings were given for a room that is there already
	CodeBadPass    Code = "bad-pass"    // fatal: the pass is not valid here; join as a new person
	CodeFloor      Code = "floor"       // fatal: the presented epoch lies too far in the future
	CodeReplaced   Code = "replaced"    // fatal: a newer page came with the same pass
	CodeSlow       Code = "slow"        // fatal: this page did not read fast enough
	CodeQuiet      Code = "quiet"       // fatal: nothing heard for 10 s
	CodeRestarting Code = "restarting"  // fatal: the bridge stops; dial again
	CodeInternal   Code = "internal"    // fatal: an error of the bridge's own; dial again
)

// Fault tells a page that something it sent, or wanted, was refused. It never carries the cause in
// the bridge's own words.
type Fault struct {
	Code  Code   `json:"code"`
	Text  string `json:"text"`         // one English sentence that says what to do
	Of    string `json:"of,omitempty"` // type of the message at fault
	Fatal bool   `json:"fatal"`        // the connection closes after this
}

// Error makes a Fault usable as an error inside the bridge.
func (f *Fault) Error() string { return fmt.Sprintf("signal: %s: %s", f.Code, f.Text) }

// allCodes is every code in the order above, for what is made from it.
var allCodes = []Code{
	CodeVersion, CodeMalformed, CodeUnknown, CodeTooLarge, CodeTooOften, CodeOrder,
	CodeNoPeer, CodeRelay, CodeBadName, CodeBadRoom, CodeBadSetting, CodeLocked, CodePassword,
	CodeTryLater, CodeFull, CodeExists, CodeBadPass, CodeFloor, CodeReplaced,
	CodeSlow, CodeQuiet, CodeRestarting, CodeInternal,
}

var fatal = map[Code]bool{
	CodeVersion: true, CodeBadName: true, CodeBadRoom: true, CodeBadSetting: true, CodeLocked: true, CodePassword: true,
	CodeTryLater: true, CodeFull: true, CodeExists: true, CodeBadPass: true, CodeFloor: true, CodeReplaced: true,
	CodeSlow: true, CodeQuiet: true, CodeRestarting: true, CodeInternal: true,
}

// Faulty makes a Fault of a code and a sentence; whether it is fatal follows from the code.
func Faulty(code Code, format string, args ...any) *Fault {
	return &Fault{Code: code, Text: fmt.Sprintf(format, args...), Fatal: fatal[code]}
}
