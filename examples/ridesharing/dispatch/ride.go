package dispatch

import (
	"context"
	"errors"
	"time"

	"github.com/statefun-go/statefun-go/examples/ridesharing/contract"
	"github.com/statefun-go/statefun-go/examples/ridesharing/contract/ridepb"
	"github.com/statefun-go/statefun-go/statefun"
)

// phase is where a ride stands.
type phase int

const (
	none      phase = iota // not begun, or over
	searching              // for a driver
	offered                // to the driver
	underway               // with the driver
)

// ride is what is known of a ride that is not over.
type ride struct {
	Passenger string `json:"passenger"`
	Cell      string `json:"cell"`
	Driver    string `json:"driver"`
	Phase     phase  `json:"phase"`
	Step      int64  `json:"step"` // counts the changes of phase
}

// phaseOver is a ride's message to itself: the time of a phase is over.
type phaseOver struct {
	Step int64 `json:"step"` // of the phase
}

var (
	rides         = statefun.NewState("ride", statefun.JSON[ride]("dispatch/RideState"))
	phaseOverType = statefun.JSON[phaseOver]("dispatch/PhaseOver")
	timer         = statefun.Token("phase")
	trips         = statefun.KafkaTopic(contract.Egress, "trips", statefun.Typed(contract.Trip))
)

var errOpen = statefun.Terminal(errors.New("the ride is open already"))

type dispatcher struct{ patience Patience }

// enter begins a phase, and ends the one before together with its timer.
func (d dispatcher) enter(inv *statefun.Invocation, r ride, p phase) {
	r.Phase = p
	r.Step++
	rides.Set(inv, r)
	inv.Cancel(timer)
	if wait := d.patience.of(p); wait != 0 {
		phaseOverType.SendAfter(inv, wait, inv.Self(), phaseOver{r.Step}, timer)
	}
}

// of returns the time for a phase; 0 is for ever.
func (p Patience) of(in phase) time.Duration {
	switch in {
	case searching:
		return p.Search
	case offered:
		return p.Offer
	default:
		return 0
	}
}

func (d dispatcher) open(_ context.Context, inv *statefun.Invocation, m *ridepb.OpenRide) error {
	r, err := rides.Get(inv)
	if err != nil {
		return err
	}
	if r.Phase != none {
		return errOpen
	}
	d.search(inv, ride{Passenger: m.GetPassenger(), Cell: m.GetCell()})
	return nil
}

func (d dispatcher) search(inv *statefun.Invocation, r ride) {
	r.Driver = ""
	contract.FindDriver.Send(inv, contract.Cell.Address(r.Cell), &ridepb.FindDriver{Ride: inv.Self().ID})
	d.enter(inv, r, searching)
}

func (d dispatcher) driverFound(_ context.Context, inv *statefun.Invocation, m *ridepb.DriverFound) error {
	r, err := rides.Get(inv)
	if err != nil {
		return err
	}
	if r.Phase != searching { // it has given up; somebody else may be glad of the driver
		contract.DriverIdle.Send(inv, contract.Cell.Address(m.GetCell()), &ridepb.DriverIdle{Driver: m.GetDriver()})
		return nil
	}
	r.Driver = m.GetDriver()
	offer := &ridepb.Offer{Ride: inv.Self().ID, Cell: r.Cell, Passenger: r.Passenger}
	contract.Offer.Send(inv, contract.Driver.Address(r.Driver), offer)
	d.enter(inv, r, offered)
	return nil
}

func (d dispatcher) offerAnswered(_ context.Context, inv *statefun.Invocation, m *ridepb.OfferAnswered) error {
	r, err := rides.Get(inv)
	if err != nil || r.Phase != offered || m.GetDriver() != r.Driver {
		return err // an answer to an offer that has been withdrawn
	}
	if !m.GetAccepted() {
		d.search(inv, r)
		return nil
	}
	tell(inv, r, &ridepb.RideUpdate{Status: ridepb.RideUpdate_UNDERWAY, Driver: r.Driver})
	d.enter(inv, r, underway)
	return nil
}

func (d dispatcher) rideFinished(_ context.Context, inv *statefun.Invocation, m *ridepb.RideFinished) error {
	r, err := rides.Get(inv)
	if err != nil || r.Phase != underway || m.GetDriver() != r.Driver {
		return err
	}
	fare := 300 + m.GetMetres()*15/100
	trips.Send(inv, inv.Self().ID, &ridepb.Trip{
		Ride: inv.Self().ID, Passenger: r.Passenger, Driver: r.Driver, Metres: m.GetMetres(), FareCents: fare,
	})
	tell(inv, r, &ridepb.RideUpdate{Status: ridepb.RideUpdate_ARRIVED, Driver: r.Driver, FareCents: fare})
	rides.Clear(inv)
	return nil
}

// phaseOver compares steps, because a message whose time has come can be on its
// way already when it is cancelled.
func (d dispatcher) phaseOver(_ context.Context, inv *statefun.Invocation, m phaseOver) error {
	r, err := rides.Get(inv)
	if err != nil || m.Step != r.Step {
		return err
	}
	if r.Phase == offered {
		contract.WithdrawOffer.Send(inv, contract.Driver.Address(r.Driver), &ridepb.WithdrawOffer{Ride: inv.Self().ID})
		d.search(inv, r)
		return nil
	}
	contract.StopSearch.Send(inv, contract.Cell.Address(r.Cell), &ridepb.StopSearch{Ride: inv.Self().ID})
	tell(inv, r, &ridepb.RideUpdate{Status: ridepb.RideUpdate_NO_DRIVER})
	rides.Clear(inv)
	return nil
}

func tell(inv *statefun.Invocation, r ride, m *ridepb.RideUpdate) {
	m.Ride = inv.Self().ID
	contract.RideUpdate.Send(inv, contract.Passenger.Address(r.Passenger), m)
}
