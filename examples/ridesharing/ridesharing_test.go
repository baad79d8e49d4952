package ridesharing_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/statefun-go/statefun-go/examples/ridesharing"
	"github.com/statefun-go/statefun-go/examples/ridesharing/contract"
	"github.com/statefun-go/statefun-go/examples/ridesharing/contract/ridepb"
	"github.com/statefun-go/statefun-go/examples/ridesharing/dispatch"
	"github.com/statefun-go/statefun-go/statefun"
	"github.com/statefun-go/statefun-go/statefun/statefuntest"
)

var patience = dispatch.Patience{Search: 5 * time.Minute, Offer: 15 * time.Second}

// city is the whole application in a test. What the apps send runs until
// nothing is left to do but to wait.
type city struct{ *statefuntest.Runtime }

func open(t *testing.T) city {
	t.Helper()
	options := &statefuntest.Options{Handler: ridesharing.Options(nil)}
	return city{statefuntest.New(t, ridesharing.Functions(patience), options)}
}

func (c city) request(passenger, cell string) {
	statefuntest.Send(c.Runtime, contract.Passenger.Address(passenger), contract.RequestRide, &ridepb.RequestRide{Cell: cell})
	c.Run()
}

func (c city) driverAt(driver, cell string) {
	statefuntest.Send(c.Runtime, contract.Driver.Address(driver), contract.DriverAt, &ridepb.DriverAt{Cell: cell})
	c.Run()
}

func (c city) accept(driver, ride string) {
	statefuntest.Send(c.Runtime, contract.Driver.Address(driver), contract.AcceptRide, &ridepb.AcceptRide{Ride: ride})
	c.Run()
}

func (c city) finish(driver, cell string, metres int64) {
	statefuntest.Send(c.Runtime, contract.Driver.Address(driver), contract.FinishRide, &ridepb.FinishRide{Cell: cell, Metres: metres})
	c.Run()
}

// told checks what came out on a topic for one person, so far.
func (c city) told(t *testing.T, topic, person string, want ...string) {
	t.Helper()
	var got []string
	for _, r := range c.Records(contract.Egress) {
		if r.Topic == topic && r.Key == person {
			got = append(got, string(r.Value))
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s of %s:\n%q, want\n%q", topic, person, got, want)
	}
}

func TestRide(t *testing.T) {
	t.Parallel()
	c := open(t)
	c.driverAt("Dan", "mitte")
	c.request("Ann", "mitte")
	c.request("Ann", "mitte") // impatient
	c.accept("Dan", "Ann-1")
	c.accept("Dan", "Ann-1") // pressed twice
	if c.Waiting() != 0 {
		t.Error("a timer runs while the ride is under way")
	}
	c.finish("Dan", "wedding", 4200)
	c.told(t, "drivers", "Dan", "Ann-1: fetch Ann in mitte?")
	c.told(t, "passengers", "Ann", "Ann-1: one ride at a time", "Ann-1: Dan is on the way", "Ann-1: that makes 9.30")

	want := &ridepb.Trip{Ride: "Ann-1", Passenger: "Ann", Driver: "Dan", Metres: 4200, FareCents: 930}
	i := slices.IndexFunc(c.Records(contract.Egress), func(r statefuntest.Record) bool { return r.Topic == "trips" })
	if i < 0 {
		t.Fatal("no trip")
	}
	if got := statefuntest.Decode(c.Runtime, contract.Trip, c.Records(contract.Egress)[i].Value); !proto.Equal(got, want) {
		t.Errorf("trip %v, want %v", got, want)
	}

	c.request("Bob", "wedding") // where Dan is now
	c.told(t, "drivers", "Dan", "Ann-1: fetch Ann in mitte?", "Bob-1: fetch Bob in wedding?")
}

// A ride that comes first waits for a driver.
func TestDriverComesLater(t *testing.T) {
	t.Parallel()
	c := open(t)
	c.request("Ann", "mitte")
	c.Advance(patience.Search - time.Second)
	c.driverAt("Dan", "mitte")
	c.accept("Dan", "Ann-1")
	c.Advance(time.Hour)
	c.told(t, "passengers", "Ann", "Ann-1: Dan is on the way")
}

func TestNobodyThere(t *testing.T) {
	t.Parallel()
	c := open(t)
	c.request("Ann", "mitte")
	c.Advance(patience.Search)
	c.driverAt("Dan", "mitte") // nobody waits any more
	c.request("Ann", "pankow")
	c.Advance(patience.Search)
	c.told(t, "drivers", "Dan")
	c.told(t, "passengers", "Ann", "Ann-1: no driver was found", "Ann-2: no driver was found")
}

// A driver who does not answer loses the ride to the next one, and an answer
// that comes too late is a dead letter.
func TestNoAnswer(t *testing.T) {
	t.Parallel()
	c := open(t)
	c.driverAt("Dan", "mitte")
	c.driverAt("Eve", "mitte")
	c.request("Ann", "mitte")
	c.Advance(patience.Offer)
	c.accept("Dan", "Ann-1")
	c.accept("Eve", "Ann-1")
	c.told(t, "drivers", "Dan", "Ann-1: fetch Ann in mitte?", "Ann-1: too late, you are off duty")
	c.told(t, "passengers", "Ann", "Ann-1: Eve is on the way")
	c.told(t, "tickets", "Dan", "#1 fleet/driver/Dan: the ride is not offered to this driver")
}

// The answer and the withdrawal of the offer meet on their way: for both sides
// the ride goes on without the driver.
func TestAnswersMeet(t *testing.T) {
	t.Parallel()
	c := open(t)
	answer := func(driver string) {
		statefuntest.SendFrom(c.Runtime, contract.Driver.Address(driver), contract.Ride.Address("Ann-1"),
			contract.OfferAnswered, &ridepb.OfferAnswered{Driver: driver, Accepted: true})
		c.Run()
	}
	c.driverAt("Dan", "mitte")
	c.request("Ann", "mitte")
	c.Advance(patience.Offer)
	answer("Dan")
	c.driverAt("Eve", "mitte")
	answer("Dan")
	c.told(t, "passengers", "Ann")
	c.accept("Eve", "Ann-1")
	answer("Eve") // again
	c.told(t, "passengers", "Ann", "Ann-1: Eve is on the way")
}

// A cell finds a driver for a ride that has just given up: the driver is free
// for the next one.
func TestFoundTooLate(t *testing.T) {
	t.Parallel()
	c := open(t)
	c.driverAt("Dan", "mitte")
	statefuntest.SendFrom(c.Runtime, contract.Ride.Address("Ann-1"), contract.Cell.Address("mitte"),
		contract.FindDriver, &ridepb.FindDriver{Ride: "Ann-1"})
	c.request("Bob", "mitte")
	c.told(t, "drivers", "Dan", "Bob-1: fetch Bob in mitte?")
}

// An offer is withdrawn when the driver has long finished: nothing happens.
func TestWithdrawnTooLate(t *testing.T) {
	t.Parallel()
	c := open(t)
	c.driverAt("Dan", "mitte")
	statefuntest.SendFrom(c.Runtime, contract.Ride.Address("Ann-1"), contract.Driver.Address("Dan"),
		contract.WithdrawOffer, &ridepb.WithdrawOffer{Ride: "Ann-1"})
	c.request("Bob", "mitte")
	c.told(t, "drivers", "Dan", "Bob-1: fetch Bob in mitte?")
}

// A timer that was on its way when it was cancelled ends nothing.
func TestLateTimer(t *testing.T) {
	t.Parallel()
	c := open(t)
	c.driverAt("Dan", "mitte")
	c.request("Ann", "mitte")
	c.accept("Dan", "Ann-1")
	ride := contract.Ride.Address("Ann-1")
	for step := range 3 {
		timer := statefun.JSON[map[string]int]("dispatch/PhaseOver")
		statefuntest.SendFrom(c.Runtime, ride, ride, timer, map[string]int{"step": step})
	}
	c.finish("Dan", "mitte", 1000)
	c.told(t, "passengers", "Ann", "Ann-1: Dan is on the way", "Ann-1: that makes 4.50")
}

// A driver who has moved is offered rides at the new place alone.
func TestDriverMoves(t *testing.T) {
	t.Parallel()
	c := open(t)
	c.driverAt("Dan", "mitte")
	c.driverAt("Dan", "wedding")
	c.request("Ann", "mitte")
	c.request("Bob", "wedding")
	c.told(t, "drivers", "Dan", "Bob-1: fetch Bob in wedding?")
	c.driverAt("Dan", "pankow") // not now
	c.accept("Dan", "Ann-1")    // somebody else's
	c.accept("Dan", "Bob-1")
	c.finish("Dan", "pankow", -1)
	c.told(t, "tickets", "Dan",
		"#1 fleet/driver/Dan: the driver has a ride",
		"#2 fleet/driver/Dan: the ride is not offered to this driver",
		"#3 fleet/driver/Dan: a ride has no negative length")
}

// A cell can propose a driver who has just gone: the ride looks further.
func TestDriverIsElsewhere(t *testing.T) {
	t.Parallel()
	c := open(t)
	c.driverAt("Dan", "wedding")
	c.driverAt("Eve", "mitte")
	dan := contract.Driver.Address("Dan")
	statefuntest.SendFrom(c.Runtime, dan, contract.Cell.Address("pankow"), contract.DriverIdle, &ridepb.DriverIdle{Driver: "Dan"})
	c.request("Ann", "pankow")
	c.driverAt("Eve", "pankow")
	c.told(t, "drivers", "Dan")
	c.told(t, "drivers", "Eve", "Ann-1: fetch Ann in pankow?")
}

// Dead letters of all teams end at the support desk.
func TestDeadLetters(t *testing.T) {
	t.Parallel()
	c := open(t)
	ann := contract.Passenger.Address("Ann")
	c.request("Ann", "")
	statefuntest.Send(c.Runtime, ann, statefun.String, "taxi!")
	statefuntest.Send(c.Runtime, ann, contract.RideUpdate, &ridepb.RideUpdate{Status: ridepb.RideUpdate_ARRIVED})
	c.finish("Dan", "mitte", 1)
	c.told(t, "tickets", "Dan", "#1 fleet/driver/Dan: the driver has no ride")
	var reasons []string
	for _, letter := range c.DeadLetters() {
		if letter.Target == ann {
			reasons = append(reasons, letter.Reason)
		}
	}
	slices.Sort(reasons)
	want := []string{"a ride begins in a cell of the map", "only functions send this message", "only functions send this message"}
	if !slices.Equal(reasons, want) {
		t.Errorf("reasons %q, want %q", reasons, want)
	}
	// The desk has nobody behind it.
	statefuntest.Send(c.Runtime, contract.Desk.Address("Ann"), statefun.String, "hello?")
	c.Run()
}

// Whatever people do and whenever they do it, no ride has two drivers, and in
// the end everybody is free for the next ride.
func TestNobodyIsStuck(t *testing.T) {
	t.Parallel()
	c := open(t)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	pick := func(names ...string) string { return names[random.IntN(len(names))] }
	offers := 0
	for range 500 {
		// Without Run between them, so that the messages meet on their way.
		driver := contract.Driver.Address(pick("Dan", "Eve", "Fay"))
		switch random.IntN(6) {
		case 0:
			statefuntest.Send(c.Runtime, driver, contract.DriverAt, &ridepb.DriverAt{Cell: pick("mitte", "wedding")})
		case 1:
			statefuntest.Send(c.Runtime, driver, contract.FinishRide, &ridepb.FinishRide{Cell: pick("mitte", "wedding")})
		case 2:
			passenger := contract.Passenger.Address(pick("Ann", "Bob"))
			statefuntest.Send(c.Runtime, passenger, contract.RequestRide, &ridepb.RequestRide{Cell: pick("mitte", "wedding")})
		case 3:
			c.Advance(time.Duration(random.IntN(20)) * time.Second)
		default: // accept what was offered last, perhaps to another one
			for _, r := range c.Records(contract.Egress)[offers:] {
				if ride, _, offer := strings.Cut(string(r.Value), ": fetch "); offer {
					statefuntest.Send(c.Runtime, contract.Driver.Address(r.Key), contract.AcceptRide, &ridepb.AcceptRide{Ride: ride})
				}
			}
			offers = len(c.Records(contract.Egress))
		}
	}
	for range 2 { // one ride that is under way, and one that is waiting behind it
		c.Advance(time.Hour)
		for _, driver := range []string{"Dan", "Eve", "Fay"} {
			c.finish(driver, "pankow", 1)
		}
	}

	drivers := map[string]string{}
	for _, r := range c.Records(contract.Egress) {
		ride, driver, found := strings.Cut(strings.TrimSuffix(string(r.Value), " is on the way"), ": ")
		if r.Topic == "passengers" && found && strings.HasSuffix(string(r.Value), " is on the way") {
			if drivers[ride] != "" {
				t.Errorf("ride %s has drivers %s and %s", ride, drivers[ride], driver)
			}
			drivers[ride] = driver
		}
	}
	before := len(c.Records(contract.Egress))
	c.request("Ann", "steglitz")
	c.request("Bob", "steglitz")
	for _, r := range c.Records(contract.Egress)[before:] {
		t.Errorf("%s: %s", r.Key, r.Value)
	}
	if len(drivers) == 0 {
		t.Error("nobody had a ride")
	}
}
