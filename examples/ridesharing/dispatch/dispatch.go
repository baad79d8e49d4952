// Package dispatch is the team that brings a passenger and a driver together: a
// function for each ride.
package dispatch

import (
	"time"

	"github.com/statefun-go/statefun-go/examples/ridesharing/contract"
	"github.com/statefun-go/statefun-go/statefun"
)

// Patience says how long a ride waits; both are at least a millisecond.
type Patience struct {
	Search time.Duration // for a free driver
	Offer  time.Duration // for a driver's answer
}

// DefaultPatience is what people usually have.
var DefaultPatience = Patience{Search: 5 * time.Minute, Offer: 15 * time.Second}

// Functions returns the team's functions.
func Functions(patience Patience) []statefun.Function {
	d := dispatcher{patience}
	return []statefun.Function{
		statefun.Define(
			contract.Ride,
			statefun.On(contract.OpenRide, d.open),
			statefun.On(contract.DriverFound, d.driverFound),
			statefun.On(contract.OfferAnswered, d.offerAnswered),
			statefun.On(contract.RideFinished, d.rideFinished),
			statefun.On(phaseOverType, d.phaseOver),
			rides, trips,
		),
	}
}
