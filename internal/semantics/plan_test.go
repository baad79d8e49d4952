package semantics_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/statefun-go/statefun-go/internal/semantics"
	"github.com/statefun-go/statefun-go/internal/wire"
)

// env is a runtime that knows the function type shop/cart and those of the
// namespace open, and the egresses kafka, kinesis and any of the namespace out.
type env struct {
	pending []string // id/token
}

func (env) HasFunction(namespace, name string) bool {
	return namespace == "open" || namespace == "shop" && name == "cart"
}

func (env) Egress(namespace, name string) (semantics.EgressRule, bool) {
	switch {
	case namespace != "out":
		return nil, false
	case name == "kafka":
		return semantics.KafkaRecords, true
	case name == "kinesis":
		return semantics.KinesisRecords, true
	}
	return nil, name == "any"
}

func (e env) TokenPending(id, token string) bool { return slices.Contains(e.pending, id+"/"+token) }

func typed(typename, data string) []byte {
	return wire.AppendValue(nil, wire.V3, wire.Value{TypeName: typename, Has: true, Data: []byte(data)})
}

func packed(typename, data string) []byte {
	return wire.AppendValue(nil, wire.V2, wire.Value{TypeName: typename, Data: []byte(data)})
}

func to(namespace, name, id string) wire.Message {
	return wire.Message{Target: wire.Address{Namespace: namespace, Name: name, ID: id}, HasArgument: true, Argument: typed("t/x", "v")}
}

func after(millis int64, token string) wire.Delayed {
	return wire.Delayed{Message: to("shop", "cart", "x"), DelayMillis: millis, Token: token}
}

func cancel(token string) wire.Delayed { return wire.Delayed{Cancel: true, Token: token} }

func modify(name string, value []byte) wire.Mutation {
	return wire.Mutation{Type: wire.Modify, Name: name, HasValue: value != nil, Value: value}
}

func kafka(v wire.Version, typename, topic string) []byte {
	return wire.AppendValue(nil, v, wire.Value{
		TypeName: typename, Has: true, Data: wire.AppendKafkaRecord(nil, &wire.KafkaRecord{Key: "k", Topic: topic}),
	})
}

func kinesis(stream, key string) []byte {
	return wire.AppendValue(nil, wire.V3, wire.Value{
		TypeName: wire.KinesisTypeName(wire.V3), Has: true,
		Data: wire.AppendKinesisRecord(nil, &wire.KinesisRecord{Stream: stream, PartitionKey: key}),
	})
}

func egress(name string, argument []byte) wire.Answer {
	return wire.Answer{Egresses: []wire.Egress{{Namespace: "out", Name: name, HasArgument: true, Argument: argument}}}
}

func TestWhatFailsTheJob(t *testing.T) {
	t.Parallel()
	messages := func(m ...wire.Message) wire.Answer { return wire.Answer{Messages: m} }
	delayed := func(d ...wire.Delayed) wire.Answer { return wire.Answer{Delayed: d} }
	mutations := func(m ...wire.Mutation) wire.Answer { return wire.Answer{Mutations: m} }
	bad := []byte{0xff}
	v3kafka := wire.KafkaTypeName(wire.V3)
	tests := []struct {
		name   string
		answer wire.Answer
		kind   semantics.Kind
	}{
		{"no effects", wire.Answer{}, 0},
		{"known function", messages(to("shop", "cart", "x")), 0},
		{"empty id", messages(to("shop", "cart", "")), 0},
		{"no argument", messages(wire.Message{Target: target()}), 0},
		{"empty name in an open namespace", messages(to("open", "", "x")), 0},
		{"empty name", messages(to("shop", "", "x")), semantics.KindUnknownFunction},
		{"unknown function", messages(to("shop", "till", "x")), semantics.KindUnknownFunction},
		{"no target", messages(wire.Message{}), semantics.KindUnknownFunction},
		{"argument is garbage", messages(wire.Message{Target: target(), Argument: bad}), semantics.KindMalformed},
		{"argument of the other version", messages(wire.Message{Target: target(), Argument: packed("t/x", "v")}), 0},
		{"zero delay", delayed(after(0, "")), 0},
		{"negative delay", delayed(after(-1, "")), semantics.KindDelay},
		{"delayed to an unknown function", delayed(wire.Delayed{Message: to("shop", "till", "x")}), 0},
		{"delayed argument is garbage", delayed(wire.Delayed{Message: wire.Message{Argument: bad}}), semantics.KindMalformed},
		{"free token", delayed(after(1, "free")), 0},
		{"taken token", delayed(after(1, "taken")), semantics.KindTokenPending},
		{"taken token, cancelled before", delayed(cancel("taken"), after(1, "taken")), 0},
		{"taken token, cancelled after", delayed(after(1, "taken"), cancel("taken")), semantics.KindTokenPending},
		{"token of another id", delayed(after(1, "bobs")), 0},
		{"token twice", delayed(after(1, "t"), after(1, "t")), semantics.KindTokenPending},
		{"token twice, cancelled between", delayed(after(1, "t"), cancel("t"), after(1, "t")), 0},
		{"token twice, cancelled between, thrice", delayed(cancel("taken"), after(1, "taken"), cancel("taken"), after(1, "taken"), after(1, "taken")), semantics.KindTokenPending},
		{"cancel of nothing", delayed(cancel("free"), cancel("free")), 0},
		{"cancel without token", delayed(cancel("")), semantics.KindTokenEmpty},
		{"cancel with a negative delay", delayed(wire.Delayed{Cancel: true, Token: "t", DelayMillis: -1}), 0},
		{"unknown egress", wire.Answer{Egresses: []wire.Egress{{Namespace: "out", Name: "none"}}}, semantics.KindUnknownEgress},
		{"any egress", egress("any", typed("t/x", "v")), 0},
		{"any egress, garbage", egress("any", bad), semantics.KindMalformed},
		{"kafka", egress("kafka", kafka(wire.V3, v3kafka, "topic")), 0},
		{"kafka without topic", egress("kafka", kafka(wire.V3, v3kafka, "")), semantics.KindEgressRecord},
		{"kafka, other type", egress("kafka", kafka(wire.V3, wire.KafkaTypeName(wire.V2), "topic")), semantics.KindEgressRecord},
		{"kafka, other prefix", egress("kafka", kafka(wire.V3, strings.Replace(v3kafka, "type.", "x.", 1), "topic")), semantics.KindEgressRecord},
		{"kafka, no argument", egress("kafka", nil), semantics.KindEgressRecord},
		{"kafka, garbage", egress("kafka", typed(v3kafka, "\xff")), semantics.KindEgressRecord},
		{"kafka, other version", egress("kafka", packed(v3kafka, "\xff")), semantics.KindEgressRecord},
		{"kinesis", egress("kinesis", kinesis("stream", "key")), 0},
		{"kinesis without stream", egress("kinesis", kinesis("", "key")), semantics.KindEgressRecord},
		{"kinesis without key", egress("kinesis", kinesis("stream", "")), semantics.KindEgressRecord},
		{"kinesis, garbage", egress("kinesis", typed(wire.KinesisTypeName(wire.V3), "\xff")), semantics.KindEgressRecord},
		{"kinesis, other type", egress("kinesis", typed("t/x", "")), semantics.KindEgressRecord},
		{"write", mutations(modify("s", typed("a/b", "v"))), 0},
		{"write, typename with a slash at its end", mutations(modify("s", typed("a/b/", "v"))), 0},
		{"write of another type", mutations(modify("s", typed("a/c", "v"))), semantics.KindStateType},
		{"write without a type", mutations(modify("s", typed("", "v"))), semantics.KindStateType},
		{"write without a value", mutations(modify("s", nil)), semantics.KindStateType},
		{"write without a value, state without a type", mutations(modify("unset", nil)), 0},
		{"write of garbage", mutations(modify("s", bad)), semantics.KindMalformed},
		{"write, unknown state", mutations(modify("ghost", typed("a/b", "v"))), semantics.KindStateUnknown},
		{"delete", mutations(wire.Mutation{Name: "s"}, wire.Mutation{Name: "s"}), 0},
		{"delete with garbage", mutations(wire.Mutation{Name: "s", HasValue: true, Value: bad}), semantics.KindMalformed},
		{"delete, unknown state", mutations(wire.Mutation{Name: "ghost"}), semantics.KindStateUnknown},
		{"unknown mutation", mutations(wire.Mutation{Name: "s", Type: 7}), semantics.KindMutationType},
	}
	states := registered(t, spec("s", "a/b"), spec("unset", ""))
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var p semantics.Plan
			err := p.Build(target(), &test.answer, states, env{pending: []string{"ann/taken", "bob/bobs"}}, 1000)
			if got := kindOf(t, err); got != test.kind {
				t.Fatalf("failure %v (%v), want %v", got, err, test.kind)
			}
			if err != nil && !strings.Contains(err.Error(), `function shop/cart, id "ann"`) {
				t.Errorf("the text does not name the function: %v", err)
			}
		})
	}
}

func TestWhatFailsTheJobInVersion2(t *testing.T) {
	t.Parallel()
	v2kafka := wire.KafkaTypeName(wire.V2)
	tests := []struct {
		name   string
		answer wire.Answer
		kind   semantics.Kind
	}{
		{"write of any bytes", wire.Answer{Mutations: []wire.Mutation{modify("s", []byte{0xff})}}, 0},
		{"write of nothing", wire.Answer{Mutations: []wire.Mutation{modify("s", nil)}}, 0},
		{"write, unknown state", wire.Answer{Mutations: []wire.Mutation{modify("ghost", nil)}}, semantics.KindStateUnknown},
		{"unknown mutation", wire.Answer{Mutations: []wire.Mutation{{Name: "ghost", Type: 7}}}, 0},
		{"kafka", egress("kafka", kafka(wire.V2, v2kafka, "topic")), 0},
		{"kafka, other prefix", egress("kafka", kafka(wire.V2, "x.example/"+v2kafka[strings.LastIndexByte(v2kafka, '/')+1:], "topic")), 0},
		{"kafka of version 3", egress("kafka", kafka(wire.V2, wire.KafkaTypeName(wire.V3), "topic")), semantics.KindEgressRecord},
	}
	states, err := semantics.Declare("shop", "cart", []wire.StateSpec{spec("s", "")})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var p semantics.Plan
			err := p.Build(target(), &test.answer, states, env{}, 1000)
			if got := kindOf(t, err); got != test.kind {
				t.Fatalf("failure %v (%v), want %v", got, err, test.kind)
			}
		})
	}
}

func TestPlan(t *testing.T) {
	t.Parallel()
	a := wire.Answer{
		Messages: []wire.Message{to("open", "a", "1"), to("open", "b", "2")},
		Delayed: []wire.Delayed{
			after(5, ""), cancel("taken"), after(7, "taken"), after(8, "gone"), cancel("gone"), cancel("late"), after(9, "late"),
			after(math.MaxInt64, "never"),
		},
		Egresses:  []wire.Egress{{Namespace: "out", Name: "any", Argument: typed("t/x", "1")}},
		Mutations: []wire.Mutation{modify("s", typed("a/b/", "v")), {Name: "s"}, modify("unset", nil)},
	}
	states := registered(t, spec("s", "a/b"), spec("unset", ""))
	var p semantics.Plan
	for range 2 { // a plan can be built again
		if err := p.Build(target(), &a, states, env{pending: []string{"ann/taken"}}, 1000); err != nil {
			t.Fatal(err)
		}
	}
	if len(p.Messages) != 2 || p.Messages[0].Target.Name != "a" || p.Messages[1].Target.Name != "b" || len(p.Egresses) != 1 {
		t.Errorf("messages %v, egresses %v", p.Messages, p.Egresses)
	}
	if !slices.Equal(p.Cancels, []string{"taken"}) {
		t.Errorf("cancels %q", p.Cancels)
	}
	var due []int64
	var tokens []string
	for _, timer := range p.Timers {
		due, tokens = append(due, timer.Due), append(tokens, timer.Token)
	}
	if !slices.Equal(due, []int64{1005, 1007, 1009, math.MaxInt64}) || !slices.Equal(tokens, []string{"", "taken", "late", "never"}) {
		t.Errorf("timers due %v, tokens %q", due, tokens)
	}
	want := []semantics.Write{
		{State: 0, Cell: semantics.Cell{Present: true, Value: typed("a/b", "v"), Touched: 1000}},
		{State: 0},
		{State: 1, Cell: semantics.Cell{Present: true, Value: typed("io.statefun.types/unset", ""), Touched: 1000}},
	}
	if !slices.EqualFunc(p.Writes, want, func(a, b semantics.Write) bool {
		return a.State == b.State && a.Cell.Touched == b.Cell.Touched && a.Cell.Equal(b.Cell)
	}) {
		t.Errorf("writes %v, want %v", p.Writes, want)
	}
}
