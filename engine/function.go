package engine

import (
	"sync/atomic"

	"github.com/statefun-go/statefun-go/internal/semantics"
	"github.com/statefun-go/statefun-go/internal/wire"
)

// function is a function type that has been seen. The engine's lock guards
// what is not said to be otherwise.
type function struct {
	name    TypeName
	binding *Function // nil where messages wait for a type that nothing is bound to
	// states are the ones registered since the start: like Flink's they are
	// forgotten at the end of the process, and the first answer brings them
	// back. They change under the lock and are read without it.
	states atomic.Pointer[semantics.States]
	// answered is set by the first answer. Until then one request runs at a
	// time, so that a start with much waiting is not a storm of handshakes.
	answered bool
	running  int // requests in flight
	reports  reports

	ready   fifo[*instance]
	waiting int           // messages in the mailboxes of this type
	held    fifo[timer]   // due timers that wait for room
	room    chan struct{} // closed when there may be room; nil if nobody waits
}

// functionOf returns the function type that a is an instance of, bound or not.
func (e *Engine) functionOf(a wire.Address) *function {
	name := TypeName{a.Namespace, a.Name}
	if f := e.functions[name]; f != nil {
		return f
	}
	name = cloneTypeName(name)
	f := &function{name: name, binding: e.bindings.find(name.Namespace, name.Name)}
	f.states.Store(semantics.NewStates(wire.V3))
	e.functions[name] = f
	return f
}

// crowded reports whether no more messages should come from outside.
func (e *Engine) crowded(f *function) bool { return f.waiting >= e.opts.FunctionMessages }

// makeRoom lets those go on who wait for room in the mailboxes of f.
func (e *Engine) makeRoom(f *function) {
	for f.held.len() > 0 && !e.crowded(f) {
		if err := e.fire(f.held.pop(), true); err != nil {
			e.fail(err)
			return
		}
	}
	if f.room != nil {
		close(f.room)
		f.room = nil
	}
}

// next takes an address with work off the ready queue, and a place among the
// requests in flight; nil if there is no work or no place.
func (e *Engine) next(f *function) *instance {
	if e.phase != running || f.ready.len() == 0 || e.full() {
		return nil
	}
	limit := 1
	if f.answered {
		limit = f.binding.MaxInFlight
	}
	if f.running >= limit {
		return nil
	}
	inst := f.ready.pop()
	f.running++
	e.take(inst)
	return inst
}

// dispatch starts requests for addresses of f that are ready.
func (e *Engine) dispatch(f *function) {
	for inst := e.next(f); inst != nil; inst = e.next(f) {
		e.calls.Add(1)
		e.spawn(inst)
	}
}

func (e *Engine) dispatchAll() {
	for _, f := range e.functions {
		e.dispatch(f)
	}
}
