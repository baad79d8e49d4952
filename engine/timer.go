package engine

import (
	"errors"
	"fmt"
	"time"

	"github.com/statefun-go/statefun-go/engine/store"
	"github.com/statefun-go/statefun-go/internal/semantics"
	"github.com/statefun-go/statefun-go/internal/wire"
)

// timer is a delayed message, whose content is in the journal.
type timer struct {
	due    int64 // Unix milliseconds
	number uint64
}

func timerLess(a, b timer) bool {
	return a.due < b.due || a.due == b.due && a.number < b.number
}

func (t timer) key() []byte { return store.DelayedKey(t.due, t.number) }

// firePass is how many timers fire before the lock is given up for a moment.
const firePass = 256

// longestWait bounds the clock's sleep, so that a change of the wall clock is
// noticed.
const longestWait = 10 * time.Second

// delay keeps a delayed message until it is due.
func (e *Engine) delay(from wire.Address, t *semantics.Timer) {
	e.number++
	d := store.Delayed{Target: t.Message.Target, Token: t.Token, Message: sent(from, &t.Message)}
	entry := timer{t.Due, e.number}
	e.log.set(entry.key(), d.Encode())
	if t.Token != "" {
		e.log.set(store.TokenKey(from.ID, t.Token), store.TimerRef(entry.due, entry.number))
	}
	earliest := e.timers.len() == 0 || timerLess(entry, e.timers.top())
	e.timers.push(entry)
	if earliest {
		e.ring()
	}
}

// pending finds the delayed message that a function with this id sent under
// the token.
func (e *Engine) pending(id, token string) (timer, error) {
	ref, err := e.log.get(store.TokenKey(id, token))
	if err != nil {
		return timer{}, storageError(err)
	}
	due, number, err := store.ParseTimerRef(ref)
	if err != nil {
		return timer{}, storageError(err)
	}
	return timer{due, number}, nil
}

// mostCancelled is how many cancelled timers are kept in any case.
const mostCancelled = 1000

// cancel removes the delayed message that holds the token. Its timer stays where
// it is until half of the heap are such timers: a timeout that each message
// moves would leave one for each message.
func (e *Engine) cancel(id, token string, t timer) {
	e.log.retract(t.key())
	e.log.remove(store.TokenKey(id, token))
	e.cancelled[t.number] = struct{}{}
	if len(e.cancelled) >= e.tidyAt {
		e.timers.filter(func(t timer) bool { return !e.wasCancelled(t) })
		e.tidyAt = len(e.cancelled) + max(mostCancelled, e.timers.len()/2)
	}
}

// wasCancelled reports whether a timer that leaves the heap was cancelled, and
// forgets it.
func (e *Engine) wasCancelled(t timer) bool {
	_, was := e.cancelled[t.number]
	delete(e.cancelled, t.number)
	return was
}

// fire delivers a due message. It is held back while too much waits for its
// function, unless now is its turn.
func (e *Engine) fire(t timer, turn bool) error {
	if e.wasCancelled(t) {
		return nil
	}
	content, err := e.log.get(t.key())
	var d store.Delayed
	if err == nil {
		d, err = store.ParseDelayed(content)
	}
	if err != nil {
		return storageError(err)
	}
	f := e.functionOf(d.Target)
	if f.binding == nil {
		err := semantics.UnknownFunction(d.Message.Caller, d.Target)
		if e.opts.OnFailure == Flink {
			return err
		}
		e.opts.Logger.Warn("engine: a delayed message waits for a function that nothing is bound to", "target", d.Target.String(), "error", err)
	} else if !turn && (e.crowded(f) || f.held.len() > 0) {
		f.held.push(t)
		return nil
	}
	e.log.retract(t.key())
	if d.Token != "" {
		e.log.remove(store.TokenKey(d.Message.Caller.ID, d.Token))
	}
	e.deliver(d.Target, d.Message)
	return nil
}

// clockLoop fires timers and brings back addresses that rest after a failure,
// until stop is closed.
func (e *Engine) clockLoop(stop <-chan struct{}) {
	alarm := time.NewTimer(0)
	defer alarm.Stop()
	for {
		select {
		case <-alarm.C:
		case <-e.alarm:
		case <-stop:
			return
		}
		alarm.Reset(e.advance())
	}
}

// ring wakes the clock.
func (e *Engine) ring() {
	select {
	case e.alarm <- struct{}{}:
	default:
	}
}

// advance does what is due and returns how long nothing else will be.
func (e *Engine) advance() time.Duration {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.phase != running {
		return longestWait
	}
	now, wait := time.Now(), longestWait
	for e.retries.len() > 0 {
		if rest := e.retries.top().retryAt.Sub(now); rest > 0 {
			wait = min(wait, rest)
			break
		}
		e.ready(e.retries.pop())
	}
	for range firePass {
		if e.timers.len() == 0 || e.full() { // the next group rings
			return wait
		}
		if rest := e.timers.top().due - now.UnixMilli(); rest > 0 {
			return min(wait, untilMilli(rest, now))
		}
		if err := e.fire(e.timers.pop(), false); err != nil {
			e.fail(err)
			return wait
		}
	}
	return 0
}

// untilMilli returns the time until a moment that is so many milliseconds after
// the one that now is in.
func untilMilli(millis int64, now time.Time) time.Duration {
	if millis > longestWait.Milliseconds() {
		return longestWait
	}
	return time.Duration(millis)*time.Millisecond - time.Duration(now.Nanosecond())%time.Millisecond
}

// errStorage marks a failure of the store, which no retry of a call cures.
var errStorage = errors.New("engine: the store failed")

func storageError(err error) error { return fmt.Errorf("%w: %w", errStorage, err) }

// sent is a message from one function to another, as it will be delivered: one
// without an argument arrives with an empty one.
func sent(from wire.Address, m *wire.Message) wire.Invocation {
	return wire.Invocation{HasCaller: true, Caller: from, HasArgument: true, Argument: m.Argument}
}
