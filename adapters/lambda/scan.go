package statefunlambda

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"
)

// scanner walks over one JSON object in place, member by member. It accepts
// what encoding/json accepts, but builds nothing: a key and a value are views
// of the input.
//
//	s := scanner{data: payload}
//	for s.next() {
//		… s.key … s.value …
//	}
//	return s.err
type scanner struct {
	data  []byte
	pos   int
	begun bool

	key   []byte // the member's key, unquoted and unescaped
	value []byte // the member's value, as it stands
	err   error
}

var errTruncated = errors.New("the JSON ends too early")

// next goes on to the next member. It returns false at the end of the object,
// after which nothing but white space may follow, and at an error.
func (s *scanner) next() bool {
	if s.err != nil {
		return false
	}
	closing := false
	if !s.begun {
		s.begun = true
		s.expect('{')
		closing = s.at('}')
	} else {
		closing = !s.at(',') || s.err != nil
		if closing {
			s.expect('}')
		}
	}
	if closing {
		s.end()
		return false
	}
	s.readKey()
	s.expect(':')
	s.space()
	start := s.pos
	s.skipValue()
	if s.err != nil {
		return false
	}
	s.value = s.data[start:s.pos]
	return true
}

// end checks that nothing follows the object.
func (s *scanner) end() {
	s.space()
	if s.err == nil && s.pos < len(s.data) {
		s.err = fmt.Errorf("unexpected %q after the JSON object, at byte %d", s.data[s.pos], s.pos)
	}
}

func (s *scanner) readKey() {
	s.space()
	start := s.pos
	escaped := s.skipString()
	if s.err != nil {
		return
	}
	s.key = s.data[start+1 : s.pos-1]
	if escaped {
		text, _ := unquote(s.data[start:s.pos])
		s.key = []byte(text)
	}
}

func (s *scanner) space() {
	for s.pos < len(s.data) {
		switch s.data[s.pos] {
		case ' ', '\t', '\r', '\n':
			s.pos++
		default:
			return
		}
	}
}

// at skips white space and c, if c comes next.
func (s *scanner) at(c byte) bool {
	s.space()
	if s.pos < len(s.data) && s.data[s.pos] == c {
		s.pos++
		return true
	}
	return false
}

func (s *scanner) expect(c byte) {
	if s.err == nil && !s.at(c) {
		s.fail(fmt.Sprintf("%q", c))
	}
}

func (s *scanner) fail(want string) {
	if s.err != nil {
		return
	}
	if s.pos >= len(s.data) {
		s.err = errTruncated
		return
	}
	s.err = fmt.Errorf("unexpected %q at byte %d of the JSON, not %s", s.data[s.pos], s.pos, want)
}

// maxDepth is how deep values may nest, as in encoding/json.
const maxDepth = 10_000

// skipValue skips one value of any kind. Nesting costs a byte a level and no
// stack.
func (s *scanner) skipValue() {
	var nested []byte // the closing brackets that are due
	var room [32]byte
	nested = room[:0]
	for s.err == nil {
		s.space()
		if s.pos >= len(s.data) {
			s.err = errTruncated
			return
		}
		switch c := s.data[s.pos]; c {
		case '{', '[':
			s.pos++
			if len(nested) >= maxDepth-1 {
				s.err = fmt.Errorf("the JSON is nested deeper than %d levels", maxDepth)
				return
			}
			if nested = append(nested, c+2); !s.at(c + 2) { // '}' and ']' come two after their openings
				if c == '{' {
					s.member()
				}
				continue
			}
			nested = nested[:len(nested)-1]
		case '"':
			s.skipString()
		default:
			s.skipLiteral()
		}
		if nested = s.closeNested(nested); len(nested) == 0 {
			return
		}
	}
}

// closeNested goes on after a value inside of containers: to the next value, or
// out of all containers that end here.
func (s *scanner) closeNested(nested []byte) []byte {
	for s.err == nil && len(nested) > 0 {
		closing := nested[len(nested)-1]
		if s.at(',') {
			if closing == '}' {
				s.member()
			}
			return nested
		}
		s.expect(closing)
		nested = nested[:len(nested)-1]
	}
	return nested
}

// member skips a key and the colon.
func (s *scanner) member() {
	s.space()
	s.skipString()
	s.expect(':')
}

// skipString skips a string and reports whether it has escapes.
func (s *scanner) skipString() (escaped bool) {
	if s.err != nil || s.pos >= len(s.data) || s.data[s.pos] != '"' {
		s.fail("a string")
		return false
	}
	for i := s.pos + 1; ; {
		n := plain(s.data[i:])
		i += n
		if i >= len(s.data) {
			s.err = errTruncated
			return escaped
		}
		switch s.data[i] {
		case '"':
			s.pos = i + 1
			return escaped
		case '\\':
			escaped = true
			n = escapeLen(s.data[i:])
			if n < 0 {
				s.pos = i
				s.fail("an escape sequence")
				return escaped
			}
			if i += n; i > len(s.data) {
				s.err = errTruncated
				return escaped
			}
		default:
			s.pos = i
			s.fail("a character of a string")
			return escaped
		}
	}
}

// plain returns how many bytes of b come before a quote, a backslash or a
// control character.
func plain(b []byte) int {
	for i, c := range b {
		if c < ' ' || c == '"' || c == '\\' {
			return i
		}
	}
	return len(b)
}

// escapeLen returns the length of the escape sequence that b begins with, more
// than b has where b is cut off in it, and -1 for none.
func escapeLen(b []byte) int {
	if len(b) < 2 {
		return 2
	}
	switch b[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		for i := 2; i < 6 && i < len(b); i++ {
			if c := b[i] | 0x20; (b[i] < '0' || b[i] > '9') && (c < 'a' || c > 'f') {
				return -1
			}
		}
		return 6
	default:
		return -1
	}
}

// skipLiteral skips a number, true, false or null.
func (s *scanner) skipLiteral() {
	start := s.pos
	for s.pos < len(s.data) && !bytes.ContainsRune([]byte(" \t\r\n,:]}"), rune(s.data[s.pos])) {
		s.pos++
	}
	switch word := s.data[start:s.pos]; {
	case string(word) == "true", string(word) == "false", string(word) == "null", number(word):
	case s.pos == len(s.data):
		s.err = errTruncated
	default:
		s.pos = start
		s.fail("a value")
	}
}

// number reports whether b is a number of JSON.
func number(b []byte) bool {
	if len(b) > 0 && b[0] == '-' {
		b = b[1:]
	}
	whole := digits(b)
	if whole == 0 || whole > 1 && b[0] == '0' {
		return false
	}
	b = b[whole:]
	if len(b) > 0 && b[0] == '.' {
		n := digits(b[1:])
		if n == 0 {
			return false
		}
		b = b[1+n:]
	}
	if len(b) > 0 && b[0]|0x20 == 'e' {
		b = b[1:]
		if len(b) > 0 && (b[0] == '+' || b[0] == '-') {
			b = b[1:]
		}
		n := digits(b)
		return n > 0 && n == len(b)
	}
	return len(b) == 0
}

func digits(b []byte) int {
	n := 0
	for n < len(b) && b[n] >= '0' && b[n] <= '9' {
		n++
	}
	return n
}

// unquote returns the text of a JSON string, and false for any other value.
func unquote(raw []byte) (string, bool) {
	if len(raw) < 2 || raw[0] != '"' {
		return "", false
	}
	if inner := raw[1 : len(raw)-1]; bytes.IndexByte(inner, '\\') < 0 && utf8.Valid(inner) {
		return string(inner), true
	}
	var text string
	err := json.Unmarshal(raw, &text)
	return text, err == nil
}
