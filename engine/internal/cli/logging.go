package cli

import (
	"io"
	"log/slog"
	"os"
)

// newLogger returns a logger of one of the formats auto, text and json. Auto is
// text on a terminal and json elsewhere.
func newLogger(w io.Writer, format string, level slog.Level) *slog.Logger {
	if isJSON(w, format) {
		return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level, ReplaceAttr: textDuration}))
	}
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: level, ReplaceAttr: shortTime}))
}

func isJSON(w io.Writer, format string) bool {
	return format == "json" || (format == "auto" && !isTerminal(w))
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// shortTime leaves the date out, which people at a terminal know.
func shortTime(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 && a.Key == slog.TimeKey {
		a.Value = slog.StringValue(a.Value.Time().Format("15:04:05.000"))
	}
	return a
}

// textDuration writes durations as people do, 1.5s, and not as a number.
func textDuration(_ []string, a slog.Attr) slog.Attr {
	if a.Value.Kind() == slog.KindDuration {
		a.Value = slog.StringValue(a.Value.Duration().String())
	}
	return a
}
