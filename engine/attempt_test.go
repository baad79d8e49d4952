package engine_test

import (
	"bytes"
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
	"github.com/statefun-go/statefun-go/engine/store"
	"github.com/statefun-go/statefun-go/internal/wire"
)

// A failed attempt leaves no trace. Here it does not renew the state that
// expires after a call, however it failed.
func TestAFailedAttemptRenewsNothing(t *testing.T) {
	t.Parallel()
	for name, fail := range map[string]func(r *wire.Request) ([]byte, error){
		"no answer":        func(*wire.Request) ([]byte, error) { return nil, errDown },
		"malformed answer": func(*wire.Request) ([]byte, error) { return []byte{0xff}, nil },
		"refused answer": func(*wire.Request) ([]byte, error) {
			return newAnswer().set("a", "lost").cancel("").end()
		},
		"handshake, then no answer": func(r *wire.Request) ([]byte, error) {
			if m := missing(r, wire.StateSpec{Name: "late"}); m != nil {
				return m, nil
			}
			return nil, errDown
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { testFailedAttempts(t, fail) })
		})
	}
}

// testFailedAttempts writes two states that expire 10 and 60 s after a call.
// From 6 s on the calls fail, until one at 80 s or later succeeds.
func testFailedAttempts(t *testing.T, fail func(*wire.Request) ([]byte, error)) {
	t.Helper()
	var works atomic.Bool
	works.Store(true)
	began := time.Now()
	f := func(_ context.Context, r *wire.Request) ([]byte, error) {
		short := wire.StateSpec{Name: "a", Mode: wire.ExpireAfterInvoke, ExpireAfterMillis: 10_000}
		long := wire.StateSpec{Name: "b", Mode: wire.ExpireAfterInvoke, ExpireAfterMillis: 60_000}
		if m := missing(r, short, long); m != nil {
			return m, nil
		}
		age := time.Since(began)
		if argument(t, &r.Invocations[0]) == "write" {
			return newAnswer().set("a", "1").set("b", "1").end()
		}
		if a, b := state(t, r, "a") != "", state(t, r, "b") != ""; a != (age < 10*time.Second) || b != (age < time.Minute) {
			t.Errorf("after %v: a is there: %v, b: %v", age, a, b)
		}
		if !works.Load() {
			return fail(r)
		}
		return newAnswer().end()
	}
	a := start(t, vfs.NewMem(), f, engine.Options{FirstBackoff: 8 * time.Second, MaxBackoff: 8 * time.Second})
	a.send("x", "write")
	<-time.After(6 * time.Second)
	works.Store(false)
	a.send("x", "read")
	<-time.After(74 * time.Second)
	if n := a.states(); n != 2 {
		t.Errorf("%d states on disk while no answer counts, want both", n)
	}
	works.Store(true)
	<-time.After(10 * time.Second)
	if n := a.states(); n != 0 {
		t.Errorf("%d states on disk after the answer, want none", n)
	}
	a.mustStop()
}

// states counts the states of test/fn on the disk.
func (a *fixture) states() (n int) {
	a.t.Helper()
	from, to := store.StateRange("test", "fn")
	if err := a.store.Scan(from, to, func(_, _ []byte) bool { n++; return true }); err != nil {
		a.t.Error(err)
	}
	return n
}

// A request that is answered with a handshake has reached its function: what it
// renewed is in the next request, even if that comes late.
func TestAHandshakeKeepsWhatWasRenewed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var seen list
		f := func(_ context.Context, r *wire.Request) ([]byte, error) {
			if m := missing(r, wire.StateSpec{Name: "a", Mode: wire.ExpireAfterInvoke, ExpireAfterMillis: 10_000}); m != nil {
				return m, nil
			}
			if argument(t, &r.Invocations[0]) == "write" {
				return newAnswer().set("a", "1").end()
			}
			seen.add(shape(t, r))
			if m := missing(r, wire.StateSpec{Name: "late"}); m != nil {
				<-time.After(5 * time.Second)
				return m, nil
			}
			return newAnswer().end()
		}
		a := start(t, vfs.NewMem(), f, engine.Options{})
		a.send("x", "write")
		<-time.After(9 * time.Second)
		a.send("x", "read")
		<-time.After(time.Minute)
		if got, want := strings.Join(seen.take(), "|"), "x a=1|x a=1 late"; got != want {
			t.Errorf("requests:\n got %s\nwant %s", got, want)
		}
		a.mustStop()
	})
}

// The budget of a call is the function's time: another attempt may wait for its
// turn as long as it takes.
func TestWaitingForATurnIsNoPartOfTheBudget(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var seen list
		note := echo(t, &seen)
		failed := false
		f := func(ctx context.Context, r *wire.Request) ([]byte, error) {
			<-time.After(2 * time.Second)
			if r.Target.ID == "once" && !failed || ctx.Err() != nil {
				failed = true
				return nil, errDown
			}
			return note(ctx, r)
		}
		a := start(t, vfs.NewMem(), nil, engine.Options{OnFailure: engine.Flink, Functions: []engine.Function{
			{Namespace: "test", Name: "fn", Caller: callFunc(f), MaxInFlight: 1, Budget: 5 * time.Second},
		}})
		a.send("once", "0")
		for i := range 10 {
			a.send("other", fmt.Sprint(i))
			a.send(fmt.Sprint("other ", i), "x")
		}
		<-time.After(time.Minute)
		if got := strings.Join(seen.take(), "|"); !strings.HasSuffix(got, "|once:0") {
			t.Errorf("handled %s; want the one that failed behind all others", got)
		}
		a.mustStop()
	})
}

// forgetful is a store where some reads fail.
type forgetful struct {
	store.Store
	fails func(key []byte) bool
}

var errRead = errors.New("no such sector")

// Get implements store.Store.
func (s forgetful) Get(key []byte) ([]byte, error) {
	if s.fails(key) {
		return nil, errRead
	}
	return s.Store.Get(key)
}

// An answer is carried out as a whole or not at all, also where the store fails
// in the middle of it: the next run calls the function again.
func TestHalfAnAnswerIsNone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var seen list
		note := echo(t, &seen)
		f := func(ctx context.Context, r *wire.Request) ([]byte, error) {
			if argument(t, &r.Invocations[0]) == "delay" {
				return newAnswer().after(time.Hour, fn("late"), "x", "token").end()
			}
			if answer, err := note(ctx, r); r.Target.ID != "k" || err != nil {
				return answer, err
			}
			return newAnswer().send(fn("other"), "x").cancel("token").egress("q", "x").end()
		}
		fs := vfs.NewMem()
		s, err := store.Open("data", &store.Options{FS: fs})
		if err != nil {
			t.Fatal(err)
		}
		reads, token := 0, store.TokenKey("k", "token")
		a := startOn(t, forgetful{s, func(key []byte) bool {
			if bytes.Equal(key, token) {
				reads++
			}
			return reads == 3 // the first two are checks of an answer
		}}, f, engine.Options{})
		a.send("k", "delay")
		synctest.Wait()
		a.send("k", "cancel")
		synctest.Wait()
		if err := a.stop(); !errors.Is(err, errRead) {
			t.Errorf("Run: %v, want the store's error", err)
		}
		a = start(t, fs, f, engine.Options{})
		synctest.Wait()
		if got := fmt.Sprint(seen.take(), a.drain("q")); got != "[k:cancel k:cancel other:x] [x]" {
			t.Errorf("handled, and records: %s", got)
		}
		a.mustStop()
	})
}
