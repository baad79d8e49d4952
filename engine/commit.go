package engine

import (
	"fmt"

	"github.com/statefun-go/statefun-go/engine/store"
)

// commitLoop is the committer, the only goroutine that writes to the store. It
// writes what the log holds as soon as the write before is on disk; so the
// groups are small when little happens, and grow with the load. It ends after
// stop is closed, with everything written, or at the first failure.
func (e *Engine) commitLoop(stop <-chan struct{}) {
	for {
		last := false
		select {
		case <-e.log.wake:
		case <-stop:
			last = true
		}
		if !e.commit() || last {
			return
		}
	}
}

// commit makes the current group durable. It returns false if that failed, and
// then the engine has failed: nobody knows what is on the disk, and only a
// fresh start reads it. A failed fsync is never tried again.
func (e *Engine) commit() bool {
	g := e.seal()
	if g == nil {
		return true
	}
	var err error
	if len(g.changes) > 0 {
		if err = e.log.store.Commit(g.changes); err != nil {
			err = fmt.Errorf("engine: a group of results could not be made durable; start again to continue from what is on disk: %w", err)
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.log.settle(err)
	if err != nil {
		e.fail(err)
		return false
	}
	e.committed(g)
	return true
}

// seal closes the current group and lets those go on who waited for room in
// it.
func (e *Engine) seal() *group {
	e.mu.Lock()
	defer e.mu.Unlock()
	g := e.log.seal()
	if g == nil {
		return nil
	}
	if len(g.changes) > 0 {
		g.changes[string(store.CounterKey())] = store.Number(e.number)
	}
	if e.gated {
		e.gated = false
		e.dispatchAll()
		e.ring()
	}
	return g
}

// committed lets out what waited for the group to be durable.
func (e *Engine) committed(g *group) {
	for q, sequence := range g.records {
		q.durable = sequence
	}
	for _, m := range g.messages {
		if e.messageBytes.Load() <= int64(e.opts.MessageBytes) {
			break
		}
		if m.queued {
			e.spill(m)
		}
	}
	e.evict()
}

// full reports whether the current group must not grow further for now, and
// remembers that somebody waits.
func (e *Engine) full() bool {
	if e.log.current.bytes < e.opts.GroupBytes {
		return false
	}
	e.gated = true
	return true
}
