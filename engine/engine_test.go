package engine_test

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/statefun-go/statefun-go/engine"
	"github.com/statefun-go/statefun-go/internal/wire"
)

// counter counts its messages in a state and writes the count to the queue
// "counts".
func counter(t *testing.T) callFunc {
	return func(_ context.Context, r *wire.Request) ([]byte, error) {
		if m := missing(r, wire.StateSpec{Name: "n"}); m != nil {
			return m, nil
		}
		n, _ := strconv.Atoi(state(t, r, "n"))
		a := newAnswer()
		for range r.Invocations {
			n++
			a.egress("counts", fmt.Sprintf("%s=%d", r.Target.ID, n))
		}
		return a.set("n", strconv.Itoa(n)).end()
	}
}

func TestCounterCountsAcrossRestarts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		fs := vfs.NewMem()
		a := start(t, fs, counter(t), engine.Options{})
		a.send("bo", "x")
		a.send("bo", "x")
		a.send("jo", "x")
		synctest.Wait()
		got := a.drain("counts")
		slices.Sort(got)
		if want := "[bo=1 bo=2 jo=1]"; fmt.Sprint(got) != want {
			t.Errorf("counts: %v, want %s", got, want)
		}
		if err := a.stop(); err != nil {
			t.Fatal(err)
		}
		a = start(t, fs, counter(t), engine.Options{})
		a.send("bo", "x")
		synctest.Wait()
		if got := fmt.Sprint(a.drain("counts")); got != "[bo=3]" {
			t.Errorf("after a restart: %s", got)
		}
		if err := a.stop(); err != nil {
			t.Fatal(err)
		}
	})
}

// echo notes what it gets as id:text.
func echo(t *testing.T, seen *list) callFunc {
	return func(_ context.Context, r *wire.Request) ([]byte, error) {
		var texts []string
		for i := range r.Invocations {
			texts = append(texts, argument(t, &r.Invocations[i]))
		}
		seen.add(r.Target.ID + ":" + strings.Join(texts, ","))
		return newAnswer().end()
	}
}

func TestBatchTakesWhatWaited(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var seen list
		note := echo(t, &seen)
		slow := func(ctx context.Context, r *wire.Request) ([]byte, error) {
			b, err := note(ctx, r)
			<-time.After(time.Second)
			return b, err
		}
		a := start(t, vfs.NewMem(), slow, engine.Options{
			Functions: []engine.Function{{Namespace: "test", Name: "fn", Caller: callFunc(slow), MaxBatch: 3}},
		})
		for i := range 6 {
			a.send("a", strconv.Itoa(i))
		}
		<-time.After(time.Minute)
		if got := fmt.Sprint(seen.take()); got != "[a:0 a:1,2,3 a:4,5]" {
			t.Errorf("batches: %s", got)
		}
		if err := a.stop(); err != nil {
			t.Fatal(err)
		}
	})
}
