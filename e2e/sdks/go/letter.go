package main

import (
	"errors"

	"github.com/apache/flink-statefun/statefun-sdk-go/v3/pkg/statefun"
)

// rejection is an error that no other attempt would mend. It must come before
// any effect: the SDK does not take effects back.
type rejection string

func (r rejection) Error() string { return string(r) }

// letter is the record of a message that was rejected. The fields are in the
// order of their record.
type letter struct {
	Target   address  `json:"target"`
	Caller   *address `json:"caller,omitempty"`
	TypeName string   `json:"typename"`
	Value    []byte   `json:"value"`
	Reason   string   `json:"reason"`
}

type address struct {
	Type string `json:"type"`
	ID   string `json:"id"`
}

func addressOf(a statefun.Address) address { return address{a.FunctionType.String(), a.Id} }

// rejecting sends what a function rejects to the topic rejected of an egress.
// The SDK has nothing of the kind: an error that it sees fails the whole batch,
// and the runtime sends it again.
func rejecting(egress statefun.TypeName, f statefun.StatefulFunctionPointer) statefun.StatefulFunctionPointer {
	return func(ctx statefun.Context, message statefun.Message) error {
		err := f(ctx, message)
		if _, ok := errors.AsType[rejection](err); !ok {
			return err
		}
		l := letter{
			Target: addressOf(ctx.Self()), TypeName: message.ValueTypeName().String(),
			Value: message.RawValue(), Reason: err.Error(),
		}
		if caller := ctx.Caller(); caller != nil {
			a := addressOf(*caller)
			l.Caller = &a
		}
		return record(ctx, egress, "rejected", ctx.Self().Id, l)
	}
}
