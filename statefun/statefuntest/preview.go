package statefuntest

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/statefun-go/statefun-go/internal/wire"
)

// maxPreview is how many bytes of a value a trace shows.
const maxPreview = 80

// preview shows a value: as text where it is some, and else in hex.
func preview(b []byte) string {
	cut := b[:min(len(b), maxPreview)]
	for len(cut) < len(b) && len(cut) > 0 && !utf8.RuneStart(b[len(cut)]) {
		cut = cut[:len(cut)-1]
	}
	text := hex.EncodeToString(cut)
	if utf8.Valid(cut) && bytes.IndexFunc(cut, func(r rune) bool { return !unicode.IsPrint(r) }) < 0 {
		text = string(cut)
	}
	switch {
	case len(b) == 0:
		return "(no bytes)"
	case len(cut) < len(b):
		return fmt.Sprintf("%s… (%d bytes)", text, len(b))
	}
	return text
}

// unwrapped returns a value of a built-in type as a person writes it, and the
// bytes of any other.
func unwrapped(val wire.Value) []byte {
	kind, builtin := strings.CutPrefix(val.TypeName, "io.statefun.types/")
	if !builtin {
		return val.Data
	}
	number, wireType, n := protowire.ConsumeTag(val.Data)
	var data []byte
	if n > 0 {
		if number != 1 {
			return val.Data
		}
		data = val.Data[n:]
	}
	if text, ok := builtinText(kind, wireType, data, n <= 0); ok {
		return []byte(text)
	}
	return val.Data
}

// builtinText reads field 1 of a wrapper; zero means that it is left out.
func builtinText(kind string, wireType protowire.Type, data []byte, zero bool) (string, bool) {
	var bits uint64
	n := 0
	switch {
	case zero:
	case wireType == protowire.BytesType && kind == "string":
		var s []byte
		s, n = protowire.ConsumeBytes(data)
		return strconv.Quote(string(s)), n >= 0
	case wireType == protowire.VarintType:
		bits, n = protowire.ConsumeVarint(data)
	case wireType == protowire.Fixed32Type:
		var v uint32
		v, n = protowire.ConsumeFixed32(data)
		bits = uint64(v)
	case wireType == protowire.Fixed64Type:
		bits, n = protowire.ConsumeFixed64(data)
	default:
		return "", false
	}
	if n < 0 {
		return "", false
	}
	switch kind {
	case "bool":
		return strconv.FormatBool(bits != 0), true
	case "int":
		return strconv.FormatInt(int64(int32(uint32(bits))), 10), true
	case "long":
		return strconv.FormatInt(int64(bits), 10), true
	case "float":
		return strconv.FormatFloat(float64(math.Float32frombits(uint32(bits))), 'g', -1, 32), true
	case "double":
		return strconv.FormatFloat(math.Float64frombits(bits), 'g', -1, 64), true
	case "string":
		return `""`, true
	}
	return "", false
}
