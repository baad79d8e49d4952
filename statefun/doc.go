// Package statefun is the SDK for stateful functions in Go.
//
// A stateful function has an address (a type and an id), durable state of its
// own, and messages to other functions. A runtime keeps the state and the
// messages, and calls the function with both: Apache Flink Stateful Functions
// on a cluster, or the embedded engine on one machine. The function answers
// with the changes it wants, and the runtime makes them happen exactly once.
//
// The messages to one address are handled one after the other, in order, and
// each sees the state that the one before it left: a function needs no lock and
// no transaction. Different addresses run side by side.
//
//	var (
//		Greeter   = statefun.MustTypeName("example/greeter")
//		Seen      = statefun.NewState("seen", statefun.Int64)
//		Greetings = statefun.KafkaTopic("example/greets", "greetings", statefun.Text)
//	)
//
//	func greet(ctx context.Context, inv *statefun.Invocation, name string) error {
//		seen, err := Seen.Get(inv)
//		if err != nil {
//			return err
//		}
//		Seen.Set(inv, seen+1)
//		Greetings.Send(inv, name, fmt.Sprintf("Hello %s, visit %d", name, seen+1))
//		return nil
//	}
//
//	func Functions() []statefun.Function {
//		return []statefun.Function{
//			statefun.Define(Greeter, statefun.On(statefun.String, greet), Seen, Greetings),
//		}
//	}
//
// On the embedded engine, text that curl sends as text/plain to
// /example/greeter/Ann is such a message of type String.
//
// [New] makes a [Handler] of the functions, and an adapter serves it: package
// statefunhttp over HTTP. Package statefuntest runs it in a test.
//
// Types, states and egresses are handles, made once as package variables; each
// does its work to the [Invocation] at hand. A call without a result keeps its
// failure for the end of the message, so nothing is lost where nobody looks. An
// error fails the whole batch, which the runtime sends again; [Terminal] lets
// one message fail for good.
package statefun
