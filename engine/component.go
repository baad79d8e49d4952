package engine

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// TypeName names a function type or an egress.
type TypeName struct {
	Namespace, Name string
}

// String returns namespace/name.
func (n TypeName) String() string { return n.Namespace + "/" + n.Name }

// Address names one instance of a function.
type Address struct {
	Namespace, Name, ID string
}

// Type returns the function type of a.
func (a Address) Type() TypeName { return TypeName{a.Namespace, a.Name} }

// String returns namespace/name/id.
func (a Address) String() string { return a.Namespace + "/" + a.Name + "/" + a.ID }

// Value is a payload with its type, the protocol's TypedValue.
type Value struct {
	TypeName string
	Has      bool // has_value; false means null, which is not the same as no bytes
	Data     []byte
}

// Caller calls a function. The engine calls it from many goroutines at once,
// but never twice at a time for one address.
type Caller interface {
	// Call makes one attempt: it sends request, an encoded ToFunction, to the
	// function fn and returns the encoded FromFunction of a successful answer;
	// zero bytes are a success without effects. It must return soon after ctx
	// ends. The retries are the engine's.
	//
	// The request belongs to the Caller and the answer to the engine, each for
	// good. A failure is a [*CallError]; any other error counts as one of kind
	// [KindRetry].
	Call(ctx context.Context, fn TypeName, request []byte) (answer []byte, err error)
}

// Kind classes the failure of a call.
type Kind int

const (
	// KindRetry is a failure that another attempt may cure: the connection
	// broke, a status such as 503. Flink tries again until the budget of the
	// call is used up ([Function.Budget]).
	KindRetry Kind = iota
	// KindFatal is a failure where Flink fails its job at once, such as a 404
	// on the OkHttp transport. Policy [Retry] tries again even so.
	KindFatal
)

// CallError is the failure of one attempt to call a function.
type CallError struct {
	Kind Kind
	Err  error
}

// Error returns the text of e.Err.
func (e *CallError) Error() string { return e.Err.Error() }

// Unwrap returns e.Err.
func (e *CallError) Unwrap() error { return e.Err }

// Function binds one function type, or all types of a namespace, to a Caller.
type Function struct {
	Namespace string
	// Name is the name of the type, or "*" for every type of the namespace
	// that has no binding of its own.
	Name   string
	Caller Caller
	// MaxBatch is the largest number of messages in one request. 0 means
	// [DefaultMaxBatch], a negative number no limit.
	MaxBatch int
	// MaxInFlight is the largest number of requests of one function type at a
	// time. 0 means [DefaultMaxInFlight].
	MaxInFlight int
	// Malformed says what an answer that does not parse counts as: it is tried
	// again on Flink's async transport, and fatal on OkHttp.
	Malformed Kind
	// Budget is the time for all attempts of one call under policy [Flink],
	// which stops the application when it is used up. The time in which an
	// attempt waits for one of the MaxInFlight places does not count. Under
	// policy [Retry] there is no end. 0 means [DefaultBudget]. How long one
	// attempt may take is up to the Caller.
	Budget time.Duration
}

// Ingress brings messages from outside. Constructors bind listeners and check
// addresses, so that Run fails only for good.
type Ingress interface {
	// Run receives messages and passes them to sink until ctx ends; then it
	// takes no new ones, finishes those that it has begun, and returns nil. An
	// error stops the application. Run is called once.
	Run(ctx context.Context, sink Sink) error
}

// Sink takes the messages of an ingress. It may be used from many goroutines.
type Sink interface {
	// Send puts a message without a caller into the mailbox of to, and returns
	// nil when it is durable: from then on it is processed exactly once, across
	// crashes. Send blocks while too much is waiting. Messages of one goroutine
	// to one address keep their order.
	//
	// It returns [ErrUnknownFunction] if nothing is bound to the type of to,
	// [ErrNotUTF8] for text that no function could read, [ErrStopped] if the engine is stopping, or the error of ctx. After the
	// last two the message may or may not have been taken. The engine keeps
	// value.Data, which must not change any more.
	Send(ctx context.Context, to Address, value Value) error
}

// Errors of [Sink.Send].
var (
	ErrUnknownFunction = errors.New("engine: no function is bound to this type")
	ErrNotUTF8         = errors.New("engine: names, ids and typenames must be UTF-8")
	ErrStopped         = errors.New("engine: stopped")
)

// Egress brings records outside. It belongs to one egress id ([EgressBinding]).
type Egress interface {
	// Check turns the argument of an egress message into a record. It is called
	// before an answer is applied, from many goroutines at once, and must not
	// block. An error is what fails Flink's job: a wrong typename, bytes that do
	// not parse, an unknown queue. The record may share memory with value, which
	// does not change any more.
	Check(value Value) (Record, error)
	// Run delivers the records of outbox until ctx ends; then it finishes what
	// it has begun and returns nil. An error stops the application. Run is
	// called once.
	Run(ctx context.Context, outbox Outbox) error
}

// Record is what an outbox keeps.
type Record struct {
	Queue string // the topic or stream; a queue numbers its records
	Key   string // may be empty
	Value []byte
}

// Delivery is a durable record with its number.
type Delivery struct {
	Record
	// Sequence counts the records of one queue of one egress from 1, without
	// gaps, across restarts.
	Sequence uint64
}

// Outbox holds the durable records of one egress, in the order of their
// sequence numbers within each queue. It may be used from many goroutines.
type Outbox interface {
	// Take returns the oldest record of queue that nobody has taken, and false
	// if there is none. The taker must call Remove or Release. The bytes belong
	// to the caller, who must not change them.
	Take(queue string) (d Delivery, ok bool, err error)
	// Remove removes a taken record for good. It does not wait for the disk: a
	// crash soon after may bring the record back, under the same number.
	Remove(d Delivery) error
	// Release gives a taken record back, so that the next Take returns it.
	Release(d Delivery)
}

// EgressBinding names an egress.
type EgressBinding struct {
	ID     TypeName
	Egress Egress
}

// Policy says what happens when a function fails.
type Policy int

const (
	// Retry calls a failed function again, for ever, each time after a longer
	// pause. Only the address that failed waits.
	Retry Policy = iota
	// Flink stops the application where Apache Flink fails its job.
	Flink
)

// String returns the policy's name on the command line.
func (p Policy) String() string {
	switch p {
	case Retry:
		return "retry"
	case Flink:
		return "flink"
	default:
		return fmt.Sprintf("Policy(%d)", int(p))
	}
}

// ParsePolicy is the inverse of [Policy.String].
func ParsePolicy(s string) (Policy, error) {
	switch s {
	case "retry":
		return Retry, nil
	case "flink":
		return Flink, nil
	default:
		return 0, fmt.Errorf("unknown failure policy %q: use retry or flink", s)
	}
}

// Defaults of [Function].
const (
	DefaultMaxBatch    = 1000
	DefaultMaxInFlight = 256
	DefaultBudget      = 2 * time.Minute
)
