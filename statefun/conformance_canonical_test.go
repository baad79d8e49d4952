package statefun_test

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/statefun-go/statefun-go/internal/wire"
	"github.com/statefun-go/statefun-go/internal/wire/wiretest"
	"github.com/statefun-go/statefun-go/statefun"
)

// A canon puts an answer, decoded by protobuf-go, into lines that are equal
// where two answers mean the same to a runtime: messages, delayed messages and
// egress records in their order; mutations and missing states as sets by name;
// an empty ExpirationSpec like none; an empty body like an empty result; egress
// records decoded; JSON as JSON; NaN as NaN.
type canon struct{ schema *wiretest.Schema }

func newCanon(t *testing.T, v wire.Version) canon {
	t.Helper()
	return canon{wiretest.New(t, v)}
}

// pbMessage is a decoded protobuf message, with its fields by name.
type pbMessage struct{ m protoreflect.Message }

func (m pbMessage) get(name protoreflect.Name) protoreflect.Value {
	return m.m.Get(m.m.Descriptor().Fields().ByName(name))
}

func (m pbMessage) text(name protoreflect.Name) string   { return m.get(name).String() }
func (m pbMessage) sub(name protoreflect.Name) pbMessage { return pbMessage{m.get(name).Message()} }

func (m pbMessage) list(name protoreflect.Name) []pbMessage {
	list := m.get(name).List()
	messages := make([]pbMessage, list.Len())
	for i := range messages {
		messages[i] = pbMessage{list.Get(i).Message()}
	}
	return messages
}

func (c canon) decode(md protoreflect.MessageDescriptor, b []byte) (pbMessage, error) {
	m, err := wiretest.Unmarshal(md, b)
	if err != nil {
		return pbMessage{}, err
	}
	return pbMessage{m.ProtoReflect()}, nil
}

// lines returns the lines of an encoded FromFunction. Cancellation tokens lose
// tokenPrefix, which only our SDK puts before them.
func (c canon) lines(body []byte, tokenPrefix string) ([]string, error) {
	answer, err := c.decode(c.schema.Answer, body)
	if err != nil {
		return nil, err
	}
	w := canonWriter{canon: c}
	if c.schema.Version == wire.V3 {
		for _, s := range answer.sub("incomplete_invocation_context").list("missing_values") {
			expire := s.sub("expiration_spec")
			w.add("missing %s %s mode %v after %v ms", s.text("state_name"), s.text("type_typename"), expire.get("mode"), expire.get("expire_after_millis"))
		}
	}
	result := answer.sub("invocation_result")
	for _, m := range result.list("state_mutations") {
		w.mutation(m)
	}
	slices.Sort(w.list)
	for _, m := range result.list("outgoing_messages") {
		w.add("message %s %s", pbAddress(m.sub("target")), w.value(m.sub("argument")))
	}
	for _, d := range result.list("delayed_invocations") {
		w.delayed(d, tokenPrefix)
	}
	for _, e := range result.list("outgoing_egresses") {
		w.add("egress %s/%s %s", e.text("egress_namespace"), e.text("egress_type"), w.value(e.sub("argument")))
	}
	return w.list, w.err
}

func pbAddress(a pbMessage) string {
	return a.text("namespace") + "/" + a.text("type") + "/" + a.text("id")
}

type canonWriter struct {
	canon
	list []string
	err  error // the first
}

func (w *canonWriter) add(format string, args ...any) {
	w.list = append(w.list, fmt.Sprintf(format, args...))
}

func (w *canonWriter) keep(err error) {
	if w.err == nil {
		w.err = err
	}
}

func (w *canonWriter) mutation(m pbMessage) {
	name := m.text("state_name")
	switch {
	case m.get("mutation_type").Enum() == 0:
		w.add("delete %s", name)
	case w.schema.Version == wire.V3:
		w.add("modify %s %s", name, w.value(m.sub("state_value")))
	default:
		stored, err := w.decode(w.schema.Value, m.get("state_value").Bytes())
		w.keep(err)
		if err == nil {
			w.add("modify %s %s", name, w.value(stored))
		}
	}
}

func (w *canonWriter) delayed(d pbMessage, tokenPrefix string) {
	token := ""
	if w.schema.Version == wire.V3 {
		token = strings.TrimPrefix(d.text("cancellation_token"), tokenPrefix)
		if d.get("is_cancellation_request").Bool() {
			w.add("cancel %q", token)
			return
		}
	}
	w.add("delayed %v ms %s %s token %q", d.get("delay_in_ms"), pbAddress(d.sub("target")), w.value(d.sub("argument")), token)
}

// value is a TypedValue or an Any.
func (w *canonWriter) value(v pbMessage) string {
	if w.schema.Version == wire.V2 {
		return v.text("type_url") + " " + w.payload(v.text("type_url"), v.get("value").Bytes())
	}
	return fmt.Sprintf("%s %t %s", v.text("typename"), v.get("has_value").Bool(), w.payload(v.text("typename"), v.get("value").Bytes()))
}

func (w *canonWriter) payload(typename string, data []byte) string {
	switch typename {
	case "type.googleapis.com/" + string(w.schema.Kafka.FullName()):
		return w.record(w.schema.Kafka, data, "key", "topic")
	case "type.googleapis.com/" + string(w.schema.Kinesis.FullName()):
		return w.record(w.schema.Kinesis, data, "partition_key", "stream", "explicit_hash_key")
	case vectorUser.Name():
		var v any
		w.keep(json.Unmarshal(data, &v))
		text, err := json.Marshal(v) // with its keys sorted
		w.keep(err)
		return string(text)
	case statefun.Float32.Name():
		if u, n := protowire.ConsumeFixed32(data[min(len(data), 1):]); n > 0 && math.IsNaN(float64(math.Float32frombits(u))) {
			return "NaN"
		}
	case statefun.Float64.Name():
		if u, n := protowire.ConsumeFixed64(data[min(len(data), 1):]); n > 0 && math.IsNaN(math.Float64frombits(u)) {
			return "NaN"
		}
	}
	return fmt.Sprintf("%q", data)
}

func (w *canonWriter) record(md protoreflect.MessageDescriptor, data []byte, names ...protoreflect.Name) string {
	r, err := w.decode(md, data)
	if err != nil {
		w.keep(err)
		return ""
	}
	text := fmt.Sprintf("value %q", r.get("value_bytes").Bytes())
	for _, n := range names {
		text += fmt.Sprintf(" %s %q", n, r.text(n))
	}
	return text
}
