package main

import (
	"fmt"
	"slices"
	"time"

	"github.com/apache/flink-statefun/statefun-sdk-go/v3/pkg/statefun"
)

// contents is what a cart remembers.
type contents struct {
	Held         []held `json:"held"`
	Reservations int64  `json:"reservations"` // made so far
	Receipts     int64  `json:"receipts"`     // written so far
}

// held is reserved for the cart, and for some time only.
type held struct {
	line
	Number int64 `json:"number"` // of the reservation
}

func (c *contents) find(item string) int {
	return slices.IndexFunc(c.Held, func(h held) bool { return h.Item == item })
}

var basket = statefun.ValueSpec{Name: "basket", ValueType: statefun.MakeJsonType(statefun.TypeNameFrom("shop/Contents"))}

// cart is a shopper's cart.
type cart struct {
	hold time.Duration // how long goods are kept for it
}

func cartSpec(hold time.Duration) statefun.StatefulFunctionSpec {
	return statefun.StatefulFunctionSpec{
		FunctionType: statefun.TypeNameFrom("shop/cart"),
		States:       []statefun.ValueSpec{basket},
		Function:     rejecting(shopRecords, cart{hold}.invoke),
	}
}

func (c cart) invoke(ctx statefun.Context, message statefun.Message) error {
	switch {
	case message.Is(addType):
		return take(ctx, message, addType, add)
	case message.Is(reservedType):
		return take(ctx, message, reservedType, c.reserved)
	case message.Is(refusedType):
		return take(ctx, message, refusedType, refused)
	case message.Is(expireType):
		return take(ctx, message, expireType, expire)
	case message.Is(removeType):
		return take(ctx, message, removeType, remove)
	case message.Is(checkoutType):
		return checkout(ctx)
	default:
		return unknown(message)
	}
}

func add(ctx statefun.Context, m line) error {
	if m.Item == "" || m.Quantity < 1 {
		return rejection("name an item and a quantity of at least 1")
	}
	ctx.Send(statefun.MessageBuilder{Target: shelf(m.Item), Value: quantity{m.Quantity}, ValueType: reserveType})
	return nil
}

// reserved puts goods into the cart. A delayed message will take them out
// again; more of the same item gives all of it the full time anew.
func (c cart) reserved(ctx statefun.Context, m line) error {
	all := load(ctx)
	i := all.find(m.Item)
	if i < 0 {
		i = len(all.Held)
		all.Held = append(all.Held, held{line: line{Item: m.Item}})
	}
	all.Reservations++
	all.Held[i].Quantity += m.Quantity
	all.Held[i].Number = all.Reservations
	ctx.Storage().Set(basket, all)
	notice(ctx, fmt.Sprintf("%s: %d in the cart", m.Item, all.Held[i].Quantity))

	token, err := tokenOf(m.Item)
	if err != nil {
		return err
	}
	ctx.CancelDelayedMessage(token)
	end := statefun.MessageBuilder{Target: ctx.Self(), Value: expiration{m.Item, all.Reservations}, ValueType: expireType}
	ctx.SendAfterWithCancellationToken(c.hold, token, end)
	return nil
}

func refused(ctx statefun.Context, m refusal) error {
	notice(ctx, fmt.Sprintf("%s: not enough, %d left", m.Item, m.Left))
	return nil
}

// expire compares numbers, because a message can be on its way already when it
// is cancelled.
func expire(ctx statefun.Context, m expiration) error {
	c := load(ctx)
	i := c.find(m.Item)
	if i < 0 || c.Held[i].Number != m.Number {
		return nil
	}
	notice(ctx, m.Item+": the reservation is over")
	giveBack(ctx, c, i)
	return nil
}

func remove(ctx statefun.Context, m item) error {
	c := load(ctx)
	i := c.find(m.Item)
	if i < 0 {
		return nil
	}
	if err := cancel(ctx, m.Item); err != nil {
		return err
	}
	giveBack(ctx, c, i)
	return nil
}

func giveBack(ctx statefun.Context, c contents, i int) {
	h := c.Held[i]
	ctx.Send(statefun.MessageBuilder{Target: shelf(h.Item), Value: quantity{h.Quantity}, ValueType: restockType})
	c.Held = slices.Delete(c.Held, i, i+1)
	ctx.Storage().Set(basket, c)
}

func checkout(ctx statefun.Context) error {
	c := load(ctx)
	if len(c.Held) == 0 {
		notice(ctx, "the cart is empty")
		return nil
	}
	c.Receipts++
	bought := receipt{Shopper: ctx.Self().Id, Number: c.Receipts}
	for _, h := range c.Held {
		if err := cancel(ctx, h.Item); err != nil {
			return err
		}
		bought.Lines = append(bought.Lines, h.line)
	}
	c.Held = nil
	ctx.Storage().Set(basket, c)
	return record(ctx, shopRecords, "receipts", bought.Shopper, bought)
}

func cancel(ctx statefun.Context, item string) error {
	token, err := tokenOf(item)
	if err != nil {
		return err
	}
	ctx.CancelDelayedMessage(token)
	return nil
}

// tokenOf names the cart in the token of an item: a runtime keeps the tokens of
// all functions of one id in one index, and the SDK sends them as they are.
func tokenOf(item string) (statefun.CancellationToken, error) {
	return statefun.NewCancellationToken("shop/cart|" + item)
}

func load(ctx statefun.Context) contents {
	var c contents
	ctx.Storage().Get(basket, &c)
	return c
}

// shelf is the stock of an item.
func shelf(item string) statefun.Address {
	return statefun.Address{FunctionType: stockSpec.FunctionType, Id: item}
}

func notice(ctx statefun.Context, text string) {
	ctx.SendEgress(statefun.KafkaEgressBuilder{Target: shopRecords, Topic: "notices", Key: ctx.Self().Id, Value: text})
}
