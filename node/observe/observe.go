// Package observe is what a host can see of a running node: its log, whether it is alive and ready, and its
// figures.
//
// In: plain counters, and functions that say what is missing. Out: a logger and three pages, /healthz, /readyz
// and /metrics. It is the only package that knows Prometheus; the parts themselves count in plain atomics.
//
// Read in this order: observe.go (log and pages), metrics.go (figures).
package observe

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
)

// Log makes the node's logger. What may not stand in a log is kept out of it by its type, not here.
func Log(w io.Writer, level slog.Level, json bool) *slog.Logger {
	options := &slog.HandlerOptions{Level: level}
	if json {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}

// Need is one thing without which no call can be made. It returns what is missing, "" for nothing.
type Need func() string

// Pages serves /healthz, /readyz and /metrics, and leaves every other path to rest.
//
// /healthz answers as long as the process can answer at all: who watches it restarts the process when it is
// silent. /readyz answers 200 only if a call could be made now, else 503 with the reasons, a line each: who
// watches it sends people elsewhere.
func Pages(rest http.Handler, figures Figures, needs ...Need) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", rest)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { say(w, http.StatusOK, "alive") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		var missing []string
		for _, need := range needs {
			if reason := need(); reason != "" {
				missing = append(missing, reason)
			}
		}
		if len(missing) > 0 {
			say(w, http.StatusServiceUnavailable, strings.Join(missing, "\n"))
			return
		}
		say(w, http.StatusOK, "ready")
	})
	mux.Handle("GET /metrics", metrics(figures))
	return mux
}

func say(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	fmt.Fprintln(w, text)
}
