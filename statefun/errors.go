package statefun

import (
	"errors"
	"fmt"
	"slices"
)

// Code classifies what [Handler.Append] and [New] report. An adapter maps the
// code to a status and needs to know nothing else.
type Code int

// The codes.
const (
	// CodeUnknown is the code of an error that is not an [*Error].
	CodeUnknown Code = iota
	// CodeMalformed: the request does not parse, breaks the protocol or speaks
	// another version of it than [Options].Protocol allows. The same bytes can
	// never succeed.
	CodeMalformed
	// CodeUnknownFunction: no function of the target's type is registered here.
	CodeUnknownFunction
	// CodeFailed: a function, a middleware or a codec returned an error.
	CodeFailed
	// CodePanicked: a function, a middleware or a codec panicked; the cause is
	// a [*PanicError].
	CodePanicked
	// CodeDeadline: the context ended before the batch did.
	CodeDeadline
	// CodeTooLarge: the request or the answer is over a limit.
	CodeTooLarge
)

var codeNames = [...]string{"unknown", "malformed", "unknown function", "failed", "panicked", "deadline", "too large"}

// String returns the code in words.
func (c Code) String() string {
	if c < 0 || int(c) >= len(codeNames) {
		return fmt.Sprintf("code %d", int(c))
	}
	return codeNames[c]
}

// Error says what went wrong, in which function and at which message of the
// batch. Get it with [errors.AsType]; an adapter needs only [CodeOf].
type Error struct {
	Code     Code
	Function TypeName // the target's type; zero where the request names none
	Index    int      // position of the message in its batch, from 0; -1 where it is not about one message
	Err      error    // the cause, never nil
}

// Error returns the code, the place and the cause. It is for logs, not for the
// runtime: it can hold text of the user's function.
func (e *Error) Error() string {
	switch {
	case e == nil:
		return "statefun: a nil *Error was returned as an error"
	case e.Function == TypeName{}:
		return fmt.Sprintf("statefun: %v: %v", e.Code, e.Err)
	case e.Index < 0:
		return fmt.Sprintf("statefun: %v: %v: %v", e.Function, e.Code, e.Err)
	default:
		return fmt.Sprintf("statefun: %v: message %d: %v: %v", e.Function, e.Index, e.Code, e.Err)
	}
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error {
	if e == nil {
		return nil
	}
	return e.Err
}

// CodeOf returns the code of the [*Error] that err is or wraps, and
// [CodeUnknown] for every other error and for nil.
func CodeOf(err error) Code {
	if e, ok := errors.AsType[*Error](err); ok && e != nil {
		return e.Code
	}
	return CodeUnknown
}

// PanicError is the cause of a [CodePanicked] error.
type PanicError struct {
	Value any    // what panic was called with
	Stack []byte // the panicking goroutine's stack
}

// Error returns the panic's value; the stack is left to the caller.
func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v", e.Value) }

// Unwrap returns the panic's value where it is an error, and nil otherwise.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// Terminal marks err as one that no retry can mend: only the message that it
// is about fails, its effects are rolled back, it goes to the dead-letter
// policy, and the rest of the batch goes on. Without a policy it fails the
// batch like any other error, and the runtime sends the batch again.
// Terminal(nil) is nil.
func Terminal(err error) error {
	if err == nil {
		return nil
	}
	return &terminalError{err}
}

type terminalError struct{ err error }

func (e *terminalError) Error() string { return e.err.Error() }
func (e *terminalError) Unwrap() error { return e.err }

// isTerminal reports whether err was marked by [Terminal]. What a function
// panicked with is no such mark: it was not returned.
func isTerminal(err error) bool {
	switch e := err.(type) { //nolint:errorlint // it walks the chain itself
	case *terminalError:
		return true
	case *PanicError:
		return false
	case interface{ Unwrap() error }:
		return isTerminal(e.Unwrap())
	case interface{ Unwrap() []error }:
		return slices.ContainsFunc(e.Unwrap(), isTerminal)
	}
	return false
}
