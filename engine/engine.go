package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/statefun-go/statefun-go/engine/store"
	"github.com/statefun-go/statefun-go/internal/wire"
)

// Engine runs one application. Make it with [New] and run it with
// [Engine.Run], once.
//
// Inside, one lock guards the log, the mailboxes and the timers; calls of
// functions, reads of state, checks of answers and the writing of groups happen
// outside of it. The goroutines are the committer, the clock, the sweeper, one
// for each request in flight, and those of the ingresses and egresses.
type Engine struct {
	opts     Options
	bindings bindings
	egresses map[TypeName]*outbox

	mu        sync.Mutex
	phase     enginePhase
	failure   error // why Run returns early
	log       journal
	number    uint64 // the last number given to a message or timer
	functions map[TypeName]*function
	instances map[wire.Address]*instance
	idle      idleList
	timers    heap[timer]
	cancelled map[uint64]struct{} // numbers of timers that are still in the heap, or held back
	tidyAt    int                 // how many of them are too many
	retries   heap[*instance]
	gated     bool            // somebody waits for the next group
	spawn     func(*instance) // serves an instance on a new goroutine; set by Run
	stop      func()          // makes Run end; set by Run

	messageBytes atomic.Int64 // of waiting messages in memory
	calls        sync.WaitGroup
	alarm        chan struct{} // wakes the clock
	ended        chan struct{} // closed when no more room will be made
}

type enginePhase int

const (
	opened   enginePhase = iota
	running              // functions are called
	draining             // no new calls; those in flight end
	stopped              // nothing is taken any more
)

// New makes an engine on a store and reads what the last one left there:
// waiting messages, timers and egress records. The store stays the caller's,
// to be closed after Run has returned. All mistakes in opts are reported at
// once.
func New(s store.Store, opts *Options) (*Engine, error) {
	o, err := opts.withDefaults()
	b, bindErr := bindFunctions(o.Functions)
	e := &Engine{
		opts: o, bindings: b, log: newJournal(s),
		functions: make(map[TypeName]*function), instances: make(map[wire.Address]*instance),
		timers: heap[timer]{less: timerLess}, cancelled: make(map[uint64]struct{}), tidyAt: mostCancelled,
		retries: heap[*instance]{less: func(a, b *instance) bool { return a.retryAt.Before(b.retryAt) }},
		alarm:   make(chan struct{}, 1), ended: make(chan struct{}),
	}
	if err := errors.Join(err, bindErr, e.bindEgresses()); err != nil {
		return nil, err
	}
	if err := e.restore(); err != nil {
		return nil, fmt.Errorf("engine: read the store: %w", err)
	}
	return e, nil
}

func (e *Engine) bindEgresses() error {
	e.egresses = make(map[TypeName]*outbox, len(e.opts.Egresses))
	var mistakes []error
	for _, b := range e.opts.Egresses {
		if b.Egress == nil {
			mistakes = append(mistakes, fmt.Errorf("engine: egress %s is nil", b.ID))
		}
		if e.egresses[b.ID] != nil {
			mistakes = append(mistakes, fmt.Errorf("engine: egress %s is bound twice", b.ID))
		}
		e.egresses[b.ID] = &outbox{engine: e, id: b.ID, egress: b.Egress, queues: make(map[string]*queue)}
	}
	return errors.Join(mistakes...)
}

// Run runs the application until ctx ends, and then drains: ingresses finish
// what they have begun, calls in flight end within [Options.DrainTimeout], the
// last results become durable, egresses finish. It returns nil, or why the
// application stopped by itself: an ingress or egress failed, the store failed,
// or a function under policy [Flink].
func (e *Engine) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	// Calls and egresses outlive ctx: they end when they are told to.
	callCtx, cancelCalls := context.WithCancel(context.WithoutCancel(ctx))
	defer cancelCalls()
	egressCtx, cancelEgresses := context.WithCancel(context.WithoutCancel(ctx))
	defer cancelEgresses()
	stopLoops := make(chan struct{})
	var loops, ingresses, egresses sync.WaitGroup

	if err := e.start(callCtx, cancel); err != nil {
		return err
	}
	loops.Go(func() { e.commitLoop(stopLoops) })
	loops.Go(func() { e.clockLoop(stopLoops) })
	loops.Go(func() { e.sweepLoop(stopLoops) })
	for _, box := range e.egresses {
		egresses.Go(func() { e.component("egress "+box.id.String(), box.egress.Run(egressCtx, box)) })
	}
	for i, in := range e.opts.Ingresses {
		ingresses.Go(func() { e.component(fmt.Sprintf("ingress %d", i), in.Run(ctx, e)) })
	}

	<-ctx.Done()
	e.drain(&ingresses, cancelCalls)
	cancelEgresses()
	egresses.Wait()
	return e.finish(func() { close(stopLoops); loops.Wait() })
}

// start lets functions be called.
func (e *Engine) start(callCtx context.Context, stop func()) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.phase != opened {
		return errors.New("engine: Run was called before")
	}
	if e.failure != nil {
		return e.failure
	}
	e.phase, e.stop = running, stop
	e.spawn = func(inst *instance) { go e.serve(callCtx, inst) }
	e.dispatchAll()
	return nil
}

// component takes note that an ingress or egress has returned.
func (e *Engine) component(name string, err error) {
	if err == nil {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.fail(fmt.Errorf("engine: %s: %w", name, err))
}

// drain waits until ingresses and calls have ended, within the time for it.
func (e *Engine) drain(ingresses *sync.WaitGroup, cancelCalls func()) {
	e.mu.Lock()
	e.phase = draining
	hurry := e.failure != nil
	close(e.ended)
	e.mu.Unlock()

	quiet := make(chan struct{})
	go func() {
		ingresses.Wait()
		e.calls.Wait()
		close(quiet)
	}()
	limit := time.NewTimer(e.opts.DrainTimeout)
	defer limit.Stop()
	if !hurry {
		select {
		case <-quiet:
			return
		case <-limit.C:
			e.opts.Logger.Warn("engine: calls or ingresses did not end in time; they are cut off, and their messages stay", "after", e.opts.DrainTimeout)
		}
	}
	cancelCalls()
	<-quiet
}

// finish makes the last results durable and says how the run ended.
func (e *Engine) finish(stopLoops func()) error {
	stopLoops()
	e.mu.Lock()
	defer e.mu.Unlock()
	e.phase = stopped
	return e.failure
}

func cloneTypeName(n TypeName) TypeName {
	return TypeName{strings.Clone(n.Namespace), strings.Clone(n.Name)}
}
