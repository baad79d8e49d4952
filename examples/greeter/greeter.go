// Package greeter is the first example: a function that counts how often it has
// greeted each person. See README.md for how to run it, and for the way to a
// function of your own.
package greeter

import (
	"context"
	"errors"
	"fmt"

	"github.com/statefun-go/statefun-go/statefun"
)

// GreetRequest is the message that the greeter takes, in JSON.
type GreetRequest struct {
	Name string `json:"name"`
}

// The names of the application. Values of types, states and egresses are
// immutable and may be used everywhere.
var (
	// Greeter is the function's type. Each id of it is an instance of its own,
	// with its own state: here, one for each person.
	Greeter = statefun.MustTypeName("example/greeter")

	// GreetType couples the name of a message type with its encoding.
	GreetType = statefun.JSON[GreetRequest]("example/GreetRequest")

	// Seen is a state: the number of visits.
	Seen = statefun.NewState("seen", statefun.Int64)

	// Greetings is where answers go: the topic greetings of an egress, which is
	// Kafka in a cluster and an HTTP port on a laptop. The function cannot tell.
	Greetings = statefun.KafkaTopic("example/greets", "greetings", statefun.Text)

	// Rejected is the topic for messages that no attempt can cure: they go
	// there instead of being tried again for ever.
	Rejected = statefun.KafkaTopic("example/greets", "rejected", statefun.EncodeJSON[statefun.DeadLetter])
)

// Functions returns the functions of this application.
func Functions() []statefun.Function {
	return []statefun.Function{
		statefun.Define(Greeter, statefun.On(GreetType, greet), Seen, Greetings, statefun.DeadLetterKafka(Rejected)),
	}
}

var errNoName = errors.New("a greeting needs a name")

func greet(_ context.Context, inv *statefun.Invocation, req GreetRequest) error {
	if req.Name == "" {
		return statefun.Terminal(errNoName) // no other attempt would help
	}
	seen, err := Seen.Get(inv)
	if err != nil {
		return err
	}
	seen++
	Seen.Set(inv, seen)
	Greetings.Send(inv, req.Name, fmt.Sprintf("Hello %s, visit %d", req.Name, seen))
	return nil
}
