package statefuntest_test

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/statefun-go/statefun-go/statefun"
	"github.com/statefun-go/statefun-go/statefun/statefuntest"
)

// place and below are somewhere to panic.
func place(counts map[string]int) { counts["x"]++ }

func below(depth int) {
	if depth > 0 {
		below(depth - 1)
		return
	}
	place(nil)
}

// A panic is shown with its place in the user's code and nothing else.
func TestPanicHasAPlace(t *testing.T) {
	t.Parallel()
	var nobody *statefun.State[string]
	onBatch := func(statefun.BatchFunc) statefun.BatchFunc {
		return func(context.Context, *statefun.Batch) error { place(nil); return nil }
	}
	onMessage := func(next statefun.MessageFunc) statefun.MessageFunc {
		return func(ctx context.Context, inv *statefun.Invocation) error { return next(ctx, inv) }
	}
	function := func(f func(inv *statefun.Invocation)) []statefun.Function {
		return []statefun.Function{statefun.Define(Worker, statefun.On(Command, func(_ context.Context, inv *statefun.Invocation, _ string) error {
			f(inv)
			return nil
		}))}
	}
	const at, called = `stack_test\.go:\d+ in \S*/statefuntest_test\.`, `TestPanicHasAPlace\.`
	tests := map[string]struct {
		run  func(inv *statefun.Invocation)
		opts statefun.Options
		want []string // expressions for the lines below FAILED
	}{
		"own code":      {run: func(*statefun.Invocation) { place(nil) }, want: []string{at + "place$", at, at + called}},
		"SDK":           {run: func(inv *statefun.Invocation) { nobody.Set(inv, "x") }, want: []string{at, at + called}},
		"again":         {run: func(*statefun.Invocation) { defer place(nil); place(nil) }, want: []string{at + "place$", at + "place$", at, at + called}},
		"inside":        {run: func(*statefun.Invocation) { place(nil) }, opts: statefun.Options{Message: []statefun.MessageMiddleware{onMessage}}, want: []string{at + "place$", at, at + called}},
		"in middleware": {opts: statefun.Options{Batch: []statefun.BatchMiddleware{onBatch}}, want: []string{at + "place$", at}},
		"deep": {
			run:  func(*statefun.Invocation) { below(200) },
			want: []string{at + "place$", at + "below$", "", "", "", "", "", "", "", at + "below$", `^… and \d+ more$`},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := statefuntest.New(t, function(test.run), &statefuntest.Options{Handler: &test.opts})
			send(r, Worker.Address("a"), "x")
			f, ok := errors.AsType[*statefuntest.Failure](r.Try(0))
			if !ok || statefun.CodeOf(f) != statefun.CodePanicked {
				t.Fatalf("got %v", f)
			}
			_, failed, _ := strings.Cut(f.Trace, "FAILED: ")
			frames := strings.Split(strings.TrimSpace(failed), "\n")[1:]
			if len(frames) != len(test.want) {
				t.Fatalf("%d frames, want %d:\n%s", len(frames), len(test.want), f.Trace)
			}
			for i, want := range test.want {
				if !regexp.MustCompile(want).MatchString(strings.TrimSpace(frames[i])) {
					t.Errorf("frame %d: %q, want %s", i, frames[i], want)
				}
			}
		})
	}
}
