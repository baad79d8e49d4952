package e2e_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/statefun-go/statefun-go/e2e/kafka"
	"github.com/statefun-go/statefun-go/examples/greeter"
	"github.com/statefun-go/statefun-go/statefun"
)

// slow makes each batch take some time and keeps the batches' sizes.
type slow struct {
	by time.Duration

	mu    sync.Mutex
	sizes []int
}

func (s *slow) middleware(next statefun.BatchFunc) statefun.BatchFunc {
	return func(ctx context.Context, b *statefun.Batch) error {
		if b.Handshake() {
			return next(ctx, b)
		}
		s.mu.Lock()
		s.sizes = append(s.sizes, b.Len())
		s.mu.Unlock()
		select {
		case <-time.After(s.by):
		case <-ctx.Done():
		}
		return next(ctx, b)
	}
}

// TestBatches is scenario 6: many messages for one id, and a function that is
// slow, so that later requests hold what has come meanwhile.
func TestBatches(t *testing.T) {
	t.Parallel()
	for _, p := range []platform{flink3("async"), flink3("okhttp"), flink2(), embedded()} {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			s := &slow{by: 100 * time.Millisecond}
			a := greetings
			a.maxBatch = 40
			const n = 400
			opts := &statefun.Options{Protocol: statefun.Auto, Batch: []statefun.BatchMiddleware{s.middleware}}
			w := open(t, p, a, serve(t, greeter.Functions(), opts))
			var records []kafka.Record
			want := map[string][]string{}
			for i := range n {
				records = append(records, kafka.Record{Topic: "names", Key: "Ann", Value: `{"name":"Ann"}`})
				want["greetings/Ann"] = append(want["greetings/Ann"], fmt.Sprintf("Hello Ann, visit %d", i+1))
			}
			w.send(records)
			w.equal(want)

			s.mu.Lock()
			defer s.mu.Unlock()
			sum := 0
			for _, size := range s.sizes {
				sum += size
			}
			if sum != n || len(s.sizes) > n/4 || s.sizes[0] != 1 {
				t.Errorf("%d messages in batches of %v, want %d in few batches, the first of 1", sum, s.sizes, n)
			}
			t.Logf("%d requests, the largest with %d messages", len(s.sizes), slices.Max(s.sizes))
		})
	}
}
