package main

import "github.com/apache/flink-statefun/statefun-sdk-go/v3/pkg/statefun"

// left is how many pieces of an item nobody has reserved.
var left = statefun.ValueSpec{Name: "left", ValueType: statefun.Int64Type}

var stockSpec = statefun.StatefulFunctionSpec{
	FunctionType: statefun.TypeNameFrom("shop/stock"),
	States:       []statefun.ValueSpec{left},
	Function:     rejecting(shopRecords, stock),
}

// stock is what the shop has of one item.
func stock(ctx statefun.Context, message statefun.Message) error {
	switch {
	case message.Is(restockType):
		return take(ctx, message, restockType, restock)
	case message.Is(reserveType):
		return take(ctx, message, reserveType, reserve)
	default:
		return unknown(message)
	}
}

const errQuantity = rejection("the quantity must be at least 1")

func restock(ctx statefun.Context, m quantity) error {
	if m.Quantity < 1 {
		return errQuantity
	}
	ctx.Storage().Set(left, pieces(ctx)+m.Quantity)
	return nil
}

// reserve is a message to the stock, whose answer is reserved or refused.
func reserve(ctx statefun.Context, m quantity) error {
	caller := ctx.Caller()
	switch {
	case m.Quantity < 1:
		return errQuantity
	case caller == nil:
		return rejection("only a cart can reserve: there is nobody to answer")
	}
	name, n := ctx.Self().Id, pieces(ctx)
	if m.Quantity > n {
		ctx.Send(statefun.MessageBuilder{Target: *caller, Value: refusal{name, n}, ValueType: refusedType})
		return nil
	}
	ctx.Storage().Set(left, n-m.Quantity)
	ctx.Send(statefun.MessageBuilder{Target: *caller, Value: line{name, m.Quantity}, ValueType: reservedType})
	return nil
}

func pieces(ctx statefun.Context) int64 {
	var n int64
	ctx.Storage().Get(left, &n)
	return n
}
