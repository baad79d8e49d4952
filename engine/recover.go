package engine

import (
	"errors"
	"fmt"
	"strings"

	"github.com/statefun-go/statefun-go/engine/store"
	"github.com/statefun-go/statefun-go/internal/semantics"
	"github.com/statefun-go/statefun-go/internal/wire"
)

// restore reads the state of the application from the store. Every prefix of
// the log is a consistent state, so the last one that is on disk is where the
// application goes on; there is nothing to repair.
func (e *Engine) restore() error {
	stored, err := e.log.store.Get(store.CounterKey())
	switch {
	case errors.Is(err, store.ErrNotFound):
	case err != nil:
		return err
	default:
		if e.number, err = store.ParseNumber(stored); err != nil {
			return fmt.Errorf("counter: %w", err)
		}
	}
	if err := e.recoverQueues(); err != nil {
		return fmt.Errorf("egress queues: %w", err)
	}
	if err := e.recoverTimers(); err != nil {
		return fmt.Errorf("delayed messages: %w", err)
	}
	if err := e.recoverMessages(); err != nil {
		return fmt.Errorf("waiting messages: %w", err)
	}
	return nil
}

// scan is Scan over one kind of keys, with errors.
func (e *Engine) scan(from, to []byte, visit func(key, value []byte) error) error {
	var visitErr error
	err := e.log.store.Scan(from, to, func(key, value []byte) bool {
		visitErr = visit(key, value)
		return visitErr == nil
	})
	if visitErr != nil {
		return visitErr
	}
	return err
}

func (e *Engine) recoverQueues() error {
	from, to := store.QueueRange()
	return e.scan(from, to, func(key, value []byte) error {
		namespace, name, queueName, err := store.ParseQueueKey(key)
		if err != nil {
			return err
		}
		box := e.egresses[TypeName{namespace, name}]
		if box == nil {
			e.opts.Logger.Warn("engine: records may wait for an egress that is not bound any more",
				"egress", strings.Clone(namespace+"/"+name), "queue", strings.Clone(queueName))
			return nil
		}
		q := box.queueOf(strings.Clone(queueName))
		q.last, err = store.ParseNumber(value)
		q.durable = q.last
		return err
	})
}

func (e *Engine) recoverTimers() error {
	from, to := store.DelayedRange()
	return e.scan(from, to, func(key, _ []byte) error {
		due, number, err := store.ParseDelayedKey(key)
		e.timers.push(timer{due, number}) // ascending, so each push is cheap
		return err
	})
}

// recoverMessages fills the mailboxes; the contents stay in the store.
func (e *Engine) recoverMessages() error {
	from, to := store.MessageRange()
	var messages int
	var inst *instance
	err := e.scan(from, to, func(key, value []byte) error {
		address, number, err := store.ParseMessageKey(key)
		if err != nil {
			return err
		}
		if inst == nil || inst.address != address {
			inst = e.instanceOf(address)
			if err := e.checkBound(inst); err != nil {
				return err
			}
		}
		messages++
		e.enqueue(inst, &message{number: number, size: len(value), spilled: true})
		return nil
	})
	if err == nil && (messages > 0 || e.timers.len() > 0) {
		e.opts.Logger.Info("engine: recovered", "messages", messages, "addresses", len(e.instances), "delayed", e.timers.len())
	}
	return err
}

// checkBound says what happens to waiting messages whose function is bound no
// longer: Flink fails its job, otherwise they wait for a module that has it.
func (e *Engine) checkBound(inst *instance) error {
	if inst.fn.binding != nil {
		return nil
	}
	if e.opts.OnFailure == Flink {
		return semantics.UnknownFunction(wire.Address{}, inst.address)
	}
	e.opts.Logger.Warn("engine: messages wait for a function that nothing is bound to", "target", inst.address.String())
	return nil
}
