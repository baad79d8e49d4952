package e2e_test

import (
	"context"
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
			w, a := busyProgram(t, p)
			for _, n := range []int{1, 3000} {
				w.await(n) // on Flink they can be read once a checkpoint is complete
				a.kill(w, "the runtime", w.crash)
			}
			a.tallied(w)
		})
	}
}

// busyProgram sends the random program to functions that take their time.
func busyProgram(t *testing.T, p platform) (*world, *author) {
	t.Helper()
	a := newAuthor(t, 1500)
	opts := &statefun.Options{Batch: []statefun.BatchMiddleware{linger(busy)}}
	w := open(t, p, program, serve(t, programFunctions(), opts))
	w.send(a.write(t, 1000))
	return w, a
}

// kill kills something in the middle of the program and waits until it is back.
func (a *author) kill(w *world, what string, crash func(context.Context) error) {
	w.t.Helper()
	before, begin := len(w.seen), time.Now()
	if before >= a.total() {
		w.t.Fatalf("nothing is left to do when %s is killed", what)
	}
	if err := crash(w.ctx); err != nil {
		w.t.Fatal(err)
	}
	w.t.Logf("%s killed after %d records, back after %v", what, before, time.Since(begin).Round(time.Millisecond))
}
