package signal

import (
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"
)

// TestGeneratedIsFresh fails when the registry or a struct changed and `just gen` was not run.
func TestGeneratedIsFresh(t *testing.T) {
	types, err := os.ReadFile("../../webapp/src/call/signal.gen.ts")
	if err != nil {
		t.Fatal(err)
	}
	if string(types) != TypeScript() {
		t.Error("webapp/src/call/signal.gen.ts is stale: run `just gen`")
	}
	doc, err := os.ReadFile("PROTOCOL.md")
	if err != nil {
		t.Fatal(err)
	}
	want, err := Splice(string(doc))
	if err != nil {
		t.Fatal(err)
	}
	if string(doc) != want {
		t.Error("PROTOCOL.md is stale: run `just gen`")
	}
}

func TestEveryMessageSurvivesTheWire(t *testing.T) {
	for _, s := range registry {
		m := reflect.New(s.typ)
		fill(m.Elem())
		sent := m.Interface().(Message)
		for _, d := range []Direction{FromClient, FromServer} {
			got, fault := Decode(Encode(sent), d)
			switch {
			case s.from&d == 0:
				if fault == nil || fault.Code != CodeUnknown {
					t.Errorf("%s from the wrong side: got fault %v, want unknown", s.name, fault)
				}
			case fault != nil:
				t.Errorf("%s: %v", s.name, fault)
			case !reflect.DeepEqual(got, sent):
				t.Errorf("%s: got %+v, want %+v", s.name, got, sent)
			}
		}
	}
}

// fill gives every field a valid value that is not the zero value.
func fill(v reflect.Value) {
	for i := range v.NumField() {
		f, kind := v.Field(i), v.Type().Field(i)
		switch f.Kind() {
		case reflect.String:
			switch ts := kind.Tag.Get("ts"); {
			case ts == "MediaState":
				f.SetString("off")
			case ts != "":
				f.SetString(strings.Split(ts, "'")[1])
			default:
				f.SetString("abcdefgh")
			}
		case reflect.Bool:
			f.SetBool(true)
		case reflect.Int, reflect.Int64:
			f.SetInt(7)
			if kind.Name == "Version" {
				f.SetInt(Version)
			}
		case reflect.Struct:
			fill(f)
		case reflect.Pointer:
			f.Set(reflect.New(f.Type().Elem()))
			if f.Elem().Kind() == reflect.Struct {
				fill(f.Elem())
			}
		case reflect.Slice:
			one := reflect.New(f.Type().Elem()).Elem()
			if one.Kind() == reflect.Struct {
				fill(one)
			}
			f.Set(reflect.Append(f, one))
		}
	}
}

func TestBadFrames(t *testing.T) {
	hello := func(change string) string {
		base := map[string]any{"type": "hello", "version": 1, "room": "r", "name": "n", "page": "pagepage",
			"media": map[string]any{"microphone": "on", "camera": "on", "screen": "off"}}
		var more map[string]any
		if err := json.Unmarshal([]byte(change), &more); err != nil {
			t.Fatal(err)
		}
		for k, v := range more {
			base[k] = v
		}
		out, _ := json.Marshal(base)
		return string(out)
	}
	for _, c := range []struct {
		name, frame string
		code        Code
	}{
		{"empty", ``, CodeMalformed},
		{"not an object", `[1]`, CodeMalformed},
		{"null", `null`, CodeMalformed},
		{"no type", `{"a":1}`, CodeMalformed},
		{"type is a number", `{"type":1}`, CodeMalformed},
		{"two values", `{"type":"ping"}{"type":"ping"}`, CodeMalformed},
		{"unknown type", `{"type":"shout"}`, CodeUnknown},
		{"from the wrong side", `{"type":"welcome"}`, CodeUnknown},
		{"over the limit", `{"type":"ping","x":"` + strings.Repeat("a", MaxFrame) + `"}`, CodeTooLarge},
		{"other version", hello(`{"version":2}`), CodeVersion},
		{"other version of another shape", hello(`{"version":99,"media":"new"}`), CodeVersion},
		{"no version", `{"type":"hello"}`, CodeVersion},
		{"version is text", hello(`{"version":"1"}`), CodeVersion},
		{"field of the wrong type", hello(`{"room":5}`), CodeMalformed},
		{"bad media", hello(`{"media":{"microphone":"loud","camera":"on","screen":"on"}}`), CodeMalformed},
		{"short page", hello(`{"page":"x"}`), CodeMalformed},
		{"page with a space inside", hello(`{"page":"page page page"}`), CodeMalformed},
		{"long name", hello(`{"name":"` + strings.Repeat("n", 257) + `"}`), CodeTooLarge},
		{"negative epoch", hello(`{"epoch":-1}`), CodeMalformed},
		{"room of one", hello(`{"settings":{"max":1}}`), CodeBadSetting},
		{"too many people", hello(`{"settings":{"max":501}}`), CodeBadSetting},
		{"mesh of minus one", hello(`{"settings":{"meshMax":-1}}`), CodeBadSetting},
		{"ready without epoch", `{"type":"ready"}`, CodeMalformed},
		{"epoch beyond 64 bit", `{"type":"ready","epoch":1e30}`, CodeMalformed},
		{"describe of no kind", `{"type":"describe","to":"a","page":"pagepage","link":"linklink","sdp":"v=0"}`, CodeMalformed},
		{"describe without sdp", `{"type":"describe","to":"a","page":"pagepage","link":"linklink","kind":"offer"}`, CodeMalformed},
		{"candidate of no line", `{"type":"candidate","to":"a","page":"pagepage","link":"linklink","mline":-1}`, CodeMalformed},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, fault := Decode([]byte(c.frame), FromClient)
			if fault == nil || fault.Code != c.code {
				t.Fatalf("got %v, %v; want fault %s", m, fault, c.code)
			}
			if fault.Text == "" {
				t.Error("the fault has no sentence")
			}
		})
	}
}

func TestUnknownFieldsAreIgnored(t *testing.T) {
	if _, fault := Decode([]byte(`{"type":"ready","epoch":3,"colour":"red"}`), FromClient); fault != nil {
		t.Error(fault)
	}
}

func TestSecretsStayOutOfLogs(t *testing.T) {
	for name, v := range map[string]string{
		"room":   RoomName("kitchen").LogValue().String(),
		"secret": Secret("kitchen").LogValue().String(),
		"sdp":    SDP("kitchen").LogValue().String(),
	} {
		if strings.Contains(v, "kitchen") {
			t.Errorf("%s is logged as %q", name, v)
		}
	}
}

// FuzzDecode: no frame panics, and what is accepted can be sent on and read back.
func FuzzDecode(f *testing.F) {
	for _, s := range registry {
		m := reflect.New(s.typ)
		fill(m.Elem())
		f.Add(Encode(m.Interface().(Message)))
	}
	f.Add([]byte(`{"type":"hello","version":1e400}`))
	f.Fuzz(func(t *testing.T, frame []byte) {
		m, fault := Decode(frame, FromClient)
		if (m == nil) == (fault == nil) {
			t.Fatalf("got message %v and fault %v", m, fault)
		}
		if m == nil {
			return
		}
		again, fault := Decode(Encode(m), FromClient)
		if fault != nil || !reflect.DeepEqual(m, again) {
			t.Fatalf("%+v came back as %+v, %v", m, again, fault)
		}
	})
}
