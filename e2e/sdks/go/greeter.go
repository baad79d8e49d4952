package main

import (
	"fmt"

	"github.com/apache/flink-statefun/statefun-sdk-go/v3/pkg/statefun"
)

var (
	greets    = statefun.TypeNameFrom("example/greets")
	greetType = statefun.MakeJsonType(statefun.TypeNameFrom("example/GreetRequest"))
	seen      = statefun.ValueSpec{Name: "seen", ValueType: statefun.Int64Type}

	greeterSpec = statefun.StatefulFunctionSpec{
		FunctionType: statefun.TypeNameFrom("example/greeter"),
		States:       []statefun.ValueSpec{seen},
		Function:     rejecting(greets, greeter),
	}
)

type greetRequest struct {
	Name string `json:"name"`
}

// greeter counts how often it has greeted each person.
func greeter(ctx statefun.Context, message statefun.Message) error {
	if message.Is(greetType) {
		return take(ctx, message, greetType, greet)
	}
	return unknown(message)
}

func greet(ctx statefun.Context, m greetRequest) error {
	if m.Name == "" {
		return rejection("a greeting needs a name")
	}
	text := fmt.Sprintf("Hello %s, visit %d", m.Name, increment(ctx, seen))
	ctx.SendEgress(statefun.KafkaEgressBuilder{Target: greets, Topic: "greetings", Key: m.Name, Value: text})
	return nil
}

// increment adds one to a number in the storage and returns it.
func increment(ctx statefun.Context, number statefun.ValueSpec) int64 {
	var n int64
	ctx.Storage().Get(number, &n)
	n++
	ctx.Storage().Set(number, n)
	return n
}
