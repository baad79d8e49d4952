package statefun

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime/debug"
	"slices"

	"github.com/statefun-go/statefun-go/internal/wire"
)

// batch is the inside of one Append call. It is pooled; what a user holds is
// the [Invocation], which is fresh and loses its batch at the end.
//
// Effects are appended to the answer in the order of the calls. Taking a
// message back is cutting the answer to where it was, and restoring the cells
// and tokens that the message touched.
type batch struct {
	h       *Handler
	fn      *function
	version wire.Version
	req     wire.Request
	args    []argument
	cells   []cell

	size    int    // of the request
	dst     []byte // the caller's, never longer than it was
	ans     []byte
	missing []wire.StateSpec // the declared states that the request lacks
	inv     *Invocation
	fresh   []Invocation // for later batches
	done    bool         // run has succeeded
	running bool         // middleware has called run, and it has not returned
	left    bool         // user code may still run: the batch must not be used again

	// The message at hand.
	index     int
	current   *wire.Invocation
	mark      int     // length of ans before it
	touched   []*cell // cells that it has written
	tokenUndo []tokenChange
	err       error // the first failure that its calls left behind
	failed    error // what its function ended with, inside of middleware
	ran       bool  // middleware has called its function

	tokens  map[string]bool // tokens of this answer; true while they wait
	scratch []byte          // the value of the effect at hand
	headers []wire.Header
}

// argument is the decoded argument of one message, or why it cannot be had.
type argument struct {
	value wire.Value
	err   error
}

// noMessage stands for the message at hand before the first one.
var noMessage wire.Invocation

// serve answers one request. Its recover is the last one: for the logger, and
// for the methods of a user's error.
func (b *batch) serve(ctx context.Context, dst, request []byte) (answer []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			b.close()
			answer, err = nil, b.panicked(p)
		}
	}()
	b.dst, b.index, b.current, b.size = dst, -1, &noMessage, len(request)
	if err := b.decode(request); err != nil {
		return nil, err
	}
	// Most answers are not much longer than their requests, and one growth is
	// cheaper than several.
	b.dst = slices.Grow(dst, min(len(request)+answerRoom, maxAnswerRoom))
	if b.h.batch == nil {
		err = b.run(ctx)
	} else {
		err = b.runWrapped(ctx, len(request))
	}
	if err != nil {
		return nil, b.classify(ctx, err)
	}
	return b.ans, nil
}

// newInvocation returns one that has never been used. They are made in rows,
// which is cheaper; a user who keeps one keeps a few bytes more.
func (b *batch) newInvocation() *Invocation {
	if len(b.fresh) == 0 {
		b.fresh = make([]Invocation, 32)
	}
	inv := &b.fresh[0]
	inv.b, b.fresh = b, b.fresh[1:]
	return inv
}

// close ends the life of the Invocation, if there is one.
func (b *batch) close() {
	if b.inv != nil {
		b.inv.b = nil
	}
}

// run runs the batch with an Invocation of its own and completes the answer. A
// second call starts anew.
func (b *batch) run(ctx context.Context) error {
	b.done = false
	if len(b.missing) > 0 {
		b.ans = wire.AppendIncomplete(b.dst, b.missing)
		b.done = true
		return nil
	}
	b.inv = b.newInvocation()
	err := b.runMessages(ctx)
	b.inv.b = nil
	b.done = err == nil
	return err
}

// runMessages runs all messages and writes the mutations.
func (b *batch) runMessages(ctx context.Context) error {
	if b.index >= 0 {
		if err := b.restart(); err != nil {
			return err
		}
	}
	b.ans = wire.BeginResultOf(b.dst, b.size) // most answers are about as long as their requests
	for i := range b.args {
		if err := b.runMessage(ctx, i); err != nil {
			return err
		}
	}
	b.ans = slices.Grow(b.ans, b.mutationRoom())
	for i := range b.cells {
		b.ans = b.cells[i].append(b.ans, b.version)
	}
	if len(b.ans)-len(b.dst) > math.MaxInt32 {
		return &Error{CodeTooLarge, b.fn.name, -1, fmt.Errorf("the answer of %d bytes is over protobuf's limit of 2 GiB", len(b.ans)-len(b.dst))}
	}
	b.ans = wire.EndResult(b.ans, len(b.dst))
	return nil
}

// mutationRoom is what the mutations of large states take. Small ones are left
// to append, which often has room.
func (b *batch) mutationRoom() (n int) {
	for i := range b.cells {
		if c := &b.cells[i]; c.changed && len(c.data) >= largeState {
			n += len(c.data) + nameRoom
		}
	}
	return n
}

// restart puts the batch back to where it began.
func (b *batch) restart() error {
	b.commit()
	clear(b.tokens)
	return b.loadStates()
}

// runMessage runs one message, and takes it back if it fails.
func (b *batch) runMessage(ctx context.Context, i int) error {
	b.index, b.current, b.mark, b.failed = i, &b.req.Invocations[i], len(b.ans), nil
	b.ran = false
	b.commit()
	if ctx.Err() != nil {
		return &Error{CodeDeadline, b.fn.name, i, fmt.Errorf("the context ended before the message: %w", context.Cause(ctx))}
	}
	var err error
	if b.h.message == nil {
		err = b.call(ctx, b.inv)
	} else {
		err = b.runMessageWrapped(ctx)
	}
	if err == nil || b.left {
		return err
	}
	b.rollback()
	if p := b.policy(); p != nil && isTerminal(err) {
		err = b.deadLetter(p, err)
	}
	return err
}

// call runs the function for the message at hand.
func (b *batch) call(ctx context.Context, inv *Invocation) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = b.panicked(p)
		}
	}()
	if err = b.fn.dispatch(ctx, inv); err == nil {
		return b.err
	}
	if _, ok := err.(*Error); ok { //nolint:errorlint // whether err itself is one
		err = fmt.Errorf("the function returned: %w", err) // of another Handler: its code is not this batch's
	}
	return err
}

// panicked turns a recovered panic into an error. It is called in the deferred
// function, where the stack still shows the panic's origin.
func (b *batch) panicked(p any) error {
	return &Error{CodePanicked, b.fn.name, b.index, &PanicError{p, debug.Stack()}}
}

// classify gives err its code and place.
func (b *batch) classify(ctx context.Context, err error) error {
	code, index := CodeFailed, b.index
	if e, ok := errors.AsType[*Error](err); ok && b.made(e) {
		if error(e) == err { //nolint:errorlint // whether err itself is it, not what it wraps
			return err
		}
		if index < 0 { // the message was known inside of batch middleware
			index = e.Index
		}
		code = e.Code
	}
	if ctx.Err() != nil && (errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)) {
		code = CodeDeadline
	}
	return &Error{code, b.fn.name, index, err}
}

// made reports whether e can be of this batch, and not of another Handler that
// middleware has called. Middleware may also return a nil *Error as an error.
func (b *batch) made(e *Error) bool {
	if e == nil || e.Function != b.fn.name {
		return false
	}
	switch e.Code {
	case CodeFailed, CodePanicked, CodeDeadline, CodeTooLarge:
		return true
	default: // those of a request that is not taken
		return false
	}
}

// commit keeps what the message at hand did.
func (b *batch) commit() {
	for _, c := range b.touched {
		c.touched = false
	}
	b.touched, b.tokenUndo, b.err = b.touched[:0], b.tokenUndo[:0], nil
}

// rollback takes back what the message at hand did so far.
func (b *batch) rollback() {
	b.ans = b.ans[:b.mark]
	for _, c := range b.touched {
		c.cellValue, c.touched = c.saved, false
	}
	for _, undo := range slices.Backward(b.tokenUndo) {
		b.tokens[undo.text] = undo.held
	}
	b.touched, b.tokenUndo, b.err, b.failed = b.touched[:0], b.tokenUndo[:0], nil, nil
}

// fail keeps the first failure of the message at hand and returns err.
func (b *batch) fail(err error) error {
	if b.err == nil {
		b.err = err
	}
	return err
}

// hold returns encoded with its bytes in the scratch buffer, where the effect
// at hand may go on writing. What lies elsewhere is copied and not adopted: the
// encoder may have returned a slice of the user's.
func (b *batch) hold(encoded []byte) []byte {
	if cap(encoded) == 0 || cap(b.scratch) == 0 || &encoded[:1][0] != &b.scratch[:1][0] {
		encoded = append(b.scratch[:0], encoded...)
	}
	b.scratch = encoded[:0]
	return encoded
}

func (b *batch) undeclared(what string) error {
	return fmt.Errorf("the %s is not declared on function %v: add the handle to its Define", what, b.fn.name)
}

func (b *batch) undeclaredState(name string) error {
	for i := range b.cells {
		if b.cells[i].decl.spec.Name == name {
			return fmt.Errorf("the state is not declared on function %v, but another handle with this name is: use that one", b.fn.name)
		}
	}
	return b.undeclared("state")
}

// cell returns the cell of a declared state, or nil.
func (b *batch) cell(d *stateDecl) *cell {
	for i := range b.cells {
		if b.cells[i].decl == d {
			return &b.cells[i]
		}
	}
	return nil
}

// touch saves a cell before the message at hand first writes it.
func (b *batch) touch(c *cell) {
	if !c.touched {
		c.touched, c.saved = true, c.cellValue
		b.touched = append(b.touched, c)
	}
}

func (b *batch) declares(d *egressDecl) bool {
	return slices.Contains(b.fn.egresses, d)
}

func (b *batch) message() Message {
	if b.index < 0 {
		return Message{}
	}
	return Message{b.args[b.index].value, b.version}
}

// What is made room for, in bytes: before the first effect what the request
// takes and answerRoom, but not too much, because large requests are mostly
// state; before the mutations the data of large states, and nameRoom for each.
const (
	answerRoom    = 128
	maxAnswerRoom = 8 << 10
	largeState    = 1 << 10
	nameRoom      = 128
)

// Bounds of what an idle batch may hold on to.
const (
	maxPooledElements = 4 << 10
	maxPooledScratch  = 256 << 10 // bytes
)

// release forgets everything of the request, so that a pooled batch pins none.
func (b *batch) release() {
	for i := range b.cells {
		b.cells[i].release()
	}
	b.req.Target = wire.Address{}
	b.req.States = emptied(b.req.States)
	b.req.Invocations = emptied(b.req.Invocations)
	b.args = emptied(b.args)
	b.touched = b.touched[:0] // these are the batch's own
	b.tokenUndo = emptied(b.tokenUndo)
	b.headers = emptied(b.headers[:cap(b.headers)])
	b.missing = nil
	if len(b.tokens) > maxPooledElements {
		b.tokens = nil
	}
	clear(b.tokens)
	if cap(b.scratch) > maxPooledScratch {
		b.scratch = nil
	}
	b.dst, b.ans, b.inv, b.current, b.err, b.failed = nil, nil, nil, nil, nil, nil
	b.done, b.running = false, false
}

// emptied returns s with no elements and none remembered.
func emptied[T any](s []T) []T {
	if cap(s) > maxPooledElements {
		return nil
	}
	clear(s)
	return s[:0]
}
