package module

import (
	"errors"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Limits of a module file. They keep reading one bounded: the YAML parser's time
// and memory grow with the square of a document's size.
const (
	// MaxFileBytes is the largest module file, 256 KiB. A larger application is
	// composed of several files.
	MaxFileBytes = 256 << 10
	// MaxDocumentBytes is the largest document of a file, 64 KiB.
	MaxDocumentBytes = 64 << 10

	maxDepth = 32 // brackets within brackets, or dashes on one line
)

// chunk is a part of a file that holds one document.
type chunk struct {
	text  string
	lines int // lines of the file before it
}

// split cuts a file where a line begins with "---". YAML allows that text
// nowhere else at the beginning of a line, so each part can be parsed, and can
// fail, alone.
func split(lines []string) []chunk {
	var chunks []chunk
	first := 0
	for i := 1; i <= len(lines); i++ {
		if i == len(lines) || isHeader(lines[i]) {
			chunks = append(chunks, chunk{strings.Join(lines[first:i], "\n"), first})
			first = i
		}
	}
	return chunks
}

func isHeader(line string) bool {
	rest, ok := strings.CutPrefix(line, "---")
	return ok && (rest == "" || rest[0] == ' ' || rest[0] == '\t')
}

// isEmpty reports whether a chunk has nothing but comments, markers and
// directives.
func (c chunk) isEmpty() bool {
	for line := range strings.SplitSeq(c.text, "\n") {
		if isHeader(line) {
			line = line[3:]
		}
		line = strings.TrimSpace(line)
		if line != "" && line[0] != '#' && line[0] != '%' && line != "..." {
			return false
		}
	}
	return true
}

// parse returns the root nodes of a chunk. It is one node unless an end marker
// "..." divides the chunk further.
func (r *reader) parse(c chunk) (roots []ast.Node) {
	// goccy/go-yaml is careful, but it is not ours: what it cannot cope with is
	// a mistake in the file and not the end of the process.
	defer func() {
		if p := recover(); p != nil {
			roots = nil
			r.fail(Position{r.file, c.lines + 1, 1}, "this document is not YAML (the parser gave up: %v)", p)
		}
	}()
	tokens := lexer.Tokenize(c.text)
	if at, what := tooDeep(tokens); at != nil {
		r.fail(r.position(at), "%s: at most %d are read", what, maxDepth)
		return nil
	}
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		at, message := r.syntaxError(c, err)
		r.fail(at, "%s", message)
		return nil
	}
	for _, doc := range file.Docs {
		if doc.Body != nil {
			roots = append(roots, doc.Body)
		}
	}
	return roots
}

// tooDeep looks for nesting that would make the parser, which is recursive, slow.
func tooDeep(tokens token.Tokens) (*token.Token, string) {
	brackets, line, dashes := 0, 0, 0
	for _, t := range tokens {
		if t.Position.Line != line {
			line, dashes = t.Position.Line, 0
		}
		switch t.Type {
		case token.SequenceStartType, token.MappingStartType:
			brackets++
		case token.SequenceEndType, token.MappingEndType:
			brackets = max(brackets-1, 0)
		case token.SequenceEntryType, token.MappingKeyType, token.AnchorType, token.AliasType, token.TagType:
			dashes++
		case token.MappingValueType:
			if brackets == 0 {
				dashes++
			}
		default:
		}
		if brackets > maxDepth {
			return t, "brackets are nested too deeply"
		}
		if dashes > maxDepth {
			return t, "too many entries begin on one line"
		}
	}
	return nil, ""
}

// syntaxError returns the place and the reason of a parser's error.
func (r *reader) syntaxError(c chunk, err error) (Position, string) {
	syntax, ok := errors.AsType[yaml.Error](err)
	if !ok || syntax.GetToken() == nil {
		return Position{r.file, c.lines + 1, 1}, "this document is not YAML: " + err.Error()
	}
	at := r.position(syntax.GetToken())
	message := "this is not YAML: " + syntax.GetMessage()
	if at.Line <= len(r.lines) && strings.HasPrefix(strings.TrimLeft(r.lines[at.Line-1], " "), "\t") {
		message += fmt.Sprintf(" (line %d is indented with a tab: YAML wants spaces)", at.Line)
	}
	return at, message
}

// position returns the place of a token of the current chunk.
func (r *reader) position(t *token.Token) Position {
	if t == nil || t.Position == nil {
		return Position{r.file, r.chunk.lines + 1, 1}
	}
	line := min(max(t.Position.Line, 1)+r.chunk.lines, len(r.lines))
	return Position{r.file, line, max(t.Position.Column, 1)}
}
