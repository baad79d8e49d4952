package engine

import (
	"bytes"
	"slices"
	"time"

	"github.com/statefun-go/statefun-go/engine/store"
	"github.com/statefun-go/statefun-go/internal/semantics"
	"github.com/statefun-go/statefun-go/internal/wire"
)

// sweepChunk is how many states the sweeper reads before it pauses.
const (
	sweepChunk = 1000
	sweepPause = 10 * time.Millisecond
)

// sweepLoop removes, now and then, what has expired: a value that no request
// will carry any more is otherwise found only when its address gets a message,
// which may be never. It ends when stop is closed.
func (e *Engine) sweepLoop(stop <-chan struct{}) {
	ticker := time.NewTicker(e.opts.SweepInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
		case <-stop:
			return
		}
		for _, f := range e.expiring() {
			if !e.sweep(f, stop) {
				return
			}
		}
	}
}

// expiring returns the function types with states that expire.
func (e *Engine) expiring() []*function {
	e.mu.Lock()
	defer e.mu.Unlock()
	var list []*function
	for _, f := range e.functions {
		states := f.states.Load()
		for i := range states.Len() {
			if states.Spec(i).Mode != wire.ExpireNone {
				list = append(list, f)
				break
			}
		}
	}
	return list
}

// sweep goes through the states of one function type. It returns false when
// the engine ends.
func (e *Engine) sweep(f *function, stop <-chan struct{}) bool {
	pause := time.NewTimer(0)
	defer pause.Stop()
	from, to := store.StateRange(f.name.Namespace, f.name.Name)
	for from != nil {
		select {
		case <-pause.C:
		case <-stop:
			return false
		}
		next, expired, err := e.findExpired(f.states.Load(), from, to)
		if err == nil {
			err = e.removeExpired(expired)
		}
		if err != nil {
			e.mu.Lock()
			defer e.mu.Unlock()
			e.fail(storageError(err))
			return false
		}
		from = next
		pause.Reset(sweepPause)
	}
	return true
}

// entry is a key with its value as it was read.
type entry struct{ key, value []byte }

// findExpired reads a chunk of states and returns where the next one begins,
// nil at the end.
func (e *Engine) findExpired(states *semantics.States, from, to []byte) (next []byte, expired []entry, err error) {
	now, count := time.Now().UnixMilli(), 0
	var bad error
	err = e.log.store.Scan(from, to, func(key, value []byte) bool {
		if count++; count > sweepChunk {
			next = bytes.Clone(key)
			return false
		}
		_, name, err := store.ParseStateKey(key)
		if err != nil {
			bad = err
			return false
		}
		cell, err := store.ParseCell(value)
		if err != nil {
			bad = err
			return false
		}
		if i := states.Index(name); i >= 0 && !states.Live(i, cell, now).Present {
			expired = append(expired, entry{bytes.Clone(key), bytes.Clone(value)})
		}
		return true
	})
	if bad != nil {
		err = bad
	}
	return next, slices.Clip(expired), err
}

// removeExpired removes values that are still what was read. Of an instance in
// memory it leaves them: what is in memory is newer, and its next request
// removes what has expired.
func (e *Engine) removeExpired(expired []entry) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.phase != running {
		return nil
	}
	for _, x := range expired {
		address, _, err := store.ParseStateKey(x.key)
		if err != nil {
			return err
		}
		if e.instances[address] != nil {
			continue
		}
		value, err := e.log.store.Get(x.key)
		if err == nil && bytes.Equal(value, x.value) {
			e.log.remove(x.key)
		}
	}
	return nil
}
