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

// flood sends n messages at once and returns how many have been accepted so
// far.
func flood(a *fixture, to engine.Address, n int) (accepted func() int) {
	results := make(chan error, n)
	for i := range n {
		go func() {
			value := engine.Value{TypeName: "test/text", Has: true, Data: fmt.Append(nil, i)}
			results <- a.engine.Send(context.Background(), to, value)
		}()
	}
	total := 0
	return func() int {
		a.t.Helper()
		synctest.Wait()
		for len(results) > 0 {
			if err := <-results; err != nil {
				a.t.Errorf("send: %v", err)
			} else {
				total++
			}
		}
		return total
	}
}

func TestSendBlocksWhileTooMuchWaits(t *testing.T) {
	t.Parallel()
	for name, opts := range map[string]engine.Options{
		"address":  {AddressMessages: 10},
		"function": {FunctionMessages: 11}, // one is in flight
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var works atomic.Bool
				var served atomic.Int64
				f := func(_ context.Context, r *wire.Request) ([]byte, error) {
					if !works.Load() && r.Target.Name == "fn" {
						return nil, errDown
					}
					served.Add(int64(len(r.Invocations)))
					return newAnswer().end()
				}
				a := start(t, vfs.NewMem(), f, opts)
				a.send("k", "first")
				synctest.Wait()
				accepted := flood(a, engine.Address{Namespace: "test", Name: "fn", ID: "k"}, 100)
				if n := accepted(); n != 10 {
					t.Errorf("%d messages were accepted for an address that does not work, want 10", n)
				}
				a.sendTo(engine.Address{Namespace: "test", Name: "other", ID: "k"}, "x") // is not held up

				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				if err := a.engine.Send(ctx, engine.Address{Namespace: "test", Name: "fn", ID: "k"}, engine.Value{}); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("a send that gives up: %v", err)
				}
				works.Store(true)
				<-time.After(time.Minute)
				if n := accepted(); n != 100 || served.Load() != 102 {
					t.Errorf("%d accepted, %d served, want 100 and 102", n, served.Load())
				}
				a.mustStop()
			})
		})
	}
}

func TestABlockedSendEndsWithTheEngine(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := start(t, vfs.NewMem(), func(context.Context, *wire.Request) ([]byte, error) { return nil, errDown },
			engine.Options{AddressMessages: 1})
		a.send("k", "in flight")
		synctest.Wait()
		a.send("k", "waits")
		blocked := make(chan error)
		go func() {
			blocked <- a.engine.Send(context.Background(), engine.Address{Namespace: "test", Name: "fn", ID: "k"}, engine.Value{})
		}()
		synctest.Wait()
		a.mustStop()
		if err := <-blocked; !errors.Is(err, engine.ErrStopped) {
			t.Errorf("blocked send: %v", err)
		}
		if err := a.engine.Send(context.Background(), engine.Address{Namespace: "test", Name: "fn"}, engine.Value{}); !errors.Is(err, engine.ErrStopped) {
			t.Errorf("send after the end: %v", err)
		}
	})
}

// Large messages that wait are left to the store, and a request takes only so
// many of them.
func TestWaitingMessagesLeaveMemory(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const count, size = 50, 10_000
		var got, largest int
		var works atomic.Bool
		f := func(_ context.Context, r *wire.Request) ([]byte, error) {
			if !works.Load() {
				return nil, errDown
			}
			bytes := 0
			for i := range r.Invocations {
				s := argument(t, &r.Invocations[i])
				if want := fmt.Sprintf("%03d", got); !strings.HasPrefix(s, want) {
					t.Errorf("message %s instead of %s", s[:3], want)
				}
				got++
				bytes += len(s)
			}
			largest = max(largest, bytes)
			return newAnswer().end()
		}
		a := start(t, vfs.NewMem(), f, engine.Options{MessageBytes: 5 * size, RequestBytes: 4 * size})
		for i := range count {
			a.send("k", fmt.Sprintf("%03d", i)+strings.Repeat("x", size))
		}
		if n := a.engine.MessageBytes(); n > 7*size {
			t.Errorf("%d bytes of messages in memory", n)
		}
		works.Store(true)
		<-time.After(time.Minute)
		if got != count || largest > 4*size || largest < 2*size {
			t.Errorf("%d messages, the largest request %d bytes", got, largest)
		}
		if n := a.engine.MessageBytes(); n != 0 {
			t.Errorf("%d bytes of messages in memory at the end", n)
		}
		a.mustStop()
	})
}

func TestOrderBetweenTwoAddresses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const count = 200
		next := 0
		f := func(_ context.Context, r *wire.Request) ([]byte, error) {
			a := newAnswer()
			for i := range r.Invocations {
				s := argument(t, &r.Invocations[i])
				if r.Target.ID == "from" {
					a.send(fn("to"), s+".1").send(fn("to"), s+".2")
					continue
				}
				if want := fmt.Sprintf("%d.%d", next/2, next%2+1); s != want {
					t.Errorf("got %s, want %s", s, want)
				}
				next++
			}
			return a.end()
		}
		a := start(t, vfs.NewMem(), nil, engine.Options{
			Functions: []engine.Function{{Namespace: "test", Name: "fn", Caller: callFunc(f), MaxBatch: 7}},
		})
		for i := range count {
			a.send("from", fmt.Sprint(i))
		}
		synctest.Wait()
		if next != 2*count {
			t.Errorf("%d messages arrived", next)
		}
		a.mustStop()
	})
}

// slowStore holds commits up until gate is closed.
type slowStore struct {
	store.Store
	gate chan struct{}
}

// Commit implements store.Store.
func (s *slowStore) Commit(c store.Changes) error {
	<-s.gate
	return s.Store.Commit(c)
}

// Functions that keep sending messages to each other are stopped while the disk
// is slow, and what they have consumed takes no memory.
func TestASlowDiskBoundsMemory(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const size, group = 10_000, 50_000
		s, err := store.Open("data", &store.Options{FS: vfs.NewMem()})
		if err != nil {
			t.Fatal(err)
		}
		slow := &slowStore{s, make(chan struct{})}
		rounds := 0
		a := startOn(t, slow, func(_ context.Context, r *wire.Request) ([]byte, error) {
			if rounds++; rounds == 5000 {
				return newAnswer().end()
			}
			return newAnswer().send(fn(map[string]string{"a": "b", "b": "a"}[r.Target.ID]), strings.Repeat("x", size)).end()
		}, engine.Options{GroupBytes: group})
		go a.send("a", "go")
		synctest.Wait()
		messages, bytes := a.engine.GroupMessages()
		if messages < 5 || messages > group/64 || bytes > 2*size {
			t.Errorf("during one commit: %d messages in the next group, %d bytes of content", messages, bytes)
		}
		close(slow.gate)
		synctest.Wait()
		if rounds != 5000 {
			t.Errorf("%d calls in the end", rounds)
		}
		a.mustStop()
	})
}
