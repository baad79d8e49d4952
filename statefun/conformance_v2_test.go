package statefun_test

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/statefun-go/statefun-go/internal/vectors"
	"github.com/statefun-go/statefun-go/internal/wire"
	"github.com/statefun-go/statefun-go/internal/wire/wiretest"
	"github.com/statefun-go/statefun-go/statefun"
)

// v2Folders hold requests that a runtime of version 2 sent, or that imitate one.
var v2Folders = []string{vectors.Flink22, vectors.Flink21, vectors.Python22, vectors.GoOnV2}

// takenForV3 marks requests whose only evidence is a message that a function
// once answered in version 3, and which a 2.x runtime passes on unchanged. V2
// refuses them; Auto, which judges by the bytes alone, takes them for version 3.
const takenForV3 = "the request is of protocol version 3"

// v2Exceptions are the recorded requests that V2 does not answer, by
// folder/scenario and number, with a part of the error.
var v2Exceptions = map[string]string{
	"flink-2.2.2/http-302/1":                               "the request is empty", // a redirected POST comes as an empty GET
	"flink-2.2.2/v3-answer-delayed-with-token/1":           takenForV3,
	"flink-2.2.2/v3-answer-message/1":                      takenForV3,
	"flink-2.2.2/v3-answer-message-multilang-serializer/1": takenForV3,
	"flink-2.2.2/v3-answer-messages-remote/1":              takenForV3,
	"flink-2.2.2/v3-answer-messages-remote/2":              takenForV3,
	"flink-2.2.2/v3-answer-messages-remote/3":              takenForV3,
	"flink-2.2.2/v3-answer-messages-remote/4":              takenForV3,
	"flink-2.2.2/v3-answer-messages-remote/5":              takenForV3,
	"flink-2.2.2/v3-answer-messages-remote/6":              takenForV3,
	"flink-2.2.2/v3-answer-messages-remote/7":              takenForV3,
	"flink-2.2.2/v3-answer-messages-remote/8":              takenForV3,
	"go-sdk-3.3.0/v2-request-no-argument/0":                "the message has no argument",
	"python-sdk-2.2.2/empty-body/0":                        "the request is empty",
	"python-sdk-2.2.2/no-argument/0":                       "the message has no argument",
}

// everyEffect registers the request's target with states of the names that the
// request holds. The function does one of everything that version 2 has.
func everyEffect(t *testing.T, p statefun.Protocol, r *wire.Request) *statefun.Handler {
	t.Helper()
	kafka := statefun.KafkaTopic("demo/out", "topic", statefun.Text)
	kinesis := statefun.KinesisStream("demo/kin", "stream", statefun.RawBytes)
	generic := statefun.NewEgress("demo/gen", vectorBytes)
	parts := []statefun.Part{kafka, kinesis, generic}
	var states []*statefun.State[[]byte]
	for _, s := range r.States {
		if s.Name != "batch" && s.Name != "request-state" { // ours refuses to declare them
			states = append(states, statefun.NewState(s.Name, vectorBytes))
			parts = append(parts, states[len(states)-1])
		}
	}
	f := func(_ context.Context, inv *statefun.Invocation, m statefun.Message) error {
		for i, s := range states {
			_, old, ok := s.Raw(inv)
			if i%2 == 1 && ok {
				s.Clear(inv)
			} else {
				s.Set(inv, append(bytes.Clone(old), m.Value()...))
			}
		}
		vectorBytes.Send(inv, inv.Self(), m.Value())
		vectorBytes.SendAfter(inv, time.Second, inv.Self(), m.Value())
		inv.Forward(inv.Self())
		if _, ok := inv.Caller(); ok {
			vectorBytes.Reply(inv, m.Value())
		}
		kafka.Send(inv, "key", m.TypeName())
		kinesis.Send(inv, "partition", m.Value(), statefun.HashKey("123"))
		generic.Send(inv, m.Value())
		return nil
	}
	name := statefun.MustTypeName("demo/f")
	if !r.Target.IsZero() {
		name = statefun.MustTypeName(r.Target.Namespace + "/" + r.Target.Name)
	}
	h, err := statefun.New([]statefun.Function{statefun.Define(name, append(parts, statefun.OnAny(f))...)}, &statefun.Options{Protocol: p})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// TestVersion2Requests answers every recorded request of a version 2 runtime,
// under V2 and under Auto. Each answer must be version 2 to the last byte for
// protobuf-go: no field that the version lacks, and only declared states.
func TestVersion2Requests(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, folder := range v2Folders {
		scenarios, err := vectors.Load(folder)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range scenarios {
			for i, e := range s.Exchanges {
				name := fmt.Sprintf("%s/%s/%d", folder, s.Name, i)
				seen[name] = true
				if s.Protocol == "v2" {
					t.Run(name, func(t *testing.T) {
						t.Parallel()
						checkVersion2(t, e.Request.Body, v2Exceptions[name])
					})
				}
			}
		}
	}
	for name := range v2Exceptions {
		if !seen[name] {
			t.Errorf("%s is not recorded", name)
		}
	}
}

func checkVersion2(t *testing.T, request []byte, refusal string) {
	t.Helper()
	var r wire.Request
	if err := r.Decode(bytes.Clone(request)); err != nil {
		t.Fatal(err)
	}
	for _, p := range []statefun.Protocol{statefun.V2, statefun.Auto} {
		answer, err := everyEffect(t, p, &r).Append(context.Background(), nil, bytes.Clone(request))
		switch {
		case p == statefun.Auto && refusal == takenForV3 && err == nil:
			checkVersionOf(t, wire.V3, &r, answer)
		case refusal != "":
			if err == nil || !strings.Contains(err.Error(), refusal) {
				t.Errorf("protocol %d: answered %x, error %v, want %q", p, answer, err, refusal)
			}
		case err != nil:
			t.Errorf("protocol %d: %v", p, err)
		default:
			checkVersionOf(t, wire.V2, &r, answer)
		}
	}
}

func checkVersionOf(t *testing.T, v wire.Version, r *wire.Request, answer []byte) {
	t.Helper()
	m := dynamicpb.NewMessage(wiretest.New(t, v).Answer)
	if err := proto.Unmarshal(answer, m); err != nil {
		t.Fatal(err)
	}
	if u := unknownIn(m); u != nil {
		t.Errorf("version %d: unknown fields %x in %x", v, u, answer)
	}
	result := pbMessage{m}.sub("invocation_result")
	if n := len(result.list("outgoing_messages")); n < 2*len(r.Invocations) {
		t.Errorf("%d messages of %d invocations", n, len(r.Invocations))
	}
	for _, mutation := range result.list("state_mutations") {
		named := func(s wire.State) bool { return s.Name == mutation.text("state_name") }
		if !slices.ContainsFunc(r.States, named) {
			t.Errorf("a mutation of %q, which the request does not name", mutation.text("state_name"))
		}
	}
}

// TestVersion2UnderV3 sends the same requests to a handler that speaks version
// 3 only. Each in which the runtime shows its version, by a value in a message
// of an ingress, is refused with an error that names the option.
func TestVersion2UnderV3(t *testing.T) {
	t.Parallel()
	certain, schema := 0, wiretest.New(t, wire.V2)
	for _, folder := range v2Folders {
		scenarios, err := vectors.Load(folder)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range scenarios {
			for i, e := range s.Exchanges {
				if s.Protocol != "v2" || !showsVersion2(t, schema, e.Request.Body) {
					continue
				}
				certain++
				var r wire.Request
				if err := r.Decode(bytes.Clone(e.Request.Body)); err != nil {
					t.Fatal(err)
				}
				answer, err := everyEffect(t, statefun.V3, &r).Append(context.Background(), nil, bytes.Clone(e.Request.Body))
				if statefun.CodeOf(err) != statefun.CodeMalformed || !strings.Contains(err.Error(), "Options.Protocol") {
					t.Errorf("%s/%s/%d: answered %x, error %v", folder, s.Name, i, answer, err)
				}
			}
		}
	}
	if certain < 150 {
		t.Errorf("%d requests show their version, fewer than were recorded", certain)
	}
}

// showsVersion2 reports whether a message without a caller has a value where
// version 2 has it.
func showsVersion2(t *testing.T, schema *wiretest.Schema, request []byte) bool {
	t.Helper()
	m, err := wiretest.Unmarshal(schema.Request, request)
	if err != nil {
		t.Fatal(err)
	}
	for _, inv := range (pbMessage{m.ProtoReflect()}).sub("invocation").list("invocations") {
		if pbAddress(inv.sub("caller")) == "//" && len(inv.sub("argument").get("value").Bytes()) > 0 {
			return true
		}
	}
	return false
}

// unknownIn returns unknown fields of m or of a message in it.
func unknownIn(m protoreflect.Message) (found []byte) {
	if u := m.GetUnknown(); len(u) > 0 {
		return u
	}
	m.Range(func(fd protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case fd.Message() == nil:
		case fd.IsList():
			for i := range v.List().Len() {
				found = append(found, unknownIn(v.List().Get(i).Message())...)
			}
		default:
			found = unknownIn(v.Message())
		}
		return found == nil
	})
	return found
}
