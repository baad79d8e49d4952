package statefun_test

import (
	"context"
	"fmt"

	"github.com/statefun-go/statefun-go/statefun"
	"github.com/statefun-go/statefun-go/statefun/statefuntest"
)

type GreetRequest struct{ Name string }

var (
	Greeter   = statefun.MustTypeName("example/greeter")
	GreetType = statefun.JSON[GreetRequest]("example/GreetRequest")
	Seen      = statefun.NewState("seen", statefun.Int64)
	Greetings = statefun.KafkaTopic("example/greets", "greetings", statefun.Text)
)

func greet(_ context.Context, inv *statefun.Invocation, req GreetRequest) error {
	seen, err := Seen.Get(inv)
	if err != nil {
		return err
	}
	seen++
	Seen.Set(inv, seen)
	Greetings.Send(inv, req.Name, fmt.Sprintf("Hello %s, visit %d", req.Name, seen))
	return nil
}

func Functions() []statefun.Function {
	return []statefun.Function{
		statefun.Define(Greeter, statefun.On(GreetType, greet), Seen, Greetings),
	}
}

// A function with state and an egress, whole. In a program an adapter serves
// the handler; here a runtime in memory drives it.
func Example() {
	handler, err := statefun.New(Functions(), nil)
	if err != nil {
		fmt.Println(err) // every mistake of the registration
		return
	}
	r := statefuntest.NewWithHandler(exampleT{}, handler, nil)
	for _, name := range []string{"Ann", "Bob", "Ann"} {
		statefuntest.Send(r, Greeter.Address(name), GreetType, GreetRequest{Name: name})
		r.Run()
	}
	for _, record := range r.Records("example/greets") {
		fmt.Printf("%s <- %s\n", record.Topic, record.Value)
	}
	// Output:
	// greetings <- Hello Ann, visit 1
	// greetings <- Hello Bob, visit 1
	// greetings <- Hello Ann, visit 2
}

// New reports all mistakes of a registration at once.
func ExampleNew_mistakes() {
	_, err := statefun.New([]statefun.Function{
		statefun.Define(Greeter, statefun.On(GreetType, greet), Seen, statefun.NewState("seen", statefun.String)),
		statefun.Define(Greeter, statefun.NewState("batch", statefun.Int64)),
	}, nil)
	fmt.Println(err)
	// Output:
	// statefun: function example/greeter: two states have the name "seen": rename one, or use one handle
	// statefun: function example/greeter: state "batch": the runtime keeps its own data under this name: choose another
	// statefun: function example/greeter: the function takes no message: give it On or OnAny
}
