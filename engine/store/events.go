package store

import (
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/cockroachdb/pebble/v2"
)

// eventLog is what Pebble reports to. Pebble tries failed background work
// again by itself, from files that are safe, so that an error there is a line
// in the log; one that stays ends a Commit that waits for the work.
type eventLog struct {
	logger *slog.Logger // may be nil

	mu     sync.Mutex
	last   error // of background work
	at     time.Time
	logged time.Time
}

// fatal is the panic of Fatalf. Pebble expects that Fatalf does not return.
type fatal struct{ text string }

func (f fatal) Error() string { return f.text }

// Infof drops what it is told: Pebble tells of every file.
func (l *eventLog) Infof(string, ...any) {}

// Errorf logs.
func (l *eventLog) Errorf(format string, args ...any) {
	l.error(fmt.Sprintf(format, args...))
}

// Fatalf panics. Pebble calls it when a commit failed, where pebbleStore
// recovers, and when it finds its own structures broken, where the process
// has to end.
func (l *eventLog) Fatalf(format string, args ...any) {
	panic(fatal{fmt.Sprintf(format, args...)})
}

// backgroundError logs once in a second: on a full disk Pebble tries again at
// once, thousands of times.
func (l *eventLog) backgroundError(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last, l.at = err, time.Now()
	if l.at.Sub(l.logged) >= time.Second {
		l.logged = l.at
		l.error(err.Error())
	}
}

// lastError returns the last error of background work, if it came after then.
func (l *eventLog) lastError(then time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.at.After(then) {
		return l.last
	}
	return nil
}

// walCreated logs why there is no new log file. Pebble ends the process then, in
// words that do not say it.
func (l *eventLog) walCreated(info pebble.WALCreateInfo) {
	if info.Err != nil {
		l.error(fmt.Sprintf("create %s: %v", info.Path, info.Err))
	}
}

func (l *eventLog) corruption(info pebble.DataCorruptionInfo) {
	l.error(fmt.Sprintf("damaged file %s: %v", info.Path, info.Details))
}

func (l *eventLog) error(text string) {
	if l.logger != nil {
		l.logger.Error("store: trouble on disk", slog.String("error", text))
	}
}
