package module

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Load reads module files and composes them into one application, in the order of
// the paths. Mistakes are joined: for each that has a place in a file there is an
// [*Error]. Nothing may be bound twice, within a file or across files: the same
// function type, the same namespace, the same egress id, the same port. It takes
// at least one endpoint and one ingress, as Flink does.
//
// Files are only read; the URLs, ports and certificates in them are not tried.
func Load(paths ...string) (*Module, error) {
	if len(paths) == 0 {
		return nil, errors.New("no module file is given")
	}
	c := &composer{}
	for i, path := range paths {
		if j := slices.IndexFunc(paths[:i], func(p string) bool { return filepath.Clean(p) == filepath.Clean(path) }); j >= 0 {
			c.unread = append(c.unread, fmt.Errorf("%s is given twice", path))
			continue
		}
		data, err := readFile(path)
		if err != nil {
			c.unread = append(c.unread, err)
			continue
		}
		c.add(path, data)
	}
	return c.compose()
}

// Parse is [Load] for one file that has been read already. The name is only for
// messages. It does not keep data.
func Parse(file string, data []byte) (*Module, error) {
	c := &composer{}
	c.add(file, data)
	return c.compose()
}

// readFile reads a module file, but no more of it than may be valid.
func readFile(path string) ([]byte, error) {
	f, err := os.Open(filepath.Clean(path))
	if err != nil {
		return nil, fmt.Errorf("read the module file: %w", err)
	}
	defer f.Close() //nolint:errcheck // nothing was written
	data, err := io.ReadAll(io.LimitReader(f, MaxFileBytes+1))
	if err != nil {
		return nil, fmt.Errorf("read the module file: %w", err)
	}
	return data, nil
}

// composer puts files together.
type composer struct {
	module   Module
	files    []string
	lines    map[string][]string // by file, for the excerpts
	unread   []error             // files that could not be read
	mistakes []*Error
}

// add reads one file.
func (c *composer) add(file string, data []byte) {
	r := &reader{file: file, module: &c.module}
	r.read(data)
	c.mistakes = append(c.mistakes, r.mistakes...)
	c.files = append(c.files, file)
	if c.lines == nil {
		c.lines = make(map[string][]string)
	}
	c.lines[file] = r.lines
}

// compose checks what only the whole can show.
func (c *composer) compose() (*Module, error) {
	c.checkFunctions()
	c.checkIngresses()
	c.checkEgresses()
	c.checkPorts()
	if len(c.unread)+len(c.mistakes) == 0 { // what is broken may be what is missing
		c.checkComplete(strings.Join(c.files, ", "))
	}
	if err := errors.Join(c.all()...); err != nil {
		return nil, err
	}
	return &c.module, nil
}

// all returns the mistakes in the order of the files and their lines, but cuts off
// a list that nobody would read.
func (c *composer) all() []error {
	slices.SortStableFunc(c.mistakes, func(a, b *Error) int {
		return cmp.Or(
			cmp.Compare(slices.Index(c.files, a.Position.File), slices.Index(c.files, b.Position.File)),
			cmp.Compare(a.Position.Line, b.Position.Line),
			cmp.Compare(a.Position.Column, b.Position.Column))
	})
	all := slices.Clone(c.unread)
	for i, e := range c.mistakes {
		if i == maxMistakes {
			return append(all, fmt.Errorf("and %d more mistakes", len(c.mistakes)-maxMistakes))
		}
		e.Excerpt = excerpt(c.lines[e.Position.File], e.Position)
		all = append(all, e)
	}
	return all
}

func (c *composer) fail(at Position, format string, args ...any) {
	c.mistakes = append(c.mistakes, &Error{Position: at, Message: fmt.Sprintf(format, args...)})
}

func (c *composer) checkFunctions() {
	seen := make(map[Pattern]Position)
	for _, e := range c.module.Endpoints {
		if first, twice := seen[e.Functions]; twice {
			c.fail(e.Position, "functions %s are bound twice: the first endpoint is at %s", e.Functions, first)
			continue
		}
		seen[e.Functions] = e.Position
	}
}

func (c *composer) checkIngresses() {
	for _, in := range c.module.Ingresses[min(1, len(c.module.Ingresses)):] {
		c.fail(in.Position, "a second %s: it has a fixed id, so there can be one only; the first is at %s",
			playgroundIngressKind, c.module.Ingresses[0].Position)
	}
}

func (c *composer) checkEgresses() {
	seen := make(map[TypeName]Position)
	for _, e := range c.module.Egresses {
		if first, twice := seen[e.ID]; twice {
			c.fail(e.Position, "egress %s is there twice: the first is at %s; give this one an id of its own, such as id: example/other", e.ID, first)
			continue
		}
		seen[e.ID] = e.Position
	}
}

// checkPorts compares the ports of all servers but those that take any free one.
func (c *composer) checkPorts() {
	seen := make(map[int]Position)
	check := func(port int, at Position) {
		if first, twice := seen[port]; twice && port != 0 {
			c.fail(at, "port %d is used twice: first at %s", port, first)
			return
		}
		seen[port] = at
	}
	for _, in := range c.module.Ingresses {
		check(in.Port, in.Position)
	}
	for _, e := range c.module.Egresses {
		check(e.Port, e.Position)
	}
}

func (c *composer) checkComplete(files string) {
	if len(c.module.Endpoints) == 0 {
		c.mistakes = append(c.mistakes, &Error{
			Position: Position{File: files}, Message: "there are no functions: add a document such as", Example: endpointExample,
		})
	}
	if len(c.module.Ingresses) == 0 {
		c.mistakes = append(c.mistakes, &Error{
			Position: Position{File: files}, Message: "there is no ingress, so no message could ever come in: add a document such as", Example: ingressExample,
		})
	}
}

// Documents that messages show.
const (
	endpointExample = "kind: " + endpointKind + `
spec:
  functions: example/*
  urlPathTemplate: http://localhost:8000/statefun`
	ingressExample = "kind: " + playgroundIngressKind + `
spec:
  port: 8090`
)
