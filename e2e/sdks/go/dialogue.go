package main

import (
	"fmt"
	"strconv"

	"github.com/apache/flink-statefun/statefun-sdk-go/v3/pkg/statefun"
)

var (
	dialogueOut = statefun.TypeNameFrom("dialogue/out")
	askType     = statefun.MakeJsonType(statefun.TypeNameFrom("dialogue/Ask"))
	countType   = statefun.MakeJsonType(statefun.TypeNameFrom("dialogue/Countdown"))
	replies     = statefun.ValueSpec{Name: "replies", ValueType: statefun.Int64Type}
	rounds      = statefun.ValueSpec{Name: "rounds", ValueType: statefun.Int64Type}

	askerSpec = statefun.StatefulFunctionSpec{
		FunctionType: statefun.TypeNameFrom("dialogue/asker"),
		States:       []statefun.ValueSpec{replies, rounds},
		Function:     statefun.StatefulFunctionPointer(asker),
	}
	echoSpec = statefun.StatefulFunctionSpec{
		FunctionType: statefun.TypeNameFrom("dialogue/echo"),
		States:       []statefun.ValueSpec{replies},
		Function:     statefun.StatefulFunctionPointer(echo),
	}
)

type (
	ask struct {
		Echoes int64 `json:"echoes"`
		Count  int64 `json:"count"`
	}
	countdown struct {
		Left int64 `json:"left"`
	}
)

// asker asks many echoes, which answer, and counts down by messages to itself.
func asker(ctx statefun.Context, message statefun.Message) error {
	switch {
	case message.Is(askType):
		return take(ctx, message, askType, begin)
	case message.IsInt64():
		return heard(ctx)
	case message.Is(countType):
		return take(ctx, message, countType, down)
	default:
		return unknown(message)
	}
}

func begin(ctx statefun.Context, m ask) error {
	for i := range m.Echoes {
		target := statefun.Address{FunctionType: echoSpec.FunctionType, Id: strconv.FormatInt(i, 10)}
		ctx.Send(statefun.MessageBuilder{Target: target, Value: m.Echoes})
	}
	ctx.Send(statefun.MessageBuilder{Target: ctx.Self(), Value: countdown{m.Count}, ValueType: countType})
	return nil
}

// heard counts an answer, and reports each hundredth.
func heard(ctx statefun.Context) error {
	if caller := ctx.Caller(); caller == nil || caller.FunctionType != echoSpec.FunctionType {
		return fmt.Errorf("an answer came from %v", caller)
	}
	if n := increment(ctx, replies); n%100 == 0 {
		say(ctx, ctx.Self().Id, fmt.Sprintf("%d answers", n))
	}
	return nil
}

func down(ctx statefun.Context, m countdown) error {
	if caller := ctx.Caller(); caller == nil || *caller != ctx.Self() {
		return fmt.Errorf("a message to itself came from %v", caller)
	}
	if m.Left == 0 {
		var n int64
		ctx.Storage().Get(rounds, &n)
		say(ctx, ctx.Self().Id+" itself", fmt.Sprintf("%d rounds", n))
		return nil
	}
	increment(ctx, rounds)
	ctx.Send(statefun.MessageBuilder{Target: ctx.Self(), Value: countdown{m.Left - 1}, ValueType: countType})
	return nil
}

// echo replies with how often it was asked.
func echo(ctx statefun.Context, message statefun.Message) error {
	if !message.IsInt64() {
		return unknown(message)
	}
	caller := ctx.Caller()
	if caller == nil {
		return rejection("nobody asked")
	}
	ctx.Send(statefun.MessageBuilder{Target: *caller, Value: increment(ctx, replies)})
	return nil
}

func say(ctx statefun.Context, key, text string) {
	ctx.SendEgress(statefun.KafkaEgressBuilder{Target: dialogueOut, Topic: "heard", Key: key, Value: text})
}
