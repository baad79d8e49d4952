package statefunlambda

import (
	"encoding/base64"
	"encoding/binary"
	"slices"
)

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

// pairs holds the two characters for twelve bits, in the order of memory.
var pairs = func() (table [1 << 12]uint16) {
	for i := range table {
		table[i] = uint16(alphabet[i>>6]) | uint16(alphabet[i&63])<<8
	}
	return table
}()

// appendBase64 appends the standard encoding of src to dst. Every answer goes
// through it, and with two characters a step it takes about half the time of
// the standard library's; decoding has no such gain.
func appendBase64(dst, src []byte) []byte {
	size := base64.StdEncoding.EncodedLen(len(src))
	dst = slices.Grow(dst, size)
	out := dst[len(dst) : len(dst)+size]
	for len(src) >= 8 && len(out) >= 8 {
		v := binary.BigEndian.Uint64(src) // of which the upper six bytes are encoded
		binary.LittleEndian.PutUint64(out, uint64(pairs[v>>52])|uint64(pairs[v>>40&0xfff])<<16|
			uint64(pairs[v>>28&0xfff])<<32|uint64(pairs[v>>16&0xfff])<<48)
		src, out = src[6:], out[8:]
	}
	base64.StdEncoding.Encode(out, src)
	return dst[:len(dst)+size]
}
