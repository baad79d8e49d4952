package statefuntest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/statefun-go/statefun-go/internal/wire"
	"github.com/statefun-go/statefun-go/statefun"
)

// Runtime is a StateFun runtime in memory, for one test. Make it with [New].
// It belongs to the test's goroutine.
type Runtime struct {
	tb      testing.TB
	opts    Options
	version wire.Version
	machine *machine
	fns     *functions
	rng     *rand.Rand
	stopped bool // the last call of advance failed
}

// New returns a runtime for the functions. Mistakes in their registration, and
// in opts, fail the test at once. opts may be nil.
func New(tb testing.TB, fns []statefun.Function, opts *Options) *Runtime {
	tb.Helper()
	full, err := opts.withDefaults()
	if err != nil {
		tb.Fatalf("statefuntest: %v", err)
	}
	handler := statefun.Options{}
	if full.Handler != nil {
		handler = *full.Handler
	}
	if handler.Protocol != statefun.Auto {
		handler.Protocol = full.Protocol
	}
	if handler.Logger == nil {
		handler.Logger = slog.New(slog.NewTextHandler(tb.Output(), nil))
	}
	h, err := statefun.New(fns, &handler)
	if err != nil {
		tb.Fatalf("statefuntest: %v", err)
	}
	plain, err := statefun.New(fns, nil)
	if err != nil {
		tb.Fatalf("statefuntest: %v", err)
	}
	return start(tb, &functions{handler: h, plain: plain, list: fns, deadLetter: handler.DeadLetter}, full)
}

// NewWithHandler returns a runtime for a handler as it will be served.
// [Options].Handler is not used. A handler does not tell what it holds: so
// unknown function types are found when their first message arrives, and for
// version 2 [Options].States must say what the module file declares.
func NewWithHandler(tb testing.TB, h *statefun.Handler, opts *Options) *Runtime {
	tb.Helper()
	full, err := opts.withDefaults()
	if err != nil {
		tb.Fatalf("statefuntest: %v", err)
	}
	return start(tb, &functions{handler: h, states: full.States}, full)
}

func start(tb testing.TB, fns *functions, opts Options) *Runtime {
	tb.Helper()
	fns.seen = map[functionType]bool{}
	if opts.Egresses != nil {
		fns.egresses = map[statefun.TypeName]bool{}
	}
	for _, id := range opts.Egresses {
		name, err := statefun.ParseTypeName(id)
		if err != nil {
			tb.Fatalf("statefuntest: Options.Egresses: %v", err)
		}
		fns.egresses[name] = true
	}
	r := &Runtime{
		tb: tb, opts: opts, version: wire.V3, fns: fns,
		rng: rand.New(rand.NewPCG(opts.Seed, 0)), //nolint:gosec // for tests, not for secrets
	}
	if opts.Protocol == statefun.V2 {
		r.version = wire.V2
	}
	r.machine = newMachine(r.version, fns, opts.Start.UnixMilli())
	r.machine.trace.start, r.machine.trace.version = r.machine.now, r.version
	tb.Cleanup(r.explain)
	return r
}

// explain tells the reader of a failed test what the failure does not.
func (r *Runtime) explain() {
	if !r.tb.Failed() {
		return
	}
	if n := r.machine.undelivered(); n > 0 && !r.stopped {
		r.tb.Logf("statefuntest: %d messages wait: call Run", n)
	}
	r.tb.Logf("statefuntest: to replay the same batches: Options{Seed: %d}", r.opts.Seed)
}

// Outside declares function types that exist elsewhere: messages to them are
// captured, see [Messages]. A message to any other type that is not one of the
// runtime's functions fails the test, as it fails a Flink job.
func (r *Runtime) Outside(types ...statefun.TypeName) {
	for _, t := range types {
		r.machine.outside[functionType{t.Namespace(), t.Name()}] = true
	}
}

// Now returns the time of the runtime's clock, which only Advance and Try move.
func (r *Runtime) Now() time.Time { return time.UnixMilli(r.machine.now).UTC() }

// Waiting returns the number of delayed messages that are not due yet.
func (r *Runtime) Waiting() int { return r.machine.timers.waiting() }

// Run delivers messages until none is left but those that are delayed. It fails
// the test where a function fails, and where Flink would fail its job.
func (r *Runtime) Run() {
	r.tb.Helper()
	r.Advance(0)
}

// Advance is [Runtime.Run], and then moves the clock on by d, step by step:
// each delayed message is delivered at its time, and what it causes happens
// before the next.
func (r *Runtime) Advance(d time.Duration) {
	r.tb.Helper()
	if f := r.try(d); f != nil {
		r.tb.Fatalf("statefuntest: %v\n%s", f, f.Trace)
	}
}

// Try is [Runtime.Advance] for tests of failures: it returns the failure, a
// [*Failure], instead of failing the test, and nil if there was none. The batch
// that failed has had no effect and is still there, so that the next call runs
// it again, as a runtime does. The clock stands where it failed.
func (r *Runtime) Try(d time.Duration) error {
	if f := r.try(d); f != nil {
		return f
	}
	return nil
}

func (r *Runtime) try(d time.Duration) *Failure {
	f := r.advance(d)
	r.stopped = f != nil
	return f
}

func (r *Runtime) advance(d time.Duration) *Failure {
	if d < 0 {
		return r.failure(nil, errors.New("the clock cannot go back"))
	}
	m := r.machine
	end, before := m.now+d.Milliseconds(), m.done
	for {
		if f := r.runUntilIdle(before); f != nil {
			return f
		}
		due, ok := m.timers.next()
		if !ok || due > end {
			m.now = end
			return nil
		}
		m.now = max(m.now, due)
	}
}

// runUntilIdle runs all messages and all timers that are due. before is the
// work done when the call began.
func (r *Runtime) runUntilIdle(before work) *Failure {
	m := r.machine
	for {
		if len(m.ready) == 0 || r.rng.IntN(4) == 0 {
			for m.fire() { // all that is due
			}
		}
		if len(m.ready) == 0 {
			return nil
		}
		i := r.rng.IntN(len(m.ready))
		address := m.ready[i].address
		if err := r.checkWork(before); err != nil {
			return r.failure(&address, err)
		}
		if err := m.runReady(r.context(), i, r.opts.MaxBatch, r.rng); err != nil {
			return r.failure(&address, err)
		}
	}
}

// checkWork finds functions that never stop sending. Messages count as well,
// because where they multiply a few requests carry them all.
func (r *Runtime) checkWork(before work) error {
	requests, messages := r.machine.done.requests-before.requests, r.machine.done.messages-before.messages
	if max(requests, messages) < r.opts.MaxSteps {
		return nil
	}
	return fmt.Errorf("after %d requests, and %d messages that functions caused, there are still messages: do functions send to each other for ever? (Options.MaxSteps is %d)", requests, messages, r.opts.MaxSteps)
}

func (r *Runtime) context() context.Context { return r.tb.Context() }
