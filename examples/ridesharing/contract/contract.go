// Package contract is all that the teams of the ridesharing application know of
// each other: the names of their functions, and the messages that these take.
// What a function remembers is its own affair and stands beside it.
package contract

import (
	"github.com/statefun-go/statefun-go/examples/ridesharing/contract/ridepb"
	"github.com/statefun-go/statefun-go/statefun"
)

// The functions that other teams or the apps of passengers and drivers send to.
var (
	Passenger = statefun.MustTypeName("riders/passenger") // id: the passenger
	Ride      = statefun.MustTypeName("dispatch/ride")    // id: the ride
	Driver    = statefun.MustTypeName("fleet/driver")     // id: the driver
	Cell      = statefun.MustTypeName("fleet/cell")       // id: a cell of the map
	Desk      = statefun.MustTypeName("support/desk")     // id: whom a dead letter was for
)

// The messages. Their names on the wire are type.googleapis.com/ and the full
// names of ride.proto.
var (
	RequestRide   = statefun.Proto[*ridepb.RequestRide]()
	DriverAt      = statefun.Proto[*ridepb.DriverAt]()
	AcceptRide    = statefun.Proto[*ridepb.AcceptRide]()
	FinishRide    = statefun.Proto[*ridepb.FinishRide]()
	OpenRide      = statefun.Proto[*ridepb.OpenRide]()
	RideUpdate    = statefun.Proto[*ridepb.RideUpdate]()
	FindDriver    = statefun.Proto[*ridepb.FindDriver]()
	StopSearch    = statefun.Proto[*ridepb.StopSearch]()
	DriverFound   = statefun.Proto[*ridepb.DriverFound]()
	Offer         = statefun.Proto[*ridepb.Offer]()
	WithdrawOffer = statefun.Proto[*ridepb.WithdrawOffer]()
	OfferAnswered = statefun.Proto[*ridepb.OfferAnswered]()
	RideFinished  = statefun.Proto[*ridepb.RideFinished]()
	DriverIdle    = statefun.Proto[*ridepb.DriverIdle]()
	DriverLeft    = statefun.Proto[*ridepb.DriverLeft]()
	Trip          = statefun.Proto[*ridepb.Trip]()
)

// Egress is where all records go: Kafka in a cluster.
const Egress = "ridesharing/records"

// FromApp reports whether m is of a type that the apps of passengers and drivers
// send. All other messages go from function to function.
func FromApp(m statefun.Message) bool {
	return RequestRide.Is(m) || DriverAt.Is(m) || AcceptRide.Is(m) || FinishRide.Is(m)
}
