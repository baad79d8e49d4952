package module

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Limits of the excerpt that an error shows.
const (
	contextLines = 1   // lines above and below the one with the mistake
	excerptWidth = 100 // characters of a line
	maxMistakes  = 50  // errors of one [Load]
)

// Error is one mistake in a module file. [Load] and [Parse] join them; get the
// first one with errors.AsType.
type Error struct {
	Position Position
	// Message says what is wrong and, where that is known, what to write.
	Message string
	// Excerpt shows the lines around the position with a caret below it. It has
	// no newline at its end, and is empty where there is no line to show.
	Excerpt string
	// Example is what to write, if that takes several lines.
	Example string
}

// Error returns position and message on one line, excerpt and example below.
func (e *Error) Error() string {
	s := e.Position.String() + ": " + e.Message
	if e.Excerpt != "" {
		s += "\n" + e.Excerpt
	}
	if e.Example != "" {
		s += "\n      " + strings.ReplaceAll(e.Example, "\n", "\n      ")
	}
	return s
}

// excerpt shows the line at p among the lines of its file.
func excerpt(lines []string, p Position) string {
	if p.Line < 1 || p.Line > len(lines) {
		return ""
	}
	first, last := max(p.Line-contextLines, 1), min(p.Line+contextLines, len(lines))
	width := len(strconv.Itoa(last))
	left := max(p.Column-excerptWidth*3/4, 0) // characters cut off on the left
	var b strings.Builder
	for n := first; n <= last; n++ {
		mark := " "
		if n == p.Line {
			mark = ">"
		}
		text := clip(lines[n-1], left)
		b.WriteString(strings.TrimRight(fmt.Sprintf("%s %*d | %s", mark, width, n, text), " ") + "\n")
		if n == p.Line {
			fmt.Fprintf(&b, "  %*s | %s^\n", width, "", blank(text, p.Column-1-left))
		}
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// clip returns excerptWidth characters of line, starting at the given one.
func clip(line string, from int) string {
	runes := []rune(line)
	if from >= len(runes) {
		return ""
	}
	return string(runes[from:min(from+excerptWidth, len(runes))])
}

// blank returns n characters of white space as wide as the beginning of text.
func blank(text string, n int) string {
	out := make([]rune, 0, n)
	for _, r := range text {
		if len(out) == n {
			break
		}
		if r != '\t' {
			r = ' '
		}
		out = append(out, r)
	}
	return string(out) + strings.Repeat(" ", max(n-len(out), 0))
}

// checkText returns the position of the first thing in data that no YAML file may
// hold.
func checkText(data []byte) (line, column int, what string) {
	line, column = 1, 1
	for len(data) > 0 {
		r, size := utf8.DecodeRune(data)
		switch {
		case r == utf8.RuneError && size == 1:
			return line, column, fmt.Sprintf("byte 0x%02x is not UTF-8", data[0])
		case r == '\n':
			line, column = line+1, 0
		case r < ' ' && r != '\t', r == 0x7f:
			return line, column, fmt.Sprintf("control character %U", r)
		}
		data = data[size:]
		column++
	}
	return 0, 0, ""
}
