package e2e_test

import (
	"testing"

	"github.com/statefun-go/statefun-go/examples/cart"
	"github.com/statefun-go/statefun-go/statefun"
)

// TestSplit has the two functions of the shop in two places that do not know
// each other's. One module file has the namespace, another has the stock by its
// own name, which wins.
func TestSplit(t *testing.T) {
	t.Parallel()
	var carts, stocks []statefun.Function
	for _, f := range shopFunctions() {
		if f.Name() == cart.Stock {
			stocks = append(stocks, f)
		} else {
			carts = append(carts, f)
		}
	}
	for _, p := range []platform{flink3("async"), embedded()} {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			stock := application{functions: cart.Stock.String(), url: serve(t, stocks, nil)}
			goShopping(openAll(t, p, []application{shop, stock}, serve(t, carts, nil))[0])
		})
	}
}
