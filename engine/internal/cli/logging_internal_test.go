package cli

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestLogFormats(t *testing.T) {
	t.Parallel()
	for format, want := range map[string]string{"auto": "{", "json": "{", "text": "time="} {
		var b bytes.Buffer
		l := newLogger(&b, format, slog.LevelWarn)
		l.Info("unseen")
		l.Warn("seen", slog.Group("g", "time", "kept"), "pause", 1500*time.Millisecond)
		if !strings.HasPrefix(b.String(), want) || strings.Contains(b.String(), "unseen") || !strings.Contains(b.String(), "kept") || !strings.Contains(b.String(), "1.5s") {
			t.Errorf("%s: %q", format, &b)
		}
	}
}

func TestTerminal(t *testing.T) {
	t.Parallel()
	f, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if isTerminal(f) || isTerminal(&bytes.Buffer{}) {
		t.Error("a file or a buffer counts as a terminal")
	}
}
