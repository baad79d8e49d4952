package engine_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/statefun-go/statefun-go/engine"
	"github.com/statefun-go/statefun-go/internal/semantics"
	"github.com/statefun-go/statefun-go/internal/wire"
)

var errDown = errors.New("down")

func TestAFailingAddressDoesNotHoldUpOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var seen list
		note := echo(t, &seen)
		var works atomic.Bool
		var attempts atomic.Int64
		a := start(t, vfs.NewMem(), func(ctx context.Context, r *wire.Request) ([]byte, error) {
			if r.Target.ID == "bad" && !works.Load() {
				attempts.Add(1)
				return nil, errDown
			}
			return note(ctx, r)
		}, engine.Options{FirstBackoff: time.Second, MaxBackoff: 8 * time.Second, Functions: nil})
		a.send("good", "0")
		synctest.Wait()
		a.send("bad", "1")
		synctest.Wait()
		a.send("bad", "2")
		a.send("good", "3")
		synctest.Wait()
		if got := fmt.Sprint(seen.take()); got != "[good:0 good:3]" {
			t.Errorf("while one address fails the others got %s", got)
		}
		<-time.After(40 * time.Second)
		// Pauses of 1, 2, 4, 8, 8 … s, each up to a quarter shorter.
		if n := attempts.Load(); n < 7 || n > 10 {
			t.Errorf("%d attempts in 40 s", n)
		}
		works.Store(true)
		<-time.After(10 * time.Second)
		if got := fmt.Sprint(seen.take()); got != "[bad:1 bad:2]" {
			t.Errorf("when it works again: %s; the batch that failed is sent again as it was", got)
		}
		a.mustStop()
	})
}

// fails runs one message through a function that always does the same, under
// policy flink, and returns what Run returned and the number of calls.
func fails(t *testing.T, binding engine.Function, f callFunc) (calls int64, err error) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var n atomic.Int64
		binding.Namespace, binding.Name = "test", "*"
		binding.Caller = callFunc(func(ctx context.Context, r *wire.Request) ([]byte, error) {
			n.Add(1)
			return f(ctx, r)
		})
		a := start(t, vfs.NewMem(), nil, engine.Options{OnFailure: engine.Flink, Functions: []engine.Function{binding}})
		a.send("k", "x")
		select {
		case err = <-a.done:
		case <-time.After(5 * time.Minute):
			a.cancel()
			err = <-a.done
		}
		a.done <- err
		_ = a.stop()
		calls = n.Load()
	})
	return calls, err
}

func TestPolicyFlinkStopsWhereFlinkFailsItsJob(t *testing.T) {
	t.Parallel()
	raw := func(b []byte) callFunc {
		return func(context.Context, *wire.Request) ([]byte, error) { return b, nil }
	}
	made := func(a *answer) callFunc {
		b, _ := a.end()
		return raw(b)
	}
	failing := func(err error) callFunc {
		return func(context.Context, *wire.Request) ([]byte, error) { return nil, err }
	}
	for name, test := range map[string]struct {
		binding engine.Function
		f       callFunc
		calls   int64 // 0: as many as fit into the budget
		text    string
	}{
		"fatal answer":     {f: failing(&engine.CallError{Kind: engine.KindFatal, Err: errDown}), calls: 1, text: "down"},
		"budget used up":   {f: failing(errDown), text: "no answer within 2m0s"},
		"own budget":       {binding: engine.Function{Budget: time.Second}, f: failing(errDown), text: "no answer within 1s"},
		"malformed":        {f: raw([]byte{0xff}), text: "no answer within"},
		"malformed okhttp": {binding: engine.Function{Malformed: engine.KindFatal}, f: raw([]byte{0xff}), calls: 1, text: "does not parse"},
		"unknown function": {f: made(newAnswer().send(wire.Address{Namespace: "no", Name: "fn", ID: "x"}, "x")), calls: 1, text: "no endpoint serves"},
		"undeclared state": {f: made(newAnswer().set("ghost", "x")), calls: 1, text: "non-existing function state"},
		"negative delay":   {f: made(newAnswer().after(-time.Second, fn("x"), "x", "")), calls: 1, text: "delay is negative"},
		"empty token":      {f: made(newAnswer().cancel("")), calls: 1, text: "without a cancellation token"},
		"egress record": {
			f:     made(&answer{wire.AppendEgress(newAnswer().b, wire.V3, "test", "out", wire.Value{TypeName: "x"})}),
			calls: 1, text: "no value",
		},
		"unknown egress": {
			f:     made(&answer{wire.AppendEgress(newAnswer().b, wire.V3, "no", "out", text("x"))}),
			calls: 1, text: "unknown egress",
		},
		"one token twice": {
			f:     made(newAnswer().after(time.Hour, fn("x"), "x", "t").after(time.Hour, fn("x"), "x", "t")),
			calls: 1, text: `token "t" already belongs`,
		},
		"delayed, unknown function": {
			f:     made(newAnswer().after(time.Second, wire.Address{Namespace: "no", Name: "fn"}, "x", "")),
			calls: 1, text: "no endpoint serves",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			calls, err := fails(t, test.binding, test.f)
			if err == nil || !strings.Contains(err.Error(), test.text) {
				t.Errorf("Run: %v, want an error with %q", err, test.text)
			}
			if test.calls != 0 && calls != test.calls || test.calls == 0 && calls < 8 {
				t.Errorf("%d calls", calls)
			}
		})
	}
}

func TestAHandshakeLoopNeitherSpinsNorStops(t *testing.T) {
	t.Parallel()
	known := wire.AppendIncomplete(nil, []wire.StateSpec{{Name: "n", TypeName: "test/text"}})
	for name, next := range map[string]func(int) []byte{
		"the same state": func(int) []byte { return known },
		"no state":       func(int) []byte { return wire.AppendIncomplete(nil, nil) },
		"ever new states": func(n int) []byte {
			return wire.AppendIncomplete(nil, []wire.StateSpec{{Name: fmt.Sprint("n", n), TypeName: "test/text"}})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := 0
			calls, err := fails(t, engine.Function{Budget: 30 * time.Second}, func(ctx context.Context, _ *wire.Request) ([]byte, error) {
				if err := ctx.Err(); err != nil {
					return nil, err
				}
				n++
				return next(n), nil
			})
			if err != nil {
				t.Errorf("Flink does not fail its job here: %v", err)
			}
			if calls > 40*64 {
				t.Errorf("%d calls in five minutes", calls)
			}
		})
	}
}

func TestPolicyRetrySurvivesEveryAnswer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var n int
		var seen list
		note := echo(t, &seen)
		bad := [][]byte{
			{0xff},
			wire.AppendIncomplete(nil, nil),
			must(newAnswer().set("ghost", "x").end()),
			must(newAnswer().egress("q", "lost").send(wire.Address{Namespace: "no"}, "x").end()),
			must(newAnswer().egress("q", "lost").send(fn("other"), "lost").cancel("").end()),
		}
		a := start(t, vfs.NewMem(), func(ctx context.Context, r *wire.Request) ([]byte, error) {
			if n++; n <= len(bad) {
				return bad[n-1], nil
			}
			return note(ctx, r)
		}, engine.Options{})
		a.send("k", "x")
		<-time.After(time.Minute)
		if got := fmt.Sprint(seen.take()); got != "[k:x]" {
			t.Errorf("got %s; nothing of a refused answer may happen", got)
		}
		if got := a.drain("q"); got != nil {
			t.Errorf("records of refused answers: %v", got)
		}
		a.mustStop()
	})
}

func must(b []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return b
}

func TestFailureIsAnErrorValue(t *testing.T) {
	t.Parallel()
	_, err := fails(t, engine.Function{}, func(context.Context, *wire.Request) ([]byte, error) {
		return newAnswer().set("ghost", "x").end()
	})
	if f, ok := errors.AsType[*semantics.Failure](err); !ok || f.Kind != semantics.KindStateUnknown || f.Target != fn("k") {
		t.Errorf("Run: %v", err)
	}
}

// Pauses grow up to the largest, whatever the first is.
func TestBackoff(t *testing.T) {
	t.Parallel()
	for _, first := range []time.Duration{1, 20 * time.Millisecond, 7 * time.Second, 10 * time.Second, time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			var at []time.Time
			a := start(t, vfs.NewMem(), func(context.Context, *wire.Request) ([]byte, error) {
				at = append(at, time.Now())
				return nil, errDown
			}, engine.Options{FirstBackoff: first, MaxBackoff: 10 * time.Second})
			a.send("bad", "1")
			<-time.After(20 * time.Minute)
			a.mustStop()
			if len(at) < 80 {
				t.Fatalf("first pause %v: %d attempts", first, len(at))
			}
			for i, want := 1, first; i < len(at); i, want = i+1, min(2*want, 10*time.Second) {
				want = min(want, 10*time.Second)
				if pause := at[i].Sub(at[i-1]); pause < want*3/4 || pause > want+time.Millisecond {
					t.Errorf("first pause %v: attempt %d came %v after the one before, want %v", first, i, pause, want)
				}
			}
		})
	}
}

// A part that panics fails its call, and the process lives on.
func TestAPanickingPart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var seen list
		note := echo(t, &seen)
		var calls atomic.Int64
		a := start(t, vfs.NewMem(), func(ctx context.Context, r *wire.Request) ([]byte, error) {
			if r.Target.ID == "bad" {
				switch calls.Add(1) {
				case 1:
					panic("a caller")
				case 2:
					return newAnswer().egress("panic", "x").end()
				}
			}
			return note(ctx, r)
		}, engine.Options{FirstBackoff: time.Second})
		a.send("bad", "1")
		a.send("good", "2")
		<-time.After(10 * time.Second)
		if got := fmt.Sprint(seen.take()); got != "[good:2 bad:1]" && got != "[bad:1 good:2]" {
			t.Errorf("handled %s", got)
		}
		a.mustStop()
	})
}
