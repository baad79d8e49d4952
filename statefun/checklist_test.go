package statefun_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/statefun-go/statefun-go/internal/wire"
	"github.com/statefun-go/statefun-go/statefun"
)

// The sharp edges of the protocol, as a checklist: each number is one way in
// which an SDK loses messages, loses state or fails the whole Flink job. A test
// here has the number of its edge.
//
// Three edges are HTTP's and are tested with its adapter, adapters/http: the
// status of a failure (16, the other half is here), Content-Length and
// Content-Type of every answer (17), and paths that mean nothing (19).
// Numbers from 25 on are the engine's.

// Edge 1: DELETE is the zero mutation type. An SDK that leaves the type out
// deletes the state.
func TestChecklist01MutationTypeIsWritten(t *testing.T) {
	t.Parallel()
	s := statefun.NewState("s", statefun.Int32)
	h := define(t, nil, s, onText(func(inv *statefun.Invocation, _ string) error { s.Set(inv, 0); return nil }))
	answer, err := h.Append(context.Background(), nil, batchOf([]wire.State{absent("s")}, text("x")))
	if err != nil {
		t.Fatal(err)
	}
	if want := []byte{0x08, 0x01, 0x12, 0x01, 's'}; !bytes.Contains(answer, want) {
		t.Errorf("% x lacks mutation_type MODIFY", answer)
	}
	s2 := statefun.NewState("s", statefun.Int32)
	h = define(t, nil, s2, onText(func(inv *statefun.Invocation, _ string) error { s2.Clear(inv); return nil }))
	answer, err = h.Append(context.Background(), nil, batchOf([]wire.State{absent("s")}, text("x")))
	if want := unhex(t, "a2 06 05 0a 03 12 01 73"); err != nil || !bytes.Equal(answer, want) {
		t.Errorf("clear answers % x, %v", answer, err)
	}
}

// Edge 2: has_value is true on everything that is sent, also where the value is
// zero bytes, and a zero value is zero bytes.
func TestChecklist02HasValueOfZeroValues(t *testing.T) {
	t.Parallel()
	zeroValue(t, statefun.Bool)
	zeroValue(t, statefun.Int32)
	zeroValue(t, statefun.Int64)
	zeroValue(t, statefun.Float32)
	zeroValue(t, statefun.Float64)
	zeroValue(t, statefun.String)
	zeroValue(t, statefun.Bytes("t/bytes"))
}

func zeroValue[T any](t *testing.T, typ statefun.Type[T]) {
	t.Helper()
	state, egress := statefun.NewState("s", typ), statefun.NewEgress("ns/out", typ)
	h := define(t, nil, state, egress, onText(func(inv *statefun.Invocation, _ string) error {
		var zero T
		state.Set(inv, zero)
		egress.Send(inv, zero)
		typ.Send(inv, other.Address("x"), zero)
		typ.SendAfter(inv, time.Second, other.Address("x"), zero)
		return nil
	}))
	a := serve(t, h, batchOf([]wire.State{absent("s")}, text("x")))
	want := wire.Value{TypeName: typ.Name(), Has: true}
	for where, raw := range map[string][]byte{
		"state": a.Mutations[0].Value, "message": a.Messages[0].Argument, "delayed": a.Delayed[0].Argument, "egress": a.Egresses[0].Argument,
	} {
		if got := parse(t, wire.V3, raw); got.TypeName != want.TypeName || !got.Has || len(got.Data) > 0 {
			t.Errorf("%s of %s: %+v", where, typ.Name(), got)
		}
	}
}

// Edge 3: int and long are fixed-width, and only the typename tells them from
// float and double.
func TestChecklist03FixedWidthIntegers(t *testing.T) {
	t.Parallel()
	wantBytes(t, encode(statefun.Int32, 1), "0d 01 00 00 00")
	wantBytes(t, encode(statefun.Int32, -1), "0d ff ff ff ff")
	wantBytes(t, encode(statefun.Int64, 1), "09 01 00 00 00 00 00 00 00")
	wantBytes(t, encode(statefun.Float32, 1), "0d 00 00 80 3f")
	wantBytes(t, encode(statefun.Float64, 1), "09 00 00 00 00 00 00 f0 3f")
	wantBytes(t, encode(statefun.Bool, true), "08 01")
	wantBytes(t, encode(statefun.String, "hi"), "0a 02 68 69")
}

// counting returns a handler of a function with states a and b, and how often
// the function ran.
func counting(t *testing.T, opts *statefun.Options) (*statefun.Handler, *int) {
	t.Helper()
	runs := new(int)
	return define(t, opts, statefun.NewState("a", statefun.Int64), statefun.NewState("b", statefun.Int64),
		onText(func(*statefun.Invocation, string) error { *runs++; return nil })), runs
}

// Edge 4: a state is there when its name is in the list; it may lack a value.
// User code does not run before all declared names are there.
func TestChecklist04PresenceByName(t *testing.T) {
	t.Parallel()
	h, runs := counting(t, nil)
	for _, states := range [][]wire.State{nil, {absent("a")}, {absent("b"), absent("c")}} {
		if a := serve(t, h, batchOf(states, text("x"), text("y"))); !a.HasIncomplete || *runs > 0 {
			t.Errorf("with %v: ran %d times", states, *runs)
		}
	}
	if a := serve(t, h, batchOf([]wire.State{absent("b"), absent("a")}, text("x"), text("y"))); !a.HasResult || *runs != 2 {
		t.Errorf("ran %d times, want twice", *runs)
	}
}

// Edge 5: an answer that asks for states names at least one, and none that came:
// the runtime would ask again for ever. A version 2 runtime would take it for
// success and drop the batch.
func TestChecklist05MissingStates(t *testing.T) {
	t.Parallel()
	h, _ := counting(t, nil)
	a := serve(t, h, batchOf([]wire.State{absent("a")}, text("x")))
	if len(a.Missing) != 1 || a.Missing[0].Name != "b" {
		t.Errorf("missing: %v", a.Missing)
	}
	h, _ = counting(t, &statefun.Options{Protocol: statefun.V2})
	err := refuse(t, h, statefun.CodeFailed, encodeBatch(wire.V2, wire.Address{}, []wire.State{absent("a")}, text("x")))
	if !strings.Contains(err.Error(), "- name: b") {
		t.Errorf("the error does not name the line to write: %v", err)
	}
}

// Edge 6: mutations name only states that came, with the declared typename byte
// for byte, also over a stored value of another type.
func TestChecklist06MutationTypename(t *testing.T) {
	t.Parallel()
	s := statefun.NewState("s", statefun.Bytes("ns/Custom-Type.v1"))
	idle := statefun.NewState("idle", statefun.Int64)
	h := define(t, nil, s, idle, onText(func(inv *statefun.Invocation, _ string) error { s.Set(inv, []byte("v")); return nil }))
	a := serve(t, h, batchOf([]wire.State{stateOf("s", text("old")), absent("idle"), stateOf("more", text("x"))}, text("x")))
	if len(a.Mutations) != 1 || a.Mutations[0].Name != "s" || parse(t, wire.V3, a.Mutations[0].Value).TypeName != "ns/Custom-Type.v1" {
		t.Errorf("mutations: %v", a.Mutations)
	}
}

// Edge 7: a state's typename has exactly one slash, or the runtime fails the
// job; a message's is free text.
func TestChecklist07TypeNames(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"noslash", "a/b/c", "/b", "a/", "a//b", ""} {
		f := statefun.Define(fn, statefun.NewState("s", statefun.Bytes(name)), onText(func(*statefun.Invocation, string) error { return nil }))
		if _, err := statefun.New([]statefun.Function{f}, nil); err == nil {
			t.Errorf("a state of type %q is registered", name)
		}
	}
	for _, name := range []string{"noslash", "a/b/c", "/b", "a/", "ünï"} {
		free := statefun.Bytes(name)
		h := define(t, nil, statefun.On(free, func(_ context.Context, inv *statefun.Invocation, v []byte) error {
			free.Send(inv, inv.Self(), v)
			return nil
		}))
		if a := serve(t, h, batchOf(nil, value(free, []byte("v")))); parse(t, wire.V3, a.Messages[0].Argument).TypeName != name {
			t.Errorf("message of type %q: %v", name, a.Messages)
		}
	}
}

// Edge 8: the runtime keeps its own data under two names.
func TestChecklist08ReservedStateNames(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"batch", "request-state"} {
		f := statefun.Define(fn, statefun.NewState(name, statefun.Int64), onText(func(*statefun.Invocation, string) error { return nil }))
		if _, err := statefun.New([]statefun.Function{f}, nil); err == nil || !strings.Contains(err.Error(), "the runtime") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Edge 9: states that nobody declared here are ignored, whatever they hold: the
// runtime sends all that any version of the function ever declared.
func TestChecklist09UnknownStatesAreIgnored(t *testing.T) {
	t.Parallel()
	h, runs := counting(t, nil)
	states := []wire.State{
		{Name: "old", HasValue: true, Value: []byte("no protobuf \xff")},
		stateOf("older", text("x")),
		{Name: ""},
		absent("b"), absent("a"),
	}
	if a := serve(t, h, batchOf(states, text("x"))); !a.HasResult || *runs != 1 || len(a.Mutations) > 0 {
		t.Errorf("ran %d times, %v", *runs, a.Mutations)
	}
}

// Edge 10: one mutation for each state, and a write of an equal value is a
// write: it restarts the expiration.
func TestChecklist10OneMutationPerState(t *testing.T) {
	t.Parallel()
	s := statefun.NewState("s", statefun.String)
	h := define(t, nil, s, onText(func(inv *statefun.Invocation, v string) error {
		s.Set(inv, "between")
		s.Clear(inv)
		s.Set(inv, v)
		return nil
	}))
	a := serve(t, h, batchOf([]wire.State{stateOf("s", text("same"))}, text("other"), text("same")))
	if len(a.Mutations) != 1 || a.Mutations[0].Type != wire.Modify || string(parse(t, wire.V3, a.Mutations[0].Value).Data) != "\n\x04same" {
		t.Errorf("mutations: %v", a.Mutations)
	}
}

// Edge 11: messages, delayed messages and egress records keep the order of the
// calls, each in its list; sends and cancels share one.
func TestChecklist11OrderWithinLists(t *testing.T) {
	t.Parallel()
	out := statefun.NewEgress("ns/out", statefun.String)
	h := define(t, nil, out, onText(func(inv *statefun.Invocation, s string) error {
		for _, n := range []string{"1", "2"} {
			out.Send(inv, s+n)
			inv.Cancel(statefun.RawToken(s + n))
			statefun.String.Send(inv, other.Address("x"), s+n)
			statefun.String.SendAfter(inv, time.Second, other.Address("x"), s, statefun.RawToken(s+n))
		}
		return nil
	}))
	a := serve(t, h, batchOf(nil, text("a"), text("b")))
	var records, delayed []string
	for _, e := range a.Egresses {
		records = append(records, decodeText(t, parse(t, wire.V3, e.Argument).Data))
	}
	for _, d := range a.Delayed {
		kind := "send "
		if d.Cancel {
			kind = "cancel "
		}
		delayed = append(delayed, kind+d.Token)
	}
	want := []string{"a1", "a2", "b1", "b2"}
	if got := texts(t, a); !slices.Equal(got, want) || !slices.Equal(records, want) {
		t.Errorf("messages %q, records %q", got, records)
	}
	if want := []string{"cancel a1", "send a1", "cancel a2", "send a2", "cancel b1", "send b1", "cancel b2", "send b2"}; !slices.Equal(delayed, want) {
		t.Errorf("delayed %q", delayed)
	}
}

// tokenFunction sends and cancels with one token, under the name of its type.
func tokenFunction(name statefun.TypeName) statefun.Function {
	return statefun.Define(name, onText(func(inv *statefun.Invocation, _ string) error {
		inv.Cancel(statefun.Token("timeout"))
		statefun.String.SendAfter(inv, time.Second, inv.Self(), "x", statefun.Token("timeout"))
		return nil
	}))
}

// Edge 12: all function types of one id share one index of tokens, so one token
// of two types must not meet there.
func TestChecklist12TokensOfTypesDiffer(t *testing.T) {
	t.Parallel()
	h, err := statefun.New([]statefun.Function{tokenFunction(fn), tokenFunction(other)}, nil)
	if err != nil {
		t.Fatal(err)
	}
	tokens := map[string]bool{}
	for _, name := range []statefun.TypeName{fn, other} {
		r := wire.Request{
			HasTarget: true, Target: wire.Address{Namespace: name.Namespace(), Name: name.Name(), ID: "same"},
			Invocations: []wire.Invocation{{HasArgument: true, Argument: wire.AppendValue(nil, wire.V3, text("x"))}},
		}
		for _, d := range serve(t, h, wire.AppendRequest(nil, &r)).Delayed {
			tokens[d.Token] = true
		}
	}
	if len(tokens) != 2 || !tokens["ns/fn|timeout"] || !tokens["ns/other|timeout"] {
		t.Errorf("tokens: %v", tokens)
	}
}

// Edge 13: only a function of the same id can cancel, and a cancel of what is
// not waiting does nothing. So a cancel is sent whether or not this batch knows
// the token, and names tokens of another type of the same id with RawToken.
func TestChecklist13CancelUnknownToken(t *testing.T) {
	t.Parallel()
	h := define(t, nil, onText(func(inv *statefun.Invocation, _ string) error {
		inv.Cancel(statefun.Token("never sent"))
		inv.Cancel(statefun.Token("never sent"))
		inv.Cancel(statefun.RawToken("ns/other|timeout"))
		return nil
	}))
	a := serve(t, h, batchOf(nil, text("x")))
	want := []string{"ns/fn|never sent", "ns/fn|never sent", "ns/other|timeout"}
	for i, d := range a.Delayed {
		if !d.Cancel || d.Token != want[i] || d.DelayMillis != 0 || !d.Target.IsZero() || d.HasArgument {
			t.Errorf("cancel %d: %+v", i, d)
		}
	}
	if len(a.Delayed) != len(want) {
		t.Errorf("%d cancels, want %d", len(a.Delayed), len(want))
	}
}

// Edge 14: version 2 has neither tokens nor cancellation. A 2.x runtime would
// take a cancel for a message to nobody.
func TestChecklist14NoTokensInVersion2(t *testing.T) {
	t.Parallel()
	for name, use := range map[string]func(inv *statefun.Invocation){
		"cancel": func(inv *statefun.Invocation) { inv.Cancel(statefun.Token("t")) },
		"raw":    func(inv *statefun.Invocation) { inv.Cancel(statefun.RawToken("t")) },
		"send": func(inv *statefun.Invocation) {
			statefun.String.SendAfter(inv, time.Second, inv.Self(), "x", statefun.Token("t"))
		},
	} {
		for _, p := range []statefun.Protocol{statefun.V2, statefun.Auto} {
			h := define(t, &statefun.Options{Protocol: p}, onText(func(inv *statefun.Invocation, _ string) error { use(inv); return nil }))
			if err := refuse(t, h, statefun.CodeFailed, encodeBatch(wire.V2, wire.Address{}, nil, text("x"))); !strings.Contains(err.Error(), "version 2") {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// Edge 15: what fails the job and one answer can show is refused here. An
// unknown target or egress it cannot show: only the module file can.
func TestChecklist15RefusedBeforeTheJobFails(t *testing.T) {
	t.Parallel()
	stranger, nowhere := statefun.NewState("s", statefun.Int64), statefun.NewEgress("ns/out", statefun.String)
	for name, use := range map[string]func(inv *statefun.Invocation){
		"negative delay":    func(inv *statefun.Invocation) { statefun.String.SendAfter(inv, -1, inv.Self(), "x") },
		"empty token":       func(inv *statefun.Invocation) { inv.Cancel(statefun.RawToken("")) },
		"no target type":    func(inv *statefun.Invocation) { statefun.String.Send(inv, statefun.Address{ID: "x"}, "x") },
		"undeclared state":  func(inv *statefun.Invocation) { stranger.Set(inv, 1) },
		"undeclared egress": func(inv *statefun.Invocation) { nowhere.Send(inv, "x") },
		"id not UTF-8":      func(inv *statefun.Invocation) { statefun.String.Send(inv, other.Address("\xff"), "x") },
		"one token twice": func(inv *statefun.Invocation) {
			statefun.String.SendAfter(inv, 1e6, inv.Self(), "x", statefun.RawToken("t"))
			statefun.String.SendAfter(inv, 1e6, inv.Self(), "x", statefun.RawToken("t"))
		},
	} {
		h := define(t, nil, onText(func(inv *statefun.Invocation, _ string) error { use(inv); return nil }))
		err := refuse(t, h, statefun.CodeFailed, batchOf(nil, text("x")))
		if e, ok := errors.AsType[*statefun.Error](err); !ok || e.Function != fn || e.Index != 0 {
			t.Errorf("%s: the error does not say where: %v", name, err)
		}
	}
}

// Edge 16: a message that fails, fails its batch: nothing of it comes out, and
// the same request gets the same refusal.
func TestChecklist16NoPartialEffects(t *testing.T) {
	t.Parallel()
	s := statefun.NewState("s", statefun.Int64)
	h := define(t, nil, s, onText(func(inv *statefun.Invocation, v string) error {
		s.Set(inv, 1)
		statefun.String.Send(inv, other.Address("x"), v)
		if v == "bad" {
			return io.ErrUnexpectedEOF
		}
		return nil
	}))
	for range 2 {
		err := refuse(t, h, statefun.CodeFailed, batchOf([]wire.State{absent("s")}, text("good"), text("bad"), text("good")))
		if e, _ := errors.AsType[*statefun.Error](err); e.Index != 1 || !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%v", err)
		}
	}
	if a := serve(t, h, batchOf([]wire.State{absent("s")}, text("good"))); len(a.Messages) != 1 {
		t.Errorf("after a failure: %v", a.Messages)
	}
}

// Edge 18: a handler can be called twice with one batch, also at once.
func TestChecklist18SameBatchTwiceAtOnce(t *testing.T) {
	t.Parallel()
	s := statefun.NewState("s", statefun.Int64)
	h := define(t, nil, s, onText(func(inv *statefun.Invocation, v string) error {
		n, err := s.Get(inv)
		s.Set(inv, n+1)
		statefun.String.Send(inv, inv.Self(), v)
		return err
	}))
	request := batchOf([]wire.State{stateOf("s", value(statefun.Int64, 41))}, text("a"), text("b"))
	var answers [8][]byte
	var wait sync.WaitGroup
	for i := range answers {
		wait.Go(func() {
			for range 100 {
				answers[i], _ = h.Append(context.Background(), nil, bytes.Clone(request))
			}
		})
	}
	wait.Wait()
	for _, a := range answers {
		if len(a) == 0 || !bytes.Equal(a, answers[0]) {
			t.Errorf("got %x, and %x", a, answers[0])
		}
	}
}

// Edge 20: an address with all parts empty is none; an id may be empty; ids and
// names are UTF-8.
func TestChecklist20Addresses(t *testing.T) {
	t.Parallel()
	var from statefun.Address
	var known bool
	h := define(t, nil, onText(func(inv *statefun.Invocation, _ string) error { from, known = inv.Caller(); return nil }))
	for _, c := range []struct {
		caller wire.Address
		known  bool
	}{{wire.Address{}, false}, {wire.Address{Namespace: "a", Name: "b"}, true}, {caller, true}} {
		argument := wire.AppendValue(nil, wire.V3, text("x"))
		r := wire.Request{HasTarget: true, Target: self, Invocations: []wire.Invocation{{HasCaller: true, Caller: c.caller, HasArgument: true, Argument: argument}}}
		serve(t, h, wire.AppendRequest(nil, &r))
		if known != c.known || from.ID != c.caller.ID || from.Type.Name() != c.caller.Name {
			t.Errorf("caller %v reads as %v, %t", c.caller, from, known)
		}
	}
	for _, target := range []wire.Address{{Namespace: "ns", Name: "fn", ID: "a\xff"}, {Namespace: "\xff", Name: "fn", ID: "a"}} {
		refuse(t, h, statefun.CodeMalformed, wire.AppendRequest(nil, &wire.Request{HasTarget: true, Target: target}))
	}
}

// Edge 21: a request without a batch must not look like success; a batch
// without messages is an empty result.
func TestChecklist21EmptyRequests(t *testing.T) {
	t.Parallel()
	h, runs := counting(t, nil)
	for _, body := range []string{"", "0a 00", "aa 06 00", "a0 06 00"} {
		refuse(t, h, statefun.CodeMalformed, unhex(t, body))
	}
	answer, err := h.Append(context.Background(), nil, batchOf([]wire.State{absent("a"), absent("b")}))
	if err != nil || *runs > 0 {
		t.Errorf("ran %d times, %v", *runs, err)
	}
	wantBytes(t, answer, "a2 06 00")
}

// Edge 22: a panic with any value is an error of its message, with the stack,
// and the handler goes on.
func TestChecklist22PanicsOfAnyKind(t *testing.T) {
	t.Parallel()
	var nilMap map[string]int
	for name, crash := range map[string]func(){
		"text":    func() { panic("boom") },
		"number":  func() { panic(7) },
		"error":   func() { panic(io.ErrUnexpectedEOF) },
		"nil":     func() { panic(nil) },
		"runtime": func() { nilMap["x"] = 1 },
	} {
		h := define(t, nil, onText(func(_ *statefun.Invocation, s string) error {
			if s == "bad" {
				crash()
			}
			return nil
		}))
		err := refuse(t, h, statefun.CodePanicked, batchOf(nil, text("good"), text("bad")))
		if p, ok := errors.AsType[*statefun.PanicError](err); !ok || !bytes.Contains(p.Stack, []byte("checklist_test.go")) {
			t.Errorf("%s: no stack in %v", name, err)
		}
		serve(t, h, batchOf(nil, text("good")))
	}
}

// Edge 23: the typename of an egress record differs between the versions, and
// version 3 compares it exactly.
func TestChecklist23RecordTypeNames(t *testing.T) {
	t.Parallel()
	kafka, kinesis := statefun.KafkaTopic("ns/kafka", "t", statefun.Text), statefun.KinesisStream("ns/kinesis", "s", statefun.Text)
	h := define(t, &statefun.Options{Protocol: statefun.Auto}, kafka, kinesis, onText(func(inv *statefun.Invocation, _ string) error {
		kafka.Send(inv, "k", "v")
		kinesis.Send(inv, "p", "v")
		return nil
	}))
	for v, pkg := range map[wire.Version]string{wire.V3: "io.statefun.sdk.egress", wire.V2: "org.apache.flink.statefun.flink.io"} {
		a := serveAs(t, h, v, encodeBatch(v, wire.Address{}, nil, text("x")))
		for i, name := range []string{"KafkaProducerRecord", "KinesisEgressRecord"} {
			if got, want := parse(t, v, a.Egresses[i].Argument).TypeName, "type.googleapis.com/"+pkg+"."+name; got != want {
				t.Errorf("version %d: %s, want %s", v, got, want)
			}
		}
	}
}

// Edge 24: the playground and a Kafka ingress send text as it is, not as an
// encoded StringWrapper. Labelled as a string it is an error that says so, also
// where it parses as fields that a StringWrapper has not; under a name of its
// own it reads well.
func TestChecklist24PlainTextIsNoString(t *testing.T) {
	t.Parallel()
	h := define(t, nil, onText(func(*statefun.Invocation, string) error { return nil }))
	for _, plain := range []string{"hello", `{"a":1}`, "\n", "05", "123456789"} {
		err := refuse(t, h, statefun.CodeFailed, batchOf(nil, wire.Value{TypeName: statefun.String.Name(), Has: true, Data: []byte(plain)}))
		if !strings.Contains(err.Error(), "perhaps plain text") {
			t.Errorf("%q: %v", plain, err)
		}
	}
	var got string
	record := statefun.Bytes("example/Record")
	h = define(t, nil, statefun.On(record, func(_ context.Context, _ *statefun.Invocation, b []byte) error { got = string(b); return nil }))
	serve(t, h, batchOf(nil, value(record, []byte("hello"))))
	if got != "hello" {
		t.Errorf("read %q", got)
	}
}
