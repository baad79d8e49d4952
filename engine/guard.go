package engine

import (
	"context"
	"fmt"
	"runtime/debug"
)

// A panic of a part that a program bound ([Caller], [Egress]) is a failure of
// the call at hand, which the policy decides about; the process lives on. The
// engine's own panics are not caught: nobody knows what state they leave.

func callGuarded(ctx context.Context, c Caller, fn TypeName, request []byte) (answer []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			answer, err = nil, panicked(fmt.Sprintf("the Caller of %s", fn), p)
		}
	}()
	return c.Call(ctx, fn, request)
}

func checkGuarded(e Egress, value Value) (record Record, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = panicked("Check of the egress", p)
		}
	}()
	return e.Check(value)
}

func panicked(where string, p any) error {
	return &CallError{Kind: KindFatal, Err: fmt.Errorf("%s panicked: %v\n%s", where, p, debug.Stack())}
}
