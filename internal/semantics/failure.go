package semantics

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/statefun-go/statefun-go/internal/wire"
)

// Kind says which rule an answer broke. Kinds are stable: match them, not
// texts.
type Kind int

// The kinds.
const (
	// KindMalformed: the answer does not parse. Flink's async transport sends
	// the same request again until its time is up, the other one fails at once.
	KindMalformed Kind = iota + 1
	// KindUnknownFunction: a message to a function type that nobody serves.
	KindUnknownFunction
	// KindUnknownEgress: a record for an egress that no module declares.
	KindUnknownEgress
	// KindEgressRecord: a record that its egress cannot take.
	KindEgressRecord
	// KindDelay: a negative delay.
	KindDelay
	// KindTokenEmpty: a cancellation without a token.
	KindTokenEmpty
	// KindTokenPending: a delayed message under a token that another one holds.
	KindTokenPending
	// KindStateUnknown: a mutation of a state that is not registered.
	KindStateUnknown
	// KindStateType: a value or a declaration whose type is not the state's.
	KindStateType
	// KindMutationType: a mutation that neither writes nor deletes.
	KindMutationType
	// KindSpecType: a state whose typename the runtime cannot parse.
	KindSpecType
	// KindSpecExpiry: a state that expires after less than a millisecond.
	KindSpecExpiry
	// KindSpecName: a state with a name that the runtime uses itself, or
	// declared twice.
	KindSpecName
	// KindLoop: a request for missing states that the request already had, or
	// for none. Flink does not fail; it sends the same request again at once,
	// for ever.
	KindLoop
)

var kindNames = [...]string{
	"", "malformed answer", "unknown function", "unknown egress", "egress record", "negative delay", "empty token",
	"token pending", "unknown state", "state type", "mutation type", "state typename", "state expiry", "state name",
	"handshake loop",
}

// String returns the kind in words.
func (k Kind) String() string {
	if k <= 0 || int(k) >= len(kindNames) {
		return "kind " + strconv.Itoa(int(k))
	}
	return kindNames[k]
}

// Failure is what Flink answers with a failed job. Every error of this package
// is one; get it with [errors.AsType].
type Failure struct {
	Kind   Kind
	Target wire.Address // whose answer it is; the ID is empty where it concerns the type
	Effect string       // what the function wanted, as "delayed_invocations 2: …"
	Reason string       // why the runtime refuses it
	Advice string       // what to do about it
	Err    error        // the cause, where there is one
}

// Error returns all of it in one line.
func (f *Failure) Error() string {
	who := "function " + f.Target.Namespace + "/" + f.Target.Name
	if f.Target.ID != "" {
		who += ", id " + strconv.Quote(f.Target.ID)
	}
	parts := append(make([]string, 0, 4), who)
	if f.Effect != "" {
		parts = append(parts, f.Effect)
	}
	if f.Reason != "" {
		parts = append(parts, f.Reason)
	}
	if f.Err != nil {
		parts = append(parts, f.Err.Error())
	}
	text := strings.Join(parts, ": ")
	if f.Advice != "" {
		text += "; " + f.Advice
	}
	return text
}

// Unwrap returns the cause, which may be nil.
func (f *Failure) Unwrap() error { return f.Err }

// Malformed is the failure of an answer that [wire.Answer.Decode] refuses.
func Malformed(target wire.Address, err error) error {
	return &Failure{
		Kind: KindMalformed, Target: target, Reason: "the answer does not parse", Err: err,
		Advice: "answer with one FromFunction message and nothing else",
	}
}

// UnknownFunction is the failure of a message to a function type that nobody
// serves. A zero from means that it came from outside.
func UnknownFunction(from, to wire.Address) error { return unknownFunction(from, to) }

func unknownFunction(from, to wire.Address) *Failure {
	f := &Failure{
		Kind: KindUnknownFunction, Target: from, Effect: "message to " + quote(to),
		Reason: "no endpoint serves this function type (Flink: cannot find a provider for type)",
		Advice: "declare it, or correct the address",
	}
	if from.IsZero() {
		f.Target, f.Effect = to, "message from outside"
	}
	if to.IsZero() {
		f.Reason = "the target address is missing"
	}
	return f
}

// quote shows an address with its id apart, which may hold anything.
func quote(a wire.Address) string {
	return fmt.Sprintf("%s/%s id %q", a.Namespace, a.Name, a.ID)
}
