package statefun_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/statefun-go/statefun-go/internal/wire"
	"github.com/statefun-go/statefun-go/statefun"
)

// The tests of the rows of sdkDifferences that the recorded cases do not show,
// or not to the byte.

// vectorAnswer returns our answer to a request to a function of the vectors.
func vectorAnswer(t *testing.T, opts *statefun.Options, request []byte) []byte {
	t.Helper()
	answer, err := vectorHandler(t, opts).Append(context.Background(), nil, request)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

func vectorRefusal(t *testing.T, opts *statefun.Options, code statefun.Code, request []byte) error {
	t.Helper()
	return refuse(t, vectorHandler(t, opts), code, request)
}

// vectorRequest returns a request to vectors/<name>/1 with one message.
func vectorRequest(name string, arg wire.Value, states ...wire.State) []byte {
	return wire.AppendRequest(nil, &wire.Request{
		HasTarget: true, Target: wire.Address{Namespace: "vectors", Name: name, ID: "1"}, States: states,
		Invocations: []wire.Invocation{{HasArgument: true, Argument: wire.AppendValue(nil, wire.V3, arg)}},
	})
}

func wantBytes(t *testing.T, got []byte, want string) {
	t.Helper()
	if bytes.Equal(got, unhex(t, want)) {
		return
	}
	t.Errorf("got % x, want %s", got, want)
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// echoed returns the bytes that echo sends for the value.
func echoed(t *testing.T, typename string, data []byte) []byte {
	t.Helper()
	var a wire.Answer
	answer := vectorAnswer(t, nil, vectorRequest("echo", wire.Value{TypeName: typename, Has: true, Data: data}))
	if err := a.Decode(wire.V3, answer); err != nil || len(a.Messages) != 1 {
		t.Fatalf("%x: %v", answer, err)
	}
	return parse(t, wire.V3, a.Messages[0].Argument).Data
}

func TestDifferenceNoEffects(t *testing.T) {
	t.Parallel()
	wantBytes(t, vectorAnswer(t, nil, vectorRequest("plain", text("noop"))), "a2 06 00")
}

func TestDifferenceNoMessages(t *testing.T) {
	t.Parallel()
	wantBytes(t, vectorAnswer(t, nil, wire.AppendRequest(nil, &wire.Request{HasTarget: true, Target: wire.Address{Namespace: "vectors", Name: "plain", ID: "1"}})), "a2 06 00")
}

func TestDifferenceNoExpiration(t *testing.T) {
	t.Parallel()
	answer := vectorAnswer(t, nil, vectorRequest("expiring", text("noop")))
	first := append(protowire.AppendString([]byte{0x0a}, "keep"), protowire.AppendString([]byte{0x1a}, statefun.String.Name())...)
	if want := protowire.AppendBytes([]byte{0x0a}, first); !bytes.HasPrefix(answer[3:], want) {
		t.Errorf("got % x, want the first spec to be % x", answer, want)
	}
	for _, spec := range []string{"", "12 00"} {
		b := append([]byte{0xaa, 0x06}, protowire.AppendBytes(nil, protowire.AppendBytes([]byte{0x0a}, append([]byte{0x0a, 1, 's'}, unhex(t, spec)...)))...)
		var a wire.Answer
		if err := a.Decode(wire.V3, b); err != nil || len(a.Missing) != 1 || a.Missing[0] != (wire.StateSpec{Name: "s"}) {
			t.Errorf("expiration %q reads as %v, %v", spec, a.Missing, err)
		}
	}
}

func TestDifferenceOrderOfDeclaration(t *testing.T) {
	t.Parallel()
	declared := []string{"zulu", "alpha", "mike", "blob"}
	var a wire.Answer
	if err := a.Decode(wire.V3, vectorAnswer(t, nil, vectorRequest("states", text("noop")))); err != nil {
		t.Fatal(err)
	}
	var specs, mutations []string
	for _, s := range a.Missing {
		specs = append(specs, s.Name)
	}
	script := text("set|blob|00\nclear|mike\nset|alpha|a\nset|zulu|1")
	if err := a.Decode(wire.V3, vectorAnswer(t, nil, vectorRequest("states", script, absent("blob"), absent("alpha"), absent("zulu"), absent("mike")))); err != nil {
		t.Fatal(err)
	}
	for _, m := range a.Mutations {
		mutations = append(mutations, m.Name)
	}
	if !slices.Equal(specs, declared) || !slices.Equal(mutations, declared) {
		t.Errorf("specs %q, mutations %q, want %q", specs, mutations, declared)
	}
}

func TestDifferenceNegativeZero(t *testing.T) {
	t.Parallel()
	wantBytes(t, echoed(t, "io.statefun.types/double", unhex(t, "09 0000000000000080")), "09 0000000000000080")
	wantBytes(t, echoed(t, "io.statefun.types/float", unhex(t, "0d 00000080")), "0d 00000080")
}

func TestDifferenceNaNBits(t *testing.T) {
	t.Parallel()
	for _, bits := range []string{"0d 230 1c07f", "0d 01 00 80 7f", "0d 00 00 c0 ff"} {
		wantBytes(t, echoed(t, "io.statefun.types/float", unhex(t, bits)), bits)
	}
	for _, bits := range []string{"09 2301000000 00f87f", "09 010000000000f07f"} {
		wantBytes(t, echoed(t, "io.statefun.types/double", unhex(t, bits)), bits)
	}
}

// TestDifferenceInvalidUTF8String is about writing; the recorded cases are about reading.
func TestDifferenceInvalidUTF8String(t *testing.T) {
	t.Parallel()
	h := define(t, nil, onText(func(inv *statefun.Invocation, _ string) error {
		statefun.String.Send(inv, inv.Self(), "a\xff")
		return nil
	}))
	if err := refuse(t, h, statefun.CodeFailed, batchOf(nil, text("x"))); !strings.Contains(err.Error(), "not UTF-8") {
		t.Error(err)
	}
}

func TestDifferenceJSONBytes(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		` { "n" : 3 , "name" : "Bob" } `:  `{"name":"Bob","n":3}`,
		`{"name":"é <&> ✓","n":-2}`:       `{"name":"é <&> ✓","n":-2}`,
		"{\"name\":\"a\u2028b\",\"n\":0}": `{"name":"a\u2028b","n":0}`,
	} {
		if got := echoed(t, "vectors.types/user", []byte(in)); string(got) != want {
			t.Errorf("%s: got %q, want %q", in, got, want)
		}
	}
}

func TestDifferenceTokenPrefix(t *testing.T) {
	t.Parallel()
	h := define(t, nil, onText(func(inv *statefun.Invocation, _ string) error {
		statefun.String.SendAfter(inv, time.Second, inv.Self(), "a", statefun.Token("t"))
		statefun.String.SendAfter(inv, time.Second, inv.Self(), "b", statefun.RawToken("t"))
		inv.Cancel(statefun.Token("u"))
		inv.Cancel(statefun.RawToken("u"))
		return nil
	}))
	want := []string{"ns/fn|t", "t", "ns/fn|u", "u"}
	for i, d := range serve(t, h, batchOf(nil, text("x"))).Delayed {
		if d.Token != want[i] {
			t.Errorf("token %d is %q, want %q", i, d.Token, want[i])
		}
	}
}

// TestDifferenceHasValueFalse also looks at a function that takes any message: it sees
// the message, and Decode refuses it.
func TestDifferenceHasValueFalse(t *testing.T) {
	t.Parallel()
	h := define(t, nil, statefun.OnAny(func(_ context.Context, _ *statefun.Invocation, m statefun.Message) error {
		_, err := statefun.String.Decode(m)
		return err
	}))
	if err := refuse(t, h, statefun.CodeFailed, batchOf(nil, wire.Value{TypeName: statefun.String.Name()})); !strings.Contains(err.Error(), "has_value is false") {
		t.Error(err)
	}
}

func TestDifferenceOtherTypeRaw(t *testing.T) {
	t.Parallel()
	count := statefun.NewState("count", statefun.Int32)
	h := define(t, nil, count, onText(func(inv *statefun.Invocation, _ string) error {
		typename, data, ok := count.Raw(inv)
		if typename != statefun.String.Name() || string(data) != "\n\x02no" || !ok {
			return errors.New("raw is something else")
		}
		count.Set(inv, int32(len(data)))
		return nil
	}))
	serve(t, h, batchOf([]wire.State{stateOf("count", text("no"))}, text("x")))
}

func TestDifferenceOtherTypeOverwritten(t *testing.T) {
	t.Parallel()
	a := serve(t, vectorHandler(t, nil), vectorRequest("states", text("set|zulu|1"),
		stateOf("zulu", text("no")), absent("alpha"), absent("mike"), absent("blob")))
	if len(a.Mutations) != 1 || parse(t, wire.V3, a.Mutations[0].Value).TypeName != statefun.Int32.Name() {
		t.Errorf("mutations: %v", a.Mutations)
	}
}

func TestDifferenceOwnIDEmpty(t *testing.T) {
	t.Parallel()
	r := wire.Request{HasTarget: true, Target: wire.Address{Namespace: "vectors", Name: "plain"}, Invocations: []wire.Invocation{
		{HasArgument: true, Argument: wire.AppendValue(nil, wire.V3, text("send|string|vectors/plain||y"))},
	}}
	if a := serve(t, vectorHandler(t, nil), wire.AppendRequest(nil, &r)); len(a.Messages) != 1 || a.Messages[0].Target != r.Target {
		t.Errorf("messages: %v", a.Messages)
	}
}

func TestDifferenceSendToEmptyID(t *testing.T) {
	t.Parallel()
	for _, script := range []string{"send|string|vectors/t||x", "after|5|vectors/t||x"} {
		if err := vectorRefusal(t, nil, statefun.CodeFailed, vectorRequest("plain", text(script))); !strings.Contains(err.Error(), "id is empty") {
			t.Errorf("%s: %v", script, err)
		}
	}
}

func TestDifferenceTargetSlashes(t *testing.T) {
	t.Parallel()
	for _, target := range []string{"a//c", "/c", "a/", "c"} {
		vectorRefusal(t, nil, statefun.CodeFailed, vectorRequest("plain", text("send|string|"+target+"|1|x")))
	}
	a := serve(t, vectorHandler(t, nil), vectorRequest("plain", text("send|string|a/b/c|1|x")))
	if want := (wire.Address{Namespace: "a/b", Name: "c", ID: "1"}); a.Messages[0].Target != want {
		t.Errorf("sent to %v", a.Messages[0].Target)
	}
}

func TestDifferenceNegativeDelay(t *testing.T) {
	t.Parallel()
	for _, script := range []string{"after|-1|vectors/t|1|x", "token|-1000|tok|vectors/t|1|x"} {
		if err := vectorRefusal(t, nil, statefun.CodeFailed, vectorRequest("plain", text(script))); !strings.Contains(err.Error(), "negative") {
			t.Errorf("%s: %v", script, err)
		}
	}
	// Sent, cancelled and sent again is no token sent twice.
	script := "token|1|tok|vectors/t|1|x\ncancel|tok\ntoken|2|tok|vectors/t|1|y"
	if a := serve(t, vectorHandler(t, nil), vectorRequest("plain", text(script))); len(a.Delayed) != 3 {
		t.Errorf("delayed: %v", a.Delayed)
	}
}

func TestDifferenceCancelEmptyToken(t *testing.T) {
	t.Parallel()
	for _, token := range []statefun.CancelToken{statefun.Token(""), statefun.RawToken(""), {}} {
		h := define(t, nil, onText(func(inv *statefun.Invocation, _ string) error { inv.Cancel(token); return nil }))
		if err := refuse(t, h, statefun.CodeFailed, batchOf(nil, text("x"))); !strings.Contains(err.Error(), "token is empty") {
			t.Error(err)
		}
	}
}

func TestDifferenceOddExpirations(t *testing.T) {
	t.Parallel()
	_, err := statefun.New([]statefun.Function{vectorOddExpiring(), vectorMicroExpiring()}, nil)
	for _, state := range []string{"zero_write", "minus_call", "minus_one", "micro"} {
		if err == nil || !strings.Contains(err.Error(), `state "`+state+`": expiration after`) {
			t.Errorf("New says nothing of %s: %v", state, err)
		}
	}
	fraction := statefun.NewState("s", statefun.String, statefun.ExpireAfterWrite(1500*time.Microsecond))
	a := serve(t, define(t, nil, fraction, onText(func(*statefun.Invocation, string) error { return nil })), batchOf(nil, text("x")))
	if len(a.Missing) != 1 || a.Missing[0].ExpireAfterMillis != 2 {
		t.Errorf("1.5 ms became %v", a.Missing)
	}
}

func TestDifferenceUndeclaredState(t *testing.T) {
	t.Parallel()
	stranger := statefun.NewState("zulu", statefun.Int32) // another handle of a declared name is another state
	for name, use := range map[string]func(inv *statefun.Invocation) error{
		"write": func(inv *statefun.Invocation) error { stranger.Set(inv, 1); return nil },
		"clear": func(inv *statefun.Invocation) error { stranger.Clear(inv); return nil },
		"read":  func(inv *statefun.Invocation) error { _, err := stranger.Get(inv); return err },
	} {
		h := define(t, nil, statefun.NewState("zulu", statefun.Int32), onText(func(inv *statefun.Invocation, _ string) error { return use(inv) }))
		if err := refuse(t, h, statefun.CodeFailed, batchOf([]wire.State{absent("zulu")}, text("x"))); !strings.Contains(err.Error(), "not declared") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestDifferenceTerminalInBatch(t *testing.T) {
	t.Parallel()
	count := statefun.NewState("count", statefun.Int64)
	h := define(t, &statefun.Options{DeadLetter: statefun.DeadLetterDrop()}, count, onText(func(inv *statefun.Invocation, s string) error {
		n, err := count.Get(inv)
		count.Set(inv, n+1)
		statefun.String.Send(inv, other.Address("x"), s)
		if s == "bad" {
			err = statefun.Terminal(errors.New("boom"))
		}
		return err
	}))
	a := serve(t, h, batchOf([]wire.State{absent("count")}, text("one"), text("bad"), text("two")))
	if got := texts(t, a); !slices.Equal(got, []string{"one", "two"}) {
		t.Errorf("messages: %q", got)
	}
	wantBytes(t, parse(t, wire.V3, a.Mutations[0].Value).Data, "09 02 00 00 00 00 00 00 00")
}

func TestDifferenceNoInvocation(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"unknown-oneof": "aa 06 00",    // field 101, which a request has not
		"bad-wire-type": "a0 06 01",    // field 100 as a varint
		"unknown field": "0a 02 68 69", // field 1
	} {
		if err := vectorRefusal(t, nil, statefun.CodeMalformed, unhex(t, body)); !strings.Contains(err.Error(), "no invocation") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestDifferenceHugeLength sends lengths of 2 GiB and more for each level of a request.
func TestDifferenceHugeLength(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		"a2 06 80 80 80 80 08",
		"a206ffffffff07",
		"a206ffffffffffffffff7f",
		"a2 06 06 0a 80 80 80 80 08",
		"a2 06 08 1a 06 12 80 80 80 80 08",
	} {
		vectorRefusal(t, nil, statefun.CodeMalformed, unhex(t, body))
	}
}

// TestDifferenceFieldZero puts field number 0 where the recorded case does not.
func TestDifferenceFieldZero(t *testing.T) {
	t.Parallel()
	good := vectorRequest("plain", text("noop"))
	vectorRefusal(t, nil, statefun.CodeMalformed, append(unhex(t, "02 00"), good...))
	target := protowire.AppendBytes([]byte{0x0a}, unhex(t, "00 01"))
	vectorRefusal(t, nil, statefun.CodeMalformed, protowire.AppendBytes([]byte{0xa2, 0x06}, target))
}

func TestDifferenceVersion2Request(t *testing.T) {
	t.Parallel()
	request := wire.AppendRequest(nil, &wire.Request{
		HasTarget: true, Target: wire.Address{Namespace: "vectors", Name: "plain", ID: "1"},
		Invocations: []wire.Invocation{{HasArgument: true, Argument: wire.AppendValue(nil, wire.V2, text("send|string|vectors/t|1|x"))}},
	})
	if err := vectorRefusal(t, nil, statefun.CodeMalformed, bytes.Clone(request)); !strings.Contains(err.Error(), "Options.Protocol") {
		t.Error(err)
	}
	for _, p := range []statefun.Protocol{statefun.V2, statefun.Auto} {
		got, err := newCanon(t, wire.V2).lines(vectorAnswer(t, &statefun.Options{Protocol: p}, bytes.Clone(request)), "")
		want := []string{`message vectors/t/1 io.statefun.types/string "\n\x01x"`}
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("protocol %d: got %q, %v", p, got, err)
		}
	}
}

// TestRecordedVersion2UnderAuto runs the two recorded requests of version 2 that
// all official SDKs refuse. Auto takes them for version 2; a string of
// google.protobuf is no built-in type, so its function takes it only where it
// says so.
func TestRecordedVersion2UnderAuto(t *testing.T) {
	t.Parallel()
	ran := ""
	any2 := statefun.OnAny(func(_ context.Context, _ *statefun.Invocation, m statefun.Message) error {
		var err error
		if statefun.String.Is(m) {
			ran, err = statefun.String.Decode(m)
			return err
		}
		v, err := statefun.Proto[*wrapperspb.StringValue]().Decode(m)
		ran = v.GetValue()
		return err
	})
	cases := sdkCases(t)
	for name, function := range map[string]string{"request-v2/stateless": "vectors/plain", "request-v2/opaque-state": "vectors/states"} {
		request := cases[name].request
		if err := vectorRefusal(t, &statefun.Options{Protocol: statefun.Auto}, statefun.CodeFailed, bytes.Clone(request)); strings.Contains(err.Error(), "Options.Protocol") {
			t.Errorf("%s is not taken for version 2: %v", name, err)
		}
		h, err := statefun.New([]statefun.Function{statefun.Define(statefun.MustTypeName(function), any2)}, &statefun.Options{Protocol: statefun.Auto})
		if err != nil {
			t.Fatal(err)
		}
		ran = ""
		answer, err := h.Append(context.Background(), nil, bytes.Clone(request))
		if err != nil || ran == "" {
			t.Errorf("%s: ran %q, %v", name, ran, err)
		}
		wantBytes(t, answer, "a2 06 00")
	}
}
