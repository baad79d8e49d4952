package statefun_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/statefun-go/statefun-go/internal/wire"
	"github.com/statefun-go/statefun-go/statefun"
)

// impatient waits for next until it is stopped, as a careless timeout does.
type impatient struct {
	stop chan struct{} // closed to make it return
	left chan struct{} // closed when next has returned after all
}

func (p *impatient) wait(next func() error) error {
	done := make(chan error, 1)
	go func() {
		defer close(p.left)
		done <- next()
	}()
	select {
	case err := <-done:
		return err
	case <-p.stop:
		return errors.New("impatient")
	}
}

func (p *impatient) message(next statefun.MessageFunc) statefun.MessageFunc {
	return func(ctx context.Context, inv *statefun.Invocation) error {
		if s, _ := statefun.String.Decode(inv.Message()); s != "slow" {
			return next(ctx, inv)
		}
		return p.wait(func() error { return next(ctx, inv) })
	}
}

func (p *impatient) batch(next statefun.BatchFunc) statefun.BatchFunc {
	return func(ctx context.Context, b *statefun.Batch) error {
		if b.Len() == 1 {
			return next(ctx, b)
		}
		err := p.wait(func() error { return next(ctx, b) })
		return errors.Join(err, next(ctx, b)) // and a retry does not help
	}
}

// Middleware that does not wait for next fails its batch, and what still runs
// there touches no other request.
func TestMiddlewareLeavesEarly(t *testing.T) {
	t.Parallel()
	for _, level := range []string{"message", "batch"} {
		p := &impatient{stop: make(chan struct{}), left: make(chan struct{})}
		opts := &statefun.Options{DeadLetter: statefun.DeadLetterDrop(), Message: []statefun.MessageMiddleware{p.message}}
		if level == "batch" {
			opts = &statefun.Options{Batch: []statefun.BatchMiddleware{p.batch}}
		}
		goOn := make(chan struct{})
		h := define(t, opts, onText(func(inv *statefun.Invocation, text string) error {
			if text == "slow" {
				close(p.stop)
				<-goOn
				return statefun.Terminal(errors.New("too late"))
			}
			close(goOn) // the leftover runs on, in the middle of this request
			<-p.left
			statefun.String.Send(inv, other.Address("x"), text)
			return nil
		}))
		refuse(t, h, statefun.CodeFailed, batchOf(nil, text("slow"), text("never")))
		if got := texts(t, serve(t, h, batchOf(nil, text("next")))); !slices.Equal(got, []string{"next"}) {
			t.Errorf("%s: the next request answered %q", level, got)
		}
	}
}

// runtime.Goexit on a goroutine of middleware's is no success: half of the
// message would be committed.
func TestGoexitInsideOfMiddleware(t *testing.T) {
	t.Parallel()
	message := func(next statefun.MessageFunc) statefun.MessageFunc {
		return func(ctx context.Context, inv *statefun.Invocation) (err error) {
			done := make(chan struct{})
			go func() { defer close(done); err = next(ctx, inv) }()
			<-done
			return err
		}
	}
	batch := func(next statefun.BatchFunc) statefun.BatchFunc {
		return func(ctx context.Context, b *statefun.Batch) (err error) {
			done := make(chan struct{})
			go func() { defer close(done); err = next(ctx, b) }()
			<-done
			return err
		}
	}
	for _, opts := range []*statefun.Options{{Message: []statefun.MessageMiddleware{message}}, {Batch: []statefun.BatchMiddleware{batch}}} {
		h := define(t, opts, onText(func(inv *statefun.Invocation, text string) error {
			statefun.String.Send(inv, other.Address("x"), "half")
			if text == "goexit" {
				runtime.Goexit()
			}
			return nil
		}))
		refuse(t, h, statefun.CodeFailed, batchOf(nil, text("goexit")))
		serve(t, h, batchOf(nil, text("whole")))
	}
}

// An Invocation ends with the run that it belongs to, also for batch middleware
// that has got hold of it.
func TestUseInBatchMiddleware(t *testing.T) {
	t.Parallel()
	var kept *statefun.Invocation
	late := func(next statefun.BatchFunc) statefun.BatchFunc {
		return func(ctx context.Context, b *statefun.Batch) error {
			err := next(ctx, b)
			statefun.String.Send(kept, other.Address("x"), "late")
			if kept.Err() == nil {
				t.Error("the Invocation is still open")
			}
			return err
		}
	}
	h := define(t, &statefun.Options{Batch: []statefun.BatchMiddleware{late}}, onText(func(inv *statefun.Invocation, _ string) error { kept = inv; return nil }))
	if answer, err := h.Append(context.Background(), nil, batchOf(nil, text("x"))); err != nil || string(answer) != "\xa2\x06\x00" {
		t.Errorf("%x, %v", answer, err)
	}
}

// nilError is what a typed nil pointer in an error is like.
type nilError struct{ text string }

func (e *nilError) Error() string { return e.text }

// panicking is a handler of logs that panics.
type panicking struct{ slog.Handler }

func (panicking) Enabled(context.Context, slog.Level) bool  { return true }
func (panicking) Handle(context.Context, slog.Record) error { panic("log") }

// No panic leaves, wherever user code hides.
func TestPanicsOutsideOfFunctions(t *testing.T) {
	t.Parallel()
	letters := statefun.KafkaTopic("ns/dead", "t", func([]byte, statefun.DeadLetter) ([]byte, error) { panic("encoder") })
	log := slog.New(panicking{slog.DiscardHandler})
	through := func(next statefun.BatchFunc) statefun.BatchFunc { return next }
	for name, opts := range map[string]*statefun.Options{
		"encoder": {DeadLetter: statefun.DeadLetterKafka(letters)},
		"inside":  {DeadLetter: statefun.DeadLetterKafka(letters), Batch: []statefun.BatchMiddleware{through}},
		"error":   {DeadLetter: statefun.DeadLetterDrop()},
		"logger":  {DeadLetter: statefun.DeadLetterDrop(), Logger: log},
	} {
		h := define(t, opts, onText(func(_ *statefun.Invocation, text string) error {
			switch {
			case text != "bad":
				return nil
			case name == "error":
				return statefun.Terminal((*nilError)(nil))
			}
			return statefun.Terminal(errors.New(name))
		}))
		refuse(t, h, statefun.CodePanicked, batchOf(nil, text("bad")))
		serve(t, h, batchOf(nil, text("good")))
	}
	// Before any message: the warning of a mixed request.
	r := wire.Request{HasTarget: true, Target: self, Invocations: []wire.Invocation{
		{HasArgument: true, Argument: wire.AppendValue(nil, wire.V2, text("a"))},
		{HasCaller: true, Caller: caller, HasArgument: true, Argument: wire.AppendValue(nil, wire.V3, text("b"))},
	}}
	h := define(t, &statefun.Options{Protocol: statefun.Auto, Logger: log}, onText(func(*statefun.Invocation, string) error { return nil }))
	refuse(t, h, statefun.CodePanicked, wire.AppendRequest(nil, &r))
}

// An error of another Handler that a function returns is a failure of the
// function: its code and place are not this batch's.
func TestErrorOfAnotherHandler(t *testing.T) {
	t.Parallel()
	foreign := &statefun.Error{Code: statefun.CodeMalformed, Function: other, Index: 7, Err: errors.New("foreign")}
	h := define(t, nil, onText(func(*statefun.Invocation, string) error { return foreign }))
	err := refuse(t, h, statefun.CodeFailed, batchOf(nil, text("x")))
	if e, _ := errors.AsType[*statefun.Error](err); e.Function != fn || e.Index != 0 || !errors.Is(err, foreign) {
		t.Errorf("%+v", e)
	}
	for name, opts := range failingMiddleware(foreign) {
		err := refuse(t, define(t, opts, statefun.On(statefun.String, noop)), statefun.CodeFailed, batchOf(nil, text("x")))
		if e, _ := errors.AsType[*statefun.Error](err); e.Function != fn || !errors.Is(err, foreign) {
			t.Errorf("%s: %+v", name, e)
		}
	}
}

// failingMiddleware returns err after a call that went well.
func failingMiddleware(err error) map[string]*statefun.Options {
	return map[string]*statefun.Options{
		"message": {Message: []statefun.MessageMiddleware{func(next statefun.MessageFunc) statefun.MessageFunc {
			return func(ctx context.Context, inv *statefun.Invocation) error { return cmp.Or(next(ctx, inv), err) }
		}}},
		"batch": {Batch: []statefun.BatchMiddleware{func(next statefun.BatchFunc) statefun.BatchFunc {
			return func(ctx context.Context, b *statefun.Batch) error { return cmp.Or(next(ctx, b), err) }
		}}},
	}
}

// A nil *Error in an error is an old trap. It must not reach an adapter, where
// nothing would catch the panic.
func TestNilErrorFromMiddleware(t *testing.T) {
	t.Parallel()
	var none *statefun.Error
	for name, opts := range failingMiddleware(none) {
		err := refuse(t, define(t, opts, statefun.On(statefun.String, noop)), statefun.CodeFailed, batchOf(nil, text("x")))
		if !strings.Contains(err.Error(), "nil *Error") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if c := statefun.CodeOf(none); c != statefun.CodeUnknown || none.Unwrap() != nil {
		t.Errorf("code %v", c)
	}
}

// A panic is no answer of the function, whatever it panics with: there is a
// stack to be seen, and the message is kept.
func TestPanicIsNotTerminal(t *testing.T) {
	t.Parallel()
	h := define(t, &statefun.Options{DeadLetter: statefun.DeadLetterDrop()}, onText(func(*statefun.Invocation, string) error {
		panic(fmt.Errorf("must: %w", statefun.Terminal(errors.New("x"))))
	}))
	refuse(t, h, statefun.CodePanicked, batchOf(nil, text("x")))
}
