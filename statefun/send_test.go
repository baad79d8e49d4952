package statefun_test

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/statefun-go/statefun-go/internal/wire"
	"github.com/statefun-go/statefun-go/statefun"
)

func TestSend(t *testing.T) {
	t.Parallel()
	h := define(t, nil, onText(func(inv *statefun.Invocation, _ string) error {
		statefun.String.Send(inv, other.Address("x"), "first")
		statefun.Int64.Send(inv, inv.Self(), 7)
		statefun.String.Reply(inv, "answer")
		inv.Forward(other.Address("y"))
		return nil
	}))
	argument := append(wire.AppendValue(nil, wire.V3, text("in")), 0x22, 1, 'm') // with a field of the living fork
	r := wire.Request{HasTarget: true, Target: self, Invocations: []wire.Invocation{{HasCaller: true, Caller: caller, HasArgument: true, Argument: argument}}}
	a := serve(t, h, wire.AppendRequest(nil, &r))
	var got []string
	for _, m := range a.Messages {
		got = append(got, fmt.Sprintf("%v %s", m.Target, parse(t, wire.V3, m.Argument).TypeName))
	}
	want := []string{
		"ns/other/x io.statefun.types/string", "ns/fn/id io.statefun.types/long",
		"ns/caller/c io.statefun.types/string", "ns/other/y io.statefun.types/string",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	if !bytes.Equal(a.Messages[3].Argument, argument) {
		t.Errorf("forwarded %x, came %x", a.Messages[3].Argument, argument)
	}
}

func TestDelays(t *testing.T) {
	t.Parallel()
	h := define(t, nil, onText(func(inv *statefun.Invocation, _ string) error {
		to := other.Address("x")
		statefun.String.SendAfter(inv, 0, to, "now")
		statefun.String.SendAfter(inv, 1001*time.Microsecond, to, "soon")
		statefun.String.SendAfter(inv, time.Hour, to, "later", statefun.Token("t"))
		inv.Cancel(statefun.Token("t"))
		statefun.String.SendAfter(inv, time.Hour, to, "again", statefun.Token("t"))
		statefun.String.SendAfter(inv, time.Hour, to, "raw", statefun.RawToken("t"))
		inv.Cancel(statefun.RawToken("u"))
		return nil
	}))
	a := serve(t, h, batchOf(nil, text("in")))
	var got []string
	for _, d := range a.Delayed {
		got = append(got, fmt.Sprintf("%d %v %q %v", d.DelayMillis, d.Cancel, d.Token, d.Target))
	}
	want := []string{
		`0 false "" ns/other/x`, `2 false "" ns/other/x`, `3600000 false "ns/fn|t" ns/other/x`, `0 true "ns/fn|t" //`,
		`3600000 false "ns/fn|t" ns/other/x`, `3600000 false "t" ns/other/x`, `0 true "u" //`,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %q", got)
	}
}

// Everything that one answer shows and that would fail the job, or a peer,
// fails here, with words that say what.
func TestRefusedEffects(t *testing.T) {
	t.Parallel()
	kafka := statefun.KafkaTopic("ns/kafka", "", statefun.Text)
	kinesis := statefun.KinesisStream("ns/kinesis", "", statefun.Text)
	generic := statefun.NewEgress("ns/generic", statefun.String)
	undeclared := statefun.KafkaTopic("ns/kafka", "t", statefun.Text)
	to := other.Address("x")
	for want, use := range map[string]func(inv *statefun.Invocation){
		"the delay is negative":            func(inv *statefun.Invocation) { statefun.String.SendAfter(inv, -1, to, "") },
		"the delay is below a millisecond": func(inv *statefun.Invocation) { statefun.String.SendAfter(inv, time.Microsecond, to, "") },
		"at most one token": func(inv *statefun.Invocation) {
			statefun.String.SendAfter(inv, 0, to, "", statefun.Token("a"), statefun.Token("b"))
		},
		"token is empty":           func(inv *statefun.Invocation) { statefun.String.SendAfter(inv, 0, to, "", statefun.Token("")) },
		"cancel: the cancellation": func(inv *statefun.Invocation) { inv.Cancel(statefun.CancelToken{}) },
		"is not UTF-8":             func(inv *statefun.Invocation) { inv.Cancel(statefun.RawToken("\xff")) },
		"is sent twice in one answer": func(inv *statefun.Invocation) {
			statefun.String.SendAfter(inv, 0, to, "", statefun.Token("a"))
			statefun.String.SendAfter(inv, 0, to, "", statefun.RawToken("ns/fn|a"))
		},
		"the target has no function type": func(inv *statefun.Invocation) { statefun.String.Send(inv, statefun.Address{ID: "x"}, "") },
		"target's id is empty":            func(inv *statefun.Invocation) { statefun.String.Send(inv, other.Address(""), "") },
		"target's id is not UTF-8":        func(inv *statefun.Invocation) { inv.Forward(other.Address("\xff")) },
		"the string is not UTF-8":         func(inv *statefun.Invocation) { statefun.String.Send(inv, to, "\xff") },
		"the message has no caller":       func(inv *statefun.Invocation) { statefun.String.Reply(inv, "") },
		"the zero Type":                   func(inv *statefun.Invocation) { statefun.Type[string]{}.Send(inv, to, "") },
		"unsupported type": func(inv *statefun.Invocation) {
			statefun.JSON[chan int]("a/b").Send(inv, to, nil)
		},
		"no topic":             func(inv *statefun.Invocation) { kafka.Send(inv, "k", "v") },
		"key \"\\xff\" is not": func(inv *statefun.Invocation) { kafka.Send(inv, "\xff", "v", statefun.Topic("t")) },
		"header name \"\\xff\"": func(inv *statefun.Invocation) {
			kafka.Send(inv, "", "v", statefun.Topic("t"), statefun.Header("\xff", nil))
		},
		"belong to Kinesis":      func(inv *statefun.Invocation) { kafka.Send(inv, "", "v", statefun.Stream("t")) },
		"belong to Kafka":        func(inv *statefun.Invocation) { kinesis.Send(inv, "p", "v", statefun.Topic("t")) },
		"no stream":              func(inv *statefun.Invocation) { kinesis.Send(inv, "p", "v") },
		"partition key is empty": func(inv *statefun.Invocation) { kinesis.Send(inv, "", "v", statefun.Stream("s")) },
		"egress ns/generic":      func(inv *statefun.Invocation) { generic.Send(inv, "\xff") },
		"egress is not declared": func(inv *statefun.Invocation) { undeclared.Send(inv, "k", "v") },
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			h := define(t, nil, kafka, kinesis, generic, onText(func(inv *statefun.Invocation, _ string) error {
				use(inv)
				if inv.Err() == nil {
					t.Error("Err is nil")
				}
				first := inv.Err().Error()
				statefun.String.Reply(inv, "another failure, or none")
				if inv.Err().Error() != first {
					t.Errorf("the first failure was replaced: %v", inv.Err())
				}
				return nil
			}))
			err := refuse(t, h, statefun.CodeFailed, batchOf(nil, text("in")))
			if !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want %q", err, want)
			}
		})
	}
}

// An empty id is a Kafka record without a key: such an instance can answer and
// be answered.
func TestEmptyID(t *testing.T) {
	t.Parallel()
	h := define(t, nil, onText(func(inv *statefun.Invocation, _ string) error {
		to, _ := inv.Caller()
		statefun.String.Reply(inv, "answer")
		statefun.String.Send(inv, to, "again")
		if inv.Self().ID == "" {
			statefun.String.Send(inv, other.Address(""), "neighbour")
		}
		return nil
	}))
	nobody := wire.Address{Namespace: "ns", Name: "caller"}
	if a := serve(t, h, encodeBatch(wire.V3, nobody, nil, text("in"))); len(a.Messages) != 2 {
		t.Errorf("%+v", a.Messages)
	}
	r := wire.Request{HasTarget: true, Target: wire.Address{Namespace: "ns", Name: "fn"}, Invocations: []wire.Invocation{
		{HasCaller: true, Caller: caller, HasArgument: true, Argument: wire.AppendValue(nil, wire.V3, text("in"))},
	}}
	if a := serve(t, h, wire.AppendRequest(nil, &r)); len(a.Messages) != 3 {
		t.Errorf("%+v", a.Messages)
	}
}

func TestEgressRecords(t *testing.T) {
	t.Parallel()
	kafka := statefun.KafkaTopic("ns/kafka", "topic", statefun.Text)
	kinesis := statefun.KinesisStream("ns/kinesis", "stream", statefun.EncodeJSON[map[string]int])
	generic := statefun.NewEgress("ns.deep/generic", statefun.Int64)
	raw := statefun.KafkaTopic("ns/kafka", "", statefun.RawBytes)
	h := define(t, nil, kafka, kinesis, generic, raw, onText(func(inv *statefun.Invocation, _ string) error {
		kafka.Send(inv, "key", "value", statefun.Header("h", []byte("1")), statefun.Header("h", nil))
		kafka.Send(inv, "", "", statefun.Topic("elsewhere"))
		raw.Send(inv, "k", bytes.Repeat([]byte{0xff}, 300), statefun.Topic("raw"))
		kinesis.Send(inv, "part", map[string]int{"n": 1}, statefun.HashKey("42"))
		generic.Send(inv, 7)
		return nil
	}))
	a := serve(t, h, batchOf(nil, text("in")))
	if len(a.Egresses) != 5 {
		t.Fatalf("%d records", len(a.Egresses))
	}
	kafkaRecord := func(i int) wire.KafkaRecord {
		val := parse(t, wire.V3, a.Egresses[i].Argument)
		r, err := wire.DecodeKafkaRecord(val.Data)
		if err != nil || val.TypeName != "type.googleapis.com/io.statefun.sdk.egress.KafkaProducerRecord" || !val.Has {
			t.Fatalf("record %d: %+v, %v", i, val, err)
		}
		return r
	}
	if r := kafkaRecord(0); r.Key != "key" || r.Topic != "topic" || string(r.Value) != "value" || len(r.Headers) != 2 || r.Headers[0].Key != "h" || string(r.Headers[0].Value) != "1" {
		t.Errorf("%+v", r)
	}
	if r := kafkaRecord(1); r.Key != "" || r.Topic != "elsewhere" || len(r.Value) != 0 || len(r.Headers) != 0 {
		t.Errorf("%+v", r)
	}
	if r := kafkaRecord(2); len(r.Value) != 300 || r.Topic != "raw" {
		t.Errorf("%+v", r)
	}
	val := parse(t, wire.V3, a.Egresses[3].Argument)
	if r, err := wire.DecodeKinesisRecord(val.Data); err != nil || r.PartitionKey != "part" || r.Stream != "stream" || r.ExplicitHashKey != "42" || string(r.Value) != `{"n":1}` ||
		val.TypeName != "type.googleapis.com/io.statefun.sdk.egress.KinesisEgressRecord" {
		t.Errorf("%+v, %v", r, err)
	}
	if e := a.Egresses[4]; e.Namespace != "ns.deep" || e.Name != "generic" || parse(t, wire.V3, e.Argument).TypeName != "io.statefun.types/long" {
		t.Errorf("%+v", e)
	}
}
