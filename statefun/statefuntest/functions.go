package statefuntest

import (
	"context"
	"errors"
	"fmt"

	"github.com/statefun-go/statefun-go/internal/semantics"
	"github.com/statefun-go/statefun-go/internal/wire"
	"github.com/statefun-go/statefun-go/statefun"
)

// functions is the responder of users' tests: the real handler.
type functions struct {
	handler *statefun.Handler
	// plain is a version 3 handler of the same functions without middleware, to
	// ask which functions and states there are. It is nil where a handler is
	// all that we have: then an unknown function is found at its first message.
	plain      *statefun.Handler
	list       []statefun.Function       // those of plain
	deadLetter statefun.DeadLetterPolicy // of functions without one
	states     []DeclaredState
	egresses   map[statefun.TypeName]bool // nil: all
	seen       map[functionType]bool
}

func (f *functions) respond(ctx context.Context, request []byte) ([]byte, error) {
	return f.handler.Append(ctx, nil, request)
}

func (f *functions) knows(t functionType) bool {
	if f.plain == nil {
		return true
	}
	known, seen := f.seen[t]
	if !seen {
		_, err := f.ask(t)
		known = err == nil
		f.seen[t] = known
	}
	return known
}

// ask makes first contact with a function: with no state in the request it
// answers with all the states that it wants, and runs nothing.
func (f *functions) ask(t functionType) ([]wire.StateSpec, error) {
	request := wire.AppendRequest(nil, &wire.Request{
		HasBatch: true, HasTarget: true, Target: wire.Address{Namespace: t.namespace, Name: t.name, ID: "statefuntest"},
	})
	out, err := f.plain.Append(context.Background(), nil, request)
	if err != nil {
		return nil, err
	}
	var answer wire.Answer
	if err := answer.Decode(wire.V3, out); err != nil {
		return nil, fmt.Errorf("statefuntest: the answer of a function without messages: %w", err)
	}
	return answer.Missing, nil
}

func (f *functions) declared(t functionType) (specs []wire.StateSpec, err error) {
	if f.plain != nil {
		specs, err = f.ask(t)
	}
	if statefun.CodeOf(err) == statefun.CodeUnknownFunction {
		err = nil // the message itself will show it
	}
	for _, d := range f.states {
		if d.Function.Namespace() == t.namespace && d.Function.Name() == t.name {
			specs = append(specs, d.spec())
		}
	}
	return specs, err
}

// egress takes what looks like a Kafka or Kinesis record for one, because
// nothing here says of which kind an egress is.
func (f *functions) egress(namespace, name string) (semantics.EgressRule, bool) {
	id, err := statefun.ParseTypeName(namespace + "/" + name)
	return recordRule, f.egresses == nil || err == nil && f.egresses[id]
}

func recordRule(v wire.Version, argument []byte) error {
	val, err := wire.ParseValue(v, argument)
	switch {
	case err != nil:
		return err
	case val.TypeName == wire.KafkaTypeName(v):
		return semantics.KafkaRecords(v, argument)
	case val.TypeName == wire.KinesisTypeName(v):
		return semantics.KinesisRecords(v, argument)
	case val.TypeName == "":
		return errors.New("the record has no type")
	}
	return nil
}
