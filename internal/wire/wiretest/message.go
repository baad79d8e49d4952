package wiretest

import (
	"cmp"
	"errors"
	"fmt"

	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/statefun-go/statefun-go/internal/wire"
)

// Unmarshal decodes b as protobuf-go does, without unknown fields.
func Unmarshal(md protoreflect.MessageDescriptor, b []byte) (proto.Message, error) {
	m := dynamicpb.NewMessage(md)
	if err := (proto.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(b, m); err != nil {
		return nil, fmt.Errorf("protobuf-go: %s: %w", md.Name(), err)
	}
	return m, nil
}

// Marshal encodes m as protobuf-go does, fields in the order of their numbers.
func Marshal(m proto.Message) []byte {
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	if err != nil {
		panic(fmt.Errorf("protobuf-go: %w", err)) // text that is not UTF-8: a mistake in the test
	}
	return b
}

// ParseText decodes protobuf text format, as the recorded vectors have it.
func ParseText(md protoreflect.MessageDescriptor, text string) (proto.Message, error) {
	m := dynamicpb.NewMessage(md)
	if err := (prototext.UnmarshalOptions{Resolver: new(protoregistry.Types)}).Unmarshal([]byte(text), m); err != nil {
		return nil, fmt.Errorf("protobuf-go: %s: %w", md.Name(), err)
	}
	return m, nil
}

// Equal reports whether two messages are equal in their [Canonical] form.
func Equal(a, b proto.Message) bool { return proto.Equal(Canonical(a), Canonical(b)) }

// Canonical returns a copy of m without the submessages that mean the same when
// they are empty and when they are absent: addresses and expirations. A
// request's target stays, because package wire tells an empty one from none.
func Canonical(m proto.Message) proto.Message {
	m = proto.Clone(m)
	normalize(m.ProtoReflect())
	return m
}

func normalize(m protoreflect.Message) {
	m.Range(func(fd protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case fd.Message() == nil:
		case fd.IsList():
			for i := range v.List().Len() {
				normalize(v.List().Get(i).Message())
			}
		default:
			normalize(v.Message())
			switch fd.Message().Name() {
			case "Address", "ExpirationSpec":
				if fd.Parent().Name() != "InvocationBatchRequest" && isEmpty(v.Message()) {
					m.Clear(fd)
				}
			}
		}
		return true
	})
}

func isEmpty(m protoreflect.Message) bool {
	empty := true
	m.Range(func(protoreflect.FieldDescriptor, protoreflect.Value) bool {
		empty = false
		return false
	})
	return empty
}

// Text prints m for people; the form differs between builds.
func Text(m proto.Message) string {
	return prototext.MarshalOptions{Multiline: true, Resolver: new(protoregistry.Types), AllowPartial: true}.Format(m)
}

// ErrContradiction reports a decoded struct that says what its version cannot
// say, or two things that exclude each other: a mistake of package wire.
var ErrContradiction = errors.New("the decoded struct contradicts itself")

// FromRequest is a request that package wire decoded, as a message of the
// schema. It parses the arguments and version 3 states, and returns the error
// of [wire.ParseValue], or ErrContradiction.
func (s *Schema) FromRequest(r *wire.Request) (proto.Message, error) {
	b := build{schema: s}
	m := dynamicpb.NewMessage(s.Request)
	if !r.HasBatch {
		return m, nil
	}
	batch := sub(m, "invocation")
	if r.HasTarget {
		address(sub(batch, "target"), r.Target)
	}
	for i := range r.States {
		st, in := item(batch, "state"), &r.States[i]
		set(st, "state_name", in.Name)
		b.stored(st, in.HasValue, in.Value, in.Opaque())
	}
	for i := range r.Invocations {
		inv, in := item(batch, "invocations"), &r.Invocations[i]
		b.check(in.HasCaller != in.Caller.IsZero())
		if in.HasCaller {
			address(sub(inv, "caller"), in.Caller)
		}
		b.argument(inv, in.HasArgument, in.Argument)
	}
	return m, b.err
}

// FromAnswer is an answer that package wire decoded, as a message of the
// schema; as [Schema.FromRequest].
func (s *Schema) FromAnswer(a *wire.Answer) (proto.Message, error) {
	b := build{schema: s}
	m := dynamicpb.NewMessage(s.Answer)
	effects := len(a.Mutations) + len(a.Messages) + len(a.Delayed) + len(a.Egresses)
	b.check(a.HasResult || effects == 0)
	b.check(a.HasIncomplete || len(a.Missing) == 0)
	b.check(!a.HasIncomplete || !a.HasResult && s.Version == wire.V3)
	switch {
	case a.HasIncomplete:
		context := sub(m, "incomplete_invocation_context")
		for _, in := range a.Missing {
			spec := item(context, "missing_values")
			set(spec, "state_name", in.Name)
			set(spec, "type_typename", in.TypeName)
			expiration := sub(spec, "expiration_spec")
			set(expiration, "mode", protoreflect.EnumNumber(in.Mode))
			set(expiration, "expire_after_millis", in.ExpireAfterMillis)
		}
	case a.HasResult:
		b.result(sub(m, "invocation_result"), a)
	}
	return m, b.err
}

// build makes messages and keeps the first error.
type build struct {
	schema *Schema
	err    error
}

// check keeps a contradiction, which outranks what is wrong with the bytes.
func (b *build) check(ok bool) {
	if !ok {
		b.err = ErrContradiction
	}
}

func (b *build) result(m protoreflect.Message, a *wire.Answer) {
	for i := range a.Mutations {
		mu, in := item(m, "state_mutations"), &a.Mutations[i]
		set(mu, "mutation_type", protoreflect.EnumNumber(in.Type))
		set(mu, "state_name", in.Name)
		b.stored(mu, in.HasValue, in.Value, in.Opaque())
	}
	for i := range a.Messages {
		b.message(item(m, "outgoing_messages"), &a.Messages[i])
	}
	for i := range a.Delayed {
		de, in := item(m, "delayed_invocations"), &a.Delayed[i]
		b.message(de, &in.Message)
		set(de, "delay_in_ms", in.DelayMillis)
		if b.schema.Version == wire.V2 {
			b.check(!in.Cancel && in.Token == "")
			continue
		}
		set(de, "is_cancellation_request", in.Cancel)
		set(de, "cancellation_token", in.Token)
	}
	for i := range a.Egresses {
		eg, in := item(m, "outgoing_egresses"), &a.Egresses[i]
		set(eg, "egress_namespace", in.Namespace)
		set(eg, "egress_type", in.Name)
		b.argument(eg, in.HasArgument, in.Argument)
	}
}

func (b *build) message(m protoreflect.Message, in *wire.Message) {
	address(sub(m, "target"), in.Target)
	b.argument(m, in.HasArgument, in.Argument)
}

func (b *build) argument(m protoreflect.Message, has bool, raw []byte) {
	if has {
		b.value(sub(m, "argument"), raw)
	}
}

// stored sets a state's value, which is a message in version 3 only.
func (b *build) stored(m protoreflect.Message, has bool, raw, opaque []byte) {
	switch {
	case !has:
	case b.schema.Version == wire.V2:
		set(m, "state_value", opaque)
	default:
		b.value(sub(m, "state_value"), raw)
	}
}

func (b *build) value(m protoreflect.Message, raw []byte) {
	val, err := wire.ParseValue(b.schema.Version, raw)
	if err != nil {
		b.err = cmp.Or(b.err, err)
		return
	}
	if b.schema.Version == wire.V2 {
		b.check(val.Has)
		set(m, "type_url", val.TypeName)
	} else {
		set(m, "typename", val.TypeName)
		set(m, "has_value", val.Has)
	}
	set(m, "value", val.Data)
}

func address(m protoreflect.Message, a wire.Address) {
	set(m, "namespace", a.Namespace)
	set(m, "type", a.Name)
	set(m, "id", a.ID)
}

func field(m protoreflect.Message, name protoreflect.Name) protoreflect.FieldDescriptor {
	return m.Descriptor().Fields().ByName(name)
}

func set(m protoreflect.Message, name protoreflect.Name, v any) {
	m.Set(field(m, name), protoreflect.ValueOf(v))
}

// sub returns a message field, set from now on.
func sub(m protoreflect.Message, name protoreflect.Name) protoreflect.Message {
	return m.Mutable(field(m, name)).Message()
}

// item appends to a list of messages.
func item(m protoreflect.Message, name protoreflect.Name) protoreflect.Message {
	return m.Mutable(field(m, name)).List().AppendMutable().Message()
}
