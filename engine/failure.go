package engine

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/statefun-go/statefun-go/internal/semantics"
)

// settle takes note of how a call ended, and returns the next instance for the
// same goroutine; nil if there is none.
func (e *Engine) settle(inst *instance, err error) *instance {
	e.mu.Lock()
	defer e.mu.Unlock()
	f := inst.fn
	f.running--
	switch {
	case err == nil:
		f.answered = true
		e.succeeded(inst)
		if f.held.len() > 0 || f.room != nil {
			e.makeRoom(f)
		}
		if inst.queue.len() > 0 {
			e.ready(inst)
		} else {
			e.rest(inst)
		}
	case e.phase == running:
		e.failed(inst, err)
	}
	next := e.next(f)
	e.dispatch(f)
	return next
}

// failed lets the policy decide about a batch whose call failed.
func (e *Engine) failed(inst *instance, err error) {
	now := time.Now()
	inst.failures++
	inst.anew = isStateType(err)
	if errors.Is(err, errStorage) {
		e.fail(err)
		return
	}
	e.advise(err)
	pause := e.backoff(inst.failures)
	if e.opts.OnFailure == Flink {
		switch left := inst.since.Add(inst.fn.binding.Budget).Sub(now); verdict(err, inst.fn.binding) {
		case stop:
			e.fail(fmt.Errorf("engine: stopped where Flink fails its job: %s: %w", inst.address, err))
			return
		case tryInTime:
			if left < time.Millisecond {
				e.fail(fmt.Errorf("engine: stopped where Flink fails its job: %s: no answer within %v: %w", inst.address, inst.fn.binding.Budget, err))
				return
			}
			pause = min(pause, left)
		case tryForEver:
			inst.since = now.Add(pause) // the budget of this attempt is no limit for the next
		}
	}
	e.report(inst, err, pause)
	e.lighten(inst)
	inst.phase = resting
	inst.retryAt = now.Add(pause)
	e.retries.push(inst)
	if e.retries.top() == inst {
		e.ring()
	}
}

// lighten frees what an instance that rests can read again from the store.
func (e *Engine) lighten(inst *instance) {
	if e.messageBytes.Load() > int64(e.opts.MessageBytes) {
		for _, m := range inst.batch {
			e.spill(m)
		}
	}
	if inst.failures > 1 && inst.group <= e.log.durable {
		inst.cells = nil
	}
}

// advise names, in an error about something that is not there, what is. What an
// egress says about its records is advice enough.
func (e *Engine) advise(err error) {
	f, ok := errors.AsType[*semantics.Failure](err)
	if !ok {
		return
	}
	var names []string
	switch f.Kind {
	case semantics.KindUnknownEgress:
		for _, b := range e.opts.Egresses {
			names = append(names, b.ID.String())
		}
	case semantics.KindUnknownFunction:
		for _, b := range e.opts.Functions {
			names = append(names, b.Namespace+"/"+b.Name)
		}
	case semantics.KindEgressRecord:
		f.Advice = ""
	default: // the advice of the rule is as good as any
	}
	if len(names) > 0 {
		f.Advice = "module.yaml declares " + listed(names)
	}
}

// isStateType reports whether a state was of another type than its function has
// declared.
func isStateType(err error) bool {
	f, ok := errors.AsType[*semantics.Failure](err)
	return ok && f.Kind == semantics.KindStateType
}

// listed joins names, but not very many.
func listed(names []string) string {
	const most = 10
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}

// consequence is what Flink does about a failure.
type consequence int

const (
	stop       consequence = iota // the job fails
	tryInTime                     // another attempt, within the budget of the call
	tryForEver                    // another attempt, without an end
)

func verdict(err error, b *Function) consequence {
	kind := KindRetry
	if f, ok := errors.AsType[*semantics.Failure](err); ok {
		switch f.Kind {
		case semantics.KindLoop:
			return tryForEver
		case semantics.KindMalformed:
			kind = b.Malformed
		default:
			return stop
		}
	} else if c, ok := errors.AsType[*CallError](err); ok {
		kind = c.Kind
	}
	if kind == KindFatal {
		return stop
	}
	return tryInTime
}

// backoff returns the pause after so many failures in a row: doubled each time,
// and varied, so that addresses that failed together do not come back together.
func (e *Engine) backoff(failures int) time.Duration {
	pause := e.opts.MaxBackoff
	if shift := failures - 1; shift < 63 && e.opts.FirstBackoff <= pause>>shift {
		pause = e.opts.FirstBackoff << shift
	}
	return pause - time.Duration(rand.Int64N(int64(pause)/4+1)) //nolint:gosec // no secret
}

// fail stops the engine: the first error is what [Engine.Run] returns. The
// lock is held.
func (e *Engine) fail(err error) {
	if e.failure != nil || e.phase == stopped {
		return
	}
	e.failure = err
	e.phase = draining
	if e.stop != nil {
		e.stop()
	}
}
