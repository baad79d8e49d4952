// Package fleet is the team that looks after drivers and the cells of the map
// in which they wait.
package fleet

import (
	"errors"

	"github.com/statefun-go/statefun-go/examples/ridesharing/contract"
	"github.com/statefun-go/statefun-go/statefun"
)

// Functions returns the team's functions.
func Functions() []statefun.Function {
	return []statefun.Function{
		statefun.Define(
			contract.Driver,
			statefun.On(contract.DriverAt, driverAt),
			statefun.On(contract.Offer, offered),
			statefun.On(contract.WithdrawOffer, withdrawn),
			statefun.On(contract.AcceptRide, accept),
			statefun.On(contract.FinishRide, finish),
			drivers, news,
		),
		statefun.Define(
			contract.Cell,
			statefun.On(contract.DriverIdle, driverIdle),
			statefun.On(contract.DriverLeft, driverLeft),
			statefun.On(contract.FindDriver, findDriver),
			statefun.On(contract.StopSearch, stopSearch),
			cells,
		),
	}
}

// Mistakes of the driver's app, which no other attempt would mend.
var (
	errNoCell  = statefun.Terminal(errors.New("a driver waits in a cell of the map"))
	errBusy    = statefun.Terminal(errors.New("the driver has a ride"))
	errNoOffer = statefun.Terminal(errors.New("the ride is not offered to this driver"))
	errNoRide  = statefun.Terminal(errors.New("the driver has no ride"))
	errMetres  = statefun.Terminal(errors.New("a ride has no negative length"))
)
