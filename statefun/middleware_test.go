package statefun_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/statefun-go/statefun-go/internal/wire"
	"github.com/statefun-go/statefun-go/statefun"
)

// tracer is middleware of both levels that notes what it sees.
type tracer struct{ notes []string }

func (r *tracer) batch(name string) statefun.BatchMiddleware {
	return func(next statefun.BatchFunc) statefun.BatchFunc {
		return func(ctx context.Context, b *statefun.Batch) error {
			err := next(ctx, b)
			r.notes = append(r.notes, fmt.Sprintf("%s %v len=%d request=%v answer=%v handshake=%v code=%v", name, b.Target(), b.Len(), b.RequestBytes() > 0, b.AnswerBytes() > 0, b.Handshake(), statefun.CodeOf(err)))
			return err
		}
	}
}

func (r *tracer) message(name string) statefun.MessageMiddleware {
	return func(next statefun.MessageFunc) statefun.MessageFunc {
		return func(ctx context.Context, inv *statefun.Invocation) error {
			err := next(ctx, inv)
			r.notes = append(r.notes, fmt.Sprintf("%s %d %v", name, inv.Index(), err))
			return err
		}
	}
}

func TestMiddlewareOrder(t *testing.T) {
	t.Parallel()
	var r tracer
	h := newWorker(t, &statefun.Options{
		Batch:      []statefun.BatchMiddleware{r.batch("outer"), r.batch("inner")},
		Message:    []statefun.MessageMiddleware{r.message("first"), r.message("second")},
		DeadLetter: statefun.DeadLetterDrop(),
	})
	serve(t, h, batchOf(fresh, text("a"), text("terminal")))
	serve(t, h, batchOf(nil, text("a")))
	refuse(t, h, statefun.CodePanicked, batchOf(fresh, text("panic")))
	want := []string{
		"second 0 <nil>", "first 0 <nil>", "second 1 never terminal", "first 1 never terminal",
		"inner ns/fn/id len=2 request=true answer=true handshake=false code=unknown",
		"outer ns/fn/id len=2 request=true answer=true handshake=false code=unknown",
		"inner ns/fn/id len=1 request=true answer=true handshake=true code=unknown",
		"outer ns/fn/id len=1 request=true answer=true handshake=true code=unknown",
		"second 0 statefun: ns/fn: message 0: panicked: panic: panic", "first 0 statefun: ns/fn: message 0: panicked: panic: panic",
		"inner ns/fn/id len=1 request=true answer=false handshake=false code=panicked",
		"outer ns/fn/id len=1 request=true answer=false handshake=false code=panicked",
	}
	if !slices.Equal(r.notes, want) {
		t.Errorf("got\n%s", strings.Join(r.notes, "\n"))
	}
}

// The seam for tracing: a value that batch middleware puts into the context
// reaches the function, through message middleware.
func TestMiddlewareContext(t *testing.T) {
	t.Parallel()
	type key struct{}
	got := ""
	h := define(t, &statefun.Options{Batch: []statefun.BatchMiddleware{func(next statefun.BatchFunc) statefun.BatchFunc {
		return func(ctx context.Context, b *statefun.Batch) error {
			return next(context.WithValue(ctx, key{}, "span"), b)
		}
	}}}, statefun.On(statefun.String, func(ctx context.Context, _ *statefun.Invocation, _ string) error {
		got, _ = ctx.Value(key{}).(string)
		return nil
	}))
	serve(t, h, batchOf(nil, text("x")))
	if got != "span" {
		t.Errorf("the function saw %q", got)
	}
}

// Calling next again starts anew: a retry leaves the effects of one run.
func TestMiddlewareRetry(t *testing.T) {
	t.Parallel()
	want, err := newWorker(t, nil).Append(context.Background(), nil, batchOf(fresh, text("a"), text("b")))
	if err != nil {
		t.Fatal(err)
	}
	failing := func(times int) statefun.MessageMiddleware {
		return func(next statefun.MessageFunc) statefun.MessageFunc {
			return func(ctx context.Context, inv *statefun.Invocation) error {
				if err := next(ctx, inv); err != nil || times == 0 {
					return err
				}
				times--
				return errors.New("flaky")
			}
		}
	}
	retryMessage := func(next statefun.MessageFunc) statefun.MessageFunc {
		return func(ctx context.Context, inv *statefun.Invocation) error {
			err := next(ctx, inv)
			for err != nil {
				err = next(ctx, inv)
			}
			return nil
		}
	}
	retryBatch := func(next statefun.BatchFunc) statefun.BatchFunc {
		return func(ctx context.Context, b *statefun.Batch) error {
			err := next(ctx, b)
			for err != nil {
				err = next(ctx, b)
			}
			return nil
		}
	}
	for name, opts := range map[string]*statefun.Options{
		"batch":   {Batch: []statefun.BatchMiddleware{retryBatch}, Message: []statefun.MessageMiddleware{failing(3)}},
		"message": {Message: []statefun.MessageMiddleware{retryMessage, failing(3)}},
		"batch, always": {Batch: []statefun.BatchMiddleware{func(next statefun.BatchFunc) statefun.BatchFunc {
			return func(ctx context.Context, b *statefun.Batch) error { return errors.Join(next(ctx, b), next(ctx, b)) }
		}}},
	} {
		got, err := newWorker(t, opts).Append(context.Background(), nil, batchOf(fresh, text("a"), text("b")))
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %d bytes, %v, want %d", name, len(got), err, len(want))
		}
	}
}

func TestMiddlewareCannotLoseMessages(t *testing.T) {
	t.Parallel()
	hide := func(next statefun.MessageFunc) statefun.MessageFunc {
		return func(ctx context.Context, inv *statefun.Invocation) error { _ = next(ctx, inv); return nil }
	}
	refuse(t, newWorker(t, &statefun.Options{Message: []statefun.MessageMiddleware{hide}}), statefun.CodeFailed, batchOf(fresh, text("error")))
	skip := func(statefun.BatchFunc) statefun.BatchFunc {
		return func(context.Context, *statefun.Batch) error { return nil }
	}
	hideBatch := func(next statefun.BatchFunc) statefun.BatchFunc {
		return func(ctx context.Context, b *statefun.Batch) error { _ = next(ctx, b); return nil }
	}
	panics := func(statefun.BatchFunc) statefun.BatchFunc {
		return func(context.Context, *statefun.Batch) error { panic("middleware") }
	}
	refuse(t, newWorker(t, &statefun.Options{Batch: []statefun.BatchMiddleware{skip}}), statefun.CodeFailed, batchOf(fresh, text("a")))
	refuse(t, newWorker(t, &statefun.Options{Batch: []statefun.BatchMiddleware{hideBatch}}), statefun.CodeFailed, batchOf(fresh, text("error")))
	refuse(t, newWorker(t, &statefun.Options{Batch: []statefun.BatchMiddleware{panics}}), statefun.CodePanicked, batchOf(fresh, text("a")))
	late := func(statefun.MessageFunc) statefun.MessageFunc {
		return func(context.Context, *statefun.Invocation) error { panic("middleware") }
	}
	refuse(t, newWorker(t, &statefun.Options{Message: []statefun.MessageMiddleware{late}}), statefun.CodePanicked, batchOf(fresh, text("a")))
}

// Middleware may have effects of its own, may take a message as done, and may
// turn any failure into a terminal one.
func TestMiddlewareDecides(t *testing.T) {
	t.Parallel()
	m := func(next statefun.MessageFunc) statefun.MessageFunc {
		return func(ctx context.Context, inv *statefun.Invocation) error {
			statefun.String.Send(inv, other.Address("audit"), "seen")
			if s, _ := statefun.String.Decode(inv.Message()); s == "skip" {
				return nil
			}
			return statefun.Terminal(next(ctx, inv))
		}
	}
	h := newWorker(t, &statefun.Options{Message: []statefun.MessageMiddleware{m}, DeadLetter: statefun.DeadLetterDrop()})
	a := serve(t, h, batchOf([]wire.State{absent("n"), absent("s")}, text("skip"), text("panic"), text("b")))
	if got := texts(t, a); !slices.Equal(got, []string{"seen", "seen", "b 1"}) {
		t.Errorf("%q", got)
	}
}
