package cart

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/statefun-go/statefun-go/statefun"
)

// Contents is what a cart remembers.
//
// Held is a list and not a map, because messages are sent as it is walked: the
// order of a map differs from run to run, and so would two answers to the same
// request.
type Contents struct {
	Held         []Held `json:"held"`
	Reservations int64  `json:"reservations"` // made so far
	Receipts     int64  `json:"receipts"`     // written so far
}

// Held is reserved for the cart, and for some time only.
type Held struct {
	Line
	Number int64 `json:"number"` // of the reservation
}

// Basket is the state of a cart.
var Basket = statefun.NewState("basket", statefun.JSON[Contents]("shop/Contents"))

func (c *Contents) find(item string) int {
	return slices.IndexFunc(c.Held, func(h Held) bool { return h.Item == item })
}

func add(_ context.Context, inv *statefun.Invocation, m Add) error {
	if m.Item == "" || m.Quantity < 1 {
		return errLine
	}
	ReserveType.Send(inv, Stock.Address(m.Item), Reserve{m.Quantity})
	return nil
}

// reserved puts goods into the cart. A delayed message will take them out
// again; more of the same item gives all of it the full time anew.
func reserved(hold time.Duration) func(context.Context, *statefun.Invocation, Reserved) error {
	return func(_ context.Context, inv *statefun.Invocation, m Reserved) error {
		contents, err := Basket.Get(inv)
		if err != nil {
			return err
		}
		i := contents.find(m.Item)
		if i < 0 {
			i = len(contents.Held)
			contents.Held = append(contents.Held, Held{Line: Line{Item: m.Item}})
		}
		contents.Reservations++
		contents.Held[i].Quantity += m.Quantity
		contents.Held[i].Number = contents.Reservations
		Basket.Set(inv, contents)
		Notices.Send(inv, inv.Self().ID, fmt.Sprintf("%s: %d in the cart", m.Item, contents.Held[i].Quantity))

		token := statefun.Token(m.Item)
		inv.Cancel(token)
		ExpireType.SendAfter(inv, hold, inv.Self(), Expire{m.Item, contents.Reservations}, token)
		return nil
	}
}

func refused(_ context.Context, inv *statefun.Invocation, m Refused) error {
	Notices.Send(inv, inv.Self().ID, fmt.Sprintf("%s: not enough, %d left", m.Item, m.Left))
	return nil
}

// expire compares numbers, because a message whose time has come can be on its
// way already when it is cancelled: the goods may have been bought since, and
// others of the kind reserved.
func expire(_ context.Context, inv *statefun.Invocation, m Expire) error {
	contents, err := Basket.Get(inv)
	if err != nil {
		return err
	}
	i := contents.find(m.Item)
	if i < 0 || contents.Held[i].Number != m.Number {
		return nil
	}
	Notices.Send(inv, inv.Self().ID, m.Item+": the reservation is over")
	giveBack(inv, contents, i)
	return nil
}

func remove(_ context.Context, inv *statefun.Invocation, m Remove) error {
	contents, err := Basket.Get(inv)
	if err != nil {
		return err
	}
	if i := contents.find(m.Item); i >= 0 {
		inv.Cancel(statefun.Token(m.Item))
		giveBack(inv, contents, i)
	}
	return nil
}

func giveBack(inv *statefun.Invocation, contents Contents, i int) {
	held := contents.Held[i]
	RestockType.Send(inv, Stock.Address(held.Item), Restock{held.Quantity})
	contents.Held = slices.Delete(contents.Held, i, i+1)
	Basket.Set(inv, contents)
}

func checkout(_ context.Context, inv *statefun.Invocation, _ Checkout) error {
	contents, err := Basket.Get(inv)
	if err != nil {
		return err
	}
	shopper := inv.Self().ID
	if len(contents.Held) == 0 {
		Notices.Send(inv, shopper, "the cart is empty")
		return nil
	}
	contents.Receipts++
	receipt := Receipt{Shopper: shopper, Number: contents.Receipts}
	for _, held := range contents.Held {
		inv.Cancel(statefun.Token(held.Item))
		receipt.Lines = append(receipt.Lines, held.Line)
	}
	Receipts.Send(inv, shopper, receipt)
	contents.Held = nil
	Basket.Set(inv, contents)
	return nil
}
