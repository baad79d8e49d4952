package module

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// reader reads one file into a module.
type reader struct {
	file     string
	lines    []string
	chunk    chunk // that is being read
	module   *Module
	mistakes []*Error
}

func (r *reader) fail(at Position, format string, args ...any) {
	r.mistakes = append(r.mistakes, &Error{Position: at, Message: fmt.Sprintf(format, args...)})
}

func (r *reader) warn(at Position, format string, args ...any) {
	r.module.Warnings = append(r.module.Warnings, Warning{at, fmt.Sprintf(format, args...)})
}

// read reads all documents of the file.
func (r *reader) read(data []byte) {
	if len(data) > MaxFileBytes {
		r.fail(Position{File: r.file}, "the file is larger than %d KiB: cut it into several and give them all", MaxFileBytes>>10)
		return
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	data = bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n"))
	data = bytes.ReplaceAll(data, []byte("\r"), []byte("\n"))
	if line, column, what := checkText(data); what != "" {
		r.fail(Position{r.file, line, column}, "%s: a module file is UTF-8 text", what)
		return
	}
	r.lines = strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
	for _, r.chunk = range split(r.lines) {
		if r.chunk.isEmpty() {
			continue
		}
		if len(r.chunk.text) > MaxDocumentBytes {
			r.fail(Position{r.file, r.chunk.lines + 1, 1}, "this document is larger than %d KiB", MaxDocumentBytes>>10)
			continue
		}
		for _, root := range r.parse(r.chunk) {
			r.document(root)
		}
	}
}

// document reads one document.
func (r *reader) document(root ast.Node) {
	if _, empty := root.(*ast.NullNode); empty {
		return
	}
	at := r.valuePosition(root, r.position(root.GetToken()))
	o, ok := r.object(root, "the document", at)
	if !ok {
		return
	}
	if version, ok := o.find("version"); ok {
		if _, ok := o.find("kind"); !ok {
			r.legacy(version)
			return
		}
	}
	o.asked = nil
	kind, hasKind := o.needText("kind", endpointKind)
	spec, hasSpec := o.need("spec", "{…}")
	r.otherKeys(o)
	if !hasKind {
		return
	}
	if read := r.component(kind); read != nil && hasSpec {
		if s, ok := r.object(spec.value, "spec", spec.at); ok {
			read(s, at)
		}
	}
}

// otherKeys looks at the keys beside kind and spec. Flink ignores them; so do we,
// unless one of them is probably the one that is missing.
func (r *reader) otherKeys(o *object) {
	var meant []string
	for _, e := range o.entries {
		near := nearest(e.key, o.asked)
		switch {
		case e.taken && e.key != "version":
		case slices.ContainsFunc(o.missing, func(m missing) bool { return m.key == near }):
			r.fail(e.at, "unknown key %q%s", e.key, didYouMean(e.key, o.asked))
			meant = append(meant, near)
		default:
			r.warn(e.at, "key %q beside kind and spec means nothing", e.key)
		}
	}
	o.reportMissing(meant)
}
