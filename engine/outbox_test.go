package engine_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/statefun-go/statefun-go/engine"
	"github.com/statefun-go/statefun-go/internal/wire"
)

// publish sends each of its messages to the queue "q".
func publish(t *testing.T) callFunc {
	return func(_ context.Context, r *wire.Request) ([]byte, error) {
		a := newAnswer()
		for i := range r.Invocations {
			a.egress("q", argument(t, &r.Invocations[i]))
		}
		return a.end()
	}
}

func TestOutbox(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		fs := vfs.NewMem()
		a := start(t, fs, publish(t), engine.Options{})
		take := func() engine.Delivery {
			t.Helper()
			d, ok, err := a.out.Take("q")
			if err != nil {
				t.Fatal(err)
			}
			if !ok {
				return engine.Delivery{}
			}
			return d
		}
		want := func(d engine.Delivery, sequence uint64, value string) {
			t.Helper()
			if d.Sequence != sequence || string(d.Value) != value {
				t.Errorf("record %d %q, want %d %q", d.Sequence, d.Value, sequence, value)
			}
		}
		for i := range 5 {
			a.send("k", fmt.Sprint("r", i+1))
		}
		synctest.Wait()
		one, two, three := take(), take(), take()
		want(one, 1, "r1")
		want(three, 3, "r3")
		if one.Queue != "q" || one.Key != "k" {
			t.Errorf("record %+v", one)
		}
		a.out.Release(three)
		a.out.Release(one)
		a.out.Release(one) // twice is once
		want(take(), 1, "r1")
		if err := a.out.Remove(two); err != nil {
			t.Fatal(err)
		}
		a.mustStop()

		a = start(t, fs, publish(t), engine.Options{})
		want(take(), 1, "r1") // taken, never removed
		want(take(), 3, "r3")
		for _, id := range []string{"4", "5"} {
			d := take()
			want(d, d.Sequence, "r"+id)
			if err := a.out.Remove(d); err != nil {
				t.Fatal(err)
			}
		}
		want(take(), 0, "")
		a.mustStop()

		a = start(t, fs, publish(t), engine.Options{})
		a.send("k", "r6")
		synctest.Wait()
		want(take(), 1, "r1")
		want(take(), 3, "r3")
		want(take(), 6, "r6")
		want(take(), 0, "")
		if _, ok, err := a.out.Take("unknown"); ok || err != nil {
			t.Errorf("unknown queue: %v, %v", ok, err)
		}
		a.mustStop()
	})
}
