package wire_test

import (
	"bytes"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/statefun-go/statefun-go/internal/wire"
	"github.com/statefun-go/statefun-go/internal/wire/wiretest"
)

// blob is a length-delimited field.
func blob(number protowire.Number, parts ...string) string {
	b := protowire.AppendTag(nil, number, protowire.BytesType)
	return string(protowire.AppendString(b, strings.Join(parts, "")))
}

// Bytes at the edge of what protobuf is, judged as protobuf-go judges them, at
// every level of a request and an answer.
func TestEdges(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		field string
		ok    bool
	}{
		"unknown varint":                     {"\x38\x01", true},
		"unknown varint of ten bytes":        {"\x38\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", true},
		"unknown varint over 64 bits":        {"\x38\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", false},
		"unknown varint of eleven bytes":     {"\x38\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00", false},
		"unknown varint cut off":             {"\x38\x80", false},
		"unknown fixed32":                    {"\x3d\x01\x02\x03\x04", true},
		"unknown fixed32 cut off":            {"\x3d\x01\x02\x03", false},
		"unknown fixed64":                    {"\x39\x01\x02\x03\x04\x05\x06\x07\x08", true},
		"unknown fixed64 cut off":            {"\x39\x01\x02\x03\x04\x05\x06\x07", false},
		"unknown bytes":                      {"\x3a\x01x", true},
		"unknown bytes cut off":              {"\x3a\x02x", false},
		"unknown bytes without length":       {"\x3a", false},
		"unknown text that is not UTF-8":     {"\x3a\x01\xff", true},
		"group":                              {"\x3b\x08\x01\x3c", true},
		"group in a group":                   {"\x3b\x43\x44\x3c", true},
		"group not ended":                    {"\x3b\x08\x01", false},
		"group ended by another":             {"\x3b\x44", false},
		"group ended, not begun":             {"\x3c", false},
		"deep groups":                        {strings.Repeat("\x3b", 9000) + strings.Repeat("\x3c", 9000), true},
		"groups too deep":                    {strings.Repeat("\x3b", 11000) + strings.Repeat("\x3c", 11000), false},
		"wire type 6":                        {"\x3e\x00", false},
		"wire type 7":                        {"\x3f\x00", false},
		"field 0":                            {"\x00\x00", false},
		"field 0, bytes":                     {"\x02\x00", false},
		"tag longer than need be":            {"\xb8\x80\x80\x00\x01", true},
		"tag of eleven bytes":                {"\xb8\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00\x01", false},
		"the largest field number":           {"\xf8\xff\xff\xff\x0f\x01", true},
		"over the largest field number":      {"\x80\x80\x80\x80\x10\x01", false},
		"far over the largest field number":  {"\xf8\xff\xff\xff\xff\xff\xff\xff\xff\x01\x01", false},
		"length over the end":                {"\x3a\xff\xff\xff\xff\x0f", false},
		"negative length":                    {"\x3a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", false},
		"length longer than need be":         {"\x3a\x82\x80\x00hi", true},
		"a zero byte at the end":             {"\x38\x01\x00", false},
		"known numbers with other types":     {"\x0d\x01\x02\x03\x04\x15\x01\x02\x03\x04\x1d\x01\x02\x03\x04", true},
		"known numbers as groups":            {"\x0b\x0c\x13\x14\x1b\x1c", true},
		"the batch's number as a varint":     {"\xa0\x06\x01", true},
		"the batch's number as a group":      {"\xa3\x06\xa4\x06", true},
		"the other answer's number as bytes": {"\xaa\x06\x00", true},
	}
	requests := []func(string) string{
		func(f string) string { return f },
		func(f string) string { return blob(100, f) },
		func(f string) string { return blob(100, blob(1, f)) },
		func(f string) string { return blob(100, blob(2, f)) },
		func(f string) string { return blob(100, blob(3, f)) },
		func(f string) string { return blob(100, blob(3, blob(1, f))) },
		func(f string) string { return blob(100, blob(3, blob(2, f))) },
		func(f string) string { return blob(100, blob(2, blob(2, f))) }, // a state value, opaque in version 2
	}
	answers := []func(string) string{
		func(f string) string { return f },
		func(f string) string { return blob(100, f) },
		func(f string) string { return blob(100, blob(1, f)) },
		func(f string) string { return blob(100, blob(2, f)) },
		func(f string) string { return blob(100, blob(2, blob(2, f))) },
		func(f string) string { return blob(100, blob(3, f)) },
		func(f string) string { return blob(100, blob(3, blob(2, f))) },
		func(f string) string { return blob(100, blob(4, f)) },
		func(f string) string { return blob(101, f) },
		func(f string) string { return blob(101, blob(1, f)) },
		func(f string) string { return blob(101, blob(1, blob(2, f))) },
	}
	for _, s := range schemas(t) {
		for name, tc := range cases {
			for i, around := range requests {
				b := []byte(around(tc.field))
				agreeRequest(t, s, b)
				var r wire.Request
				if err := r.Decode(b); i < 6 && (err == nil) != tc.ok {
					t.Errorf("%s, in place %d of a request: %v", name, i, err)
				}
			}
			for i, around := range answers {
				b := []byte(around(tc.field))
				agreeAnswer(t, s, b)
				var a wire.Answer
				if err := a.Decode(s.Version, b); i < 4 && (err == nil) != tc.ok {
					t.Errorf("%s, in place %d of an answer: %v", name, i, err)
				}
			}
			agreeValue(t, s, []byte(tc.field))
		}
	}
}

// Text that is not UTF-8 is refused in every string field, and stays legal in
// bytes.
func TestNotUTF8(t *testing.T) {
	t.Parallel()
	bad := "\xc3\x28"
	for _, s := range schemas(t) {
		for name, b := range map[string]string{
			"target namespace": blob(100, blob(1, blob(1, bad))), "target type": blob(100, blob(1, blob(2, bad))), "target id": blob(100, blob(1, blob(3, bad))),
			"state name": blob(100, blob(2, blob(1, bad))), "caller id": blob(100, blob(3, blob(1, blob(3, bad)))),
		} {
			agreeRequest(t, s, []byte(b))
			var r wire.Request
			if err := r.Decode([]byte(b)); err == nil || !strings.Contains(err.Error(), "UTF-8") {
				t.Errorf("request, %s: %v", name, err)
			}
		}
		for name, b := range map[string]string{
			"mutation name": blob(100, blob(1, blob(2, bad))), "target id": blob(100, blob(2, blob(1, blob(3, bad)))), "delayed target": blob(100, blob(3, blob(2, blob(1, bad)))),
			"egress namespace": blob(100, blob(4, blob(1, bad))), "egress type": blob(100, blob(4, blob(2, bad))),
		} {
			agreeAnswer(t, s, []byte(b))
			var a wire.Answer
			if err := a.Decode(s.Version, []byte(b)); err == nil || !strings.Contains(err.Error(), "UTF-8") {
				t.Errorf("answer, %s: %v", name, err)
			}
		}
		for name, b := range map[string]string{ // of version 3 only
			"token": blob(100, blob(3, blob(11, bad))), "spec name": blob(101, blob(1, blob(1, bad))), "spec type": blob(101, blob(1, blob(3, bad))),
		} {
			agreeAnswer(t, s, []byte(b))
			var a wire.Answer
			if err := a.Decode(s.Version, []byte(b)); (err != nil) != (s.Version == wire.V3) {
				t.Errorf("version %d, answer, %s: %v", s.Version, name, err)
			}
		}
		agreeValue(t, s, []byte(blob(1, bad)))
		agreeKafka(t, s, []byte(blob(1, bad)))
		agreeKafka(t, s, []byte(blob(3, bad)))
		agreeKinesis(t, s, []byte(blob(4, bad)))
	}
}

// A message cut off anywhere is refused exactly where protobuf-go refuses it.
func TestCutOff(t *testing.T) {
	t.Parallel()
	for _, s := range schemas(t) {
		for seed := range uint64(30) {
			r := wiretest.NewRandom(seed)
			for request, answer := r.Scramble(r.Message(s.Request)), r.Scramble(r.Message(s.Answer)); ; {
				agreeRequest(t, s, request)
				agreeAnswer(t, s, answer)
				if len(request) == 0 && len(answer) == 0 {
					break
				}
				request, answer = request[:max(0, len(request)-1-len(request)/200)], answer[:max(0, len(answer)-1-len(answer)/200)]
			}
		}
	}
}

func TestTooMany(t *testing.T) {
	t.Parallel()
	repeat := func(around, field protowire.Number, n int) []byte {
		return []byte(blob(around, strings.Repeat(blob(field), n)))
	}
	for name, tc := range map[string]struct {
		limit  int
		decode func(n int) error
	}{
		"invocations": {wire.MaxInvocations, func(n int) error {
			return (&wire.Request{Invocations: make([]wire.Invocation, 0, n)}).Decode(repeat(100, 3, n))
		}},
		"states":    {wire.MaxStates, func(n int) error { return new(wire.Request).Decode(repeat(100, 2, n)) }},
		"mutations": {wire.MaxStates, func(n int) error { return new(wire.Answer).Decode(wire.V3, repeat(100, 1, n)) }},
		"messages": {wire.MaxInvocations, func(n int) error {
			return (&wire.Answer{Messages: make([]wire.Message, 0, n)}).Decode(wire.V3, repeat(100, 2, n))
		}},
		"delayed": {wire.MaxInvocations, func(n int) error {
			return (&wire.Answer{Delayed: make([]wire.Delayed, 0, n)}).Decode(wire.V3, repeat(100, 3, n))
		}},
		"egresses": {wire.MaxInvocations, func(n int) error {
			return (&wire.Answer{Egresses: make([]wire.Egress, 0, n)}).Decode(wire.V3, repeat(100, 4, n))
		}},
		"specs": {wire.MaxStates, func(n int) error { return new(wire.Answer).Decode(wire.V3, repeat(101, 1, n)) }},
		"headers": {wire.MaxStates, func(n int) error {
			_, err := wire.DecodeKafkaRecord([]byte(strings.Repeat(blob(4), n)))
			return err
		}},
	} {
		if few := tc.limit == wire.MaxStates || name == "invocations"; few { // a million of the others take long
			if err := tc.decode(tc.limit); err != nil {
				t.Errorf("%s at the limit: %v", name, err)
			}
		}
		if err := tc.decode(tc.limit + 1); !errors.Is(err, wire.ErrTooMany) {
			t.Errorf("%s over the limit: %v", name, err)
		}
	}
}

// Decoding writes nothing into its input, also where it has to join pieces, and
// a slice that it hands out has no room to append into the input.
func TestInputIsNotWritten(t *testing.T) {
	t.Parallel()
	for _, s := range schemas(t) {
		for seed := range uint64(rounds) {
			r := wiretest.NewRandom(seed)
			b := r.Scramble(r.Message(s.Request))
			before := slices.Clone(b)
			var req wire.Request
			if err := req.Decode(b); err != nil {
				t.Fatal(err)
			}
			for i := range req.Invocations {
				inv := &req.Invocations[i]
				_ = append(inv.Argument, 0xff)
				if val, err := wire.ParseValue(s.Version, inv.Argument); err == nil {
					_ = append(val.Data, 0xff)
				}
			}
			for i := range req.States {
				_ = append(req.States[i].Value, 0xff)
				_ = append(req.States[i].Opaque(), 0xff)
			}
			if !bytes.Equal(b, before) {
				t.Fatalf("%s, seed %d: input changed", version(s), seed)
			}
		}
	}
}

// A used Request or Answer decodes as a fresh one does.
func TestReuse(t *testing.T) {
	t.Parallel()
	for _, s := range schemas(t) {
		var req wire.Request
		var answer wire.Answer
		for seed := range uint64(rounds) {
			r := wiretest.NewRandom(seed)
			b := r.Corrupt(r.Scramble(r.Message(s.Request)))
			var freshReq wire.Request
			a, c := freshReq.Decode(b), req.Decode(b)
			if (a == nil) != (c == nil) || a == nil && !sameButForNil(req, freshReq) {
				t.Fatalf("%s, seed %d: used %+v\nfresh %+v", version(s), seed, req, freshReq)
			}
			b = r.Corrupt(r.Scramble(r.Message(s.Answer)))
			var freshAnswer wire.Answer
			a, c = freshAnswer.Decode(s.Version, b), answer.Decode(s.Version, b)
			if (a == nil) != (c == nil) || a == nil && !sameButForNil(answer, freshAnswer) {
				t.Fatalf("%s, seed %d: used %+v\nfresh %+v", version(s), seed, answer, freshAnswer)
			}
		}
	}
}

// sameButForNil compares two structs field by field; nil and empty are the same.
func sameButForNil[T any](a, b T) bool {
	x, y := reflect.ValueOf(a), reflect.ValueOf(b)
	for i := range x.NumField() {
		if f := x.Field(i); f.Kind() == reflect.Slice && f.Len() == 0 && y.Field(i).Len() == 0 {
			continue
		}
		if !reflect.DeepEqual(x.Field(i).Interface(), y.Field(i).Interface()) {
			return false
		}
	}
	return true
}

// memory is what a decoded request keeps beyond its input, in bytes.
func memory(r *wire.Request) int {
	n := cap(r.States)*int(unsafe.Sizeof(wire.State{})) + cap(r.Invocations)*int(unsafe.Sizeof(wire.Invocation{}))
	for i := range r.States {
		n += cap(r.States[i].Value)
	}
	for i := range r.Invocations {
		n += cap(r.Invocations[i].Argument)
	}
	return n
}

// memoryFactor bounds memory to a multiple of the input: an element that takes
// two bytes on the wire becomes a struct of 80, in a slice with room to grow.
const memoryFactor = 64

// A value in very many pieces costs time and memory in proportion to its bytes,
// not to their square: with the square this test would not end.
func TestManyPieces(t *testing.T) {
	t.Parallel()
	const pieces = 1 << 20
	b := []byte(blob(100, blob(3, strings.Repeat(blob(2, "\x18\x01"), pieces)), blob(2, strings.Repeat(blob(2, "\x18\x01"), pieces))))
	var r wire.Request
	if err := r.Decode(b); err != nil {
		t.Fatal(err)
	}
	if len(r.Invocations[0].Argument) != 2*pieces || len(r.States[0].Value) != 2*pieces || len(r.States[0].Opaque()) != 2 {
		t.Errorf("%d bytes of argument, %d of state, the last piece %d", len(r.Invocations[0].Argument), len(r.States[0].Value), len(r.States[0].Opaque()))
	}
	if n := memory(&r); n > memoryFactor*len(b) {
		t.Errorf("%d bytes kept for %d of input", n, len(b))
	}
}
