package store

import (
	"fmt"
	"log/slog"

	"github.com/cockroachdb/pebble/v2"
)

// eventLog is what Pebble reports to. Pebble tries failed background work
// again by itself, from files that are safe, so that an error there is a line
// in the log and nothing else; a full or broken disk shows in the next Commit.
type eventLog struct {
	logger *slog.Logger // may be nil
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

func (l *eventLog) backgroundError(err error) { l.error(err.Error()) }

func (l *eventLog) corruption(info pebble.DataCorruptionInfo) {
	l.error(fmt.Sprintf("damaged file %s: %v", info.Path, info.Details))
}

func (l *eventLog) error(text string) {
	if l.logger != nil {
		l.logger.Error("store: trouble on disk", slog.String("error", text))
	}
}
