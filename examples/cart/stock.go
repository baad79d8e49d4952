package cart

import (
	"context"

	"github.com/statefun-go/statefun-go/statefun"
)

// Left is how many pieces of an item nobody has reserved.
var Left = statefun.NewState("left", statefun.Int64)

func restock(_ context.Context, inv *statefun.Invocation, m Restock) error {
	if m.Quantity < 1 {
		return errQuantity
	}
	left, err := Left.Get(inv)
	if err != nil {
		return err
	}
	Left.Set(inv, left+m.Quantity)
	return nil
}

// reserve needs no lock: an item is one address, and an address takes its
// messages one at a time.
func reserve(_ context.Context, inv *statefun.Invocation, m Reserve) error {
	if m.Quantity < 1 {
		return errQuantity
	}
	if _, ok := inv.Caller(); !ok {
		return errNoCart // it came from outside
	}
	left, err := Left.Get(inv)
	if err != nil {
		return err
	}
	item := inv.Self().ID
	if m.Quantity > left {
		RefusedType.Reply(inv, Refused{item, left})
		return nil
	}
	Left.Set(inv, left-m.Quantity)
	ReservedType.Reply(inv, Reserved{Line{item, m.Quantity}})
	return nil
}
