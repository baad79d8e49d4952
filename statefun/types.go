package statefun

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/statefun-go/statefun-go/internal/wire"
)

// Type couples the name of a type of values with a codec. Messages, states and
// generic egress records carry the name beside the bytes, and every decode
// compares it. The built-in types and the constructors [Bytes], [JSON],
// [Proto] and [Custom] make Types; the zero value is an error wherever it is
// used.
//
// A Type is a plain value, safe for concurrent use.
type Type[T any] struct {
	c *codec[T]
}

// codec is what a Type points at. It is immutable.
type codec[T any] struct {
	name      string
	appendTo  func(dst []byte, v T) ([]byte, error)
	decode    func(data []byte) (T, error)
	absent    func() T // the value of an absent state; nil means T's zero value
	retains   bool     // a decoded value may share memory with data
	immutable bool     // a decoded value may be handed out again
	message   bool     // a protobuf message: version 2 compares the name after the last slash
	err       error    // what is wrong with the construction
}

var errZeroType = errors.New("the zero Type: make one with JSON, Proto, Bytes or Custom, or take a built-in one")

// CustomOption configures [Custom].
type CustomOption struct{ immutable bool }

// Immutable says that values of a custom type never change once made, so that
// a decoded state value may be kept for the rest of the batch and handed out
// again. Without it every Get decodes anew.
func Immutable() CustomOption { return CustomOption{immutable: true} }

// Custom returns a type with a codec of the user's.
//
// appendTo appends the encoding of v to dst and returns the longer slice, as
// append does; it must not keep dst. decode gets a view of the request that it
// may keep but not write, its capacity cut to its length. Both may be called
// from many goroutines at once. An error of either fails the message, and a
// message that decode refuses goes to the dead-letter policy.
//
// typename is free text where only messages use it; a state's must have the
// form namespace/name.
func Custom[T any](typename string, appendTo func(dst []byte, v T) ([]byte, error), decode func(data []byte) (T, error), opts ...CustomOption) Type[T] {
	c := &codec[T]{name: typename, appendTo: appendTo, decode: decode, retains: true}
	for _, o := range opts {
		c.immutable = c.immutable || o.immutable
	}
	c.err = checkTypeText(typename)
	if appendTo == nil || decode == nil {
		c.err = errors.Join(c.err, fmt.Errorf("type %q: appendTo and decode must not be nil", typename))
	}
	return Type[T]{c}
}

// Bytes returns a type whose values are their own encoding. A decoded slice is
// a copy.
func Bytes(typename string) Type[[]byte] {
	return Type[[]byte]{&codec[[]byte]{
		name:     typename,
		appendTo: func(dst, v []byte) ([]byte, error) { return append(dst, v...), nil },
		decode:   func(data []byte) ([]byte, error) { return append(make([]byte, 0, len(data)), data...), nil },
		err:      checkTypeText(typename),
	}}
}

func checkTypeText(name string) error {
	switch {
	case name == "":
		return errors.New("a type needs a name, such as example/Order")
	case !utf8.ValidString(name):
		return fmt.Errorf("type name %q is not UTF-8", name)
	}
	return nil
}

// Name returns the typename, and "" for the zero Type.
func (t Type[T]) Name() string {
	if t.c == nil {
		return ""
	}
	return t.c.name
}

func (t Type[T]) check() error {
	if t.c == nil {
		return errZeroType
	}
	return t.c.err
}

// Is reports whether m is of this type.
func (t Type[T]) Is(m Message) bool { return t.c != nil && t.c.takes(m.value.TypeName, m.version) }

// takes compares a name that came over the wire. Version 2 looks at a protobuf
// message's name only after the last slash, as Any.is does.
func (c *codec[T]) takes(name string, v wire.Version) bool {
	return name == c.name || c.message && v == wire.V2 && afterSlash(name) == afterSlash(c.name)
}

func afterSlash(s string) string { return s[strings.LastIndexByte(s, '/')+1:] }

// Decode returns the value of m. It fails where m is of another type, has no
// value, or holds bytes that the codec refuses.
//
// Strings, and what a [Custom] decoder keeps, are views of the request: they
// never change, and keep the whole request in memory as long as they are kept.
func (t Type[T]) Decode(m Message) (v T, err error) {
	if err := t.check(); err != nil {
		return v, fmt.Errorf("statefun: decode a message: %w", err)
	}
	if !t.c.takes(m.value.TypeName, m.version) {
		return v, fmt.Errorf("statefun: the message is of type %q, not %q", m.value.TypeName, t.c.name)
	}
	return t.c.decodeValue(&m.value)
}

// decodeValue decodes a value whose typename has been compared.
func (c *codec[T]) decodeValue(val *wire.Value) (v T, err error) {
	if !val.Has {
		return v, fmt.Errorf("statefun: the message of type %q has no value (has_value is false)", c.name)
	}
	if v, err = c.decode(val.Data); err != nil {
		return v, fmt.Errorf("statefun: decode a message of type %q: %w", c.name, err)
	}
	return v, nil
}

// encode appends the encoding of v to dst.
func (t Type[T]) encode(dst []byte, v T) ([]byte, error) {
	if err := t.check(); err != nil {
		return dst, err
	}
	out, err := t.c.appendTo(dst, v)
	if err != nil {
		return dst, fmt.Errorf("encode a value of type %q: %w", t.c.name, err)
	}
	if len(out) < len(dst) || !bytes.HasPrefix(out, dst[:min(len(dst), 8)]) {
		return dst, fmt.Errorf("encode a value of type %q: the codec did not append to dst", t.c.name)
	}
	return out, nil
}
