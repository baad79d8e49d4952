package wire

import "google.golang.org/protobuf/encoding/protowire"

// The building blocks of every encoder here. Field numbers up to 15 have tags
// of one byte, so a field's tag is number<<3|type, and only 100 and 101 need
// two.

const (
	tag100 = "\xa2\x06"
	tag101 = "\xaa\x06"
)

func appendHead(dst []byte, tag string, size int) []byte { return appendLen(append(dst, tag...), size) }

func appendLen(dst []byte, n int) []byte {
	if n < 0x80 {
		return append(dst, byte(n)) //nolint:gosec // it fits: see the condition
	}
	return protowire.AppendVarint(dst, uint64(n))
}

// sizeMessage is the size of a length-delimited field with a one-byte tag.
func sizeMessage(n int) int {
	if n < 0x80 {
		return 2 + n
	}
	return 1 + protowire.SizeBytes(n)
}

// sizeText is the size of a string field, which is left out when empty.
func sizeText(s string) int {
	if s == "" {
		return 0
	}
	return sizeMessage(len(s))
}

func appendText(dst []byte, number byte, s string) []byte {
	if s == "" {
		return dst
	}
	return append(appendLen(append(dst, number<<3|2), len(s)), s...)
}

// appendBlob appends a length-delimited field, also when it is empty.
func appendBlob(dst []byte, number byte, b []byte) []byte {
	return append(appendLen(append(dst, number<<3|2), len(b)), b...)
}

func sizeAddress(a Address) int { return sizeText(a.Namespace) + sizeText(a.Name) + sizeText(a.ID) }

// appendAddress appends the length and the fields of a, not the tag.
func appendAddress(dst []byte, a Address) []byte {
	dst = appendLen(dst, sizeAddress(a))
	dst = appendText(dst, 1, a.Namespace)
	dst = appendText(dst, 2, a.Name)
	return appendText(dst, 3, a.ID)
}

func sizeValue(v Version, val Value) int {
	n := sizeText(val.TypeName)
	if v == V3 && val.Has {
		n += 2
	}
	if len(val.Data) > 0 {
		n += sizeMessage(len(val.Data))
	}
	return n
}

// AppendValue appends the encoding of a TypedValue or an Any: its fields, no
// tag and no length.
func AppendValue(dst []byte, v Version, val Value) []byte {
	dst = appendText(dst, 1, val.TypeName)
	data := byte(2)
	if v == V3 {
		data = 3
		if val.Has {
			dst = append(dst, 2<<3, 1)
		}
	}
	if len(val.Data) > 0 {
		dst = appendBlob(dst, data, val.Data)
	}
	return dst
}
