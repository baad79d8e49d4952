package cart

import "github.com/statefun-go/statefun-go/statefun"

// Line is a number of pieces of one item.
type Line struct {
	Item     string `json:"item"`
	Quantity int64  `json:"quantity"`
}

// From shoppers to their cart.
type (
	// Add puts goods into the cart, if there are enough.
	Add struct{ Line }
	// Remove puts an item back.
	Remove struct {
		Item string `json:"item"`
	}
	// Checkout buys what is in the cart.
	Checkout struct{}
)

// Between carts and the stock, and from the shop's staff to the stock.
type (
	// Restock adds to the stock: new goods, or what a cart gives back.
	Restock struct {
		Quantity int64 `json:"quantity"`
	}
	// Reserve asks for pieces; the answer is Reserved or Refused.
	Reserve struct {
		Quantity int64 `json:"quantity"`
	}
	// Reserved says that the pieces are the cart's.
	Reserved struct{ Line }
	// Refused says that there are not enough.
	Refused struct {
		Item string `json:"item"`
		Left int64  `json:"left"`
	}
)

// Expire is a cart's message to itself: the time of one reservation is over.
type Expire struct {
	Item   string `json:"item"`
	Number int64  `json:"number"` // of the reservation
}

// Receipt says what was bought.
type Receipt struct {
	Shopper string `json:"shopper"`
	Number  int64  `json:"number"`
	Lines   []Line `json:"lines"`
}

// The names that the messages have on the wire, and their encodings.
var (
	AddType      = statefun.JSON[Add]("shop/Add")
	RemoveType   = statefun.JSON[Remove]("shop/Remove")
	CheckoutType = statefun.JSON[Checkout]("shop/Checkout")
	RestockType  = statefun.JSON[Restock]("shop/Restock")
	ReserveType  = statefun.JSON[Reserve]("shop/Reserve")
	ReservedType = statefun.JSON[Reserved]("shop/Reserved")
	RefusedType  = statefun.JSON[Refused]("shop/Refused")
	ExpireType   = statefun.JSON[Expire]("shop/Expire")
)
