package observe

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"parley/bridge"
	"parley/node/overlay"
	"parley/relay"
)

// node is a set of pages whose only need is what missing says.
func node(missing *string) (http.Handler, *bridge.Stats) {
	stats := &bridge.Stats{}
	three := func() int64 { return 3 }
	return Pages(http.NotFoundHandler(), Figures{Version: "v1", Node: "n1", Bridge: stats,
		Relay: &relay.Stats{}, Overlay: &overlay.Stats{},
		Rooms: &Rooms{Open: three, Members: three, Forwarded: three, Plans: three}},
		func() string { return "" }, func() string { return *missing }), stats
}

func get(t *testing.T, pages http.Handler, path string) (int, string) {
	t.Helper()
	answer := httptest.NewRecorder()
	pages.ServeHTTP(answer, httptest.NewRequest("GET", path, nil))
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.Code, string(text)
}

func TestReadyOnlyWhenNothingIsMissing(t *testing.T) {
	missing := "the web app is not built"
	pages, _ := node(&missing)
	if code, text := get(t, pages, "/readyz"); code != 503 || text != missing+"\n" {
		t.Errorf("something is missing, and /readyz says %d %q", code, text)
	}
	if code, _ := get(t, pages, "/healthz"); code != 200 {
		t.Errorf("something is missing, and /healthz says %d: a restart would not mend it", code)
	}
	missing = ""
	if code, text := get(t, pages, "/readyz"); code != 200 || text != "ready\n" {
		t.Errorf("nothing is missing, and /readyz says %d %q", code, text)
	}
	if code, _ := get(t, pages, "/r/garden"); code != 404 {
		t.Errorf("other paths are not left to the rest: %d", code)
	}
}

func TestMetricsReadTheCounters(t *testing.T) {
	missing := ""
	pages, stats := node(&missing)
	stats.Open.Add(2)
	stats.Dials.Add(5)
	code, text := get(t, pages, "/metrics")
	if code != 200 {
		t.Fatalf("%d %s", code, text)
	}
	for _, line := range []string{
		"parley_connections 2", "parley_dials_total 5", "parley_rooms 3", `parley_info{node="n1",version="v1"} 1`,
		"# TYPE parley_dials_total counter", "# TYPE parley_connections gauge", "go_goroutines ",
	} {
		if !strings.Contains("\n"+text, "\n"+line) {
			t.Errorf("there is no line %q", line)
		}
	}
	stats.Open.Add(-1)
	if _, text := get(t, pages, "/metrics"); !strings.Contains(text, "\nparley_connections 1\n") {
		t.Error("the figures are not read anew")
	}
}

// A relay alone has no bridge and no rooms.
func TestPartsThatAreNotPlayedAreLeftOut(t *testing.T) {
	stats := &overlay.Stats{}
	stats.Peers.Add(4)
	_, text := get(t, Pages(http.NotFoundHandler(), Figures{Version: "v1", Node: "n1", Overlay: stats}), "/metrics")
	if !strings.Contains(text, "\nparley_nodes 4\n") || strings.Contains(text, "parley_rooms") || strings.Contains(text, "parley_dials") {
		t.Errorf("got %s", text)
	}
}

func TestLogHasTheChosenLevelAndForm(t *testing.T) {
	var out bytes.Buffer
	log := Log(&out, slog.LevelWarn, true)
	log.Info("quiet")
	log.Warn("loud", "n", 1)
	if got := out.String(); strings.Contains(got, "quiet") || !strings.Contains(got, `"msg":"loud","n":1}`) {
		t.Errorf("as json: %s", got)
	}
	out.Reset()
	Log(&out, slog.LevelDebug, false).Debug("fine")
	if got := out.String(); !strings.Contains(got, "level=DEBUG msg=fine") {
		t.Errorf("as text: %s", got)
	}
}
