package engine

import (
	"time"

	"github.com/statefun-go/statefun-go/engine/store"
	"github.com/statefun-go/statefun-go/internal/semantics"
	"github.com/statefun-go/statefun-go/internal/wire"
)

// environment is what package semantics asks while it checks one answer. The
// records that the egresses make of the answer's are collected on the way.
type environment struct {
	engine  *Engine
	scratch *scratch
	err     error // of the store
}

// HasFunction implements [semantics.Env].
func (v *environment) HasFunction(namespace, name string) bool {
	return v.engine.bindings.find(namespace, name) != nil
}

// Egress implements [semantics.Env].
func (v *environment) Egress(namespace, name string) (semantics.EgressRule, bool) {
	box := v.engine.egresses[TypeName{namespace, name}]
	if box == nil {
		return nil, false
	}
	return func(version wire.Version, argument []byte) error {
		value, err := wire.ParseValue(version, argument)
		if err != nil {
			return err
		}
		record, err := checkGuarded(box.egress, Value(value))
		if err != nil {
			return err
		}
		v.scratch.records = append(v.scratch.records, record)
		return nil
	}, true
}

// TokenPending implements [semantics.Env]. The engine's lock is held.
func (v *environment) TokenPending(id, token string) bool {
	pending, err := v.engine.log.has(store.TokenKey(id, token))
	if err != nil && v.err == nil {
		v.err = storageError(err)
	}
	return pending
}

// apply carries out the answer in s to the batch of inst, all of it in one
// group of the log, or nothing.
func (e *Engine) apply(inst *instance, s *scratch) error {
	states := inst.fn.states.Load()
	if err := e.loadCells(inst, states, s); err != nil {
		return err
	}
	now := time.Now().UnixMilli()
	env := &environment{engine: e, scratch: s}
	s.records = s.records[:0]
	// Only tokens make the check depend on what other answers do meanwhile.
	locked := usesTokens(&s.answer)
	if !locked {
		if err := s.plan.Build(inst.address, &s.answer, states, env, now); err != nil {
			return err
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if locked {
		err := s.plan.Build(inst.address, &s.answer, states, env, now)
		if env.err != nil {
			err = env.err
		}
		if err != nil {
			return err
		}
	}
	if e.phase >= stopped {
		return ErrStopped
	}
	return e.carryOut(inst, states, s)
}

func usesTokens(a *wire.Answer) bool {
	for i := range a.Delayed {
		if a.Delayed[i].Cancel || a.Delayed[i].Token != "" {
			return true
		}
	}
	return false
}

// carryOut does what the plan says, in its order. An error is one of the store
// and comes before anything has changed: half an answer must not become durable.
func (e *Engine) carryOut(inst *instance, states *semantics.States, s *scratch) error {
	p := &s.plan
	if err := e.findCancels(inst, s); err != nil {
		return err
	}
	e.consume(inst)
	for i := range p.Messages {
		e.deliver(p.Messages[i].Target, sent(inst.address, &p.Messages[i]))
	}
	for i, token := range p.Cancels {
		e.cancel(inst.address.ID, token, s.cancels[i])
	}
	for i := range p.Timers {
		e.delay(inst.address, &p.Timers[i])
	}
	for i := range p.Egresses {
		id := TypeName{p.Egresses[i].Namespace, p.Egresses[i].Name}
		e.egresses[id].append(&s.records[i])
	}
	e.keep(inst, states, s)
	return nil
}

// findCancels finds the delayed messages that the plan cancels.
func (e *Engine) findCancels(inst *instance, s *scratch) error {
	s.cancels = s.cancels[:0]
	for _, token := range s.plan.Cancels {
		t, err := e.pending(inst.address.ID, token)
		if err != nil {
			return err
		}
		s.cancels = append(s.cancels, t)
	}
	return nil
}

// keep brings the changed cells of inst into memory and the log: those that the
// request renewed or found expired, and those that the answer writes.
func (e *Engine) keep(inst *instance, states *semantics.States, s *scratch) {
	for _, w := range s.plan.Writes {
		s.cells[w.State] = w.Cell
	}
	for i := range s.cells {
		was, is := &inst.cells[i], &s.cells[i]
		if was.Touched == is.Touched && was.Equal(*is) {
			continue
		}
		*was = *is
		inst.group = e.log.current.number
		key := store.StateKey(inst.address, states.Spec(i).Name)
		if inst.cells[i].Present {
			e.log.set(key, store.Cell(inst.cells[i]))
		} else {
			e.log.remove(key)
		}
	}
}
