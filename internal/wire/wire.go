package wire

import (
	"errors"
	"unsafe"
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
	f := fields{b: raw}
	for f.next() {
		switch f.tag {
		case 1<<3 | lenType:
			val.TypeName = f.text("typename")
		case 2<<3 | varintType: // has_value, in version 3 only
			if v != V3 {
				return Value{}, ErrOtherVersion
			}
			val.Has = f.num != 0
		case 2<<3 | lenType: // the value, in version 2 only
			if v != V2 {
				return Value{}, ErrOtherVersion
			}
			val.Data = f.data()
		case 3<<3 | lenType: // the value, in version 3 only
			if v != V3 {
				return Value{}, ErrOtherVersion
			}
			val.Data = f.data()
		}
	}
	if f.err != nil {
		return Value{}, f.err
	}
	return val, nil
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
	f := fields{b: b}
	for f.next() {
		switch f.tag {
		case 1<<3 | lenType:
			a.Namespace = f.text("namespace")
		case 2<<3 | lenType:
			a.Name = f.text("type")
		case 3<<3 | lenType:
			a.ID = f.text("id")
		}
	}
	return f.err
}
