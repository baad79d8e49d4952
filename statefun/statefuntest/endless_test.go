package statefuntest_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/statefun-go/statefun-go/statefun"
	"github.com/statefun-go/statefun-go/statefun/statefuntest"
)

// loop returns a worker that sends so many messages to a helper for each that
// it gets, and a helper that sends back.
func loop(there, back int) []statefun.Function {
	sender := func(name, to statefun.TypeName, n int) statefun.Function {
		return statefun.Define(name, statefun.On(Command, func(_ context.Context, inv *statefun.Invocation, text string) error {
			for range n {
				Command.Send(inv, to.Address("a"), text)
			}
			return nil
		}))
	}
	return []statefun.Function{sender(Worker, Helper, there), sender(Helper, Worker, back)}
}

// Senders that never stop are found by the default limit, soon even where their
// messages multiply, and the trace is short.
func TestEndless(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name        string
		there, back int
		opts        statefuntest.Options
		text, trace string
		lines       int
	}{
		{"ping pong", 1, 1, statefuntest.Options{}, "after 100000 requests", "again, 9 times", 10},
		{"growing", 2, 1, statefuntest.Options{}, "there are still messages", "more sends", 200},
		{"growing, one by one", 2, 1, statefuntest.Options{MaxBatch: 1}, "there are still messages", "above again", 200},
		{"limit", 1, 1, statefuntest.Options{MaxSteps: 1000}, "after 1000 requests", "", 10},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := statefuntest.New(t, loop(test.there, test.back), &test.opts)
			send(r, Worker.Address("a"), "ping")
			f, ok := errors.AsType[*statefuntest.Failure](r.Try(0))
			if !ok {
				t.Fatal("no failure")
			}
			wantText(t, f.Error(), []string{test.text, "do functions send to each other for ever? (Options.MaxSteps"})
			wantText(t, f.Trace, []string{test.trace})
			if n := strings.Count(f.Trace, "\n"); n > test.lines {
				t.Errorf("a trace of %d lines:\n%s", n, f.Trace)
			}
		})
	}
}

// What the test sends has an end, so it does not count.
func TestManyMessagesOfATest(t *testing.T) {
	t.Parallel()
	r := statefuntest.New(t, labFunctions(), &statefuntest.Options{MaxSteps: 200})
	for range 1000 {
		send(r, Worker.Address("a"), "add")
	}
	r.Run()
	wantCount(t, r, Worker.Address("a"), 1000)
}
