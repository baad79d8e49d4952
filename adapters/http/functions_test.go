package statefunhttp_test

import (
	"bytes"
	"context"
	"errors"
	"runtime"

	"github.com/statefun-go/statefun-go/internal/wire"
	"github.com/statefun-go/statefun-go/statefun"
)

// bytesType is the type of all messages here.
const bytesType = "test/bytes"

// behaviours are functions that do what a server must be able to bear.
type behaviours struct {
	entered chan struct{} // receives one value for each call of waiting and stuck; may be nil
	release chan struct{} // closing it ends stuck and slow
}

// newBehaviours returns behaviours whose calls can be watched and ended.
func newBehaviours() behaviours {
	return behaviours{entered: make(chan struct{}, 100), release: make(chan struct{})}
}

func (b behaviours) enter() {
	if b.entered != nil {
		b.entered <- struct{}{}
	}
}

// functions registers:
//   - test/echo sends its message to an egress
//   - test/large sends a megabyte for each byte of its message
//   - test/fail, test/panic and test/goexit end badly
//   - test/state has a state
//   - test/waiting ends with its context
//   - test/slow ends with its context or when it is released
//   - test/stuck ends when it is released
func (b behaviours) functions() []statefun.Function {
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
			out.Send(inv, large(len(m)))
			return nil
		}, out),
		define("fail", func(context.Context, *statefun.Invocation, []byte) error { return errors.New("private text") }),
		define("panic", func(context.Context, *statefun.Invocation, []byte) error { panic("private text") }),
		define("goexit", func(context.Context, *statefun.Invocation, []byte) error {
			runtime.Goexit()
			return nil
		}),
		define("state", func(context.Context, *statefun.Invocation, []byte) error { return nil }, seen),
		define("waiting", func(ctx context.Context, _ *statefun.Invocation, _ []byte) error {
			b.enter()
			<-ctx.Done()
			return ctx.Err()
		}),
		define("slow", func(ctx context.Context, _ *statefun.Invocation, _ []byte) error {
			b.enter()
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-b.release:
				return nil
			}
		}),
		define("stuck", func(context.Context, *statefun.Invocation, []byte) error {
			b.enter()
			<-b.release
			return nil
		}),
	}
}

func register(functions []statefun.Function) *statefun.Handler {
	return statefun.MustNew(functions, nil)
}

// large is what test/large sends for n bytes.
func large(n int) []byte { return bytes.Repeat([]byte("0123456789abcdef"), n<<16) }

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

// nothing is the result of a function without effects.
func nothing() []byte { return wire.EndResult(wire.BeginResult(nil), 0) }

// sent is the result of a function that sends value to the egress.
func sent(value []byte) []byte {
	answer := wire.BeginResult(nil)
	answer = wire.AppendEgress(answer, wire.V3, "test", "out", wire.Value{TypeName: bytesType, Has: true, Data: value})
	return wire.EndResult(answer, 0)
}

// wanted is the answer of test/state to a request without states.
func wanted() []byte {
	return wire.AppendIncomplete(nil, []wire.StateSpec{{Name: "seen", TypeName: "io.statefun.types/long"}})
}
