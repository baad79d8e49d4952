package parity_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"time"

	"github.com/statefun-go/statefun-go/internal/wire"
	"github.com/statefun-go/statefun-go/statefun"
)

// The one registry, of functions that an adapter must be able to bear:
//   - test/echo sends its message to an egress
//   - test/sink takes its message and does nothing
//   - test/large sends as many bytes as its message says
//   - test/count counts in a state, and remembers its last message in another
//   - test/busy does everything a function can do, for each message
//   - test/pid sends the number of its process
//   - test/error, test/panic-error, test/panic-text, test/abort, test/goexit
//     and test/cancels end badly
//   - test/waits ends with its context, test/stuck never
func newHandler() *statefun.Handler { return statefun.MustNew(registry(), nil) }

var (
	blob = statefun.Bytes("test/bytes")
	out  = statefun.NewEgress("test/out", blob)
)

type behaviour = func(context.Context, *statefun.Invocation, []byte) error

func define(name string, f behaviour, parts ...statefun.Part) statefun.Function {
	return statefun.Define(statefun.MustTypeName("test/"+name), append(parts, out, statefun.On(blob, f))...)
}

func registry() []statefun.Function {
	return append(failing(),
		define("echo", func(_ context.Context, inv *statefun.Invocation, m []byte) error {
			out.Send(inv, m)
			return nil
		}),
		define("sink", func(context.Context, *statefun.Invocation, []byte) error { return nil }),
		define("large", func(_ context.Context, inv *statefun.Invocation, m []byte) error {
			n, err := strconv.Atoi(string(m))
			if err == nil {
				out.Send(inv, bytes.Repeat([]byte{0xa5}, n))
			}
			return err
		}),
		define("pid", func(_ context.Context, inv *statefun.Invocation, _ []byte) error {
			out.Send(inv, strconv.AppendInt(nil, int64(os.Getpid()), 10))
			return nil
		}),
		counting(),
		busy(),
	)
}

// failing returns the functions that end badly.
func failing() []statefun.Function {
	return []statefun.Function{
		define("error", func(context.Context, *statefun.Invocation, []byte) error { return errors.New("private text") }),
		define("panic-error", func(context.Context, *statefun.Invocation, []byte) error { panic(errors.New("private text")) }),
		define("panic-text", func(context.Context, *statefun.Invocation, []byte) error { panic("private text") }),
		define("abort", func(context.Context, *statefun.Invocation, []byte) error { panic(http.ErrAbortHandler) }),
		define("goexit", func(context.Context, *statefun.Invocation, []byte) error {
			runtime.Goexit()
			return nil
		}),
		define("cancels", func(context.Context, *statefun.Invocation, []byte) error { return context.Canceled }),
		define("waits", func(ctx context.Context, _ *statefun.Invocation, _ []byte) error {
			<-ctx.Done()
			return ctx.Err()
		}),
		define("stuck", func(context.Context, *statefun.Invocation, []byte) error { select {} }),
	}
}

func counting() statefun.Function {
	seen := statefun.NewState("seen", statefun.Int64)
	last := statefun.NewState("last", blob, statefun.ExpireAfterWrite(time.Hour))
	return define("count", func(_ context.Context, inv *statefun.Invocation, m []byte) error {
		n, err := seen.Get(inv)
		if err != nil {
			return err
		}
		seen.Set(inv, n+1)
		last.Set(inv, m)
		return nil
	}, seen, last)
}

// busy sends, remembers, forgets, delays and cancels.
func busy() statefun.Function {
	total := statefun.NewState("total", statefun.Int64)
	gone := statefun.NewState("gone", statefun.String)
	topic := statefun.KafkaTopic("test/kafka", "topic", statefun.RawBytes)
	return define("busy", func(_ context.Context, inv *statefun.Invocation, m []byte) error {
		n, err := total.Get(inv)
		if err != nil {
			return err
		}
		total.Set(inv, n+int64(len(m)))
		gone.Clear(inv)
		topic.Send(inv, fmt.Sprint("key ", inv.Index()), m)
		token := statefun.Token(fmt.Sprint("token ", inv.Index()))
		blob.SendAfter(inv, time.Minute, inv.Self(), m, token)
		if inv.Index()%3 == 0 {
			inv.Cancel(token)
		}
		blob.Send(inv, statefun.MustTypeName("test/sink").Address("b"), m)
		return nil
	}, total, gone, topic)
}

// argument is a message as it stands in a request.
func argument(value []byte) []byte {
	return wire.AppendValue(nil, wire.V3, wire.Value{TypeName: blob.Name(), Has: true, Data: value})
}

// call is a request with messages for a function, and its states.
func call(function string, states []wire.State, messages ...[]byte) []byte {
	r := wire.Request{
		HasTarget: true, Target: wire.Address{Namespace: "test", Name: function, ID: "a"},
		HasBatch: true, States: states,
	}
	for _, m := range messages {
		r.Invocations = append(r.Invocations, wire.Invocation{HasArgument: true, Argument: argument(m)})
	}
	return wire.AppendRequest(nil, &r)
}

// long is a state of the type statefun.Int64.
func long(name string, n byte) wire.State {
	data := []byte{1<<3 | 1, n, 0, 0, 0, 0, 0, 0, 0} // LongWrapper, whose value is sfixed64
	return wire.State{Name: name, HasValue: true, Value: wire.AppendValue(nil, wire.V3, wire.Value{TypeName: statefun.Int64.Name(), Has: true, Data: data})}
}

// sent returns what a function has sent to the egress, for one message.
func sent(answer []byte) ([]byte, error) {
	var a wire.Answer
	if err := a.Decode(wire.V3, answer); err != nil {
		return nil, err
	}
	if len(a.Egresses) != 1 {
		return nil, fmt.Errorf("%d records for an egress, want one", len(a.Egresses))
	}
	value, err := wire.ParseValue(wire.V3, a.Egresses[0].Argument)
	return value.Data, err
}
