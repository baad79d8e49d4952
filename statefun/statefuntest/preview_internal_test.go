package statefuntest

import (
	"strings"
	"testing"

	"github.com/statefun-go/statefun-go/internal/wire"
	"github.com/statefun-go/statefun-go/statefun"
)

func TestPreview(t *testing.T) {
	t.Parallel()
	tests := []struct{ in, want string }{
		{"", "(no bytes)"},
		{"plain text", "plain text"},
		{`{"a":1}`, `{"a":1}`},
		{"\x00\xff", "00ff"},
		{"two\nlines", "74776f0a6c696e6573"},
		{strings.Repeat("x", 90), strings.Repeat("x", 80) + "… (90 bytes)"},
		{strings.Repeat("x", 79) + "é" + "y", strings.Repeat("x", 79) + "… (82 bytes)"},
	}
	for _, test := range tests {
		if got := preview([]byte(test.in)); got != test.want {
			t.Errorf("preview of %q is %q, want %q", test.in, got, test.want)
		}
	}
}

func TestUnwrapped(t *testing.T) {
	t.Parallel()
	tests := []struct {
		typename, data, want string
	}{
		{"my/type", "bytes", "bytes"},
		{"io.statefun.types/other", "bytes", "bytes"},
		{"io.statefun.types/unset", "", ""},
		{"io.statefun.types/string", "\x12\x00", "\x12\x00"},
		{"io.statefun.types/string", "\x0a\x05hi", "\x0a\x05hi"},
		{"io.statefun.types/string", "\x0b", "\x0b"},
		{"io.statefun.types/long", "\x09\x01", "\x09\x01"},
		encodedBuiltin(t, statefun.Bool, true, "true"), encodedBuiltin(t, statefun.Bool, false, "false"),
		encodedBuiltin(t, statefun.Int32, -7, "-7"), encodedBuiltin(t, statefun.Int32, 0, "0"),
		encodedBuiltin(t, statefun.Int64, -1<<63, "-9223372036854775808"), encodedBuiltin(t, statefun.Int64, 0, "0"),
		encodedBuiltin(t, statefun.Float32, 0.1, "0.1"), encodedBuiltin(t, statefun.Float32, 0, "0"),
		encodedBuiltin(t, statefun.Float64, 0.1, "0.1"), encodedBuiltin(t, statefun.Float64, 0, "0"),
		encodedBuiltin(t, statefun.String, "a\nb", `"a\nb"`), encodedBuiltin(t, statefun.String, "", `""`),
	}
	for _, test := range tests {
		if got := string(unwrapped(wire.Value{TypeName: test.typename, Data: []byte(test.data)})); got != test.want {
			t.Errorf("%s %q is %q, want %q", test.typename, test.data, got, test.want)
		}
	}
}

// encodedBuiltin is a row of TestUnwrapped.
func encodedBuiltin[T any](t *testing.T, typ statefun.Type[T], v T, want string) struct{ typename, data, want string } {
	t.Helper()
	data, err := statefun.Typed(typ)(nil, v)
	if err != nil {
		t.Fatal(err)
	}
	return struct{ typename, data, want string }{typ.Name(), string(data), want}
}
