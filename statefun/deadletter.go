package statefun

import (
	"errors"
	"fmt"
	"strings"
)

// DeadLetter is a message that failed for good, as a [DeadLetterPolicy] hands
// it on.
type DeadLetter struct {
	Target   Address  `json:"target"`           // the function that could not take it
	Caller   *Address `json:"caller,omitempty"` // nil for a message from an ingress, or from a type whose name is no namespace/name
	TypeName string   `json:"typename"`         // of the message
	Value    []byte   `json:"value"`            // the message's encoded value, a view: keep, do not write; base64 in JSON
	Reason   string   `json:"reason"`           // the error's text, at most 4 KiB
}

// DeadLetterType is the type under which [DeadLetterFunction] sends letters:
// io.statefun.go/DeadLetter, in JSON.
var DeadLetterType = JSON[DeadLetter]("io.statefun.go/DeadLetter")

// maxReason bounds the text of a letter, in bytes.
const maxReason = 4 << 10

// DeadLetterPolicy says what becomes of a message that fails terminally: one
// that no case takes, that cannot be decoded, or whose function returned
// [Terminal]. Its effects are rolled back and the rest of the batch goes on.
// The zero policy fails the batch instead, so that nothing is lost without a
// decision.
//
// It stands in [Options] for all functions; the same value as a part of
// [Define] overrides it for one. Each letter is logged as a warning.
type DeadLetterPolicy struct {
	kind     string // for the log
	send     func(b *batch, l DeadLetter) error
	function TypeName // that letters go to
	egress   TypeName // that letters go to
	err      error
}

// Egress returns the id of the egress that letters go to, and false where they
// go elsewhere.
func (p DeadLetterPolicy) Egress() (id TypeName, ok bool) {
	return p.egress, p.egress != TypeName{}
}

// DeadLetterKafka sends letters to a Kafka egress, with the target's id as
// key. The handle needs no declaration, but a topic.
func DeadLetterKafka(k *Kafka[DeadLetter]) DeadLetterPolicy {
	p := DeadLetterPolicy{kind: "kafka"}
	switch {
	case k == nil:
		p.err = errors.New("DeadLetterKafka: the handle is nil")
	case k.topic == "":
		p.err = errors.New("DeadLetterKafka: the handle has no topic")
	default:
		p.err, p.egress = k.decl.err, k.decl.id
	}
	p.send = func(b *batch, l DeadLetter) error { return k.send(b, l.Target.ID, l, nil, true) }
	return p
}

// DeadLetterFunction sends letters to a function, under the target's id, as
// [DeadLetterType]. What this function itself cannot take fails its batch, and
// so does a letter that any function cannot take: they could go round for ever,
// a letter within a letter, longer each time.
func DeadLetterFunction(name TypeName) DeadLetterPolicy {
	p := DeadLetterPolicy{kind: "function", function: name}
	if name.namespace == "" || name.name == "" {
		p.err = errors.New("DeadLetterFunction: the function has no type name")
	}
	p.send = func(b *batch, l DeadLetter) error { return DeadLetterType.send(b, name.Address(l.Target.ID), l) }
	return p
}

// DeadLetterDrop drops the message, with a warning in the log.
func DeadLetterDrop() DeadLetterPolicy {
	return DeadLetterPolicy{kind: "drop", send: func(*batch, DeadLetter) error { return nil }}
}

func (p DeadLetterPolicy) part(d *definition) {
	switch {
	case d.deadLetter != nil:
		d.problem("two dead-letter policies")
	case p.send == nil:
		d.problem("the zero DeadLetterPolicy: use DeadLetterKafka, DeadLetterFunction or DeadLetterDrop")
	case p.err != nil:
		d.problem("%w", p.err)
	default:
		d.deadLetter = &p
	}
}

// policy returns the policy for the message at hand, or nil where a terminal
// failure is a failure like any other.
func (b *batch) policy() *DeadLetterPolicy {
	p := b.fn.deadLetter
	if p == nil {
		p = &b.h.deadLetter
	}
	toFunction := p.function != TypeName{}
	if p.send == nil || toFunction && (p.function == b.fn.name || b.message().TypeName() == DeadLetterType.Name()) {
		return nil
	}
	return p
}

// deadLetter hands the message at hand, already rolled back, to the policy.
func (b *batch) deadLetter(p *DeadLetterPolicy, cause error) error {
	m := b.message()
	l := DeadLetter{Target: addressOf(b.req.Target), TypeName: m.TypeName(), Value: m.Value(), Reason: reason(cause)}
	if b.current.HasCaller {
		caller := addressOf(b.current.Caller)
		if _, err := ParseTypeName(caller.Type.String()); err == nil { // else the letter could not be read
			l.Caller = &caller
		}
	}
	if err := p.send(b, l); err != nil {
		return fmt.Errorf("send the dead letter of a failed message (%w): %w", cause, err)
	}
	b.h.log.Warn("message dead-lettered", "policy", p.kind, "function", b.fn.name.String(), "index", b.index, "type", m.TypeName(), "error", cause)
	return nil
}

func reason(err error) string {
	s := err.Error()
	return strings.ToValidUTF8(s[:min(len(s), maxReason)], "\uFFFD")
}
