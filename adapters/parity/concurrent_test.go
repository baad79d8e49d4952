package parity_test

import (
	"bytes"
	"fmt"
	"sync"
	"testing"
)

// TestConcurrent sends 64 requests at once everywhere. The bootstrap takes
// eight at a time in one process, as AWS_LAMBDA_MAX_CONCURRENCY has it. Each
// answer is that of its own request.
func TestConcurrent(t *testing.T) {
	t.Parallel()
	for _, c := range columns() {
		t.Run(c.group+"/"+c.name, func(t *testing.T) {
			t.Parallel()
			p := newProbe(t, c.open(t, setup{timeout: patience, concurrency: 8}))
			var all sync.WaitGroup
			for i := range 64 {
				all.Go(func() {
					for round := range 3 {
						message := bytes.Repeat(fmt.Appendf(nil, "\xff%d of %d.", round, i), i*10)
						got, err := p.ask(t.Context(), to("echo", message)())
						if err != nil {
							t.Error(err)
							return
						}
						if value, err := sent(got.body); err != nil || got.status != 200 || !bytes.Equal(value, message) {
							t.Errorf("the answer to %d is %v, %v", i, got, err)
						}
					}
				})
			}
			all.Wait()
			if fault := p.check(t.Context()); fault != "" {
				t.Error(fault)
			}
		})
	}
}
