// Package riders is the team that looks after passengers.
package riders

import (
	"context"
	"errors"
	"fmt"

	"github.com/statefun-go/statefun-go/examples/ridesharing/contract"
	"github.com/statefun-go/statefun-go/examples/ridesharing/contract/ridepb"
	"github.com/statefun-go/statefun-go/statefun"
)

// account is what is known of a passenger.
type account struct {
	Rides int64  `json:"rides"` // so far
	Ride  string `json:"ride"`  // the current one
}

var (
	accounts = statefun.NewState("account", statefun.JSON[account]("riders/Account"))
	news     = statefun.KafkaTopic(contract.Egress, "passengers", statefun.Text)
)

// Functions returns the team's functions.
func Functions() []statefun.Function {
	return []statefun.Function{
		statefun.Define(
			contract.Passenger,
			statefun.On(contract.RequestRide, request),
			statefun.On(contract.RideUpdate, update),
			accounts, news,
		),
	}
}

var errNoCell = errors.New("a ride begins in a cell of the map")

func request(_ context.Context, inv *statefun.Invocation, m *ridepb.RequestRide) error {
	if m.GetCell() == "" {
		return statefun.Terminal(errNoCell)
	}
	a, err := accounts.Get(inv)
	if err != nil {
		return err
	}
	passenger := inv.Self().ID
	if a.Ride != "" {
		news.Send(inv, passenger, a.Ride+": one ride at a time")
		return nil
	}
	a.Rides++
	// Ids come from state: a random one would differ when the batch runs again.
	a.Ride = fmt.Sprintf("%s-%d", passenger, a.Rides)
	accounts.Set(inv, a)
	contract.OpenRide.Send(inv, contract.Ride.Address(a.Ride), &ridepb.OpenRide{Passenger: passenger, Cell: m.GetCell()})
	return nil
}

func update(_ context.Context, inv *statefun.Invocation, m *ridepb.RideUpdate) error {
	a, err := accounts.Get(inv)
	if err != nil {
		return err
	}
	passenger := inv.Self().ID
	switch m.GetStatus() {
	case ridepb.RideUpdate_UNDERWAY:
		news.Send(inv, passenger, fmt.Sprintf("%s: %s is on the way", a.Ride, m.GetDriver()))
		return nil
	case ridepb.RideUpdate_NO_DRIVER:
		news.Send(inv, passenger, a.Ride+": no driver was found")
	case ridepb.RideUpdate_ARRIVED:
		fare := m.GetFareCents()
		news.Send(inv, passenger, fmt.Sprintf("%s: that makes %d.%02d", a.Ride, fare/100, fare%100))
	default:
		return statefun.Terminal(fmt.Errorf("ride %s has an unknown status %d", a.Ride, m.GetStatus()))
	}
	a.Ride = ""
	accounts.Set(inv, a)
	return nil
}
