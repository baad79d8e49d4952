package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/statefun-go/statefun-go/engine/store"
	"github.com/statefun-go/statefun-go/internal/semantics"
	"github.com/statefun-go/statefun-go/internal/wire"
)

// maxHandshakes bounds how often one batch is sent again because the function
// declares yet another state. One is usual, two happen with a late state.
const maxHandshakes = 32

// scratch is the memory of one goroutine that serves instances.
type scratch struct {
	plan        semantics.Plan
	answer      wire.Answer
	invocations []wire.Invocation
	cells       []semantics.Cell // those of the instance, as the last request carried them
	cancels     []timer          // the messages that the plan cancels
	records     []Record
}

// serve calls functions for one instance after the other, as long as the
// function type has work and a place for a request.
func (e *Engine) serve(ctx context.Context, inst *instance) {
	defer e.calls.Done()
	var s scratch
	for inst != nil {
		inst = e.settle(inst, e.invoke(ctx, inst, &s))
	}
}

// invoke sends the batch of inst to its function until an answer is applied, or
// something fails; then nothing has changed but what the function type is known
// to declare. What a request renews or finds expired is noted in the scratch
// only, and becomes the instance's together with an answer.
func (e *Engine) invoke(ctx context.Context, inst *instance, s *scratch) error {
	if err := e.loadBatch(inst); err != nil {
		return err
	}
	s.cells = s.cells[:0]
	for range maxHandshakes {
		done, err := e.exchange(ctx, inst, s)
		if done || err != nil {
			return err
		}
		inst.since = time.Now() // a new request, with a budget of its own
	}
	return endless(inst, fmt.Sprintf("the function asked for other states %d times in a row", maxHandshakes))
}

// exchange makes one request, and applies the answer or registers the states
// that the function asks for.
//
// After an attempt that failed because a state was of another type than was
// declared, the request has no states, and the function declares them anew: it
// may have been replaced meanwhile, by a new version or by the old one. Flink
// learns of it as its job restarts.
func (e *Engine) exchange(ctx context.Context, inst *instance, s *scratch) (done bool, err error) {
	states, anew := inst.fn.states.Load(), inst.anew
	if anew {
		states, inst.anew = semantics.NewStates(states.Version()), false
	}
	if err := e.call(ctx, inst, states, s); err != nil {
		return false, err
	}
	if s.answer.HasIncomplete {
		return false, e.handshake(inst, states, s.answer.Missing, anew)
	}
	return true, e.apply(inst, s)
}

func endless(inst *instance, reason string) error {
	return &semantics.Failure{
		Kind: semantics.KindLoop, Target: inst.address, Effect: "incomplete_invocation_context",
		Reason: reason, Advice: "declare all states of a function in one answer",
	}
}

// call makes one request and decodes the answer.
func (e *Engine) call(ctx context.Context, inst *instance, states *semantics.States, s *scratch) error {
	request, err := e.request(inst, states, s)
	if err != nil {
		return err
	}
	if e.opts.OnFailure == Flink {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, inst.since.Add(inst.fn.binding.Budget))
		defer cancel()
	}
	raw, err := callGuarded(ctx, inst.fn.binding.Caller, inst.fn.name, request)
	if err != nil {
		return err
	}
	if err := s.answer.Decode(wire.V3, raw); err != nil {
		return semantics.Malformed(inst.address, err)
	}
	return nil
}

// request builds a request with the states as they are now.
func (e *Engine) request(inst *instance, states *semantics.States, s *scratch) ([]byte, error) {
	if err := e.loadCells(inst, states, s); err != nil {
		return nil, err
	}
	if _, err := states.Attach(inst.address, s.cells, time.Now().UnixMilli()); err != nil {
		return nil, err
	}
	s.invocations = s.invocations[:0]
	for _, m := range inst.batch {
		s.invocations = append(s.invocations, m.invocation)
	}
	request := states.AppendRequest(nil, inst.address, s.cells, s.invocations)
	clear(s.invocations)
	return request, nil
}

// loadBatch reads the messages of the batch that are in the store only.
func (e *Engine) loadBatch(inst *instance) error {
	for _, m := range inst.batch {
		if !m.spilled {
			continue
		}
		stored, err := e.log.store.Get(store.MessageKey(inst.address, m.number))
		if err == nil {
			m.invocation, err = store.ParseMessage(stored)
		}
		if err != nil {
			return storageError(fmt.Errorf("message %d of %s: %w", m.number, inst.address, err))
		}
		m.spilled = false
		e.messageBytes.Add(int64(m.size))
	}
	return nil
}

// loadCells reads the states that inst has not read yet, and brings those that
// it had not into s. What is not in memory is in the store in its newest form,
// see [Engine.evict].
func (e *Engine) loadCells(inst *instance, states *semantics.States, s *scratch) error {
	for i := len(inst.cells); i < states.Len(); i++ {
		var cell semantics.Cell
		stored, err := e.log.store.Get(store.StateKey(inst.address, states.Spec(i).Name))
		switch {
		case errors.Is(err, store.ErrNotFound):
		case err == nil:
			cell, err = store.ParseCell(stored)
			fallthrough
		default:
			if err != nil {
				return storageError(fmt.Errorf("state %q of %s: %w", states.Spec(i).Name, inst.address, err))
			}
		}
		inst.cells = append(inst.cells, cell)
	}
	s.cells = append(s.cells, inst.cells[len(s.cells):]...)
	return nil
}

// handshake registers the states that the function asks for in answer to a
// request with the states sent, or anew in the place of those that it asked for
// before.
func (e *Engine) handshake(inst *instance, sent *semantics.States, missing []wire.StateSpec, anew bool) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	missing = slices.Clone(missing)
	for i := range missing {
		missing[i].Name, missing[i].TypeName = strings.Clone(missing[i].Name), strings.Clone(missing[i].TypeName)
	}
	known := inst.fn.states.Load()
	var next *semantics.States
	var err error
	if anew {
		next, err = known.Redeclare(inst.address, missing)
	} else {
		next, err = known.Handshake(inst.address, sent, missing)
	}
	if err == nil && next.Len() > wire.MaxStates {
		err = endless(inst, fmt.Sprintf("the function type has declared more than %d states", wire.MaxStates))
	}
	if err != nil {
		return err
	}
	inst.fn.states.Store(next)
	return nil
}
