package statefun

import (
	"cmp"
	"context"
	"errors"
)

// BatchFunc runs one batch. See [Options].Batch.
type BatchFunc func(ctx context.Context, b *Batch) error

// BatchMiddleware wraps the running of batches. It may pass on a context of
// its own, look at the error and replace it, and call next again, which starts
// the batch anew. Returning nil without a successful call of next is an error:
// the messages would be lost. So is returning before next has: see
// [MessageMiddleware].
type BatchMiddleware func(next BatchFunc) BatchFunc

// MessageFunc runs one message. See [Options].Message.
type MessageFunc func(ctx context.Context, inv *Invocation) error

// MessageMiddleware wraps the running of messages. It sees what the function
// returned, or the failure that its calls left behind; a panic comes as an
// [*Error]; and an error before it is dead-lettered. It may send and write
// state itself, replace the error, and call next again, which first rolls back
// what the message did so far. Returning nil without calling next takes the
// message as done; returning nil after next failed does not hide the failure.
//
// It must not return before next has, as a timeout might that runs next on a
// goroutine: that fails the batch, and what still runs there is a race. To end a
// message early, end its context.
type MessageMiddleware func(next MessageFunc) MessageFunc

// Batch describes a batch to [BatchMiddleware]. It is a view of the request
// and may be kept.
type Batch struct {
	b         *batch
	target    Address
	length    int
	request   int
	answer    int
	handshake bool
}

// Target returns the address that the batch is for.
func (b *Batch) Target() Address { return b.target }

// Len returns the number of messages.
func (b *Batch) Len() int { return b.length }

// RequestBytes returns the size of the encoded request.
func (b *Batch) RequestBytes() int { return b.request }

// AnswerBytes returns the size of the encoded answer, and 0 before next has
// returned successfully.
func (b *Batch) AnswerBytes() int { return b.answer }

// Handshake reports whether the request lacks declared states, so that the
// answer only asks for them and no message runs.
func (b *Batch) Handshake() bool { return b.handshake }

// errUnfinished marks a run that has not returned. A batch with one is not
// used again: whatever still runs in it would touch another request.
var errUnfinished = errors.New("statefun: middleware returned before next did, or the function ended its goroutine with runtime.Goexit: wait for next, and end functions with return")

// runWrapped runs the batch inside its middleware.
func (b *batch) runWrapped(ctx context.Context, size int) (err error) {
	view := &Batch{b: b, target: addressOf(b.req.Target), length: len(b.args), request: size, handshake: len(b.missing) > 0}
	defer func() {
		view.b = nil
		b.index = -1 // runBatch has said which message failed
		if p := recover(); p != nil {
			err = b.panicked(p)
		}
		if b.running {
			b.left = true
			b.close()
			err = errors.Join(errUnfinished, err)
		}
	}()
	if err = b.h.batch(ctx, view); err == nil && !b.done {
		err = errors.New("batch middleware returned nil, but the batch has not succeeded: return the error of next")
	}
	return err
}

// runBatch is the innermost BatchFunc.
func runBatch(ctx context.Context, view *Batch) error {
	b := view.b
	switch {
	case b == nil:
		return errReturned
	case b.running || b.left:
		return errUnfinished
	}
	b.running = true // until run returns, which after Goexit it does not
	err := b.runRecovered(ctx)
	b.running = false
	if err != nil {
		return b.classify(ctx, err)
	}
	view.answer = len(b.ans) - len(b.dst)
	return nil
}

// runRecovered lets batch middleware see every panic as an error.
func (b *batch) runRecovered(ctx context.Context) (err error) {
	defer func() {
		if p := recover(); p != nil { // of a dead letter's encoder, or as in serve
			b.close()
			err = b.panicked(p)
		}
	}()
	return b.run(ctx)
}

// runMessageWrapped runs the message inside its middleware. What the
// middleware's own calls left behind counts like the function's.
func (b *batch) runMessageWrapped(ctx context.Context) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = b.panicked(p)
		}
		if b.failed == errUnfinished { //nolint:errorlint // the mark itself
			b.left = true
			err = errors.Join(errUnfinished, err)
		}
	}()
	if err = b.h.message(ctx, b.inv); err == nil && b.failed != errUnfinished { //nolint:errorlint // the mark itself
		err = cmp.Or(b.failed, b.err)
	}
	return err
}

// runFunction is the innermost MessageFunc. It starts from the message's
// beginning, so that middleware can call it again.
func runFunction(ctx context.Context, inv *Invocation) error {
	b := inv.b
	switch {
	case b == nil:
		return errReturned
	case b.failed == errUnfinished: //nolint:errorlint // the mark itself
		return errUnfinished
	case b.ran:
		b.rollback()
	}
	b.ran, b.failed = true, errUnfinished // until call returns, which after Goexit it does not
	err := b.call(ctx, inv)
	b.failed = err
	return err
}
