package fleet

import (
	"context"
	"fmt"

	"github.com/statefun-go/statefun-go/examples/ridesharing/contract"
	"github.com/statefun-go/statefun-go/examples/ridesharing/contract/ridepb"
	"github.com/statefun-go/statefun-go/statefun"
)

// driver is what is known of a driver. Without a cell the driver is off duty.
type driver struct {
	Cell     string `json:"cell"`
	Ride     string `json:"ride"` // the one that is offered or under way
	Accepted bool   `json:"accepted"`
}

var (
	drivers = statefun.NewState("driver", statefun.JSON[driver]("fleet/DriverState"))
	news    = statefun.KafkaTopic(contract.Egress, "drivers", statefun.Text)
)

func driverAt(_ context.Context, inv *statefun.Invocation, m *ridepb.DriverAt) error {
	d, err := drivers.Get(inv)
	switch {
	case err != nil:
		return err
	case m.GetCell() == "":
		return errNoCell
	case d.Ride != "":
		return errBusy
	}
	if d.Cell != "" && d.Cell != m.GetCell() {
		contract.DriverLeft.Send(inv, contract.Cell.Address(d.Cell), &ridepb.DriverLeft{Driver: inv.Self().ID})
	}
	wait(inv, m.GetCell())
	return nil
}

// wait has a driver without a ride wait in a cell.
func wait(inv *statefun.Invocation, cell string) {
	drivers.Set(inv, driver{Cell: cell})
	contract.DriverIdle.Send(inv, contract.Cell.Address(cell), &ridepb.DriverIdle{Driver: inv.Self().ID})
}

// offered declines for a driver who is no longer free or no longer there: the
// cell that proposed the driver may not have heard yet.
func offered(_ context.Context, inv *statefun.Invocation, m *ridepb.Offer) error {
	d, err := drivers.Get(inv)
	if err != nil {
		return err
	}
	if d.Cell != m.GetCell() || d.Ride != "" {
		answer(inv, m.GetRide(), false)
		return nil
	}
	d.Ride = m.GetRide()
	drivers.Set(inv, d)
	news.Send(inv, inv.Self().ID, fmt.Sprintf("%s: fetch %s in %s?", d.Ride, m.GetPassenger(), m.GetCell()))
	return nil
}

// withdrawn takes a driver who has not answered off duty. An answer that is on
// its way comes too late, and the ride will not heed it.
func withdrawn(_ context.Context, inv *statefun.Invocation, m *ridepb.WithdrawOffer) error {
	d, err := drivers.Get(inv)
	if err != nil || d.Ride != m.GetRide() {
		return err
	}
	drivers.Clear(inv)
	news.Send(inv, inv.Self().ID, d.Ride+": too late, you are off duty")
	return nil
}

func accept(_ context.Context, inv *statefun.Invocation, m *ridepb.AcceptRide) error {
	d, err := drivers.Get(inv)
	switch {
	case err != nil:
		return err
	case d.Ride == "" || d.Ride != m.GetRide():
		return errNoOffer
	case d.Accepted:
		return nil
	}
	d.Accepted = true
	drivers.Set(inv, d)
	answer(inv, d.Ride, true)
	return nil
}

func answer(inv *statefun.Invocation, ride string, accepted bool) {
	contract.OfferAnswered.Send(inv, contract.Ride.Address(ride), &ridepb.OfferAnswered{Driver: inv.Self().ID, Accepted: accepted})
}

func finish(_ context.Context, inv *statefun.Invocation, m *ridepb.FinishRide) error {
	d, err := drivers.Get(inv)
	switch {
	case err != nil:
		return err
	case !d.Accepted:
		return errNoRide
	case m.GetCell() == "":
		return errNoCell
	case m.GetMetres() < 0:
		return errMetres
	}
	finished := &ridepb.RideFinished{Driver: inv.Self().ID, Metres: m.GetMetres()}
	contract.RideFinished.Send(inv, contract.Ride.Address(d.Ride), finished)
	wait(inv, m.GetCell())
	return nil
}
