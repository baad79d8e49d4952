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
	"github.com/statefun-go/statefun-go/engine/store"
	"github.com/statefun-go/statefun-go/internal/wire"
)

// shape describes the states of a request: name, or name=value.
func shape(t *testing.T, r *wire.Request) string {
	t.Helper()
	parts := []string{r.Target.ID}
	for i := range r.States {
		s := r.States[i].Name
		if r.States[i].HasValue {
			s += "=" + state(t, r, r.States[i].Name)
		}
		parts = append(parts, s)
	}
	return strings.Join(parts, " ")
}

func TestSpecsBelongToTheType(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var seen list
		late := false
		f := func(_ context.Context, r *wire.Request) ([]byte, error) {
			seen.add(shape(t, r))
			specs := []wire.StateSpec{{Name: "a"}, {Name: "b"}}
			if late {
				specs = append(specs, wire.StateSpec{Name: "c"})
			}
			if m := missing(r, specs...); m != nil {
				return m, nil
			}
			return newAnswer().set("a", "1").set("b", "2").clear("b").end()
		}
		fs := vfs.NewMem()
		a := start(t, fs, f, engine.Options{})
		for _, id := range []string{"x", "y", "x"} {
			a.send(id, "m")
			synctest.Wait()
		}
		late = true
		a.send("x", "m")
		synctest.Wait()
		want := "x|x a b|y a b|x a=1 b|x a=1 b|x a=1 b c"
		if got := strings.Join(seen.take(), "|"); got != want {
			t.Errorf("requests:\n got %s\nwant %s", got, want)
		}
		a.mustStop()
		// The registry is in memory, as Flink's: it starts anew.
		a = start(t, fs, f, engine.Options{})
		a.send("x", "m")
		synctest.Wait()
		want = "x|x a=1 b c"
		if got := strings.Join(seen.take(), "|"); got != want {
			t.Errorf("requests after a restart:\n got %s\nwant %s", got, want)
		}
		a.mustStop()
	})
}

func TestOneRequestUntilTheFirstAnswer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var inFlight, most, calls atomic.Int64
		slow := func(_ context.Context, r *wire.Request) ([]byte, error) {
			call, now := calls.Add(1), inFlight.Add(1)
			if call <= 2 && now > 1 {
				t.Errorf("call %d is not alone", call)
			}
			if now > most.Load() {
				most.Store(now)
			}
			<-time.After(time.Second)
			inFlight.Add(-1)
			if m := missing(r, wire.StateSpec{Name: "a"}); m != nil {
				return m, nil
			}
			return newAnswer().end()
		}
		a := start(t, vfs.NewMem(), nil, engine.Options{
			Functions: []engine.Function{{Namespace: "test", Name: "fn", Caller: callFunc(slow), MaxInFlight: 4}},
		})
		for i := range 10 {
			a.send(fmt.Sprint(i), "m")
		}
		<-time.After(time.Minute)
		if most.Load() != 4 || calls.Load() != 11 {
			t.Errorf("at most %d in flight, %d calls; want 4 and 11", most.Load(), calls.Load())
		}
		a.mustStop()
	})
}

func TestChangedTypeOfAStateIsAClearError(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		typename := "test/text"
		f := func(_ context.Context, r *wire.Request) ([]byte, error) {
			if len(r.States) == 0 {
				return wire.AppendIncomplete(nil, []wire.StateSpec{{Name: "a", TypeName: typename}}), nil
			}
			return newAnswer().set("a", "1").end()
		}
		fs := vfs.NewMem()
		a := start(t, fs, f, engine.Options{})
		a.send("x", "m")
		synctest.Wait()
		a.mustStop()
		typename = "test/other"
		a = start(t, fs, f, engine.Options{OnFailure: engine.Flink})
		a.send("x", "m")
		synctest.Wait()
		err := a.stop()
		if err == nil || !strings.Contains(err.Error(), "previous type was test/text, new type is test/other") {
			t.Errorf("Run: %v", err)
		}
	})
}

// A function is replaced, while the engine runs, by a version that declares its
// state with another type, and that one by the old version again. An address
// waits only while the function declares another type than its value has.
func TestReplacedFunctionsDeclareAnew(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const oldType, newType = "test/text", "test/other"
		var typename atomic.Value
		typename.Store(oldType)
		var done list
		f := func(_ context.Context, r *wire.Request) ([]byte, error) {
			now := typename.Load().(string)
			if len(r.States) == 0 {
				return wire.AppendIncomplete(nil, []wire.StateSpec{{Name: "a", TypeName: now}}), nil
			}
			if has, err := wire.ParseValue(wire.V3, r.States[0].Value); err != nil || r.States[0].HasValue && has.TypeName != now {
				return nil, errors.New("the value is of another type")
			}
			done.add(r.Target.ID)
			value := wire.Value{TypeName: now, Has: true, Data: []byte("1")}
			return wire.EndResult(wire.AppendModify(wire.BeginResult(nil), wire.V3, "a", value), 0), nil
		}
		a := start(t, vfs.NewMem(), f, engine.Options{MaxBackoff: time.Second})
		for _, step := range []struct{ typename, send, want string }{
			{oldType, "x", "x"},
			{newType, "x", ""},
			{newType, "y", "y y"}, // the first answer fails: the other type is not declared yet
			{newType, "y", "y"},
			{oldType, "", "x"},
			{oldType, "y", ""},
			{newType, "", "y"},
		} {
			typename.Store(step.typename)
			if step.send != "" {
				a.send(step.send, "m")
			}
			<-time.After(5 * time.Second)
			if got := strings.Join(done.take(), " "); got != step.want {
				t.Errorf("%+v: answered %q", step, got)
			}
		}
		a.mustStop()
	})
}

func TestExpiry(t *testing.T) {
	t.Parallel()
	for _, mode := range []wire.ExpireMode{wire.ExpireAfterWrite, wire.ExpireAfterInvoke} {
		t.Run(fmt.Sprint("mode=", mode), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { testExpiry(t, mode) })
		})
	}
}

// testExpiry writes a state that expires after 10 s and looks at it after 6, 12
// and 23 s, over a restart.
func testExpiry(t *testing.T, mode wire.ExpireMode) {
	t.Helper()
	var seen list
	f := func(_ context.Context, r *wire.Request) ([]byte, error) {
		if m := missing(r, wire.StateSpec{Name: "a", Mode: mode, ExpireAfterMillis: 10_000}); m != nil {
			return m, nil
		}
		seen.add(shape(t, r))
		if argument(t, &r.Invocations[0]) == "write" {
			return newAnswer().set("a", "1").end()
		}
		return newAnswer().end()
	}
	fs := vfs.NewMem()
	a := start(t, fs, f, engine.Options{CacheBytes: 1})
	a.send("x", "write")
	<-time.After(6 * time.Second)
	a.send("x", "read")
	synctest.Wait()
	a.mustStop()
	<-time.After(6 * time.Second)
	a = start(t, fs, f, engine.Options{})
	a.send("x", "read")
	<-time.After(11 * time.Second)
	a.send("x", "read")
	synctest.Wait()
	want := "x a|x a=1|x a|x a"
	if mode == wire.ExpireAfterInvoke {
		want = "x a|x a=1|x a=1|x a"
	}
	if got := strings.Join(seen.take(), "|"); got != want {
		t.Errorf("requests:\n got %s\nwant %s", got, want)
	}
	a.mustStop()
}

// Expired state leaves the disk even if its address never gets a message again.
func TestExpiredStateLeavesTheDisk(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := func(_ context.Context, r *wire.Request) ([]byte, error) {
			specs := []wire.StateSpec{{Name: "a", Mode: wire.ExpireAfterWrite, ExpireAfterMillis: 60_000}, {Name: "b"}}
			if m := missing(r, specs...); m != nil {
				return m, nil
			}
			return newAnswer().set("a", "1").set("b", "1").end()
		}
		a := start(t, vfs.NewMem(), f, engine.Options{CacheBytes: 1, SweepInterval: time.Minute})
		const count = 2500
		for i := range count {
			a.send(fmt.Sprint(i), "m")
		}
		<-time.After(45 * time.Second)
		a.send("0", "m") // renewed
		states := func() int {
			n := 0
			from, to := store.StateRange("test", "fn")
			if err := a.store.Scan(from, to, func(_, _ []byte) bool { n++; return true }); err != nil {
				t.Error(err)
			}
			return n
		}
		if n := states(); n != 2*count {
			t.Errorf("%d states before the sweep", n)
		}
		<-time.After(80 * time.Second)
		if n := states(); n < count || n > count+5 {
			t.Errorf("%d states after the sweep, want those that do not expire and a few in memory", n)
		}
		a.mustStop()
	})
}
