package statefun

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/statefun-go/statefun-go/internal/wire"
)

// TypeName is the name of a function type, of an egress or of a type of
// values: a namespace and a name, written namespace/name. The namespace may
// hold slashes, the name may not. Values are comparable and safe for
// concurrent use; the zero value names nothing and is refused everywhere.
type TypeName struct {
	namespace, name string
}

// ParseTypeName splits s at its last slash. Both parts must be there, the
// namespace must not end in a slash, and s must be UTF-8.
func ParseTypeName(s string) (TypeName, error) {
	i := strings.LastIndexByte(s, '/')
	switch {
	case !utf8.ValidString(s):
		return TypeName{}, fmt.Errorf("statefun: type name %q is not UTF-8", s)
	case i < 0:
		return TypeName{}, fmt.Errorf("statefun: type name %q has no slash: write namespace/name", s)
	case i == 0 || i == len(s)-1 || s[i-1] == '/':
		return TypeName{}, fmt.Errorf("statefun: type name %q has an empty part: write namespace/name", s)
	}
	return TypeName{s[:i], s[i+1:]}, nil
}

// MustTypeName is [ParseTypeName] for names in the source: it panics on a bad
// one.
func MustTypeName(s string) TypeName {
	n, err := ParseTypeName(s)
	if err != nil {
		panic(err)
	}
	return n
}

// Namespace returns the part before the last slash.
func (n TypeName) Namespace() string { return n.namespace }

// Name returns the part after the last slash.
func (n TypeName) Name() string { return n.name }

// String returns namespace/name, and "" for the zero value.
func (n TypeName) String() string {
	if n == (TypeName{}) {
		return ""
	}
	return n.namespace + "/" + n.name
}

// Address returns the address of the instance of this function type that has
// the given id.
func (n TypeName) Address(id string) Address { return Address{Type: n, ID: id} }

// MarshalText returns the name as [TypeName.String] does; the zero value is an
// error.
func (n TypeName) MarshalText() ([]byte, error) {
	if n == (TypeName{}) {
		return nil, errors.New("statefun: the zero TypeName has no text")
	}
	return []byte(n.String()), nil
}

// UnmarshalText sets n as [ParseTypeName] does.
func (n *TypeName) UnmarshalText(text []byte) (err error) {
	*n, err = ParseTypeName(string(text))
	return err
}

// Address names one instance of a function: a type and an id. The runtime
// keeps state for each address and runs one batch at a time for it. Addresses
// are comparable.
//
// An address that a function got from its [Invocation] is a view of the
// request; to keep its ID beyond the batch without keeping the whole request
// in memory, use [strings.Clone].
type Address struct {
	Type TypeName `json:"type"`
	ID   string   `json:"id"`
}

// String returns namespace/name/id.
func (a Address) String() string { return a.Type.String() + "/" + a.ID }

func (a Address) wire() wire.Address {
	return wire.Address{Namespace: a.Type.namespace, Name: a.Type.name, ID: a.ID}
}

func addressOf(a wire.Address) Address {
	return Address{TypeName{a.Namespace, a.Name}, a.ID}
}
