package sdk_test

import (
	"bytes"
	"context"
	"io"
	"log"
	"strconv"
	"testing"

	official "github.com/apache/flink-statefun/statefun-sdk-go/v3/pkg/statefun"

	"github.com/statefun-go/statefun-go/internal/wire"
	"github.com/statefun-go/statefun-go/statefun"
)

func TestMain(m *testing.M) {
	log.SetOutput(io.Discard) // the official SDK logs to the global logger
	m.Run()
}

// invoke is a handler of either SDK: request bytes in, answer bytes out. dst
// may be used for the answer.
type invoke func(ctx context.Context, dst, request []byte) ([]byte, error)

// workload is one benchmark: the same functions on both SDKs and a request.
type workload struct {
	name     string
	ours     func() []statefun.Function
	official func() []official.StatefulFunctionSpec
	request  []byte
}

const blobSize = 64 << 10

var workloads = []workload{
	{"W1=reply", oursReply, officialReply, request(1, true)},
	{"W2=state_egress", oursVisit, officialVisit, request(1, false, seenState())},
	{"W3=batch_100", oursVisit, officialVisit, request(100, false, seenState())},
	{"W4=state_64KiB", oursBlob, officialBlob, request(1, false, blobState())},
	{"W5=handshake", oursVisit, officialVisit, request(1, false)},
}

func newOurs(w *workload) invoke {
	return statefun.MustNew(w.ours(), nil).Append
}

func newOfficial(t testing.TB, w *workload) invoke {
	t.Helper()
	builder := official.StatefulFunctionsBuilder()
	for _, spec := range w.official() {
		if err := builder.WithSpec(spec); err != nil {
			t.Fatal(err)
		}
	}
	handler := builder.AsHandler()
	return func(ctx context.Context, _, request []byte) ([]byte, error) { return handler.Invoke(ctx, request) }
}

func request(messages int, caller bool, states ...wire.State) []byte {
	r := wire.Request{HasTarget: true, Target: wire.Address{Namespace: "bench", Name: "greeter", ID: "user-1"}, States: states}
	for i := range messages {
		data, _ := statefunString("name-" + strconv.Itoa(i))
		r.Invocations = append(r.Invocations, wire.Invocation{
			HasCaller: caller, Caller: wire.Address{Namespace: "bench", Name: "asker", ID: "user-2"},
			HasArgument: true, Argument: wire.AppendValue(nil, wire.V3, wire.Value{TypeName: statefun.String.Name(), Has: true, Data: data}),
		})
	}
	return wire.AppendRequest(nil, &r)
}

func statefunString(s string) ([]byte, error) { return statefun.Typed(statefun.String)(nil, s) }

func seenState() wire.State {
	data, _ := statefun.Typed(statefun.Int64)(nil, 41)
	return state("seen", statefun.Int64.Name(), data)
}

func blobState() wire.State {
	return state("blob", "bench/blob", bytes.Repeat([]byte{7}, blobSize))
}

func state(name, typename string, data []byte) wire.State {
	return wire.State{Name: name, HasValue: true, Value: wire.AppendValue(nil, wire.V3, wire.Value{TypeName: typename, Has: true, Data: data})}
}

// The functions, written as each SDK's users write them.

var greeter = statefun.MustTypeName("bench/greeter")

func oursReply() []statefun.Function {
	return []statefun.Function{statefun.Define(greeter, statefun.On(statefun.String,
		func(_ context.Context, inv *statefun.Invocation, name string) error {
			statefun.String.Reply(inv, "Hello "+name)
			return nil
		}))}
}

func officialReply() []official.StatefulFunctionSpec {
	return []official.StatefulFunctionSpec{{
		FunctionType: official.TypeNameFrom("bench/greeter"),
		Function: official.StatefulFunctionPointer(func(ctx official.Context, message official.Message) error {
			ctx.Send(official.MessageBuilder{Target: *ctx.Caller(), Value: "Hello " + message.AsString()})
			return nil
		}),
	}}
}

func oursVisit() []statefun.Function {
	seen := statefun.NewState("seen", statefun.Int64)
	greetings := statefun.KafkaTopic("bench/greets", "greetings", statefun.Text)
	return []statefun.Function{statefun.Define(greeter, statefun.On(statefun.String,
		func(_ context.Context, inv *statefun.Invocation, name string) error {
			n, err := seen.Get(inv)
			if err != nil {
				return err
			}
			seen.Set(inv, n+1)
			greetings.Send(inv, name, "Hello "+name)
			return nil
		}), seen, greetings)}
}

func officialVisit() []official.StatefulFunctionSpec {
	seen := official.ValueSpec{Name: "seen", ValueType: official.Int64Type}
	greets := official.TypeNameFrom("bench/greets")
	return []official.StatefulFunctionSpec{{
		FunctionType: official.TypeNameFrom("bench/greeter"),
		States:       []official.ValueSpec{seen},
		Function: official.StatefulFunctionPointer(func(ctx official.Context, message official.Message) error {
			name := message.AsString()
			var n int64
			ctx.Storage().Get(seen, &n)
			ctx.Storage().Set(seen, n+1)
			ctx.SendEgress(&official.KafkaEgressBuilder{Target: greets, Topic: "greetings", Key: name, Value: "Hello " + name})
			return nil
		}),
	}}
}

func oursBlob() []statefun.Function {
	blob := statefun.NewState("blob", statefun.Bytes("bench/blob"))
	return []statefun.Function{statefun.Define(greeter, statefun.On(statefun.String,
		func(_ context.Context, inv *statefun.Invocation, _ string) error {
			b, err := blob.Get(inv)
			if err != nil {
				return err
			}
			b[0]++
			blob.Set(inv, b)
			return nil
		}), blob)}
}

func officialBlob() []official.StatefulFunctionSpec {
	blob := official.ValueSpec{Name: "blob", ValueType: bytesType{official.TypeNameFrom("bench/blob")}}
	return []official.StatefulFunctionSpec{{
		FunctionType: official.TypeNameFrom("bench/greeter"),
		States:       []official.ValueSpec{blob},
		Function: official.StatefulFunctionPointer(func(ctx official.Context, _ official.Message) error {
			var b []byte
			ctx.Storage().Get(blob, &b)
			b[0]++
			ctx.Storage().Set(blob, b)
			return nil
		}),
	}}
}
