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
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/statefun-go/statefun-go/engine"
	"github.com/statefun-go/statefun-go/engine/store"
	"github.com/statefun-go/statefun-go/internal/wire"
)

func TestNewReportsAllMistakes(t *testing.T) {
	t.Parallel()
	s, err := store.Open("data", &store.Options{FS: vfs.NewMem()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	caller := callFunc(nil)
	_, err = engine.New(s, &engine.Options{
		OnFailure: 7, CacheBytes: -1, Ingresses: []engine.Ingress{nil},
		Functions: []engine.Function{
			{Namespace: "a", Name: "*", Caller: caller},
			{Namespace: "a", Name: "*", Caller: caller},
			{Namespace: "a", Name: "b", Budget: -1},
		},
		Egresses: []engine.EgressBinding{{ID: egressID}, {ID: egressID, Egress: &box{}}},
	})
	for _, want := range []string{
		"OnFailure", "CacheBytes", "ingress 0 is nil", "a/* is bound twice", "a/b: Budget", "a/b: has no Caller",
		"egress test/out is nil", "egress test/out is bound twice",
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("New: %v, want it to say %q", err, want)
		}
	}
}

func TestSendToAnUnknownFunction(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := start(t, vfs.NewMem(), publish(t), engine.Options{})
		err := a.engine.Send(t.Context(), engine.Address{Namespace: "no", Name: "fn", ID: "k"}, engine.Value{})
		if !errors.Is(err, engine.ErrUnknownFunction) {
			t.Errorf("send: %v", err)
		}
		for _, to := range []engine.Address{{Namespace: "test", Name: "\xff"}, {Namespace: "test", Name: "fn", ID: "\xff"}} {
			if err := a.engine.Send(t.Context(), to, engine.Value{}); !errors.Is(err, engine.ErrNotUTF8) {
				t.Errorf("send to %q: %v", to, err)
			}
		}
		a.mustStop()
		if err := a.engine.Run(t.Context()); err == nil {
			t.Error("Run ran twice")
		}
	})
}

func TestExactBindingComesBeforeTheNamespace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var seen list
		note := func(name string) callFunc {
			return func(_ context.Context, r *wire.Request) ([]byte, error) {
				seen.add(name + " " + r.Target.Name)
				return newAnswer().end()
			}
		}
		a := start(t, vfs.NewMem(), nil, engine.Options{Functions: []engine.Function{
			{Namespace: "test", Name: "*", Caller: note("namespace")}, {Namespace: "test", Name: "fn", Caller: note("exact")},
		}})
		a.send("k", "x")
		synctest.Wait() // function types do not wait for each other
		a.sendTo(engine.Address{Namespace: "test", Name: "other"}, "x")
		synctest.Wait()
		if got := fmt.Sprint(seen.take()); got != "[exact fn namespace other]" {
			t.Error(got)
		}
		a.mustStop()
	})
}

func TestRunDrains(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		takes time.Duration
		want  string
	}{"in time": {3 * time.Second, "[done]"}, "too late": {time.Hour, "[]"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f := func(ctx context.Context, _ *wire.Request) ([]byte, error) {
					select {
					case <-time.After(test.takes):
						return newAnswer().egress("q", "done").end()
					case <-ctx.Done():
						return nil, ctx.Err()
					}
				}
				fs := vfs.NewMem()
				a := start(t, fs, f, engine.Options{})
				a.send("k", "x")
				begin := time.Now()
				a.mustStop()
				if d := time.Since(begin); d > 11*time.Second {
					t.Errorf("the end took %v", d)
				}
				a = start(t, fs, func(context.Context, *wire.Request) ([]byte, error) { return nil, errDown }, engine.Options{})
				if got := fmt.Sprint(a.drain("q")); got != test.want {
					t.Errorf("records: %s, want %s", got, test.want)
				}
				a.mustStop()
				if left := remaining(t, fs); (left == "") != (test.want != "[]") {
					t.Errorf("left in the store: %q", left)
				}
			})
		})
	}
}

// feed is an ingress that sends one message and then fails, or ends with ctx.
type feed struct{ err error }

// Run implements engine.Ingress.
func (f *feed) Run(ctx context.Context, sink engine.Sink) error {
	to := engine.Address{Namespace: "test", Name: "fn", ID: "k"}
	if err := sink.Send(ctx, to, engine.Value{TypeName: "test/text", Has: true, Data: []byte("fed")}); err != nil {
		return err
	}
	if f.err != nil {
		return f.err
	}
	<-ctx.Done()
	return nil
}

func TestIngress(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		fs := vfs.NewMem()
		a := start(t, fs, publish(t), engine.Options{Ingresses: []engine.Ingress{&feed{}}})
		synctest.Wait()
		if got := fmt.Sprint(a.drain("q")); got != "[fed]" {
			t.Error(got)
		}
		a.mustStop()
		a = start(t, fs, publish(t), engine.Options{Ingresses: []engine.Ingress{&feed{err: errDown}}})
		err := <-a.done
		if !errors.Is(err, errDown) || !strings.Contains(err.Error(), "ingress 0") {
			t.Errorf("Run: %v", err)
		}
		a.done <- nil
		a.mustStop()
	})
}

// After a failed fsync nothing more is acknowledged, and Run says why.
func TestEngineStopsWhenACommitFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var broken atomic.Bool
		mem := vfs.NewCrashableMem()
		fs := errorfs.Wrap(mem, errorfs.InjectorFunc(func(op errorfs.Op) error {
			switch op.Kind { //nolint:exhaustive // the others work
			case errorfs.OpFileSync, errorfs.OpFileSyncData, errorfs.OpFileSyncTo:
				if broken.Load() {
					return errors.New("broken disk")
				}
			}
			return nil
		}))
		a := start(t, fs, counter(t), engine.Options{})
		a.send("k", "x")
		synctest.Wait()
		broken.Store(true)
		to := engine.Address{Namespace: "test", Name: "fn", ID: "k"}
		if err := a.engine.Send(t.Context(), to, engine.Value{TypeName: "t"}); !errors.Is(err, engine.ErrStopped) {
			t.Errorf("send on a broken disk: %v", err)
		}
		broken.Store(false)
		if err := a.engine.Send(t.Context(), to, engine.Value{TypeName: "t"}); !errors.Is(err, engine.ErrStopped) {
			t.Errorf("send after the disk was broken: %v", err)
		}
		err := <-a.done
		if err == nil || !strings.Contains(err.Error(), "could not be made durable") {
			t.Errorf("Run: %v", err)
		}
		_ = a.store.Close()
		a = start(t, mem.CrashClone(vfs.CrashCloneCfg{}), counter(t), engine.Options{})
		if got := fmt.Sprint(a.drain("counts")); got != "[k=1]" {
			t.Errorf("after the crash: %s", got)
		}
		a.mustStop()
	})
}

// Each write to the disk fails in turn; whatever was acknowledged is there when
// the engine starts again.
func TestEveryWriteFailsOnce(t *testing.T) {
	t.Parallel()
	for n := range int32(60) {
		synctest.Test(t, func(t *testing.T) { testFailedWrite(t, n) })
	}
}

func testFailedWrite(t *testing.T, n int32) {
	t.Helper()
	mem := vfs.NewCrashableMem()
	index := errorfs.OnIndex(n)
	var armed atomic.Bool
	fs := errorfs.Wrap(mem, errorfs.InjectorFunc(func(op errorfs.Op) error {
		if !armed.Load() || op.Kind.ReadOrWrite() != errorfs.OpIsWrite {
			return nil
		}
		return index.MaybeError(op)
	}))
	a := start(t, fs, counter(t), engine.Options{})
	armed.Store(true)
	acked := 0
	for range 20 {
		to := engine.Address{Namespace: "test", Name: "fn", ID: "k"}
		if err := a.engine.Send(t.Context(), to, engine.Value{TypeName: "test/text", Has: true}); err == nil {
			acked++
		}
	}
	synctest.Wait()
	a.cancel()
	<-a.done
	clone := mem.CrashClone(vfs.CrashCloneCfg{})
	_ = a.store.Close()
	a = start(t, clone, counter(t), engine.Options{})
	synctest.Wait()
	if got := len(a.drain("counts")); got < acked || got > 20 {
		t.Errorf("write %d failed: %d messages acknowledged, %d counted", n, acked, got)
	}
	a.mustStop()
}

func TestOnlyAddressesWithWorkStayInMemory(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := start(t, vfs.NewMem(), counter(t), engine.Options{CacheBytes: 10_000})
		for round := range 2 {
			for i := range 300 {
				a.send(fmt.Sprint("id", i), "x")
			}
			synctest.Wait()
			if n := a.engine.Instances(); n > 20 {
				t.Errorf("%d addresses in memory", n)
			}
			for _, c := range a.drain("counts") {
				if want := fmt.Sprint("=", round+1); !strings.HasSuffix(c, want) {
					t.Errorf("round %d: %s", round, c)
				}
			}
		}
		a.mustStop()
	})
}

// Messages whose function is bound no longer wait for a module that has it.
func TestUnboundMessagesWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		fs := vfs.NewMem()
		down := func(context.Context, *wire.Request) ([]byte, error) { return nil, errDown }
		a := start(t, fs, down, engine.Options{})
		a.send("k", "x")
		a.mustStop()
		other := engine.Options{Functions: []engine.Function{{Namespace: "other", Name: "fn", Caller: callFunc(down)}}}
		a = start(t, fs, nil, other)
		synctest.Wait()
		a.mustStop()
		a = start(t, fs, publish(t), engine.Options{})
		synctest.Wait()
		if got := fmt.Sprint(a.drain("q")); got != "[x]" {
			t.Errorf("records: %s", got)
		}
		a.mustStop()

		a = start(t, fs, down, engine.Options{})
		a.send("k", "x")
		a.mustStop()
		s, err := store.Open("data", &store.Options{FS: fs})
		if err != nil {
			t.Fatal(err)
		}
		other.OnFailure = engine.Flink
		if _, err := engine.New(s, &other); err == nil || !strings.Contains(err.Error(), "no endpoint serves") {
			t.Errorf("New under policy flink: %v", err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
}
