package wiretest

import (
	"math"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// Scramble encodes m in a way that no encoder writes and that means the same:
// fields in any order, submessages in pieces, scalars written twice, the other
// members of a oneof before the one that counts, unknown fields, known numbers
// with other wire types, zeros written out, lengths and tags longer than need be.
func (r Random) Scramble(m proto.Message) []byte {
	return join(r.fields(m.ProtoReflect()))
}

func join(list [][]byte) (b []byte) {
	for _, f := range list {
		b = append(b, f...)
	}
	return b
}

// fields returns the encoded fields of m, some of them noise. Occurrences of
// one field keep their order, all else is shuffled.
func (r Random) fields(m protoreflect.Message) (list [][]byte) {
	var queues [][][]byte
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		if q := r.occurrences(m, fields.Get(i)); len(q) > 0 {
			queues = append(queues, q)
		}
	}
	for r.chance(3) {
		queues = append(queues, [][]byte{r.noise(m.Descriptor())})
	}
	for len(queues) > 0 {
		i := r.IntN(len(queues))
		list = append(list, queues[i][0])
		if queues[i] = queues[i][1:]; len(queues[i]) == 0 {
			queues = append(queues[:i], queues[i+1:]...)
		}
	}
	return list
}

// occurrences encodes one field of m: the last one counts, or they add up.
func (r Random) occurrences(m protoreflect.Message, fd protoreflect.FieldDescriptor) (q [][]byte) {
	switch {
	case fd.IsList():
		for i := range m.Get(fd).List().Len() {
			q = append(q, r.blob(fd.Number(), join(r.fields(m.Get(fd).List().Get(i).Message()))))
		}
	case fd.Message() != nil && m.Has(fd):
		q = r.others(fd)
		parts := r.fields(m.Get(fd).Message())
		if r.chance(4) { // in two pieces
			n := r.IntN(len(parts) + 1)
			q = append(q, r.blob(fd.Number(), join(parts[:n])))
			parts = parts[n:]
		}
		q = append(q, r.blob(fd.Number(), join(parts)))
	case fd.Message() != nil:
	default:
		if r.chance(8) {
			q = append(q, r.encode(fd, r.scalar(fd.Kind())))
		}
		if m.Has(fd) || len(q) > 0 || r.chance(8) {
			q = append(q, r.encode(fd, m.Get(fd)))
		}
	}
	return q
}

// others encodes now and then another member of fd's oneof, to be overridden.
func (r Random) others(fd protoreflect.FieldDescriptor) [][]byte {
	oneof := fd.ContainingOneof()
	if oneof == nil || !r.chance(4) {
		return nil
	}
	other := oneof.Fields().Get(r.IntN(oneof.Fields().Len()))
	if other == fd {
		return nil
	}
	return [][]byte{r.blob(other.Number(), Marshal(r.Message(other.Message())))}
}

// encode writes a scalar field.
func (r Random) encode(fd protoreflect.FieldDescriptor, v protoreflect.Value) []byte {
	n := fd.Number()
	switch fd.Kind() {
	case protoreflect.BoolKind:
		if v.Bool() { // everything but zero is true
			return r.number(n, pick[uint64](r, 1, 1, 2, 1<<32, math.MaxUint64))
		}
		return r.number(n, 0)
	case protoreflect.EnumKind:
		bits := uint64(v.Enum()) //nolint:gosec // sign-extended, as on the wire
		if r.chance(4) {
			bits ^= 1 << (32 + r.IntN(32)) // the upper half does not count
		}
		return r.number(n, bits)
	case protoreflect.Int64Kind:
		return r.number(n, uint64(v.Int())) //nolint:gosec // as on the wire
	case protoreflect.Sfixed64Kind:
		return protowire.AppendFixed64(r.tag(n, protowire.Fixed64Type), uint64(v.Int())) //nolint:gosec // as on the wire
	case protoreflect.DoubleKind:
		return protowire.AppendFixed64(r.tag(n, protowire.Fixed64Type), math.Float64bits(v.Float()))
	case protoreflect.Sfixed32Kind:
		return protowire.AppendFixed32(r.tag(n, protowire.Fixed32Type), uint32(v.Int())) //nolint:gosec // as on the wire
	case protoreflect.FloatKind:
		return protowire.AppendFixed32(r.tag(n, protowire.Fixed32Type), math.Float32bits(float32(v.Float())))
	case protoreflect.BytesKind:
		return r.blob(n, v.Bytes())
	default:
		return r.blob(n, []byte(v.String()))
	}
}

// noise is a field that every decoder of md skips.
func (r Random) noise(md protoreflect.MessageDescriptor) []byte {
	number := pick[protowire.Number](r, 5, 9, 10, 11, 15, 16, 99, 101, 102, 2047, 2048, 19000, protowire.MaxValidNumber)
	if fields := md.Fields(); r.chance(2) {
		number = fields.Get(r.IntN(fields.Len())).Number()
	}
	typ := pick(r, protowire.VarintType, protowire.Fixed32Type, protowire.Fixed64Type, protowire.BytesType, protowire.StartGroupType)
	if fd := md.Fields().ByNumber(number); fd != nil && (typ == wireType(fd.Kind()) || isValue(md)) {
		typ = protowire.StartGroupType // in a value, another type would tell of the other version
	}
	return r.any(number, typ, 0)
}

func isValue(md protoreflect.MessageDescriptor) bool {
	return md.Name() == "TypedValue" || md.Name() == "Any"
}

func wireType(kind protoreflect.Kind) protowire.Type {
	switch kind {
	case protoreflect.BoolKind, protoreflect.EnumKind, protoreflect.Int64Kind:
		return protowire.VarintType
	case protoreflect.Sfixed32Kind, protoreflect.FloatKind:
		return protowire.Fixed32Type
	case protoreflect.Sfixed64Kind, protoreflect.DoubleKind:
		return protowire.Fixed64Type
	default:
		return protowire.BytesType
	}
}

// any writes a field of the given wire type with random content.
func (r Random) any(n protowire.Number, typ protowire.Type, depth int) []byte {
	switch typ {
	case protowire.VarintType:
		return r.number(n, r.Uint64())
	case protowire.Fixed32Type:
		return protowire.AppendFixed32(r.tag(n, typ), r.Uint32())
	case protowire.Fixed64Type:
		return protowire.AppendFixed64(r.tag(n, typ), r.Uint64())
	case protowire.BytesType:
		return r.blob(n, r.bytes())
	default:
		b := r.tag(n, protowire.StartGroupType)
		for range r.IntN(3) {
			inner := pick(r, protowire.VarintType, protowire.Fixed32Type, protowire.BytesType, protowire.StartGroupType)
			if depth < 3 || inner != protowire.StartGroupType {
				b = append(b, r.any(protowire.Number(1+r.Int32N(200)), inner, depth+1)...)
			}
		}
		return append(b, r.tag(n, protowire.EndGroupType)...)
	}
}

func (r Random) tag(n protowire.Number, typ protowire.Type) []byte {
	return r.varint(nil, protowire.EncodeTag(n, typ))
}

func (r Random) number(n protowire.Number, v uint64) []byte {
	return r.varint(r.tag(n, protowire.VarintType), v)
}

func (r Random) blob(n protowire.Number, data []byte) []byte {
	return append(r.varint(r.tag(n, protowire.BytesType), uint64(len(data))), data...)
}

// varint appends v, now and then longer than need be, up to the ten bytes that
// decoders take.
func (r Random) varint(dst []byte, v uint64) []byte {
	size := protowire.SizeVarint(v)
	dst = protowire.AppendVarint(dst, v)
	if size < 10 && r.chance(8) {
		dst[len(dst)-1] |= 0x80
		for range r.IntN(10 - size) {
			dst = append(dst, 0x80)
		}
		dst = append(dst, 0)
	}
	return dst
}

// Corrupt returns b with some of its bytes changed, added or missing. It may
// still be a message.
func (r Random) Corrupt(b []byte) []byte {
	b = append([]byte(nil), b...)
	for range 1 + r.IntN(3) {
		if len(b) == 0 {
			return []byte{r.byte()}
		}
		i := r.IntN(len(b))
		switch r.IntN(6) {
		case 0:
			b = b[:i]
		case 1:
			b[i] ^= 1 << r.IntN(8)
		case 2:
			b[i] = pick[byte](r, 0, 0x80, 0xff)
		case 3:
			b = append(b[:i], b[i+1:]...)
		case 4:
			b = append(b[:i], append([]byte{r.byte()}, b[i:]...)...)
		default:
			j := i + r.IntN(min(len(b)-i, 8)+1)
			b = append(b[:j:j], b[i:]...) // a piece twice
		}
	}
	return b
}
