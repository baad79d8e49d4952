package lambdalocal

import (
	"bytes"
	"io"
	"sync"
)

// output is the log that all environments write to.
type output struct {
	mu sync.Mutex
	w  io.Writer
}

// lineWriter puts a prefix in front of each line of one environment. It is
// written by one goroutine.
type lineWriter struct {
	out    *output
	prefix string
	line   []byte // what has no end yet
}

// maxLine is how much of a line without an end is kept back, in bytes.
const maxLine = 64 << 10

// Write writes the lines that are complete. It always takes all of p: a log
// that cannot be written must not block the function.
func (w *lineWriter) Write(p []byte) (int, error) {
	w.line = append(w.line, p...)
	for {
		i := bytes.IndexByte(w.line, '\n')
		if i < 0 && len(w.line) < maxLine {
			return len(p), nil
		}
		if i < 0 {
			i = maxLine - 1
		}
		w.write(w.line[:i+1])
		w.line = append(w.line[:0], w.line[i+1:]...)
	}
}

// flush writes a last line that has no end. Nothing writes any more.
func (w *lineWriter) flush() {
	if len(w.line) > 0 {
		w.write(w.line)
		w.line = nil
	}
}

func (w *lineWriter) write(line []byte) {
	text := append([]byte(w.prefix), line...)
	if text[len(text)-1] != '\n' {
		text = append(text, '\n')
	}
	w.out.mu.Lock()
	defer w.out.mu.Unlock()
	_, _ = w.out.w.Write(text) // there is nowhere else to say that it fails
}
