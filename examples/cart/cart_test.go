package cart_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/statefun-go/statefun-go/examples/cart"
	"github.com/statefun-go/statefun-go/statefun"
	"github.com/statefun-go/statefun-go/statefun/statefuntest"
)

const hold = 30 * time.Minute

// shop is a shop in a test. Its actions run until nothing is left to do.
type shop struct{ *statefuntest.Runtime }

func open(t *testing.T) shop {
	t.Helper()
	return shop{statefuntest.New(t, cart.Functions(hold), nil)}
}

func (s shop) restock(item string, quantity int64) {
	statefuntest.Send(s.Runtime, cart.Stock.Address(item), cart.RestockType, cart.Restock{Quantity: quantity})
	s.Run()
}

func (s shop) add(shopper, item string, quantity int64) {
	statefuntest.Send(s.Runtime, cart.Cart.Address(shopper), cart.AddType, cart.Add{Line: cart.Line{Item: item, Quantity: quantity}})
	s.Run()
}

func (s shop) remove(shopper, item string) {
	statefuntest.Send(s.Runtime, cart.Cart.Address(shopper), cart.RemoveType, cart.Remove{Item: item})
	s.Run()
}

func (s shop) checkout(shopper string) {
	statefuntest.Send(s.Runtime, cart.Cart.Address(shopper), cart.CheckoutType, cart.Checkout{})
	s.Run()
}

func (s shop) left(item string) int64 {
	left, _ := statefuntest.State(s.Runtime, cart.Stock.Address(item), cart.Left)
	return left
}

// held returns what is in a cart, in words.
func (s shop) held(shopper string) string {
	contents, _ := statefuntest.State(s.Runtime, cart.Cart.Address(shopper), cart.Basket)
	lines := []cart.Line{}
	for _, h := range contents.Held {
		lines = append(lines, h.Line)
	}
	return fmt.Sprint(lines)
}

// records returns the values of a topic's records of one shopper.
func (s shop) records(topic, shopper string) []string {
	var values []string
	for _, r := range s.Records("shop/records") {
		if r.Topic == topic && r.Key == shopper {
			values = append(values, string(r.Value))
		}
	}
	return values
}

func TestBuy(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.restock("socks", 5)
	s.restock("hat", 1)
	s.add("Ann", "socks", 2)
	s.add("Ann", "hat", 1)
	s.add("Ann", "socks", 1)
	if got, want := s.held("Ann"), "[{socks 3} {hat 1}]"; got != want || s.left("socks") != 2 {
		t.Errorf("in the cart %s, want %s; %d socks left", got, want, s.left("socks"))
	}
	s.checkout("Ann")
	if s.Waiting() != 0 {
		t.Errorf("%d reservations still expire after they were bought", s.Waiting())
	}
	s.Advance(2 * hold)
	s.add("Ann", "socks", 2)
	s.checkout("Ann")

	want := []string{
		`{"shopper":"Ann","number":1,"lines":[{"item":"socks","quantity":3},{"item":"hat","quantity":1}]}`,
		`{"shopper":"Ann","number":2,"lines":[{"item":"socks","quantity":2}]}`,
	}
	if got := s.records("receipts", "Ann"); !slices.Equal(got, want) {
		t.Errorf("receipts %q, want %q", got, want)
	}
	if s.left("socks") != 0 || s.left("hat") != 0 {
		t.Errorf("%d socks and %d hats are left of what was sold", s.left("socks"), s.left("hat"))
	}
}

func TestNotEnough(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.restock("socks", 2)
	s.add("Ann", "socks", 3)
	s.checkout("Ann")
	want := []string{"socks: not enough, 2 left", "the cart is empty"}
	if got := s.records("notices", "Ann"); !slices.Equal(got, want) || s.left("socks") != 2 {
		t.Errorf("notices %q, want %q; %d socks left", got, want, s.left("socks"))
	}
}

func TestReservationExpires(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.restock("socks", 3)
	s.restock("hat", 1)
	s.add("Ann", "socks", 1)
	s.add("Ann", "hat", 1)
	s.Advance(hold - time.Minute)
	s.add("Ann", "socks", 1) // all socks get the full time anew
	s.Advance(time.Minute)
	if got, want := s.held("Ann"), "[{socks 2}]"; got != want || s.left("hat") != 1 {
		t.Errorf("in the cart %s, want %s; %d hats left", got, want, s.left("hat"))
	}
	s.Advance(hold - time.Minute)
	if s.held("Ann") != "[]" || s.left("socks") != 3 {
		t.Errorf("in the cart %s; %d socks left", s.held("Ann"), s.left("socks"))
	}
	want := []string{
		"socks: 1 in the cart", "hat: 1 in the cart", "socks: 2 in the cart",
		"hat: the reservation is over", "socks: the reservation is over",
	}
	if got := s.records("notices", "Ann"); !slices.Equal(got, want) {
		t.Errorf("notices %q, want %q", got, want)
	}
}

func TestRemove(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.restock("socks", 3)
	s.add("Ann", "socks", 2)
	s.remove("Ann", "socks")
	s.remove("Ann", "hat") // which is not there
	if s.held("Ann") != "[]" || s.left("socks") != 3 || s.Waiting() != 0 {
		t.Errorf("in the cart %s; %d socks left; %d reservations expire", s.held("Ann"), s.left("socks"), s.Waiting())
	}
}

// An expiration that was on its way when it was cancelled does not touch the
// next reservation of the item.
func TestLateExpiration(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.restock("socks", 5)
	s.add("Ann", "socks", 1)
	s.checkout("Ann")
	s.add("Ann", "socks", 2)
	ann := cart.Cart.Address("Ann")
	statefuntest.SendFrom(s.Runtime, ann, ann, cart.ExpireType, cart.Expire{Item: "socks", Number: 1})
	s.Run()
	if got, want := s.held("Ann"), "[{socks 2}]"; got != want {
		t.Errorf("in the cart %s, want %s", got, want)
	}
}

// What nobody can carry out goes to the topic rejected and changes nothing.
func TestRejected(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.restock("socks", 5)
	s.restock("socks", -1)
	s.add("Ann", "socks", 0)
	s.add("Ann", "", 1)
	statefuntest.Send(s.Runtime, cart.Stock.Address("socks"), cart.ReserveType, cart.Reserve{Quantity: 1})
	statefuntest.SendFrom(s.Runtime, cart.Cart.Address("Ann"), cart.Stock.Address("socks"), cart.ReserveType, cart.Reserve{Quantity: -1})
	statefuntest.Send(s.Runtime, cart.Stock.Address("socks"), statefun.String, "socks!")
	s.Run()
	if letters := s.DeadLetters(); len(letters) != 6 || s.left("socks") != 5 {
		t.Errorf("%d letters, want 6: %+v; %d socks left", len(letters), letters, s.left("socks"))
	}
}

// Whatever shoppers do, no piece is lost and none is sold twice.
func TestNothingIsLost(t *testing.T) {
	t.Parallel()
	const pieces = 50
	s := open(t)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	s.restock("socks", pieces)
	for range 300 {
		// Without Run between them, so that the messages meet on their way.
		shopper := cart.Cart.Address([]string{"Ann", "Bob", "Cid"}[random.IntN(3)])
		switch random.IntN(6) {
		case 0:
			statefuntest.Send(s.Runtime, shopper, cart.RemoveType, cart.Remove{Item: "socks"})
		case 1:
			statefuntest.Send(s.Runtime, shopper, cart.CheckoutType, cart.Checkout{})
		case 2:
			s.Advance(time.Duration(random.IntN(20)) * time.Minute)
		default:
			line := cart.Line{Item: "socks", Quantity: 1 + random.Int64N(2)}
			statefuntest.Send(s.Runtime, shopper, cart.AddType, cart.Add{Line: line})
		}
	}
	s.Advance(hold) // what was not bought comes back

	var sold int64
	for _, r := range s.Records("shop/records") {
		if r.Topic == "receipts" {
			var receipt cart.Receipt
			if err := json.Unmarshal(r.Value, &receipt); err != nil {
				t.Fatal(err)
			}
			sold += receipt.Lines[0].Quantity
		}
	}
	if sold == 0 || sold+s.left("socks") != pieces {
		t.Errorf("%d sold and %d left of %d", sold, s.left("socks"), pieces)
	}
}
