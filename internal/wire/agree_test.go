package wire_test

import (
	"errors"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/statefun-go/statefun-go/internal/wire"
	"github.com/statefun-go/statefun-go/internal/wire/wiretest"
)

// Where this package and protobuf-go judge the same bytes differently, and why:
//
//   - ErrTooMany: the number of elements is bounded here, because each costs
//     memory that its bytes do not pay for.
//   - ErrOtherVersion: a value that is certainly of the other version is
//     refused here; protobuf-go keeps what it does not know and yields an empty
//     value, the silent loss that the error is for.
//   - Arguments and states are parsed when they are used, not with the message.
//     So a result that a later member of the oneof replaces is not looked into,
//     and a value that comes in pieces is parsed as their concatenation, where
//     protobuf-go parses each piece. No encoder writes either; see [lenient].

// agreeRequest checks that b is the same request to this package and to
// protobuf-go, or none to both, and that what is decoded survives encoding.
func agreeRequest(t *testing.T, s *wiretest.Schema, b []byte) {
	t.Helper()
	want, refused := wiretest.Unmarshal(s.Request, b)
	var r wire.Request
	err := r.Decode(b)
	var got proto.Message
	if err == nil {
		got, err = s.FromRequest(&r)
	}
	if !agree(t, s.Request, b, got, err, want, refused) || !r.HasBatch {
		return
	}
	again := wire.AppendRequest(nil, &r)
	second, refused := wiretest.Unmarshal(s.Request, again)
	if refused != nil || !wiretest.Equal(want, second) && !lenient(s.Request, b) {
		t.Errorf("version %d: %x\nencoded again is %x, to protobuf-go (%v)\n%s\nwant\n%s", s.Version, b, again, refused, text(second), wiretest.Text(want))
	}
}

// agreeAnswer is agreeRequest for answers.
func agreeAnswer(t *testing.T, s *wiretest.Schema, b []byte) {
	t.Helper()
	want, refused := wiretest.Unmarshal(s.Answer, b)
	var a wire.Answer
	err := a.Decode(s.Version, b)
	var got proto.Message
	if err == nil {
		got, err = s.FromAnswer(&a)
	}
	agree(t, s.Answer, b, got, err, want, refused)
}

// agree compares two decodings of b and reports whether both hold a message.
func agree(t *testing.T, md protoreflect.MessageDescriptor, b []byte, got proto.Message, err error, want proto.Message, refused error) bool {
	t.Helper()
	switch {
	case errors.Is(err, wiretest.ErrContradiction):
		t.Errorf("%s %x\n%v", md.FullName(), b, err)
	case errors.Is(err, wire.ErrTooMany), errors.Is(err, wire.ErrOtherVersion):
	case err != nil && refused == nil:
		t.Errorf("%s %x\nrefused: %v, but it is\n%s", md.FullName(), b, err, wiretest.Text(want))
	case err == nil && refused != nil:
		if !lenient(md, b) {
			t.Errorf("%s %x\ndecoded as\n%s\nbut %v", md.FullName(), b, wiretest.Text(got), refused)
		}
	case err == nil && !wiretest.Equal(got, want):
		t.Errorf("%s %x\ndecoded as\n%s\nwant\n%s", md.FullName(), b, wiretest.Text(got), wiretest.Text(want))
	case err == nil:
		return true
	}
	return false
}

func text(m proto.Message) string {
	if m == nil {
		return "nothing"
	}
	return wiretest.Text(m)
}

// lenient reports whether b, a message of type md, has what this package takes
// more leniently than protobuf-go: several members of a oneof, or a value in
// pieces.
func lenient(md protoreflect.MessageDescriptor, b []byte) bool {
	counts := map[protowire.Number]int{}
	for len(b) > 0 {
		number, typ, n := protowire.ConsumeField(b)
		if n < 0 {
			return false
		}
		fd := md.Fields().ByNumber(number)
		if typ == protowire.BytesType && fd != nil {
			counts[number]++
			_, _, head := protowire.ConsumeTag(b)
			data, _ := protowire.ConsumeBytes(b[head:])
			deferred := fd.Name() == "argument" || fd.Name() == "state_value"
			if deferred && counts[number] > 1 || fd.ContainingOneof() != nil && len(counts) > 1 ||
				!deferred && fd.Message() != nil && lenient(fd.Message(), data) {
				return true
			}
		}
		b = b[n:]
	}
	return false
}

// schemas are both versions.
func schemas(tb testing.TB) []*wiretest.Schema {
	tb.Helper()
	return []*wiretest.Schema{wiretest.New(tb, wire.V3), wiretest.New(tb, wire.V2)}
}

func version(s *wiretest.Schema) string {
	if s.Version == wire.V2 {
		return "v2"
	}
	return "v3"
}
