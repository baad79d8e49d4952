package wire

import (
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
)

// Wire types, as the low bits of a tag.
const (
	varintType = uint64(protowire.VarintType)
	lenType    = uint64(protowire.BytesType)
)

// fields walks over the fields of an encoded message:
//
//	f := fields{b: b}
//	for f.next() {
//		switch f.tag {
//		case 1<<3 | lenType:
//			m.Name = f.text("name")
//		}
//	}
//	return f.err
//
// The first error ends the walk. A field that has another wire type than the
// schema says falls through the switch, as protobuf skips it.
//
// Positions are numbers and not slices: a step then stores no pointer, which
// the garbage collector would want to know of.
type fields struct {
	b        []byte
	pos      int    // where the next field starts
	tag      uint64 // the field's number, shifted by 3, and its wire type
	num      uint64 // the value of a varint
	from, to int    // where the value of a length-delimited field lies in b
	err      error
}

// data is the value of a length-delimited field, without spare capacity.
func (f *fields) data() []byte { return f.b[f.from:f.to:f.to] }

// next goes to the next field.
func (f *fields) next() bool {
	b, i := f.b, f.pos
	if i >= len(b) {
		return false
	}
	if i+1 < len(b) {
		// One-byte tag, one-byte varint or length: nearly every field.
		if tag, v := b[i], b[i+1]; tag >= 8 && tag < 0x80 && v < 0x80 {
			f.tag = uint64(tag)
			switch end := i + 2 + int(v); {
			case tag&7 == byte(varintType):
				f.num, f.pos = uint64(v), i+2
				return true
			case tag&7 == byte(lenType) && end <= len(b):
				f.from, f.to, f.pos = i+2, end, end
				return true
			}
		}
	}
	return f.nextSlow()
}

func (f *fields) nextSlow() bool {
	rest := f.b[f.pos:]
	number, typ, n := protowire.ConsumeTag(rest)
	if n < 0 {
		return f.stop(fmt.Errorf("bad tag: %w", protowire.ParseError(n)))
	}
	if number > protowire.MaxValidNumber { // ConsumeTag lets some larger ones pass
		return f.stop(fmt.Errorf("bad tag: field number %d", number))
	}
	f.tag = protowire.EncodeTag(number, typ)
	rest = rest[n:]
	switch typ {
	case protowire.VarintType:
		f.num, n = protowire.ConsumeVarint(rest)
	case protowire.BytesType:
		var data []byte
		data, n = protowire.ConsumeBytes(rest)
		f.to = len(f.b) - len(rest) + n
		f.from = f.to - len(data)
	default:
		n = protowire.ConsumeFieldValue(number, typ, rest)
	}
	if n < 0 {
		return f.stop(fmt.Errorf("field %d: %w", number, protowire.ParseError(n)))
	}
	f.pos = len(f.b) - len(rest) + n
	return true
}

// stop ends the walk with an error.
func (f *fields) stop(err error) bool {
	f.err, f.pos = err, len(f.b)
	return false
}

// text returns the field at hand as a view. Proto3 strings are UTF-8.
func (f *fields) text(name string) string {
	data := f.data()
	if !validText(data) {
		f.stop(fmt.Errorf("%s is not UTF-8: %q", name, data[:min(len(data), 64)]))
		return ""
	}
	return View(data)
}

// fail ends the walk with an error inside of what, unless err is nil.
func (f *fields) fail(what string, err error) {
	if err != nil {
		f.stop(fmt.Errorf("%s: %w", what, err))
	}
}

// element appends one decoded element to list.
func element[T any](f *fields, list *[]T, limit int, name string, decode func(*T, []byte) error) {
	if len(*list) >= limit {
		f.stop(fmt.Errorf("%s: %w of %d", name, ErrTooMany, limit))
		return
	}
	var zero T
	*list = append(*list, zero)
	if err := decode(&(*list)[len(*list)-1], f.data()); err != nil {
		f.stop(fmt.Errorf("%s %d: %w", name, len(*list)-1, err))
	}
}
