package turn

import (
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/pion/logging"
)

const quietPeriod = 10 * time.Second

// quiet is pion's logger, made bearable: pion logs single packets, and with the addresses of clients in the line.
// It lets through one line in ten seconds, at level debug, and the template of it alone.
type quiet struct {
	log     *slog.Logger
	next    atomic.Int64 // unix nanoseconds before which nothing is said
	dropped atomic.Uint64
}

// NewLogger makes all of pion's loggers the same one.
func (q *quiet) NewLogger(string) logging.LeveledLogger { return q }

func (q *quiet) say(template string) {
	now := time.Now().UnixNano()
	next := q.next.Load()
	if now < next || !q.next.CompareAndSwap(next, now+int64(quietPeriod)) {
		q.dropped.Add(1)
		return
	}
	q.log.Debug("turn: pion says", "template", template, "unsaid", q.dropped.Swap(0))
}

func (q *quiet) Trace(string)                     {}
func (q *quiet) Tracef(string, ...any)            {}
func (q *quiet) Debug(string)                     {}
func (q *quiet) Debugf(string, ...any)            {}
func (q *quiet) Info(string)                      {}
func (q *quiet) Infof(string, ...any)             {}
func (q *quiet) Warn(template string)             { q.say(template) }
func (q *quiet) Warnf(template string, _ ...any)  { q.say(template) }
func (q *quiet) Error(template string)            { q.say(template) }
func (q *quiet) Errorf(template string, _ ...any) { q.say(template) }
