package engine_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/statefun-go/statefun-go/engine"
	"github.com/statefun-go/statefun-go/internal/wire"
)

// scripted answers each text with the answer made for it, and notes every
// message as "seconds since begin: id: text from caller".
func scripted(t *testing.T, seen *list, script map[string]func(*answer) *answer) callFunc {
	begin := time.Now()
	return func(_ context.Context, r *wire.Request) ([]byte, error) {
		a := newAnswer()
		for i := range r.Invocations {
			s, from := argument(t, &r.Invocations[i]), ""
			if r.Invocations[i].HasCaller {
				from = " from " + r.Invocations[i].Caller.ID
			}
			seen.add(fmt.Sprintf("%.3f %s %s%s", time.Since(begin).Seconds(), r.Target.ID, s, from))
			if step := script[s]; step != nil {
				a = step(a)
			}
		}
		return a.end()
	}
}

func TestDelayedMessages(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var seen list
		fs := vfs.NewMem()
		f := scripted(t, &seen, map[string]func(*answer) *answer{
			"arm": func(a *answer) *answer {
				return a.after(2*time.Second, fn("x"), "two", "").after(time.Second, fn("x"), "one", "").
					after(time.Second, fn("x"), "also one", "").after(0, fn("k"), "now", "").
					after(10*time.Second, fn("x"), "ten", "t").after(11*time.Second, fn("x"), "eleven", "")
			},
		})
		a := start(t, fs, f, engine.Options{})
		a.send("k", "arm")
		<-time.After(5 * time.Second)
		want := "0.000 k arm|0.000 k now from k|1.000 x one from k|1.000 x also one from k|2.000 x two from k"
		if got := strings.Join(seen.take(), "|"); got != want {
			t.Errorf("\n got %s\nwant %s", got, want)
		}
		a.mustStop()
		<-time.After(time.Minute)
		a = start(t, fs, f, engine.Options{}) // what is overdue comes at once, in order
		<-time.After(time.Second)
		want = "65.000 x ten from k|65.000 x eleven from k"
		if got := strings.Join(seen.take(), "|"); got != want {
			t.Errorf("\n got %s\nwant %s", got, want)
		}
		a.mustStop()
	})
}

func TestCancellation(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var seen list
		fs := vfs.NewMem()
		other := wire.Address{Namespace: "test", Name: "other", ID: "k"}
		f := scripted(t, &seen, map[string]func(*answer) *answer{
			"arm": func(a *answer) *answer {
				return a.after(time.Hour, fn("x"), "t1", "t1").after(time.Hour, fn("x"), "t2", "t2").
					after(time.Hour, fn("x"), "t3", "t3").cancel("t3").
					cancel("t4").after(time.Hour, fn("x"), "t4", "t4").send(other, "cancel t2")
			},
			"cancel t2": func(a *answer) *answer { return a.cancel("t2").cancel("never used") },
			"again t2":  func(a *answer) *answer { return a.after(time.Hour, fn("x"), "t2 again", "t2") },
			"cancel t4": func(a *answer) *answer { return a.cancel("t4") },
		})
		a := start(t, fs, f, engine.Options{})
		a.send("k", "arm") // t2 is cancelled by another type with the same id
		synctest.Wait()
		a.send("stranger", "cancel t4") // another id: no effect
		synctest.Wait()
		a.mustStop()
		a = start(t, fs, f, engine.Options{})
		a.send("k", "again t2") // free again
		<-time.After(2 * time.Hour)
		a.send("k", "again t2") // free again after it has fired
		synctest.Wait()
		seen.take()
		a.mustStop()
		if got := remaining(t, fs); got != "d 1, k 1" {
			t.Errorf("left in the store: %s", got)
		}
	})
}

func TestCancelledMessagesDoNotFire(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var seen list
		f := scripted(t, &seen, map[string]func(*answer) *answer{
			"arm": func(a *answer) *answer {
				return a.after(time.Second, fn("x"), "t1", "t1").after(time.Second, fn("x"), "t2", "t2").
					after(time.Second, fn("x"), "t3", "t3").cancel("t3")
			},
			"cancel": func(a *answer) *answer { return a.cancel("t1") },
		})
		fs := vfs.NewMem()
		a := start(t, fs, f, engine.Options{})
		a.send("k", "arm")
		a.send("k", "cancel")
		<-time.After(time.Minute)
		want := "0.000 k arm|0.000 k cancel|1.000 x t2 from k"
		if got := strings.Join(seen.take(), "|"); got != want {
			t.Errorf("\n got %s\nwant %s", got, want)
		}
		a.mustStop()
		if got := remaining(t, fs); got != "" {
			t.Errorf("left in the store: %s", got)
		}
	})
}

// A timeout that each message moves leaves no timer for each message.
func TestCancelledTimersLeaveMemory(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const messages = 5000
		var fired int
		f := func(_ context.Context, r *wire.Request) ([]byte, error) {
			a := newAnswer()
			for range r.Invocations {
				if r.Target.ID == "x" {
					fired++
				} else {
					a.cancel("timeout").after(time.Hour, fn("x"), "now", "timeout")
				}
			}
			return a.end()
		}
		fs := vfs.NewMem()
		a := start(t, fs, nil, engine.Options{Functions: []engine.Function{{Namespace: "test", Name: "*", Caller: callFunc(f), MaxBatch: 1}}})
		for range messages {
			a.send("k", "again")
		}
		synctest.Wait()
		if n := a.engine.Timers(); n > 2500 {
			t.Errorf("%d timers in memory", n)
		}
		<-time.After(61 * time.Minute)
		if n := a.engine.Timers(); n != 0 || fired != 1 {
			t.Errorf("%d fired, and %d are left in memory", fired, n)
		}
		a.mustStop()
		if got := remaining(t, fs); got != "" {
			t.Errorf("left in the store: %s", got)
		}
	})
}

func TestAPendingTokenIsRefusedAlsoAfterARestart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var seen list
		f := scripted(t, &seen, map[string]func(*answer) *answer{
			"arm": func(a *answer) *answer { return a.after(time.Hour, fn("x"), "late", "t") },
		})
		fs := vfs.NewMem()
		a := start(t, fs, f, engine.Options{OnFailure: engine.Flink})
		a.send("k", "arm")
		synctest.Wait()
		a.mustStop()
		a = start(t, fs, f, engine.Options{OnFailure: engine.Flink})
		a.sendTo(engine.Address{Namespace: "test", Name: "other", ID: "k"}, "arm")
		synctest.Wait()
		if err := a.stop(); err == nil || !strings.Contains(err.Error(), `token "t" already belongs`) {
			t.Errorf("Run: %v", err)
		}
	})
}

// A flood of timers after a long stop fills mailboxes only up to the limit.
func TestDueTimersWaitForRoom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var seen list
		const flood = 1000
		f := scripted(t, &seen, map[string]func(*answer) *answer{
			"arm": func(a *answer) *answer {
				for i := range flood {
					a = a.after(time.Second, fn(fmt.Sprint("x", i%7)), fmt.Sprint(i), "")
				}
				return a
			},
		})
		fs := vfs.NewMem()
		a := start(t, fs, f, engine.Options{})
		a.send("k", "arm")
		synctest.Wait()
		a.mustStop()
		seen.take()
		<-time.After(time.Hour)
		var most atomic.Int64
		slow := func(ctx context.Context, r *wire.Request) ([]byte, error) {
			<-time.After(time.Second)
			if n := int64(len(r.Invocations)); n > most.Load() {
				most.Store(n)
			}
			return f(ctx, r)
		}
		a = start(t, fs, slow, engine.Options{FunctionMessages: 50})
		<-time.After(time.Hour)
		got := seen.take()
		if len(got) != flood || most.Load() > 50 {
			t.Errorf("%d messages, the largest batch %d", len(got), most.Load())
		}
		last := map[string]int{}
		for _, line := range got {
			var seconds float64
			var id string
			var n int
			if _, err := fmt.Sscan(line, &seconds, &id, &n); err != nil || n < last[id] {
				t.Fatalf("%s after %d: %v", line, last[id], err)
			}
			last[id] = n
		}
		a.mustStop()
	})
}
