package statefun_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/statefun-go/statefun-go/statefun"
	"github.com/statefun-go/statefun-go/statefun/statefuntest"
)

// An absent value is not a zero one, and goes away by itself where the state
// says so.
func ExampleState() {
	name := statefun.NewState("name", statefun.String, statefun.ExpireAfterWrite(time.Hour))
	profile := statefun.MustTypeName("example/profile")
	r := run(nil, defineOn(profile, statefun.String, func(inv *statefun.Invocation, text string) error {
		was, ok, err := name.Lookup(inv)
		fmt.Printf("%q %v\n", was, ok)
		name.Set(inv, text)
		return err
	}, name))
	ann := profile.Address("ann")
	for _, text := range []string{"Ann", "Anne"} {
		statefuntest.Send(r, ann, statefun.String, text)
		r.Run()
	}
	r.Advance(time.Hour)
	statefuntest.Send(r, ann, statefun.String, "Ann")
	r.Run()
	// Output:
	// "" false
	// "Ann" true
	// "" false
}

// A migration to another type: Raw reads whatever is stored, and a failed read
// does not count.
func ExampleState_Raw() {
	count := statefun.NewState("count_v2", statefun.Int64)
	old := statefun.NewState("count", statefun.Int32)
	counter := statefun.MustTypeName("example/counter")
	r := run(nil, defineOn(counter, statefun.Bool, func(inv *statefun.Invocation, write bool) error {
		if write { // as an earlier version of the program did
			old.Set(inv, 41)
			return nil
		}
		if typename, _, ok := old.Raw(inv); ok && typename == statefun.Int32.Name() {
			n, err := old.Get(inv)
			if err != nil {
				return err
			}
			count.Set(inv, int64(n))
			old.Clear(inv)
		}
		n, err := count.Get(inv)
		count.Set(inv, n+1)
		return err
	}, count, old))
	for _, write := range []bool{true, false, false} {
		statefuntest.Send(r, counter.Address("x"), statefun.Bool, write)
		r.Run()
	}
	fmt.Println(statefuntest.State(r, counter.Address("x"), count))
	// Output: 43 true
}

// A reservation that is let go unless it is renewed: cancel, then send again
// under the same token.
func ExampleToken() {
	stock := statefun.MustTypeName("example/stock")
	r := run(nil, defineOn(stock, statefun.String, func(inv *statefun.Invocation, text string) error {
		fmt.Println(text)
		if text == "reserve" {
			inv.Cancel(statefun.Token("expiry"))
			statefun.String.SendAfter(inv, 30*time.Minute, inv.Self(), "let go", statefun.Token("expiry"))
		}
		return nil
	}))
	socks := stock.Address("socks")
	statefuntest.Send(r, socks, statefun.String, "reserve")
	r.Advance(20 * time.Minute)
	statefuntest.Send(r, socks, statefun.String, "reserve")
	r.Advance(29 * time.Minute)
	fmt.Println("still reserved")
	r.Advance(time.Minute)
	// Output:
	// reserve
	// reserve
	// still reserved
	// let go
}

// A topic for each record, and headers.
func ExampleKafka_Send() {
	events := statefun.KafkaTopic("example/events", "", statefun.EncodeJSON[map[string]int])
	source := statefun.MustTypeName("example/source")
	r := run(nil, defineOn(source, statefun.String, func(inv *statefun.Invocation, region string) error {
		events.Send(inv, inv.Self().ID, map[string]int{"n": 1}, statefun.Topic("events-"+region), statefun.Header("trace", []byte("t-1")))
		return nil
	}, events))
	statefuntest.Send(r, source.Address("x"), statefun.String, "eu")
	r.Run()
	record := r.Records("example/events")[0]
	fmt.Printf("%s %s %s %s=%s\n", record.Topic, record.Key, record.Value, record.Headers[0].Name, record.Headers[0].Value)
	// Output: events-eu x {"n":1} trace=t-1
}

// Kinesis wants a partition key.
func ExampleKinesis_Send() {
	clicks := statefun.KinesisStream("example/clicks", "clicks", statefun.Text)
	source := statefun.MustTypeName("example/source")
	r := run(nil, defineOn(source, statefun.String, func(inv *statefun.Invocation, page string) error {
		clicks.Send(inv, inv.Self().ID, page)
		return nil
	}, clicks))
	statefuntest.Send(r, source.Address("ann"), statefun.String, "/home")
	r.Run()
	record := r.Records("example/clicks")[0]
	fmt.Printf("%s %s\n", record.PartitionKey, record.Value)
	// Output: ann /home
}

// One poisonous message does not stop the others: it goes to a function that
// looks after such letters.
func ExampleTerminal() {
	orders := statefun.MustTypeName("example/orders")
	clinic := statefun.MustTypeName("example/clinic")
	r := run(&statefun.Options{DeadLetter: statefun.DeadLetterFunction(clinic)},
		defineOn(orders, statefun.Int64, func(_ *statefun.Invocation, qty int64) error {
			if qty <= 0 {
				return statefun.Terminal(errors.New("a quantity is positive"))
			}
			return nil
		}),
		defineOn(clinic, statefun.DeadLetterType, func(_ *statefun.Invocation, l statefun.DeadLetter) error {
			fmt.Printf("%v could not take a %s: %s\n", l.Target, l.TypeName, l.Reason)
			return nil
		}))
	statefuntest.Send(r, orders.Address("x"), statefun.Int64, -1)
	statefuntest.Send(r, orders.Address("x"), statefun.String, "three")
	r.Run()
	// Output:
	// example/orders/x could not take a io.statefun.types/long: a quantity is positive
	// example/orders/x could not take a io.statefun.types/string: no case of function example/orders takes messages of type "io.statefun.types/string"
}

// A router that passes messages on as they came, whatever they are.
func ExampleOnAny() {
	router := statefun.MustTypeName("example/router")
	shard := statefun.MustTypeName("example/shard")
	r := run(nil, statefun.Define(router, statefun.OnAny(func(_ context.Context, inv *statefun.Invocation, _ statefun.Message) error {
		inv.Forward(shard.Address(inv.Self().ID[:1]))
		return nil
	})))
	r.Outside(shard)
	statefuntest.Send(r, router.Address("ann"), statefun.String, "hello")
	r.Run()
	m := statefuntest.Messages(r, shard, statefun.String)[0]
	fmt.Println(m.To, m.Value)
	// Output: example/shard/a hello
}

// Middleware wraps every message: here it counts and times them, where a
// program would use its metrics or tracing library.
func ExampleMessageMiddleware() {
	seen := map[string]int{}
	count := func(next statefun.MessageFunc) statefun.MessageFunc {
		return func(ctx context.Context, inv *statefun.Invocation) error {
			err := next(ctx, inv)
			seen[fmt.Sprintf("%v failed=%v", inv.Self().Type, err != nil)]++
			return err
		}
	}
	echo := statefun.MustTypeName("example/echo")
	r := run(&statefun.Options{Message: []statefun.MessageMiddleware{count}, DeadLetter: statefun.DeadLetterDrop()},
		defineOn(echo, statefun.String, func(*statefun.Invocation, string) error { return nil }))
	statefuntest.Send(r, echo.Address("x"), statefun.String, "fine")
	statefuntest.Send(r, echo.Address("x"), statefun.Bool, true)
	r.Run()
	fmt.Println(seen)
	// Output: map[example/echo failed=false:1 example/echo failed=true:1]
}
