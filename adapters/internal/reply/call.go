package reply

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/statefun-go/statefun-go/statefun"
)

// call is one call of the handler, on a goroutine of its own. Only so can the
// answer go out when the context ends and the function does not look at it,
// and only so does runtime.Goexit in a function not end the adapter's
// goroutine.
type call struct {
	ctx     context.Context //nolint:containedctx // of one call; goes with it
	handler Handler
	dst     []byte
	body    []byte
	done    chan result // receives one result; buffered, so that nobody need wait for it
}

type result struct {
	body []byte
	err  error
}

// Call runs body, the bytes of one request, and answers. It owns body from
// then on.
//
// When ctx ends first, the answer is that of [Deadline] and the call is
// abandoned: it goes on with the body and the memory that it has, which serve
// nobody else again, and its result is dropped.
func (r *Responder) Call(ctx context.Context, body []byte) Answer {
	size := int64(len(body))
	switch {
	case size == 0:
		return r.Unread(ctx, Empty, errEmpty)
	case size > r.config.MaxRequestBytes:
		return r.TooLarge(ctx, size)
	case ctx.Err() != nil:
		return r.fail(ctx, expired(ctx))
	}

	buf := r.buffer()
	c := r.begin(ctx, buf, body)
	select {
	case out := <-c.done:
		r.calls.Put(c) // its goroutine has nothing more to do with it
		return r.settle(ctx, buf, size, out)
	case <-ctx.Done():
	}
	select {
	case out := <-c.done: // both at once: an answer is worth more
		return r.settle(ctx, buf, size, out)
	default:
	}
	answer := r.fail(ctx, expired(ctx))
	answer.call = c
	return answer
}

var (
	errEmpty  = &statefun.Error{Code: statefun.CodeMalformed, Index: -1, Err: errors.New("the request has no body")}
	errGoexit = &statefun.Error{Code: statefun.CodePanicked, Index: -1, Err: errors.New("the function ended its goroutine (runtime.Goexit, or FailNow of a test)")}
)

// begin starts a call.
func (r *Responder) begin(ctx context.Context, buf *buffer, body []byte) *call {
	c, ok := r.calls.Get().(*call)
	if !ok {
		c = &call{handler: r.config.Handler, done: make(chan result, 1)}
	}
	c.ctx, c.dst, c.body = ctx, buf.bytes, body
	go c.run()
	return c
}

// run calls the handler and always delivers a result, which is the last that
// it does with c.
func (c *call) run() {
	out := result{err: errGoexit}
	defer func() {
		c.ctx, c.dst, c.body = nil, nil, nil
		c.done <- out
	}()
	defer func() {
		// A panic of a function does not get this far: the handler turns it
		// into an error. This one is from around it.
		if v := recover(); v != nil {
			cause := &statefun.PanicError{Value: v, Stack: debug.Stack()}
			out.err = &statefun.Error{Code: statefun.CodePanicked, Index: -1, Err: cause}
		}
	}()
	answer, err := c.handler.Append(c.ctx, c.dst, c.body)
	out = result{body: answer, err: err}
}

// settle makes the answer of a call that ended.
func (r *Responder) settle(ctx context.Context, buf *buffer, size int64, out result) Answer {
	if out.err != nil {
		return r.fail(ctx, out.err)
	}
	answer := Done.Answer()
	answer.Body, answer.buffer = out.body, buf
	if n := int64(len(out.body)); n > r.config.MaxAnswerBytes {
		answer.Release()
		r.reportSize(ctx, AnswerTooLarge, size, n)
		return AnswerTooLarge.Answer()
	}
	return answer
}

// fail answers and logs a call that ended with err.
func (r *Responder) fail(ctx context.Context, err error) Answer {
	outcome := OutcomeOf(err)
	r.reportFailure(ctx, outcome, err)
	return outcome.Answer()
}

// expired is the error of a call that had to be abandoned.
func expired(ctx context.Context) error {
	err := fmt.Errorf("no result before the context ended: %w", context.Cause(ctx))
	return &statefun.Error{Code: statefun.CodeDeadline, Index: -1, Err: err}
}

// buffer returns memory for an answer, new or used before.
func (r *Responder) buffer() *buffer {
	if b, ok := r.buffers.Get().(*buffer); ok {
		return b
	}
	return &buffer{pool: &r.buffers}
}
