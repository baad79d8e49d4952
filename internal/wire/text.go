package wire

import (
	"encoding/binary"
	"unicode/utf8"
	"unsafe"
)

// ValidText reports whether s is UTF-8, as every string of the protocol must
// be. It is [utf8.ValidString], faster for short ASCII text.
func ValidText(s string) bool {
	return validText(unsafe.Slice(unsafe.StringData(s), len(s))) //nolint:gosec // nobody writes to it
}

func validText(b []byte) bool { return isASCII(b) || utf8.Valid(b) }

// isASCII looks at eight bytes at a time; the last eight overlap the others.
func isASCII(b []byte) bool {
	const high = 0x8080808080808080
	if len(b) < 8 {
		all := byte(0)
		for _, c := range b {
			all |= c
		}
		return all < 0x80
	}
	for rest := b; len(rest) > 8; rest = rest[8:] {
		if binary.LittleEndian.Uint64(rest)&high != 0 {
			return false
		}
	}
	return binary.LittleEndian.Uint64(b[len(b)-8:])&high == 0
}
