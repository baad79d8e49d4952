package demo

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
)

// warnings is how far the engine's log has been looked at.
type warnings struct{ at int64 }

// show prints what the engine has warned of since the last time.
func (w *warnings) show(out io.Writer, log string) {
	f, err := os.Open(log) //nolint:gosec // a path of this package
	if err != nil {
		return // whoever needs the log says that it is not there
	}
	defer f.Close() //nolint:errcheck // it was only read
	data, err := io.ReadAll(io.NewSectionReader(f, w.at, 1<<20))
	if err != nil {
		return
	}
	for line := range strings.Lines(string(data)) {
		if !strings.HasSuffix(line, "\n") {
			break // it is being written
		}
		w.at += int64(len(line))
		if text := warning(strings.TrimSpace(line)); text != "" {
			fmt.Fprintf(out, "! %s\n", text)
		}
	}
}

// warning returns what a line of the log means for people; nothing, if it does
// not matter to them.
func warning(line string) string {
	a := attributes(line)
	switch {
	case a["msg"] == "engine: calls succeed again":
		return fmt.Sprintf("calls of %s succeed again after %s failures", a["function"], a["failures"])
	case a["level"] != "WARN" && a["level"] != "ERROR":
		return ""
	case a["function"] == "" || a["error"] == "":
		_, rest, _ := strings.Cut(line, "msg=")
		return rest
	}
	text := fmt.Sprintf("%s %s, attempt %s: %s", a["function"], a["id"], a["attempt"], a["error"])
	if a["hint"] != "" {
		text += "\n  (" + a["hint"] + ")"
	}
	return text
}

// attributes reads a line that slog's TextHandler has written.
func attributes(line string) map[string]string {
	found := map[string]string{}
	for line != "" {
		key, rest, ok := strings.Cut(line, "=")
		if !ok {
			break
		}
		value, _, _ := strings.Cut(rest, " ")
		text := value
		if quoted, err := strconv.QuotedPrefix(rest); err == nil {
			value = quoted
			text, _ = strconv.Unquote(quoted)
		}
		found[key], line = text, strings.TrimPrefix(rest[len(value):], " ")
	}
	return found
}
