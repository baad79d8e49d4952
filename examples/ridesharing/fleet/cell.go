package fleet

import (
	"context"
	"slices"

	"github.com/statefun-go/statefun-go/examples/ridesharing/contract"
	"github.com/statefun-go/statefun-go/examples/ridesharing/contract/ridepb"
	"github.com/statefun-go/statefun-go/statefun"
)

// cell brings drivers and rides together. One of the lists is always empty; who
// has waited longest comes first.
type cell struct {
	Drivers []string `json:"drivers"`
	Rides   []string `json:"rides"`
}

var cells = statefun.NewState("cell", statefun.JSON[cell]("fleet/CellState"))

func driverIdle(_ context.Context, inv *statefun.Invocation, m *ridepb.DriverIdle) error {
	c, err := cells.Get(inv)
	if err != nil || slices.Contains(c.Drivers, m.GetDriver()) {
		return err
	}
	if len(c.Rides) > 0 {
		found(inv, c.Rides[0], m.GetDriver())
		c.Rides = c.Rides[1:]
	} else {
		c.Drivers = append(c.Drivers, m.GetDriver())
	}
	cells.Set(inv, c)
	return nil
}

func findDriver(_ context.Context, inv *statefun.Invocation, m *ridepb.FindDriver) error {
	c, err := cells.Get(inv)
	if err != nil {
		return err
	}
	if len(c.Drivers) > 0 {
		found(inv, m.GetRide(), c.Drivers[0])
		c.Drivers = c.Drivers[1:]
	} else {
		c.Rides = append(c.Rides, m.GetRide())
	}
	cells.Set(inv, c)
	return nil
}

func found(inv *statefun.Invocation, ride, driver string) {
	contract.DriverFound.Send(inv, contract.Ride.Address(ride), &ridepb.DriverFound{Driver: driver, Cell: inv.Self().ID})
}

func driverLeft(_ context.Context, inv *statefun.Invocation, m *ridepb.DriverLeft) error {
	return change(inv, func(c *cell) { c.Drivers = without(c.Drivers, m.GetDriver()) })
}

func stopSearch(_ context.Context, inv *statefun.Invocation, m *ridepb.StopSearch) error {
	return change(inv, func(c *cell) { c.Rides = without(c.Rides, m.GetRide()) })
}

func change(inv *statefun.Invocation, f func(*cell)) error {
	c, err := cells.Get(inv)
	if err != nil {
		return err
	}
	f(&c)
	cells.Set(inv, c)
	return nil
}

func without(list []string, name string) []string {
	return slices.DeleteFunc(list, func(s string) bool { return s == name })
}
