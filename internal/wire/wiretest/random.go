package wiretest

import (
	"math"
	"math/rand/v2"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"
)

// Random makes messages. The same seed makes the same messages in the same
// order. It is not for several goroutines.
type Random struct{ *rand.Rand }

// NewRandom returns a source of random messages.
func NewRandom(seed uint64) Random {
	return Random{rand.New(rand.NewPCG(seed, 0))} //nolint:gosec // reproducible on purpose
}

// chance is true once in n times.
func (r Random) chance(n int) bool { return r.IntN(n) == 0 }

func pick[T any](r Random, list ...T) T { return list[r.IntN(len(list))] }

// Message makes a message with every kind of content: fields set and unset,
// lengths around the steps of a varint, extreme numbers, unknown enum values.
func (r Random) Message(md protoreflect.MessageDescriptor) proto.Message {
	m := dynamicpb.NewMessage(md)
	r.fill(m)
	return m
}

func (r Random) fill(m protoreflect.Message) {
	if oneofs := m.Descriptor().Oneofs(); oneofs.Len() > 0 {
		// Oneofs hold the whole content: rarely empty.
		if fields := oneofs.Get(0).Fields(); !r.chance(16) {
			r.fill(m.Mutable(fields.Get(r.IntN(fields.Len()))).Message())
		}
		return
	}
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		switch fd := fields.Get(i); {
		case r.chance(4):
		case fd.IsList():
			for range r.IntN(4) {
				r.fill(m.Mutable(fd).List().AppendMutable().Message())
			}
		case fd.Message() != nil:
			r.fill(m.Mutable(fd).Message())
		default:
			m.Set(fd, r.scalar(fd.Kind()))
		}
	}
}

func (r Random) scalar(kind protoreflect.Kind) protoreflect.Value {
	switch kind {
	case protoreflect.BoolKind:
		return protoreflect.ValueOfBool(r.chance(2))
	case protoreflect.EnumKind:
		return protoreflect.ValueOfEnum(pick[protoreflect.EnumNumber](r, 0, 1, 1, 2, 3, 127, 128, -1, math.MaxInt32, math.MinInt32))
	case protoreflect.Int64Kind, protoreflect.Sfixed64Kind:
		return protoreflect.ValueOfInt64(pick(r, 0, 1, 127, 128, 1<<32, -1, math.MaxInt64, math.MinInt64, r.Int64N(1<<40)))
	case protoreflect.Sfixed32Kind:
		return protoreflect.ValueOfInt32(pick(r, 0, 1, 127, 128, -1, math.MaxInt32, math.MinInt32, r.Int32()))
	case protoreflect.FloatKind:
		return protoreflect.ValueOfFloat32(pick(r, 0, 1, -1, float32(math.Copysign(0, -1)), float32(math.Inf(1)), float32(math.NaN()), r.Float32()))
	case protoreflect.DoubleKind:
		return protoreflect.ValueOfFloat64(pick(r, 0, 1, -1, math.Copysign(0, -1), math.Inf(1), math.NaN(), r.Float64()))
	case protoreflect.BytesKind:
		return protoreflect.ValueOfBytes(r.bytes())
	default:
		return protoreflect.ValueOfString(r.text())
	}
}

func (r Random) text() string {
	switch r.IntN(8) {
	case 0:
		return ""
	case 1:
		return strings.Repeat("x", r.length())
	case 2:
		return "ünï/cødé \U0001F600\x00"
	default:
		return pick(r, "a", "ns", "fn", "ns/fn", "id-1", "io.statefun.types/string", "type.googleapis.com/a.B")
	}
}

func (r Random) bytes() []byte {
	b := make([]byte, r.length())
	for i := range b {
		b[i] = r.byte()
	}
	return b
}

func (r Random) byte() byte { return byte(r.IntN(256)) } //nolint:gosec // it fits

// length is mostly short, and now and then at a step of a varint.
func (r Random) length() int {
	if r.chance(8) {
		return pick(r, 126, 127, 128, 129, 130, 255, 16383, 16384)
	}
	return r.IntN(12)
}
