package statefunlambda

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math/bits"
	"unicode/utf8"
)

// scanner walks over one JSON object in place, member by member. It accepts
// what encoding/json accepts, but builds nothing: a key and a value are views
// of the input.
//
//	s := scanner{data: payload}
//	for s.next() {
//		switch string(s.key) {
//		case "body":
//			… s.value() …
//		}
//	}
//	return s.err
//
// A member's value may be taken, walked over by the scanner that [scanner.enter]
// returns, or left alone.
type scanner struct {
	data   []byte
	pos    int
	begun  bool
	inside bool // of another object, which goes on after this one
	taken  bool // the value of the member at hand

	key []byte // the member's key, unquoted and unescaped
	err error
}

var errTruncated = errors.New("the JSON ends too early")

// next goes on to the next member. It returns false at an error and at the end
// of the object, after which nothing but white space may follow.
func (s *scanner) next() bool {
	var closing bool
	if !s.begun {
		s.begun = true
		s.expect('{')
		closing = s.err == nil && s.at('}')
	} else {
		s.value()
		if closing = s.err == nil && !s.at(','); closing {
			s.expect('}')
		}
	}
	switch {
	case s.err != nil:
		return false
	case closing:
		s.end()
		return false
	}
	s.readKey()
	s.expect(':')
	s.space()
	s.taken = false
	return s.err == nil
}

// value returns the value of the member at hand as it stands, nil if it was
// taken before.
func (s *scanner) value() []byte {
	if s.taken || s.err != nil {
		return nil
	}
	s.taken = true
	start := s.pos
	if start < len(s.data) && s.data[start] == '"' { // as most values are
		s.skipString()
	} else {
		s.skipValue()
	}
	return s.data[start:s.pos]
}

// enter returns a scanner of the member's value, and false where that is no
// object. It must be walked to its end and given to leave.
func (s *scanner) enter() (scanner, bool) {
	if s.pos >= len(s.data) || s.data[s.pos] != '{' {
		return scanner{}, false
	}
	return scanner{data: s.data, pos: s.pos, inside: true}, true
}

// leave goes on after an inner object, and returns it as it stands.
func (s *scanner) leave(inner *scanner) []byte {
	start := s.pos
	s.pos, s.err, s.taken = inner.pos, inner.err, true
	return s.data[start:s.pos]
}

// end checks that nothing follows the object.
func (s *scanner) end() {
	if s.inside {
		return
	}
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
	for s.pos < len(s.data) && s.data[s.pos] <= ' ' {
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
		i += plain(s.data[i:])
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
			n := escapeLen(s.data[i:])
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
	const ones, highs, short = 0x0101010101010101, 0x8080808080808080, 256
	i := 0
	for ; i+8 <= min(len(b), short); i += 8 {
		// Each subtraction borrows from the high bit of the bytes that are
		// looked for, and perhaps of bytes above the first of them.
		v := binary.LittleEndian.Uint64(b[i:])
		quote, slash := v^('"'*ones), v^('\\'*ones)
		if found := ((quote-ones)&^quote | (slash-ones)&^slash | (v-' '*ones)&^v) & highs; found != 0 {
			return i + bits.TrailingZeros64(found)/8
		}
	}
	if i+8 <= len(b) { // a body: the library finds one byte at the speed of memory
		end := len(b)
		for _, c := range []byte{'"', '\\'} {
			if n := bytes.IndexByte(b[i:end], c); n >= 0 {
				end = i + n
			}
		}
		return i + control(b[i:end])
	}
	for ; i < len(b); i++ {
		if c := b[i]; c < ' ' || c == '"' || c == '\\' {
			break
		}
	}
	return i
}

// control returns the index of the first control character, or the length,
// looking at eight bytes a step.
func control(b []byte) int {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	i := 0
	for ; i+8 <= len(b); i += 8 {
		// The subtraction borrows from the high bit of bytes below a space.
		if v := binary.LittleEndian.Uint64(b[i:]); (v-' '*ones)&^v&highs != 0 {
			break
		}
	}
	for ; i < len(b) && b[i] >= ' '; i++ {
	}
	return i
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

// ends are the bytes that end a literal.
var ends = [256]bool{' ': true, '\t': true, '\r': true, '\n': true, ',': true, ':': true, ']': true, '}': true}

// skipLiteral skips a number, true, false or null.
func (s *scanner) skipLiteral() {
	start := s.pos
	for s.pos < len(s.data) && !ends[s.data[s.pos]] {
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
