// Package cart is a shop: carts reserve goods in the stock, and lose what is not
// bought in time. It shows how two function types work together, and how a
// delayed message is sent and taken back. See README.md for how to run it.
package cart

import (
	"errors"
	"time"

	"github.com/statefun-go/statefun-go/statefun"
)

// The functions of the shop.
var (
	// Cart is a shopper's cart; its id is the shopper.
	Cart = statefun.MustTypeName("shop/cart")

	// Stock is what the shop has of one item; its id is the item.
	Stock = statefun.MustTypeName("shop/stock")
)

// The ways out. Shoppers see notices, the shop's books get receipts.
var (
	Receipts = statefun.KafkaTopic("shop/records", "receipts", statefun.EncodeJSON[Receipt])
	Notices  = statefun.KafkaTopic("shop/records", "notices", statefun.Text)
	Rejected = statefun.KafkaTopic("shop/records", "rejected", statefun.EncodeJSON[statefun.DeadLetter])
)

// DefaultHold is how long a shop usually keeps goods for a cart.
const DefaultHold = 30 * time.Minute

// Functions returns the functions of a shop that keeps goods for a cart as long
// as hold, which is at least a millisecond. Settings are parameters, so that
// nothing here reads flags or the environment.
func Functions(hold time.Duration) []statefun.Function {
	return []statefun.Function{
		statefun.Define(
			Cart,
			statefun.On(AddType, add),
			statefun.On(ReservedType, reserved(hold)),
			statefun.On(RefusedType, refused),
			statefun.On(ExpireType, expire),
			statefun.On(RemoveType, remove),
			statefun.On(CheckoutType, checkout),
			Basket, Receipts, Notices, statefun.DeadLetterKafka(Rejected),
		),
		statefun.Define(
			Stock,
			statefun.On(RestockType, restock),
			statefun.On(ReserveType, reserve),
			Left, statefun.DeadLetterKafka(Rejected),
		),
	}
}

// What no other attempt would mend is a terminal error: the message goes to the
// topic rejected.
var (
	errLine     = statefun.Terminal(errors.New("name an item and a quantity of at least 1"))
	errQuantity = statefun.Terminal(errors.New("the quantity must be at least 1"))
	errNoCart   = statefun.Terminal(errors.New("only a cart can reserve: there is nobody to answer"))
)
