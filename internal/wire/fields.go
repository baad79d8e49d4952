package wire

import (
	"fmt"
	"slices"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"
)

// Wire types, as the low bits of a tag.
const (
	varintType = uint64(protowire.VarintType)
	lenType    = uint64(protowire.BytesType)
)

// fields walks over the fields of an encoded message:
//
//	f := fields{rest: b}
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
type fields struct {
	rest []byte
	tag  uint64 // the field's number, shifted by 3, and its wire type
	num  uint64 // the value of a varint
	data []byte // the value of a length-delimited field, without spare capacity
	err  error
}

// next splits the first field off the rest.
func (f *fields) next() bool {
	if b := f.rest; len(b) >= 2 && f.err == nil {
		// One-byte tag, one-byte varint or length: nearly every field.
		if tag, v := b[0], b[1]; tag >= 8 && tag < 0x80 && v < 0x80 {
			end := 2
			if tag&7 == byte(lenType) {
				end += int(v)
			}
			if tag&7 == byte(lenType) && end <= len(b) || tag&7 == byte(varintType) {
				f.tag, f.num, f.data, f.rest = uint64(tag), uint64(v), b[2:end:end], b[end:]
				return true
			}
		}
	}
	return f.nextSlow()
}

func (f *fields) nextSlow() bool {
	if f.err != nil || len(f.rest) == 0 {
		return false
	}
	number, typ, n := protowire.ConsumeTag(f.rest)
	if n < 0 {
		f.err = fmt.Errorf("bad tag: %w", protowire.ParseError(n))
		return false
	}
	if number > protowire.MaxValidNumber { // ConsumeTag lets some larger ones pass
		f.err = fmt.Errorf("bad tag: field number %d", number)
		return false
	}
	f.tag = protowire.EncodeTag(number, typ)
	f.rest = f.rest[n:]
	switch typ {
	case protowire.VarintType:
		f.num, n = protowire.ConsumeVarint(f.rest)
	case protowire.BytesType:
		f.data, n = protowire.ConsumeBytes(f.rest)
		f.data = slices.Clip(f.data)
	default:
		n = protowire.ConsumeFieldValue(number, typ, f.rest)
	}
	if n < 0 {
		f.err = fmt.Errorf("field %d: %w", number, protowire.ParseError(n))
		return false
	}
	f.rest = f.rest[n:]
	return true
}

// text returns the field at hand as a view. Proto3 strings are UTF-8.
func (f *fields) text(name string) string {
	if !utf8.Valid(f.data) {
		f.err = fmt.Errorf("%s is not UTF-8: %q", name, f.data[:min(len(f.data), 64)])
		return ""
	}
	return View(f.data)
}

// fail ends the walk with an error inside of what, unless err is nil.
func (f *fields) fail(what string, err error) {
	if err != nil {
		f.err = fmt.Errorf("%s: %w", what, err)
	}
}

// element appends one decoded element to list.
func element[T any](f *fields, list *[]T, limit int, name string, decode func(*T, []byte) error) {
	if len(*list) >= limit {
		f.err = fmt.Errorf("%s: %w of %d", name, ErrTooMany, limit)
		return
	}
	var zero T
	*list = append(*list, zero)
	if err := decode(&(*list)[len(*list)-1], f.data); err != nil {
		f.err = fmt.Errorf("%s %d: %w", name, len(*list)-1, err)
	}
}
