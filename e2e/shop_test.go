package e2e_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/statefun-go/statefun-go/e2e/kafka"
	"github.com/statefun-go/statefun-go/examples/cart"
	"github.com/statefun-go/statefun-go/statefun"
)

// shop is the cart of examples/cart.
var shop = application{
	functions: "shop/*",
	inputs: []input{
		{"restock", cart.RestockType.Name(), []string{cart.Stock.String()}},
		{"add", cart.AddType.Name(), []string{cart.Cart.String()}},
		{"remove", cart.RemoveType.Name(), []string{cart.Cart.String()}},
		{"checkout", cart.CheckoutType.Name(), []string{cart.Cart.String()}},
	},
	egress:  "shop/records",
	outputs: []string{"receipts", "notices", "rejected"},
}

// hold is how long a reservation lasts.
const hold = 5 * time.Second

// shopping is scenario 2: two function types, delayed messages, cancellation and
// dead letters.
var shopping = scenario{name: "shop", application: shop, functions: shopFunctions, drive: goShopping, timed: true}

func shopFunctions() []statefun.Function { return cart.Functions(hold) }

func goShopping(w *world) {
	seen := 0
	// say sends one message and waits for as many records as come of it.
	say := func(topic, key, value string, records int) {
		w.send([]kafka.Record{{Topic: topic, Key: key, Value: value}})
		seen += records
		w.await(seen)
	}
	const bad = `{"item":"socks","quantity":0}`
	w.send([]kafka.Record{{Topic: "restock", Key: "socks", Value: `{"quantity":5}`}, {Topic: "restock", Key: "hat", Value: `{"quantity":1}`}})
	say("add", "Zoe", bad, 1) // and so the stock is there
	w.pause(time.Second)
	say("add", "Ann", `{"item":"socks","quantity":2}`, 1)
	say("add", "Ann", `{"item":"hat","quantity":1}`, 1)
	say("add", "Ann", `{"item":"socks","quantity":1}`, 1) // its first reservation is taken back
	say("checkout", "Ann", `{}`, 1)                       // and these two
	say("add", "Bob", `{"item":"hat","quantity":1}`, 1)
	say("add", "Carl", `{"item":"socks","quantity":2}`, 1)
	w.send([]kafka.Record{{Topic: "remove", Key: "Carl", Value: `{"item":"socks"}`}})
	w.pause(time.Second)
	say("checkout", "Carl", `{}`, 1)
	say("add", "Bob", `{"item":"socks","quantity":2}`, 2) // and its end
	say("checkout", "Bob", `{}`, 1)
	w.pause(hold)
	say("add", "Eve", `{"item":"socks","quantity":99}`, 1) // asks what is left: 5, but for Ann's
	w.equal(map[string][]string{
		"notices/Ann":  {"socks: 2 in the cart", "hat: 1 in the cart", "socks: 3 in the cart"},
		"receipts/Ann": {`{"shopper":"Ann","number":1,"lines":[{"item":"socks","quantity":3},{"item":"hat","quantity":1}]}`},
		"notices/Bob":  {"hat: not enough, 0 left", "socks: 2 in the cart", "socks: the reservation is over", "the cart is empty"},
		"notices/Eve":  {"socks: not enough, 2 left"},
		"notices/Carl": {"socks: 2 in the cart", "the cart is empty"},
		"rejected/Zoe": {letter(w.t, statefun.DeadLetter{
			Target: cart.Cart.Address("Zoe"), TypeName: cart.AddType.Name(), Value: []byte(bad),
			Reason: "name an item and a quantity of at least 1",
		})},
	})
}

func TestShop(t *testing.T) {
	t.Parallel()
	shopping.on(t, flink3("async"), flink3("okhttp"), embedded())
}

func letter(t *testing.T, l statefun.DeadLetter) string {
	t.Helper()
	text, err := json.Marshal(l)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
