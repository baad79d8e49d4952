// Package support is the team that looks at messages which nobody could carry
// out: the application's dead letters.
package support

import (
	"context"
	"fmt"

	"github.com/statefun-go/statefun-go/examples/ridesharing/contract"
	"github.com/statefun-go/statefun-go/statefun"
)

var (
	count   = statefun.NewState("count", statefun.Int64)
	tickets = statefun.KafkaTopic(contract.Egress, "tickets", statefun.Text)
)

// Functions returns the team's functions. What the desk itself cannot take, it
// drops, with a warning in the log: there is nobody behind it.
func Functions() []statefun.Function {
	return []statefun.Function{
		statefun.Define(contract.Desk, statefun.On(statefun.DeadLetterType, letter), count, tickets, statefun.DeadLetterDrop()),
	}
}

// letter writes a ticket. The letter comes under the id of the one who could
// not take the message, so each passenger and each driver has a count.
func letter(_ context.Context, inv *statefun.Invocation, m statefun.DeadLetter) error {
	n, err := count.Get(inv)
	if err != nil {
		return err
	}
	n++
	count.Set(inv, n)
	tickets.Send(inv, inv.Self().ID, fmt.Sprintf("#%d %s: %s", n, m.Target, m.Reason))
	return nil
}
