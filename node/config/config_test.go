package config

import (
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// load reads settings in a world that has just these variables and this file ("" for none).
func load(t *testing.T, args []string, environ map[string]string, file string) (Config, error) {
	t.Helper()
	if file != "" {
		path := filepath.Join(t.TempDir(), "parley.conf")
		if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append([]string{"--config", path}, args...)
	}
	return Load(flag.NewFlagSet("up", flag.ContinueOnError), args, func(name string) (string, bool) {
		text, there := environ[name]
		return text, there
	})
}

func TestDefaults(t *testing.T) {
	c, err := load(t, nil, map[string]string{"XDG_DATA_HOME": "/data"}, "")
	if err != nil {
		t.Fatal(err)
	}
	if c.HTTP.String() != ":8080" || c.RTC.String() != ":7881" || c.TURN.String() != ":3478" {
		t.Errorf("addresses are %s, %s and %s", c.HTTP, c.RTC, c.TURN)
	}
	if c.Codec != "vp8" {
		t.Errorf("pictures are sent in %q", c.Codec)
	}
	if c.MeshMax != 4 || c.MaxPeople != 100 || c.GoneAfter != time.Minute || c.Hold != 10*time.Second {
		t.Errorf("rooms have %d, %d, %s, %s", c.MeshMax, c.MaxPeople, c.GoneAfter, c.Hold)
	}
	if c.Data != "/data/parley" || c.Log != (Log{Level: slog.LevelInfo}) || c.TLS() {
		t.Errorf("the rest is %q, %v, TLS %v", c.Data, c.Log, c.TLS())
	}
}

func TestFlagBeatsEnvironmentBeatsFileBeatsDefault(t *testing.T) {
	file := "mesh-max = 1\nmax-people = 10 # small rooms\ngone-after = 5s\n"
	environ := map[string]string{"PARLEY_MESH_MAX": "2", "PARLEY_MAX_PEOPLE": "20"}
	c, err := load(t, []string{"--mesh-max=3", "-self-signed"}, environ, file)
	if err != nil {
		t.Fatal(err)
	}
	if c.MeshMax != 3 || c.MaxPeople != 20 || c.GoneAfter != 5*time.Second || !c.SelfSigned || c.HTTP.Port != 8080 {
		t.Errorf("got %+v", c)
	}
	for name, want := range map[string]string{"mesh-max": "--mesh-max", "max-people": "PARLEY_MAX_PEOPLE", "http": "default", "self-signed": "--self-signed"} {
		if got := c.from[name].place; got != want {
			t.Errorf("%s is said to come from %s, want %s", name, got, want)
		}
	}
}

// What --print-config shows can be given back as a file and means the same.
func TestPrintedConfigReadsBack(t *testing.T) {
	args := []string{"--data", `/a b #c/"d"`, "--origins", "https://A.example:443/, http://b.example:80", "--log", "debug,json", "--url", "https://x.example", "--gone-after", "90s"}
	first, err := load(t, args, nil, "")
	if err != nil {
		t.Fatal(err)
	}
	var printed strings.Builder
	if err := first.Print(&printed); err != nil {
		t.Fatal(err)
	}
	second, err := load(t, nil, nil, printed.String())
	if err != nil {
		t.Fatalf("%v in\n%s", err, &printed)
	}
	for name := range settings() {
		if first.from[name].text != second.from[name].text {
			t.Errorf("%s was %q and came back as %q", name, first.from[name].text, second.from[name].text)
		}
	}
	if got := second.Origins; len(got) != 2 || got[0] != "https://a.example" || got[1] != "http://b.example" {
		t.Errorf("origins are %q", got)
	}
}

func TestConfigFromTheEnvironment(t *testing.T) {
	path := filepath.Join(t.TempDir(), "parley.conf")
	if err := os.WriteFile(path, []byte("http = 127.0.0.1:9000\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := load(t, nil, map[string]string{"PARLEY_CONFIG": path}, "")
	if err != nil || c.HTTP.String() != "127.0.0.1:9000" || c.from["http"].place != path {
		t.Errorf("got %v, %+v", err, c)
	}
}

func TestWrongSettingsSayWhatToChange(t *testing.T) {
	for _, c := range []struct {
		args, file string // args with spaces between them
		want       string
	}{
		{"--nonsense 1", "", "there is no setting --nonsense"},
		{"--http", "", "--http needs a value"},
		{"up", "", `"up" is not understood`},
		{"--http 70000", "", `--http "70000" has no port between 0 and 65535`},
		{"--http a:b:c", "", "is not a port such as 8080"},
		{"--http ???:80", "", "does not begin with an IP address"},
		{"--rtc 8080", "", `--rtc "8080" is taken by --http`},
		{"--turn [::1]:7881", "", "is taken by --rtc"},
		{"--mesh-max many", "", `--mesh-max "many" is not a whole number`},
		{"--mesh-max 100", "", "must lie between 0 and 99"},
		{"--max-people 1", "", "must lie between 2 and 500"},
		{"--gone-after 10", "", "is not a time such as 45s"},
		{"--gone-after -1s", "", "must lie between 1s and 1h"},
		{"--hold -1s", "", "must lie between 0s and 1h"},
		{"--codec h264", "", `--codec "h264" must be vp8, vp9 or av1`},
		{"--codec=", "", "must be vp8, vp9 or av1"},
		{"", "codec = theora", "parley.conf) must be vp8, vp9 or av1"},
		{"--log loud", "", "must be debug, info, warn or error"},
		{"--self-signed=perhaps", "", "is neither true nor false"},
		{"--cert a.pem", "", "needs its private key"},
		{"--key a.pem", "", "needs its certificate"},
		{"--cert a --key b --self-signed", "", "exclude each other"},
		{"--self-signed --url http://x.example", "", "must begin with https://"},
		{"--url ftp://x.example", "", "is not an address such as"},
		{"--url https://x.example/parley", "", "must end after the host and port"},
		{"--origins https://x.example,*", "", "is not an address such as"},
		{"--proxies 10.0.0.0/8,proxy", "", "is not an IP address or a network"},
		{"--roles bridge,phone", "", "must be some of bridge, relay and turn"},
		{"--p2p :7882", "", "such as /ip4/0.0.0.0/tcp/7882"},
		{"--bootstrap relay.example", "", "is not a node's full address"},
		{"--allow me", "", "is not a node's id"},
		{"--public-ip here", "", "is not an IP address such as"},
		{"--public-ip 0.0.0.0", "", "is not an IP address such as"},
		{"--public-ip 192.0.2.1,192.0.2.2", "", "one of IPv4 and one of IPv6"},
		{"--config /nowhere/parley.conf", "", "no such file"},
		{"", "mesh_max = 4", `line 1: there is no setting "mesh_max"`},
		{"", "\nmesh-max", "line 2: write it as name = value"},
		{"", "mesh-max = 4\nmesh-max = 5", "line 2: mesh-max is set a second time"},
		{"", `data = "/a`, "double quotes do not match"},
		{"", "mesh-max = 1000", "parley.conf) must lie between"},
	} {
		_, err := load(t, strings.Fields(c.args), nil, c.file)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s %q: got %v, want one line with %q", c.args, c.file, err, c.want)
		}
	}
}

func TestCodec(t *testing.T) {
	c, err := load(t, nil, map[string]string{"PARLEY_CODEC": "VP9"}, "codec = av1")
	if err != nil || c.Codec != "vp9" {
		t.Errorf("got %v, %q", err, c.Codec)
	}
}

func TestNetworks(t *testing.T) {
	c, err := load(t, []string{"--proxies", "10.1.2.3/8, ::1,192.0.2.1"}, nil, "")
	if err != nil {
		t.Fatal(err)
	}
	want := "[10.0.0.0/8 ::1/128 192.0.2.1/32]"
	if got := fmt.Sprint(c.Proxies); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestPublicIPs(t *testing.T) {
	c, err := load(t, []string{"--public-ip", "2001:db8::1, ::ffff:192.0.2.1"}, nil, "")
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(c.PublicIP); got != "[2001:db8::1 192.0.2.1]" {
		t.Errorf("got %s", got)
	}
}

func TestSharedPortsThatDoNotCollide(t *testing.T) {
	for _, args := range []string{"--http 0 --rtc 0 --turn 0", "--rtc 127.0.0.1:7000 --turn 127.0.0.2:7000"} {
		if _, err := load(t, strings.Fields(args), nil, ""); err != nil {
			t.Errorf("%s: %v", args, err)
		}
	}
}

func TestHelpNamesEverySetting(t *testing.T) {
	var help strings.Builder
	Help(&help)
	for name, field := range settings() {
		if !strings.Contains(help.String(), "\n  --"+name) || field.Tag.Get("help") == "" {
			t.Errorf("there is no help for --%s", name)
		}
	}
	for line := range strings.Lines(help.String()) {
		if len(line) > 81 {
			t.Errorf("too wide for a terminal: %s", line)
		}
	}
}
