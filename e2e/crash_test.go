package e2e_test

import (
	"testing"
	"time"

	"github.com/statefun-go/statefun-go/statefun"
)

// TestCrash kills the runtime twice in the middle of the random program. Flink
// goes on from its last checkpoint, the engine from its log.
func TestCrash(t *testing.T) {
	t.Parallel()
	for _, p := range []platform{flink3("async"), embedded()} {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			a := newAuthor(t, 300)
			opts := &statefun.Options{Batch: []statefun.BatchMiddleware{linger(busy)}}
			w := open(t, p, program, serve(t, programFunctions(), opts))
			w.send(a.write(t, 1000))
			for _, n := range []int{1, 3000} {
				w.await(n) // on Flink they can be read once a checkpoint is complete
				before := len(w.seen)
				begin := time.Now()
				if err := w.crash(w.ctx); err != nil {
					t.Fatal(err)
				}
				t.Logf("killed after %d records, back after %v", before, time.Since(begin).Round(time.Millisecond))
			}
			a.tallied(w)
		})
	}
}
