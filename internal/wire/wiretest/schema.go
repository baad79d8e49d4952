package wiretest

import (
	"testing"

	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/statefun-go/statefun-go/internal/wire"
)

// Schema is the protos of one version of the protocol. It does not change and
// may be used by several goroutines.
type Schema struct {
	Version wire.Version

	Request protoreflect.MessageDescriptor // ToFunction
	Answer  protoreflect.MessageDescriptor // FromFunction
	Value   protoreflect.MessageDescriptor // TypedValue, in version 2 Any
	Kafka   protoreflect.MessageDescriptor // KafkaProducerRecord
	Kinesis protoreflect.MessageDescriptor // KinesisEgressRecord

	// Wrappers are the messages behind the built-in types, by typename without
	// "io.statefun.types/"; empty in version 2.
	Wrappers map[string]protoreflect.MessageDescriptor
}

// New builds the schema of one version. A mistake in it ends the test.
func New(tb testing.TB, v wire.Version) *Schema {
	tb.Helper()
	files, err := protodesc.NewFiles(&descriptorpb.FileDescriptorSet{File: protos(v)})
	if err != nil {
		tb.Fatalf("wiretest: version %d: %v", v, err)
	}
	find := func(pkg, name string) protoreflect.MessageDescriptor {
		d, err := files.FindDescriptorByName(protoreflect.FullName(pkg + "." + name))
		if err != nil {
			tb.Fatalf("wiretest: version %d: %s.%s: %v", v, pkg, name, err)
		}
		md, ok := d.(protoreflect.MessageDescriptor)
		if !ok {
			tb.Fatalf("wiretest: %s is a %T", d.FullName(), d)
		}
		return md
	}
	n := namesOf(v)
	s := &Schema{
		Version: v,
		Request: find(n.protocol, "ToFunction"), Answer: find(n.protocol, "FromFunction"), Value: find(n.value, n.valueName),
		Kafka: find(n.egress, "KafkaProducerRecord"), Kinesis: find(n.egress, "KinesisEgressRecord"),
		Wrappers: map[string]protoreflect.MessageDescriptor{},
	}
	if v == wire.V3 {
		for _, w := range wrappers {
			s.Wrappers[w.typename] = find(n.types, w.message)
		}
	}
	return s
}

// names are the packages that the protos of one version stand in.
type names struct{ protocol, egress, types, value, valueName string }

func namesOf(v wire.Version) names {
	if v == wire.V2 {
		return names{
			protocol: "org.apache.flink.statefun.flink.core.polyglot", egress: "org.apache.flink.statefun.flink.io",
			value: "google.protobuf", valueName: "Any",
		}
	}
	return names{
		protocol: "io.statefun.sdk.reqreply", egress: "io.statefun.sdk.egress", types: "io.statefun.sdk.types",
		value: "io.statefun.sdk.reqreply", valueName: "TypedValue",
	}
}

// protos returns request-reply.proto, types.proto, kafka-egress.proto and
// kinesis-egress.proto of StateFun 3.3 with the headers that the living fork
// adds to Kafka records, or http-function.proto, kafka-egress.proto and
// kinesis-egress.proto of 2.2.2 with any.proto.
func protos(v wire.Version) []*descriptorpb.FileDescriptorProto {
	n := namesOf(v)
	kafka := []*descriptorpb.FieldDescriptorProto{text(1, "key"), bytes(2, "value_bytes"), text(3, "topic")}
	egress := []*descriptorpb.DescriptorProto{
		message("KinesisEgressRecord", text(1, "partition_key"), bytes(2, "value_bytes"), text(3, "stream"), text(4, "explicit_hash_key")),
	}
	if v == wire.V2 {
		egress = append(egress, message("KafkaProducerRecord", kafka...))
		return []*descriptorpb.FileDescriptorProto{
			file("google/protobuf/any.proto", n.value, nil, message("Any", text(1, "type_url"), bytes(2, "value"))),
			file("http-function.proto", n.protocol, []string{"google/protobuf/any.proto"}, protocol(v)...),
			file("egress.proto", n.egress, nil, egress...),
		}
	}
	kafka = append(kafka, many(4, "headers", n.egress+".Header"))
	egress = append(egress,
		message("KafkaProducerRecord", kafka...),
		message("Header", text(1, "key"), bytes(2, "value"), scalar(3, "has_value", descriptorpb.FieldDescriptorProto_TYPE_BOOL)))
	var types []*descriptorpb.DescriptorProto
	for _, w := range wrappers {
		types = append(types, message(w.message, scalar(1, "value", w.kind)))
	}
	return []*descriptorpb.FileDescriptorProto{
		file("request-reply.proto", n.protocol, nil, append(protocol(v),
			message("TypedValue", text(1, "typename"), scalar(2, "has_value", descriptorpb.FieldDescriptorProto_TYPE_BOOL), bytes(3, "value")))...),
		file("types.proto", n.types, nil, types...),
		file("egress.proto", n.egress, nil, egress...),
	}
}

// wrappers are the messages of types.proto; each has one field, value = 1.
var wrappers = []struct {
	typename, message string
	kind              descriptorpb.FieldDescriptorProto_Type
}{
	{"bool", "BooleanWrapper", descriptorpb.FieldDescriptorProto_TYPE_BOOL},
	{"int", "IntWrapper", descriptorpb.FieldDescriptorProto_TYPE_SFIXED32},
	{"long", "LongWrapper", descriptorpb.FieldDescriptorProto_TYPE_SFIXED64},
	{"float", "FloatWrapper", descriptorpb.FieldDescriptorProto_TYPE_FLOAT},
	{"double", "DoubleWrapper", descriptorpb.FieldDescriptorProto_TYPE_DOUBLE},
	{"string", "StringWrapper", descriptorpb.FieldDescriptorProto_TYPE_STRING},
}

// protocol returns the messages that both versions have, Address, ToFunction
// and FromFunction, with the fields of version v.
func protocol(v wire.Version) []*descriptorpb.DescriptorProto {
	n := namesOf(v)
	address, value := n.protocol+".Address", n.value+"."+n.valueName
	to, from := n.protocol+".ToFunction", n.protocol+".FromFunction"
	boolean, int64s := descriptorpb.FieldDescriptorProto_TYPE_BOOL, descriptorpb.FieldDescriptorProto_TYPE_INT64

	stored := func(number int32) *descriptorpb.FieldDescriptorProto {
		if v == wire.V2 {
			return bytes(number, "state_value")
		}
		return one(number, "state_value", value)
	}
	delayed := []*descriptorpb.FieldDescriptorProto{scalar(1, "delay_in_ms", int64s), one(2, "target", address), one(3, "argument", value)}
	if v == wire.V3 {
		delayed = append(delayed, scalar(10, "is_cancellation_request", boolean), text(11, "cancellation_token"))
	}

	request := message("ToFunction", alternative(one(100, "invocation", to+".InvocationBatchRequest")))
	request.OneofDecl = []*descriptorpb.OneofDescriptorProto{{Name: new("request")}}
	request.NestedType = []*descriptorpb.DescriptorProto{
		message("PersistedValue", text(1, "state_name"), stored(2)),
		message("Invocation", one(1, "caller", address), one(2, "argument", value)),
		message("InvocationBatchRequest", one(1, "target", address), many(2, "state", to+".PersistedValue"), many(3, "invocations", to+".Invocation")),
	}

	mutation := message("PersistedValueMutation", enumField(1, "mutation_type", from+".PersistedValueMutation.MutationType"), text(2, "state_name"), stored(3))
	mutation.EnumType = []*descriptorpb.EnumDescriptorProto{enum("MutationType", "DELETE", "MODIFY")}
	answer := message("FromFunction", alternative(one(100, "invocation_result", from+".InvocationResponse")))
	answer.OneofDecl = []*descriptorpb.OneofDescriptorProto{{Name: new("response")}}
	answer.NestedType = []*descriptorpb.DescriptorProto{
		mutation,
		message("Invocation", one(1, "target", address), one(2, "argument", value)),
		message("DelayedInvocation", delayed...),
		message("EgressMessage", text(1, "egress_namespace"), text(2, "egress_type"), one(3, "argument", value)),
		message("InvocationResponse", many(1, "state_mutations", from+".PersistedValueMutation"), many(2, "outgoing_messages", from+".Invocation"),
			many(3, "delayed_invocations", from+".DelayedInvocation"), many(4, "outgoing_egresses", from+".EgressMessage")),
	}
	if v == wire.V3 {
		answer.Field = append(answer.Field, alternative(one(101, "incomplete_invocation_context", from+".IncompleteInvocationContext")))
		expiration := message("ExpirationSpec", enumField(1, "mode", from+".ExpirationSpec.ExpireMode"), scalar(2, "expire_after_millis", int64s))
		expiration.EnumType = []*descriptorpb.EnumDescriptorProto{enum("ExpireMode", "NONE", "AFTER_WRITE", "AFTER_INVOKE")}
		answer.NestedType = append(answer.NestedType, expiration,
			message("PersistedValueSpec", text(1, "state_name"), one(2, "expiration_spec", from+".ExpirationSpec"), text(3, "type_typename")),
			message("IncompleteInvocationContext", many(1, "missing_values", from+".PersistedValueSpec")))
	}
	return []*descriptorpb.DescriptorProto{message("Address", text(1, "namespace"), text(2, "type"), text(3, "id")), request, answer}
}

func file(name, pkg string, imports []string, messages ...*descriptorpb.DescriptorProto) *descriptorpb.FileDescriptorProto {
	return &descriptorpb.FileDescriptorProto{
		Name: &name, Package: &pkg, Syntax: new("proto3"), Dependency: imports, MessageType: messages,
	}
}

func message(name string, fields ...*descriptorpb.FieldDescriptorProto) *descriptorpb.DescriptorProto {
	return &descriptorpb.DescriptorProto{Name: &name, Field: fields}
}

func scalar(number int32, name string, kind descriptorpb.FieldDescriptorProto_Type) *descriptorpb.FieldDescriptorProto {
	return &descriptorpb.FieldDescriptorProto{
		Number: &number, Name: &name, Type: &kind, Label: descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL.Enum(),
	}
}

func text(number int32, name string) *descriptorpb.FieldDescriptorProto {
	return scalar(number, name, descriptorpb.FieldDescriptorProto_TYPE_STRING)
}

func bytes(number int32, name string) *descriptorpb.FieldDescriptorProto {
	return scalar(number, name, descriptorpb.FieldDescriptorProto_TYPE_BYTES)
}

func one(number int32, name, typ string) *descriptorpb.FieldDescriptorProto {
	f := scalar(number, name, descriptorpb.FieldDescriptorProto_TYPE_MESSAGE)
	f.TypeName = new("." + typ)
	return f
}

func many(number int32, name, typ string) *descriptorpb.FieldDescriptorProto {
	f := one(number, name, typ)
	f.Label = descriptorpb.FieldDescriptorProto_LABEL_REPEATED.Enum()
	return f
}

func enumField(number int32, name, typ string) *descriptorpb.FieldDescriptorProto {
	f := scalar(number, name, descriptorpb.FieldDescriptorProto_TYPE_ENUM)
	f.TypeName = new("." + typ)
	return f
}

// alternative puts a field into its message's only oneof.
func alternative(f *descriptorpb.FieldDescriptorProto) *descriptorpb.FieldDescriptorProto {
	f.OneofIndex = new(int32(0))
	return f
}

// enum declares an enum whose values are numbered from 0.
func enum(name string, values ...string) *descriptorpb.EnumDescriptorProto {
	e := &descriptorpb.EnumDescriptorProto{Name: &name}
	for i, v := range values {
		e.Value = append(e.Value, &descriptorpb.EnumValueDescriptorProto{Name: &v, Number: new(int32(i))})
	}
	return e
}
