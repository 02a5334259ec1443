package bridge

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"parley/bridge/signal"
)

// Most characters (code points after normalising) of a name.
const (
	maxRoomName    = 64
	maxDisplayName = 40
)

// NormalRoom is the name by which a room is compared: as typed, but in NFC, lower case, without
// white space at its ends and with single spaces within.
func NormalRoom(name signal.RoomName) (signal.RoomName, *signal.Fault) {
	s, ok := normal(strings.ToLower(string(name)), maxRoomName)
	// "." and ".." are no names because a browser takes them out of the room's address.
	if !ok || s == "." || s == ".." || strings.ContainsAny(s, `/\`) {
		return "", signal.Faulty(signal.CodeBadRoom, "A room's name has 1 to %d visible characters, without slashes.", maxRoomName)
	}
	return signal.RoomName(s), nil
}

// NormalName is a person's name as it is shown: in NFC, without white space at its ends and with
// single spaces within.
func NormalName(name string) (string, *signal.Fault) {
	s, ok := normal(name, maxDisplayName)
	if !ok {
		return "", signal.Faulty(signal.CodeBadName, "A name has 1 to %d visible characters.", maxDisplayName)
	}
	return s, nil
}

func normal(s string, most int) (string, bool) {
	if !utf8.ValidString(s) {
		return "", false
	}
	s = strings.Map(func(r rune) rune {
		if meaningless(r) {
			return -1
		}
		return r
	}, s)
	s = strings.TrimSpace(s)
	visible := false
	for _, r := range s {
		if refused(r) {
			return "", false
		}
		visible = visible || shows(r)
	}
	// Collapsing after composing: a space can come out of NFC (U+2000 becomes U+2002).
	s = strings.Join(strings.Fields(norm.NFC.String(s)), " ")
	return s, visible && utf8.RuneCountInString(s) <= most
}

var (
	// Turns the direction of what follows: a name could change how the text after it reads.
	turning = table(0x061C, 0x200E, 0x200F, 0x202A, 0x202B, 0x202C, 0x202D, 0x202E, 0x2066, 0x2067, 0x2068, 0x2069)
	// Join or part the letters around them, within emoji and in Persian: they show.
	joining = table(0x200C, 0x200D)
)

// meaningless tells of characters that draw nothing and do nothing to those around them. They are
// dropped, so that names that look equal are equal. It is Unicode's Default_Ignorable_Code_Point and
// the marks of interlinear notes, without what joins or turns; what chooses between shapes of a
// character (U+FE0F after a heart) is in neither table.
func meaningless(r rune) bool {
	switch {
	case unicode.In(r, joining, turning, unicode.Prepended_Concatenation_Mark):
		return false
	case 0x13430 <= r && r <= 0x1343F: // build Egyptian hieroglyphs
		return false
	}
	return unicode.In(r, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point)
}

// refused tells of characters that no name may hold: controls (line ends too), turning ones, and
// those that mean nothing to anybody: private, unassigned, surrogates.
func refused(r rune) bool {
	if r >= 0x1F000 && r <= 0x1FAFF { // pictographs: newer Unicode fills this block up
		return false
	}
	known := unicode.In(r, unicode.L, unicode.M, unicode.N, unicode.P, unicode.S, unicode.Z, unicode.Cf)
	return !known || unicode.Is(turning, r) || r == 0x2028 || r == 0x2029 || r == utf8.RuneError
}

func shows(r rune) bool {
	const blankBraille = 0x2800 // a symbol by category
	return r != blankBraille && !unicode.In(r, unicode.M, unicode.Z, unicode.Cf)
}

func table(runes ...rune) *unicode.RangeTable {
	t := &unicode.RangeTable{}
	for _, r := range runes { // in rising order, as the tables want it
		t.R16 = append(t.R16, unicode.Range16{Lo: uint16(r), Hi: uint16(r), Stride: 1})
		if r <= unicode.MaxLatin1 {
			t.LatinOffset++
		}
	}
	return t
}
