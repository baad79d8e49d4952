package wiretest_test

import (
	"testing"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/statefun-go/statefun-go/internal/wire"
	"github.com/statefun-go/statefun-go/internal/wire/wiretest"
)

// The bytes that the official SDKs write for the built-in types.
func TestWrappers(t *testing.T) {
	t.Parallel()
	s := wiretest.New(t, wire.V3)
	for name, tc := range map[string]struct {
		value any
		want  string
	}{
		"bool":   {true, "\x08\x01"},
		"int":    {int32(-1), "\x0d\xff\xff\xff\xff"},
		"long":   {int64(1), "\x09\x01\x00\x00\x00\x00\x00\x00\x00"},
		"float":  {float32(1), "\x0d\x00\x00\x80\x3f"},
		"double": {float64(1), "\x09\x00\x00\x00\x00\x00\x00\xf0\x3f"},
		"string": {"hi", "\x0a\x02hi"},
	} {
		m := dynamicpb.NewMessage(s.Wrappers[name])
		m.Set(s.Wrappers[name].Fields().ByName("value"), protoreflect.ValueOf(tc.value))
		if got := wiretest.Marshal(m); string(got) != tc.want {
			t.Errorf("%s: %x, want %x", name, got, tc.want)
		}
	}
}

// Nothing gets into the global registry, where the official SDK's own copy
// would collide with it.
func TestPrivate(t *testing.T) {
	t.Parallel()
	for _, v := range []wire.Version{wire.V3, wire.V2} {
		s := wiretest.New(t, v)
		for _, md := range []protoreflect.MessageDescriptor{s.Request, s.Answer, s.Kafka, s.Kinesis} {
			if _, err := protoregistry.GlobalFiles.FindDescriptorByName(md.FullName()); err == nil {
				t.Errorf("%s is registered for all", md.FullName())
			}
		}
	}
}

// A seed makes the same message and the same bytes, and scrambling keeps the
// meaning.
func TestRandom(t *testing.T) {
	t.Parallel()
	s := wiretest.New(t, wire.V3)
	for seed := range uint64(200) {
		a, b := wiretest.NewRandom(seed), wiretest.NewRandom(seed)
		m, n := a.Message(s.Answer), b.Message(s.Answer)
		scrambled := a.Scramble(m)
		if !wiretest.Equal(m, n) || string(scrambled) != string(b.Scramble(n)) {
			t.Fatalf("seed %d made two different messages", seed)
		}
		if again, err := wiretest.Unmarshal(s.Answer, scrambled); err != nil || !wiretest.Equal(m, again) {
			t.Fatalf("seed %d: scrambled into another message: %v", seed, err)
		}
		if again, err := wiretest.ParseText(s.Answer, wiretest.Text(m)); err != nil || !wiretest.Equal(m, again) {
			t.Fatalf("seed %d: the text is of another message: %v", seed, err)
		}
	}
}
