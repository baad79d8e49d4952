package wire

import (
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"
	"unsafe"

	"google.golang.org/protobuf/encoding/protowire"
)

// Version is a version of the request-reply protocol.
type Version int

// The two versions: StateFun 3.x speaks V3, StateFun 2.x speaks V2.
const (
	V2 Version = 2
	V3 Version = 3
)

// Limits of one message. A decoded element takes more memory than its shortest
// encoding, so their number is bounded and not only the bytes.
const (
	MaxInvocations = 1 << 20 // invocations of one request, and effects of one kind in one answer
	MaxStates      = 1 << 16 // states of one request, specs and mutations of one answer
)

// ErrTooMany reports a message with more elements than [MaxInvocations] or
// [MaxStates].
var ErrTooMany = errors.New("more elements than the limit")

// ErrOtherVersion reports a value that is certainly encoded in the other
// version of the protocol.
var ErrOtherVersion = errors.New("value is encoded in the other version of the protocol")

// Address names a function instance. All parts empty means none.
type Address struct {
	Namespace, Name, ID string
}

// IsZero reports whether all parts are empty, which the runtime reads as "no
// address".
func (a Address) IsZero() bool { return a == Address{} }

// String returns namespace/name/id, for messages to people.
func (a Address) String() string { return a.Namespace + "/" + a.Name + "/" + a.ID }

// Value is a payload with its type: TypedValue in version 3, Any in version 2.
type Value struct {
	TypeName string // typename or type_url
	Has      bool   // has_value; always true in version 2, which lacks the field
	Data     []byte
}

// ParseValue decodes an argument, or a version 3 state value. It returns
// [ErrOtherVersion] where the bytes show the other version.
func ParseValue(v Version, raw []byte) (Value, error) {
	val := Value{Has: v == V2}
	for len(raw) > 0 {
		f, rest, err := next(raw)
		if err != nil {
			return Value{}, err
		}
		raw = rest
		switch {
		case f.is(1, protowire.BytesType):
			if val.TypeName, err = f.text("typename"); err != nil {
				return Value{}, err
			}
		case v == V3 && f.is(2, protowire.VarintType):
			val.Has = f.num != 0
		case v == V3 && f.is(3, protowire.BytesType):
			val.Data = f.data
		case v == V2 && f.is(2, protowire.BytesType):
			val.Data = f.data
		case f.number == 2 && (f.typ == protowire.VarintType || f.typ == protowire.BytesType),
			v == V2 && f.is(3, protowire.BytesType):
			return Value{}, ErrOtherVersion
		}
	}
	return val, nil
}

// field is one decoded field of a message.
type field struct {
	number protowire.Number
	typ    protowire.Type
	num    uint64 // of a varint
	data   []byte // of a length-delimited field
}

func (f field) is(n protowire.Number, t protowire.Type) bool { return f.number == n && f.typ == t }

// text returns a string field as a view. Proto3 strings are UTF-8.
func (f field) text(name string) (string, error) {
	if !utf8.Valid(f.data) {
		return "", fmt.Errorf("%s is not UTF-8: %q", name, clip(f.data))
	}
	return View(f.data), nil
}

// clip shortens bytes for an error message.
func clip(b []byte) []byte { return b[:min(len(b), 64)] }

// next splits the first field off b.
func next(b []byte) (f field, rest []byte, err error) {
	if len(b) >= 2 && b[0] < 0x80 && b[0] >= 8 {
		// One-byte tag, one-byte varint or length: nearly every field.
		f.number, f.typ = protowire.Number(b[0]>>3), protowire.Type(b[0]&7)
		if v := b[1]; v < 0x80 {
			switch {
			case f.typ == protowire.VarintType:
				f.num = uint64(v)
				return f, b[2:], nil
			case f.typ == protowire.BytesType && int(v) <= len(b)-2:
				f.data = b[2 : 2+int(v) : 2+int(v)]
				return f, b[2+int(v):], nil
			}
		}
	}
	return nextSlow(b)
}

func nextSlow(b []byte) (f field, rest []byte, err error) {
	var n int
	if f.number, f.typ, n = protowire.ConsumeTag(b); n < 0 {
		return field{}, nil, fmt.Errorf("bad tag: %w", protowire.ParseError(n))
	}
	if f.number > protowire.MaxValidNumber { // ConsumeTag lets some larger ones pass
		return field{}, nil, fmt.Errorf("bad tag: field number %d", f.number)
	}
	rest = b[n:]
	switch f.typ {
	case protowire.VarintType:
		f.num, n = protowire.ConsumeVarint(rest)
	case protowire.BytesType:
		f.data, n = protowire.ConsumeBytes(rest)
		f.data = slices.Clip(f.data)
	default:
		n = protowire.ConsumeFieldValue(f.number, f.typ, rest)
	}
	if n < 0 {
		return field{}, nil, fmt.Errorf("field %d: %w", f.number, protowire.ParseError(n))
	}
	return f, rest[n:], nil
}

// View returns b as a string that shares its memory. b must not change any
// more.
func View(b []byte) string {
	return unsafe.String(unsafe.SliceData(b), len(b)) //nolint:gosec // the point of View; callers own b for good
}

// merge returns the encoding of a submessage that came as prev and then as
// data: protobuf merges them, which is what their concatenation decodes to. A
// view has no spare capacity, so the input is never written to; what was merged
// once grows in place, so that many small pieces do not cost their square.
//
// Pieces that are malformed alone but well-formed together pass; protobuf
// parses each. No encoder writes a submessage in pieces.
func merge(prev, data []byte) []byte {
	if len(prev) == 0 {
		return data
	}
	return append(prev, data...)
}

// decodeAddress merges an encoded Address into a.
func decodeAddress(a *Address, b []byte) error {
	for len(b) > 0 {
		f, rest, err := next(b)
		if err != nil {
			return err
		}
		b = rest
		switch {
		case f.is(1, protowire.BytesType):
			a.Namespace, err = f.text("namespace")
		case f.is(2, protowire.BytesType):
			a.Name, err = f.text("type")
		case f.is(3, protowire.BytesType):
			a.ID, err = f.text("id")
		}
		if err != nil {
			return err
		}
	}
	return nil
}
