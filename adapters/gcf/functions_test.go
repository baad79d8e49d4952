package statefungcf_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"runtime"

	"github.com/statefun-go/statefun-go/internal/wire"
	"github.com/statefun-go/statefun-go/statefun"
)

// bytesType is the type of all messages here.
const bytesType = "test/bytes"

// behaviours are functions that do what an adapter must be able to bear:
//   - test/echo sends its message to an egress
//   - test/large sends a megabyte for each byte of its message
//   - test/fail, test/panic, test/abort and test/goexit end badly
//   - test/state has a state
//   - test/waiting ends with its context
//   - test/stuck never ends
func behaviours() []statefun.Function {
	out := statefun.NewEgress("test/out", statefun.Bytes(bytesType))
	seen := statefun.NewState("seen", statefun.Int64)
	define := func(name string, f func(context.Context, *statefun.Invocation, []byte) error, parts ...statefun.Part) statefun.Function {
		return statefun.Define(statefun.MustTypeName("test/"+name), append(parts, statefun.On(statefun.Bytes(bytesType), f))...)
	}
	return []statefun.Function{
		define("echo", func(_ context.Context, inv *statefun.Invocation, m []byte) error {
			out.Send(inv, m)
			return nil
		}, out),
		define("large", func(_ context.Context, inv *statefun.Invocation, m []byte) error {
			out.Send(inv, bytes.Repeat([]byte("0123456789abcdef"), len(m)<<16))
			return nil
		}, out),
		define("fail", func(context.Context, *statefun.Invocation, []byte) error { return errors.New("private text") }),
		define("panic", func(context.Context, *statefun.Invocation, []byte) error { panic("private text") }),
		define("abort", func(context.Context, *statefun.Invocation, []byte) error { panic(http.ErrAbortHandler) }),
		define("goexit", func(context.Context, *statefun.Invocation, []byte) error {
			runtime.Goexit()
			return nil
		}),
		define("state", func(context.Context, *statefun.Invocation, []byte) error { return nil }, seen),
		define("waiting", func(ctx context.Context, _ *statefun.Invocation, _ []byte) error {
			<-ctx.Done()
			return ctx.Err()
		}),
		define("stuck", func(context.Context, *statefun.Invocation, []byte) error { select {} }),
	}
}

func register(functions []statefun.Function) *statefun.Handler {
	return statefun.MustNew(functions, nil)
}

// call is the request for one message to a function.
func call(function, value string) []byte {
	argument := wire.AppendValue(nil, wire.V3, wire.Value{TypeName: bytesType, Has: true, Data: []byte(value)})
	return wire.AppendRequest(nil, &wire.Request{
		HasTarget:   true,
		Target:      wire.Address{Namespace: "test", Name: function, ID: "a"},
		HasBatch:    true,
		Invocations: []wire.Invocation{{HasArgument: true, Argument: argument}},
	})
}

// sent is the result of a function that sends value to the egress.
func sent(value []byte) []byte {
	answer := wire.BeginResult(nil)
	answer = wire.AppendEgress(answer, wire.V3, "test", "out", wire.Value{TypeName: bytesType, Has: true, Data: value})
	return wire.EndResult(answer, 0)
}
