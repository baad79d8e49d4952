package statefun

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/statefun-go/statefun-go/internal/wire"
)

// The built-in types, which the SDKs of all languages share. Each value is a
// wrapper message with one field; a zero value is zero bytes. Integers have a
// fixed width, so int and float, long and double differ by their names alone.
//
// Source: types.proto of StateFun 3.3 (package io.statefun.sdk.types).
var (
	// Bool is the type io.statefun.types/bool.
	Bool Type[bool] = boolType()
	// Int32 is the type io.statefun.types/int.
	Int32 Type[int32] = int32Type()
	// Int64 is the type io.statefun.types/long.
	Int64 Type[int64] = int64Type()
	// Float32 is the type io.statefun.types/float.
	Float32 Type[float32] = float32Type()
	// Float64 is the type io.statefun.types/double.
	Float64 Type[float64] = float64Type()
	// String is the type io.statefun.types/string: text in UTF-8.
	String Type[string] = stringType()
)

func boolType() Type[bool] {
	return scalar("io.statefun.types/bool", protowire.VarintType, protowire.EncodeBool, protowire.DecodeBool)
}

func int32Type() Type[int32] {
	return scalar("io.statefun.types/int", protowire.Fixed32Type,
		func(v int32) uint64 { return uint64(uint32(v)) }, //nolint:gosec // the same bits
		func(u uint64) int32 { return int32(uint32(u)) })  //nolint:gosec // the same bits
}

func int64Type() Type[int64] {
	return scalar("io.statefun.types/long", protowire.Fixed64Type,
		func(v int64) uint64 { return uint64(v) }, //nolint:gosec // the same bits
		func(u uint64) int64 { return int64(u) })  //nolint:gosec // the same bits
}

func float32Type() Type[float32] {
	return scalar("io.statefun.types/float", protowire.Fixed32Type,
		func(v float32) uint64 { return uint64(math.Float32bits(v)) },
		func(u uint64) float32 { return math.Float32frombits(uint32(u)) }) //nolint:gosec // the same bits
}

func float64Type() Type[float64] {
	return scalar("io.statefun.types/double", protowire.Fixed64Type, math.Float64bits, math.Float64frombits)
}

func stringType() Type[string] {
	return Type[string]{&codec[string]{name: "io.statefun.types/string", appendTo: appendString, decode: decodeString, retains: true}}
}

// scalar returns a built-in type whose wrapper's field holds the bits of v.
// Only all bits zero is left out, so that negative zero keeps its sign.
func scalar[T any](name string, wireType protowire.Type, bits func(T) uint64, value func(uint64) T) Type[T] {
	tag := byte(1<<3) | byte(wireType) //nolint:gosec // wire types are 0 to 5
	return Type[T]{&codec[T]{
		name: name,
		appendTo: func(dst []byte, v T) ([]byte, error) {
			u := bits(v)
			if u == 0 {
				return dst, nil
			}
			dst = append(dst, tag)
			switch wireType {
			case protowire.Fixed32Type:
				return protowire.AppendFixed32(dst, uint32(u)), nil //nolint:gosec // 32 bits by construction
			case protowire.Fixed64Type:
				return protowire.AppendFixed64(dst, u), nil
			default:
				return protowire.AppendVarint(dst, u), nil
			}
		},
		decode: func(data []byte) (T, error) {
			u, err := decodeBits(data, wireType)
			return value(u), err
		},
	}}
}

// decodeBits reads field 1 of a wrapper. It skips unknown fields and takes the
// last of several, as protobuf does, but refuses another wire type: the bytes
// are then of another type, and protobuf's answer would be a silent zero.
func decodeBits(data []byte, want protowire.Type) (u uint64, err error) {
	if len(data) == 9 && data[0] == 1<<3|byte(protowire.Fixed64Type) && want == protowire.Fixed64Type {
		return binary.LittleEndian.Uint64(data[1:]), nil // the form that every SDK writes
	}
	for len(data) > 0 {
		number, typ, n := protowire.ConsumeTag(data)
		if n < 0 {
			return 0, protowire.ParseError(n)
		}
		data = data[n:]
		if number == 1 && typ != want {
			return 0, fmt.Errorf("field 1 has wire type %d, not %d: the bytes are of another type", typ, want)
		}
		if number != 1 {
			n = protowire.ConsumeFieldValue(number, typ, data)
		} else {
			u, n = consumeBits(data, typ)
		}
		if n < 0 {
			return 0, protowire.ParseError(n)
		}
		data = data[n:]
	}
	return u, nil
}

func consumeBits(data []byte, typ protowire.Type) (uint64, int) {
	switch typ {
	case protowire.Fixed32Type:
		u, n := protowire.ConsumeFixed32(data)
		return uint64(u), n
	case protowire.Fixed64Type:
		return protowire.ConsumeFixed64(data)
	default:
		return protowire.ConsumeVarint(data)
	}
}

var errNotUTF8 = errors.New("the string is not UTF-8: use Bytes for other bytes")

func appendString(dst []byte, s string) ([]byte, error) {
	if s == "" {
		return dst, nil
	}
	if !wire.ValidText(s) {
		return dst, errNotUTF8
	}
	dst = protowire.AppendVarint(append(dst, 1<<3|byte(protowire.BytesType)), uint64(len(s)))
	return append(dst, s...), nil
}

// decodeString reads a StringWrapper; the string is a view. Bytes without its
// one field are refused: they are plain text that looks like other fields, as
// many numbers do ("05" is a field 6), and protobuf's answer would be a silent
// empty string.
func decodeString(data []byte) (s string, err error) {
	if len(data) >= 2 && data[0] == 1<<3|byte(protowire.BytesType) && data[1] < 0x80 && int(data[1]) == len(data)-2 && wire.ValidText(wire.View(data[2:])) {
		return wire.View(data[2:]), nil // the form that every SDK writes, if short
	}
	found := len(data) == 0
	for rest := data; len(rest) > 0; {
		number, typ, n := protowire.ConsumeTag(rest)
		if n < 0 || number == 1 && typ != protowire.BytesType {
			return "", plainText(data, n)
		}
		found = found || number == 1
		rest = rest[n:]
		if number != 1 {
			n = protowire.ConsumeFieldValue(number, typ, rest)
		} else {
			var b []byte
			if b, n = protowire.ConsumeBytes(rest); n >= 0 {
				if !wire.ValidText(wire.View(b)) {
					return "", errNotUTF8
				}
				s = wire.View(b)
			}
		}
		if n < 0 {
			return "", plainText(data, n)
		}
		rest = rest[n:]
	}
	if !found {
		return "", plainText(data, 0)
	}
	return s, nil
}

// plainText explains the usual cause: a record of plain text that an ingress
// labels as a string. The wrapper's length byte is missing there.
func plainText(data []byte, n int) error {
	cause := errors.New("field 1 is missing or has another wire type")
	if n < 0 {
		cause = protowire.ParseError(n)
	}
	if utf8.Valid(data) {
		return fmt.Errorf("not an encoded StringWrapper but perhaps plain text: let the ingress give such records a type of your own and read it with Custom or Bytes: %w", cause)
	}
	return fmt.Errorf("not an encoded StringWrapper: %w", cause)
}
