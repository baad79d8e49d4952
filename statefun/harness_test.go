package statefun_test

import (
	"context"
	"testing"

	"github.com/statefun-go/statefun-go/internal/wire"
	"github.com/statefun-go/statefun-go/statefun"
)

// The tests of this package speak to a Handler in bytes, made and read by
// package wire.

var (
	fn     = statefun.MustTypeName("ns/fn")
	other  = statefun.MustTypeName("ns/other")
	self   = wire.Address{Namespace: "ns", Name: "fn", ID: "id"}
	caller = wire.Address{Namespace: "ns", Name: "caller", ID: "c"}
)

// define returns a handler with one function, ns/fn.
func define(t testing.TB, opts *statefun.Options, parts ...statefun.Part) *statefun.Handler {
	t.Helper()
	h, err := statefun.New([]statefun.Function{statefun.Define(fn, parts...)}, opts)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// onText is a case for string messages.
func onText(f func(inv *statefun.Invocation, text string) error) statefun.Part {
	return statefun.On(statefun.String, func(_ context.Context, inv *statefun.Invocation, text string) error { return f(inv, text) })
}

// encode returns the bytes of v.
func encode[T any](typ statefun.Type[T], v T) []byte {
	b, err := statefun.Typed(typ)(nil, v)
	if err != nil {
		panic(err)
	}
	return b
}

// value returns v as it goes over the wire.
func value[T any](typ statefun.Type[T], v T) wire.Value {
	return wire.Value{TypeName: typ.Name(), Has: true, Data: encode(typ, v)}
}

func text(s string) wire.Value { return value(statefun.String, s) }

func stateOf(name string, val wire.Value) wire.State {
	return wire.State{Name: name, HasValue: true, Value: wire.AppendValue(nil, wire.V3, val)}
}

func absent(name string) wire.State { return wire.State{Name: name} }

// batchOf returns a version 3 request to ns/fn/id.
func batchOf(states []wire.State, args ...wire.Value) []byte {
	return encodeBatch(wire.V3, wire.Address{}, states, args...)
}

func encodeBatch(v wire.Version, from wire.Address, states []wire.State, args ...wire.Value) []byte {
	r := wire.Request{HasTarget: true, Target: self, States: states}
	for _, a := range args {
		r.Invocations = append(r.Invocations, wire.Invocation{
			Caller: from, HasCaller: !from.IsZero(), HasArgument: true, Argument: wire.AppendValue(nil, v, a),
		})
	}
	return wire.AppendRequest(nil, &r)
}

// serve runs a request and decodes the answer.
func serve(t testing.TB, h *statefun.Handler, request []byte) *wire.Answer {
	t.Helper()
	return serveAs(t, h, wire.V3, request)
}

func serveAs(t testing.TB, h *statefun.Handler, v wire.Version, request []byte) *wire.Answer {
	t.Helper()
	answer, err := h.Append(context.Background(), nil, request)
	if err != nil {
		t.Fatal(err)
	}
	a := new(wire.Answer)
	if err := a.Decode(v, answer); err != nil {
		t.Fatal(err)
	}
	return a
}

// refuse runs a request that must fail with a code, and returns the error.
func refuse(t testing.TB, h *statefun.Handler, code statefun.Code, request []byte) error {
	t.Helper()
	dst := []byte("before")
	answer, err := h.Append(context.Background(), dst, request)
	if err == nil {
		t.Fatalf("answered %x, want an error", answer)
	}
	if got := statefun.CodeOf(err); got != code {
		t.Fatalf("code %v, want %v: %v", got, code, err)
	}
	if string(answer) != "before" {
		t.Fatalf("dst came back as %q", answer)
	}
	return err
}

// parse decodes the argument of an effect.
func parse(t testing.TB, v wire.Version, raw []byte) wire.Value {
	t.Helper()
	val, err := wire.ParseValue(v, raw)
	if err != nil {
		t.Fatal(err)
	}
	return val
}

// texts decodes the string messages of an answer.
func texts(t testing.TB, a *wire.Answer) []string {
	t.Helper()
	var list []string
	for _, m := range a.Messages {
		list = append(list, decodeText(t, parse(t, wire.V3, m.Argument).Data))
	}
	return list
}

func decodeText(t testing.TB, data []byte) string {
	t.Helper()
	var got string
	h := define(t, nil, onText(func(_ *statefun.Invocation, s string) error { got = s; return nil }))
	serve(t, h, batchOf(nil, wire.Value{TypeName: statefun.String.Name(), Has: true, Data: data}))
	return got
}
