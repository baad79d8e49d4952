package engine_test

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/statefun-go/statefun-go/engine"
	"github.com/statefun-go/statefun-go/engine/store"
	"github.com/statefun-go/statefun-go/internal/wire"
)

// benchApp runs an engine on a real disk with a function that costs nothing, so
// that what is measured is the engine and the disk, not HTTP.
func benchApp(b *testing.B, f callFunc) *fixture {
	b.Helper()
	s, err := store.Open(b.TempDir(), nil)
	if err != nil {
		b.Fatal(err)
	}
	return startOn(b, s, f, engine.Options{Logger: slog.New(slog.DiscardHandler)})
}

func benchCounter(done *atomic.Int64, end chan struct{}, n int64) callFunc {
	return func(_ context.Context, r *wire.Request) ([]byte, error) {
		if m := missing(r, wire.StateSpec{Name: "n"}); m != nil {
			return m, nil
		}
		answer, err := newAnswer().set("n", "some state of twenty").end()
		if done.Add(int64(len(r.Invocations))) == n {
			close(end)
		}
		return answer, err
	}
}

// BenchmarkSend is durable messages from outside, each acknowledged, to a
// function with one state.
func BenchmarkSend(b *testing.B) {
	for _, senders := range []int{1, 64, 512} {
		b.Run(fmt.Sprintf("senders=%d", senders), func(b *testing.B) {
			b.ReportAllocs()
			var done atomic.Int64
			end := make(chan struct{})
			a := benchApp(b, benchCounter(&done, end, int64(b.N)))
			value := engine.Value{TypeName: "test/text", Has: true, Data: make([]byte, 100)}
			work := make(chan int)
			for range senders {
				go func() {
					for i := range work {
						to := engine.Address{Namespace: "test", Name: "fn", ID: fmt.Sprint(i % 1000)}
						if err := a.engine.Send(context.Background(), to, value); err != nil {
							b.Error(err)
						}
					}
				}()
			}
			b.ResetTimer()
			for i := range b.N {
				work <- i
			}
			close(work)
			<-end
			b.StopTimer()
			a.mustStop()
		})
	}
}

// BenchmarkHop is a message from one function to another, with a state written
// on the way: 100 tokens go round over the addresses.
func BenchmarkHop(b *testing.B) {
	for _, addresses := range []int{10, 10_000} {
		b.Run(fmt.Sprintf("addresses=%d", addresses), func(b *testing.B) {
			b.ReportAllocs()
			const tokens = 100
			var hops atomic.Int64
			end := make(chan struct{})
			a := benchApp(b, func(_ context.Context, r *wire.Request) ([]byte, error) {
				if m := missing(r, wire.StateSpec{Name: "n"}); m != nil {
					return m, nil
				}
				answer := newAnswer()
				for range r.Invocations {
					n := hops.Add(1)
					if n == int64(b.N) {
						close(end)
					}
					if n < int64(b.N) {
						answer.send(fn(fmt.Sprint(n*7919%int64(addresses))), "token")
					}
				}
				return answer.set("n", "some state of twenty").end()
			})
			b.ResetTimer()
			var senders sync.WaitGroup
			for i := range min(tokens, b.N) {
				senders.Go(func() { a.send(fmt.Sprint(i), "token") })
			}
			<-end
			b.StopTimer()
			senders.Wait() // the last one may not know yet that its token has gone round
			a.mustStop()
		})
	}
}
