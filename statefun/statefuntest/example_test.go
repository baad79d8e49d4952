package statefuntest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

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
	return []statefun.Function{statefun.Define(Greeter, statefun.On(GreetType, greet), Seen, Greetings)}
}

// The whole of a test: send, run, look.
func Example() {
	t := newT() // in a test: the *testing.T

	r := statefuntest.New(t, Functions(), nil)
	ann := Greeter.Address("Ann")
	statefuntest.Send(r, ann, GreetType, GreetRequest{Name: "Ann"})
	statefuntest.Send(r, ann, GreetType, GreetRequest{Name: "Ann"})
	r.Run()

	for _, record := range r.Records("example/greets") {
		fmt.Printf("%s: %s\n", record.Key, record.Value)
	}
	seen, ok := statefuntest.State(r, ann, Seen)
	fmt.Println(seen, ok)
	// Output:
	// Ann: Hello Ann, visit 1
	// Ann: Hello Ann, visit 2
	// 2 true
}

// Delayed messages wait for the clock.
func ExampleRuntime_Advance() {
	t := newT()
	alarm := statefun.MustTypeName("example/alarm")
	inbox := statefun.MustTypeName("example/inbox")
	set := func(_ context.Context, inv *statefun.Invocation, text string) error {
		statefun.String.SendAfter(inv, 10*time.Minute, inbox.Address(inv.Self().ID), text)
		return nil
	}

	r := statefuntest.New(t, []statefun.Function{statefun.Define(alarm, statefun.On(statefun.String, set))}, nil)
	r.Outside(inbox)
	statefuntest.Send(r, alarm.Address("Ann"), statefun.String, "get up")
	r.Advance(9 * time.Minute)
	fmt.Println(r.Waiting(), statefuntest.Messages(r, inbox, statefun.String))
	r.Advance(time.Minute)
	fmt.Println(r.Waiting(), statefuntest.Messages(r, inbox, statefun.String))
	// Output:
	// 1 []
	// 0 [{example/inbox/Ann example/alarm/Ann get up}]
}

// Functions of other teams are outside: their messages are captured, and they
// can be the callers.
func ExampleMessages() {
	t := newT()
	shop, stock := statefun.MustTypeName("example/shop"), statefun.MustTypeName("example/stock")
	order := func(_ context.Context, inv *statefun.Invocation, item string) error {
		statefun.String.Send(inv, stock.Address(item), "reserve")
		statefun.String.Reply(inv, "ordered")
		return nil
	}

	r := statefuntest.New(t, []statefun.Function{statefun.Define(shop, statefun.On(statefun.String, order))}, nil)
	customer := statefun.MustTypeName("example/customer")
	r.Outside(stock, customer)
	statefuntest.SendFrom(r, customer.Address("Ann"), shop.Address("Berlin"), statefun.String, "tea")
	r.Run()
	for _, m := range statefuntest.Messages(r, stock, statefun.String) {
		fmt.Println(m.From, "to", m.To, m.Value)
	}
	for _, m := range statefuntest.Messages(r, customer, statefun.String) {
		fmt.Println(m.From, "to", m.To, m.Value)
	}
	// Output:
	// example/shop/Berlin to example/stock/tea reserve
	// example/shop/Berlin to example/customer/Ann ordered
}

// A test of a failure looks at the error.
func ExampleRuntime_Try() {
	t := newT()
	door := statefun.MustTypeName("example/door")
	open := func(context.Context, *statefun.Invocation, string) error { return errors.New("the key does not fit") }

	r := statefuntest.New(t, []statefun.Function{statefun.Define(door, statefun.On(statefun.String, open))}, nil)
	statefuntest.Send(r, door.Address("front"), statefun.String, "open")
	fmt.Println(r.Try(0))
	// Output:
	// function example/door, id "front": statefun: example/door: message 0: failed: the key does not fit
}

// exampleT stands for the *testing.T that examples do not have.
type exampleT struct{ testing.TB }

func newT() testing.TB { return exampleT{} }

func (exampleT) Helper()                           {}
func (exampleT) Cleanup(func())                    {}
func (exampleT) Output() io.Writer                 { return io.Discard }
func (exampleT) Context() context.Context          { return context.Background() }
func (exampleT) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }
