package engine

import (
	"context"
	"fmt"
	"unicode/utf8"

	"github.com/statefun-go/statefun-go/internal/wire"
)

// Send implements [Sink]: the engine is the sink of its ingresses.
func (e *Engine) Send(ctx context.Context, to Address, value Value) error {
	if e.bindings.find(to.Namespace, to.Name) == nil {
		return fmt.Errorf("%w: %s/%s", ErrUnknownFunction, to.Namespace, to.Name)
	}
	if !utf8.ValidString(to.Name) || !utf8.ValidString(to.ID) || !utf8.ValidString(value.TypeName) {
		return fmt.Errorf("%w: message of type %q to %q", ErrNotUTF8, value.TypeName, to)
	}
	m := wire.Invocation{HasArgument: true, Argument: wire.AppendValue(nil, wire.V3, wire.Value(value))}
	g, err := e.accept(ctx, wire.Address(to), m)
	if err != nil {
		return err
	}
	select {
	case <-g.done:
	case <-ctx.Done():
		return ctx.Err()
	}
	if g.err != nil {
		return fmt.Errorf("%w: %w", ErrStopped, g.err)
	}
	return nil
}

// accept puts a message into its mailbox when there is room, and returns the
// group that it will be durable with.
func (e *Engine) accept(ctx context.Context, to wire.Address, m wire.Invocation) (*group, error) {
	for {
		g, wait, err := e.tryAccept(to, m)
		if err != nil || g != nil {
			return g, err
		}
		select {
		case <-wait:
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-e.ended:
			return nil, ErrStopped
		}
	}
}

// tryAccept is accept; where there is no room it returns what to wait for.
func (e *Engine) tryAccept(to wire.Address, m wire.Invocation) (*group, <-chan struct{}, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.phase == stopped || e.failure != nil {
		return nil, nil, ErrStopped
	}
	if e.full() {
		return nil, e.log.current.sealed, nil
	}
	f, inst := e.functionOf(to), e.instances[to]
	if e.crowded(f) || inst != nil && inst.queue.len() >= e.opts.AddressMessages {
		if e.phase == draining {
			return nil, nil, ErrStopped // there will be no room
		}
		if f.room == nil {
			f.room = make(chan struct{})
		}
		return nil, f.room, nil
	}
	e.deliver(to, m)
	return e.log.current, nil, nil
}
