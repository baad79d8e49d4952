package sdk_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/statefun-go/statefun-go/internal/wire"
	"github.com/statefun-go/statefun-go/internal/wire/wiretest"
)

// jsonMark ends the names of topics and streams whose records hold JSON.
const jsonMark = ".json"

// meaning is an answer as a runtime and the receivers understand it: mutations
// and missing states are sets, JSON is its content, records are messages, a
// token has no prefix.
func meaning(t *testing.T, schema *wiretest.Schema, answer []byte) proto.Message {
	t.Helper()
	m, err := wiretest.Unmarshal(schema.Answer, answer)
	if err != nil {
		t.Fatal(err)
	}
	m = wiretest.Canonical(m)
	e := evener{t, schema}
	e.message(m.ProtoReflect())
	return m
}

// evener takes the differences of form out of a message, in place.
type evener struct {
	t      *testing.T
	schema *wiretest.Schema
}

func (e evener) message(m protoreflect.Message) {
	m.Range(func(fd protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case fd.IsList():
			if fd.Name() == "state_mutations" || fd.Name() == "missing_values" {
				sortByName(v.List())
			}
			for i := range v.List().Len() {
				e.message(v.List().Get(i).Message())
			}
		case fd.Message() == e.schema.Value:
			e.value(v.Message())
		case fd.Message() != nil:
			e.message(v.Message())
		case fd.Name() == "cancellation_token":
			m.Set(fd, protoreflect.ValueOfString(tokenText(v.String())))
		}
		return true
	})
}

// tokenText cuts our prefix, the name of the function's type, off a token. The
// scripts' own tokens have no slash.
func tokenText(token string) string {
	if prefix, text, found := strings.Cut(token, "|"); found && strings.Contains(prefix, "/") {
		return text
	}
	return token
}

func sortByName(list protoreflect.List) {
	var items []protoreflect.Value
	for i := range list.Len() {
		items = append(items, list.Get(i))
	}
	slices.SortStableFunc(items, func(a, b protoreflect.Value) int {
		return cmp.Compare(text(a.Message(), "state_name"), text(b.Message(), "state_name"))
	})
	for i, item := range items {
		list.Set(i, item)
	}
}

func text(m protoreflect.Message, name protoreflect.Name) string {
	return m.Get(m.Descriptor().Fields().ByName(name)).String()
}

// value evens out a TypedValue.
func (e evener) value(m protoreflect.Message) {
	fd := m.Descriptor().Fields().ByName("value")
	data := m.Get(fd).Bytes()
	switch text(m, "typename") {
	case jsonName:
		data = content(data)
	case wire.KafkaTypeName(wire.V3):
		data = e.record(e.schema.Kafka, data, "topic")
	case wire.KinesisTypeName(wire.V3):
		data = e.record(e.schema.Kinesis, data, "stream")
	}
	m.Set(fd, protoreflect.ValueOfBytes(data))
}

// record encodes a record anew, fields in order.
func (e evener) record(md protoreflect.MessageDescriptor, data []byte, dest protoreflect.Name) []byte {
	record, err := wiretest.Unmarshal(md, data)
	if err != nil {
		e.t.Fatal(err)
	}
	m := record.ProtoReflect()
	if strings.HasSuffix(text(m, dest), jsonMark) {
		fd := md.Fields().ByName("value_bytes")
		m.Set(fd, protoreflect.ValueOfBytes(content(m.Get(fd).Bytes())))
	}
	return wiretest.Marshal(record)
}

// content writes JSON text in one form: sorted keys, one way to escape. What
// is no JSON stays.
func content(data []byte) []byte {
	var v any
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if d.Decode(&v) != nil || d.More() {
		return data
	}
	out, err := json.Marshal(v)
	if err != nil {
		return data
	}
	return out
}
