//go:build !race

// The race detector throws pooled memory away at random.

package parity_test

import (
	"bytes"
	"context"
	"testing"
	"time"

	statefunlambda "github.com/statefun-go/statefun-go/adapters/lambda"
)

// TestAllocations keeps what an event costs above the handler's own work: the
// request's bytes, the reply, and what ends the call before the deadline.
func TestAllocations(t *testing.T) { //nolint:paralleltest // it counts what the process allocates
	deadline, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	for _, size := range []int{1 << 10, 64 << 10} {
		h := newHandler()
		body := sized("echo", size)().body
		room := make([]byte, 0, 2*size)
		own := allocations(t, func() error {
			_, err := h.Append(t.Context(), room, bytes.Clone(body))
			return err
		}) - 1 // the clone
		l := statefunlambda.New(h, lambdaOptions())
		for _, sh := range shapes() {
			payload := sh.payload(post(body))
			for ctx, most := range map[context.Context]float64{t.Context(): 4, deadline: 9} {
				all := allocations(t, func() error {
					_, err := l.Invoke(ctx, payload)
					return err
				})
				if all-own > most {
					t.Errorf("%s of %d bytes: %v allocations, of which %v are the handler's; want at most %v above these", sh.name, size, all, own, most)
				}
			}
		}
	}
}

func allocations(t *testing.T, f func() error) float64 {
	t.Helper()
	return testing.AllocsPerRun(200, func() {
		if err := f(); err != nil {
			t.Fatal(err)
		}
	})
}
