package bridge

import (
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"parley/bridge/signal"
)

func TestNames(t *testing.T) {
	tests := []struct {
		in, want string // want "" where it is refused
	}{
		{"Ann", "Ann"},
		{"  Ann \n", "Ann"},
		{"Ann   van \u00a0 Dyk", "Ann van Dyk"},
		{"Zoe\u0308", "Zo\u00eb"},
		{"\u1112\u1161\u11ab\u1100\u1173\u11af", "한글"},
		{"王小明", "王小明"},
		{"שלום", "שלום"},
		{"👩\u200d🚀 crew", "👩\u200d🚀 crew"},
		{"🫪", "🫪"}, // newer than Go's tables
		{"<b>Ann</b>", "<b>Ann</b>"},
		{"An\u200bn\ufeff", "Ann"},
		{"A\u00adn\u034fn\u2061\u2064\u180e\ufff9\U000e0041\U000e0001\U0001d173", "Ann"},
		{"A\u0301n\u115fn\u1160\u3164\uffa0\u17b5", "\u00c1nn"},
		{"e\u034f\u0301", "\u00e9"}, // nothing stands between the two any more
		{"\u0646\u200c\u0645 \u1820\u180b \u845b\U000e0100 \u2764\ufe0f", "\u0646\u200c\u0645 \u1820\u180b \u845b\U000e0100 \u2764\ufe0f"}, // these show
		{"\u0600123 \U00013000\U00013430\U00013000", "\u0600123 \U00013000\U00013430\U00013000"},
		{strings.Repeat("x", 40), strings.Repeat("x", 40)},
		{strings.Repeat("e\u0301", 40), strings.Repeat("é", 40)},
		{strings.Repeat("x", 41), ""},
		{"", ""},
		{" \t ", ""},
		{"\u200b\u200d\u2060", ""},
		{"\u3164\u3164", ""}, // Hangul filler: a letter that draws nothing
		{"\u2800", ""},
		{"\u0301", ""}, // a mark with nothing to stand on
		{"An\nn", ""},
		{"An\tn", ""},
		{"An\x00n", ""},
		{"An\x7fn", ""},
		{"An\u0085n", ""},
		{"An\u2028n", ""},
		{"Ann\u202egnp", ""},
		{"Ann\u2066x", ""},
		{"Ann\u200f", ""},
		{"Ann\u061c", ""},
		{"Ann\ue000", ""},
		{"Ann\ufffd", ""},
		{"Ann\uffff", ""},
		{"Ann\u0378", ""}, // unassigned
		{"Ann\xff", ""},
	}
	for _, tt := range tests {
		got, fault := NormalName(tt.in)
		if got != tt.want || (fault == nil) != (tt.want != "") {
			t.Errorf("%q became %q (%v), want %q", tt.in, got, fault, tt.want)
		}
		if fault != nil && fault.Code != signal.CodeBadName {
			t.Errorf("%q: fault %s", tt.in, fault.Code)
		}
	}
}

func TestRooms(t *testing.T) {
	tests := []struct{ in, want string }{
		{"Our  Room", "our room"},
		{"ÉTÉ", "été"},
		{"한글 방", "한글 방"},
		{"a.b", "a.b"},
		{strings.Repeat("x", 64), strings.Repeat("x", 64)},
		{strings.Repeat("x", 65), ""},
		{"a/b", ""},
		{`a\b`, ""},
		{".", ""},
		{" .. ", ""},
		{"a\u202eb", ""},
		{"x\u2061", "x"},
	}
	for _, tt := range tests {
		got, fault := NormalRoom(signal.RoomName(tt.in))
		if string(got) != tt.want || (fault == nil) != (tt.want != "") {
			t.Errorf("%q became %q (%v), want %q", tt.in, got, fault, tt.want)
		}
	}
}

// Whatever is taken is composed, of its length, printable, and stays as it is when it comes back.
func TestNormalNamesStay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := rapid.OneOf(rapid.String(), rapid.StringN(0, 30, -1), rapid.StringMatching(`[ \x{300}-\x{303}\x{2000}-\x{2005}a\x{130}\x{1e9e}\x{212a}\x{1F70}]{1,12}`)).Draw(t, "in")
		name, fault := NormalName(in)
		if fault == nil {
			check(t, name, maxDisplayName)
			if again, fault := NormalName(name); fault != nil || again != name {
				t.Fatalf("%q became %q, then %q (%v)", in, name, again, fault)
			}
		}
		room, fault := NormalRoom(signal.RoomName(in))
		if fault == nil {
			check(t, string(room), maxRoomName)
			if again, fault := NormalRoom(room); fault != nil || again != room {
				t.Fatalf("%q became %q, then %q (%v)", in, room, again, fault)
			}
		}
	})
}

func check(t *rapid.T, s string, most int) {
	if !utf8.ValidString(s) || s == "" || utf8.RuneCountInString(s) > most || !norm.NFC.IsNormalString(s) ||
		strings.TrimSpace(s) != s || strings.Contains(s, "  ") {
		t.Fatalf("a bad name was made: %q", s)
	}
	for _, r := range s {
		if refused(r) || meaningless(r) {
			t.Fatalf("a name holds %U", r)
		}
	}
}
