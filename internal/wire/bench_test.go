package wire_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/statefun-go/statefun-go/internal/wire"
)

// batch is a request of n invocations with one state, each with a payload of
// size bytes.
func batch(n, size int) *wire.Request {
	argument := wire.AppendValue(nil, wire.V3, wire.Value{TypeName: "example/GreetRequest", Has: true, Data: bytes.Repeat([]byte("x"), size)})
	r := &wire.Request{
		HasBatch: true, HasTarget: true, Target: wire.Address{Namespace: "example", Name: "greeter", ID: "Alice"},
		States: []wire.State{{Name: "seen", HasValue: true, Value: argument}},
	}
	for range n {
		r.Invocations = append(r.Invocations, wire.Invocation{
			HasCaller: true, Caller: wire.Address{Namespace: "example", Name: "front", ID: "Bob"}, HasArgument: true, Argument: argument,
		})
	}
	return r
}

// BenchmarkRequest is the envelope of a request alone: decoding looks into no
// argument. size is in bytes of each payload, batch in invocations.
func BenchmarkRequest(b *testing.B) {
	for _, n := range []int{1, 100} {
		for _, size := range []int{16, 65536} {
			r := batch(n, size)
			body := wire.AppendRequest(nil, r)
			b.Run(fmt.Sprintf("op=decode/batch=%d/size=%d", n, size), func(b *testing.B) {
				var r wire.Request
				b.ReportAllocs()
				b.SetBytes(int64(len(body)))
				for b.Loop() {
					if err := r.Decode(body); err != nil {
						b.Fatal(err)
					}
				}
			})
			b.Run(fmt.Sprintf("op=encode/batch=%d/size=%d", n, size), func(b *testing.B) {
				dst := make([]byte, 0, len(body))
				b.ReportAllocs()
				b.SetBytes(int64(len(body)))
				for b.Loop() {
					dst = wire.AppendRequest(dst[:0], r)
				}
			})
			b.Run(fmt.Sprintf("op=detect/batch=%d/size=%d", n, size), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if wire.Detect(r).Version != wire.V3 {
						b.Fatal("not version 3")
					}
				}
			})
		}
	}
}

// BenchmarkAnswer is an answer with n messages, one state and one egress
// record; decoding is what a runtime does.
func BenchmarkAnswer(b *testing.B) {
	to := wire.Address{Namespace: "example", Name: "inbox", ID: "Alice"}
	for _, n := range []int{1, 100} {
		for _, size := range []int{16, 65536} {
			val := wire.Value{TypeName: "example/Greeting", Has: true, Data: bytes.Repeat([]byte("x"), size)}
			encode := func(dst []byte) []byte {
				dst = wire.BeginResult(dst)
				for range n {
					dst = wire.AppendMessage(dst, wire.V3, to, val)
				}
				dst = wire.AppendEgress(dst, wire.V3, "example", "greets", val)
				dst = wire.AppendModify(dst, wire.V3, "seen", val)
				return wire.EndResult(dst, 0)
			}
			body := encode(nil)
			b.Run(fmt.Sprintf("op=encode/batch=%d/size=%d", n, size), func(b *testing.B) {
				dst := make([]byte, 0, len(body)+8)
				b.ReportAllocs()
				b.SetBytes(int64(len(body)))
				for b.Loop() {
					dst = encode(dst[:0])
				}
			})
			b.Run(fmt.Sprintf("op=decode/batch=%d/size=%d", n, size), func(b *testing.B) {
				var a wire.Answer
				b.ReportAllocs()
				b.SetBytes(int64(len(body)))
				for b.Loop() {
					if err := a.Decode(wire.V3, body); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// BenchmarkValue is one argument, without its payload's own codec.
func BenchmarkValue(b *testing.B) {
	for _, size := range []int{16, 65536} {
		val := wire.Value{TypeName: "example/Greeting", Has: true, Data: bytes.Repeat([]byte("x"), size)}
		raw := wire.AppendValue(nil, wire.V3, val)
		b.Run(fmt.Sprintf("op=decode/size=%d", size), func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(raw)))
			for b.Loop() {
				if _, err := wire.ParseValue(wire.V3, raw); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("op=encode/size=%d", size), func(b *testing.B) {
			dst := make([]byte, 0, len(raw))
			b.ReportAllocs()
			b.SetBytes(int64(len(raw)))
			for b.Loop() {
				dst = wire.AppendValue(dst[:0], wire.V3, val)
			}
		})
	}
}
