// Package ridesharing composes an application of what four teams contribute. It
// shows timers, protobuf messages between teams, and a function that takes dead
// letters. See README.md for how to run it.
package ridesharing

import (
	"context"
	"errors"
	"log/slog"
	"slices"

	"github.com/statefun-go/statefun-go/examples/ridesharing/contract"
	"github.com/statefun-go/statefun-go/examples/ridesharing/dispatch"
	"github.com/statefun-go/statefun-go/examples/ridesharing/fleet"
	"github.com/statefun-go/statefun-go/examples/ridesharing/riders"
	"github.com/statefun-go/statefun-go/examples/ridesharing/support"
	"github.com/statefun-go/statefun-go/statefun"
)

// Functions returns the functions of all teams. Each team's slice could as well
// be served by a process of its own: in its module file only the URL would
// change.
func Functions(patience dispatch.Patience) []statefun.Function {
	return slices.Concat(riders.Functions(), dispatch.Functions(patience), fleet.Functions(), support.Functions())
}

// Options sends the dead letters of all teams to the support desk, and keeps
// people outside from playing a function.
func Options(logger *slog.Logger) *statefun.Options {
	return &statefun.Options{
		DeadLetter: statefun.DeadLetterFunction(contract.Desk),
		Message:    []statefun.MessageMiddleware{guard},
		Logger:     logger,
	}
}

var errInside = statefun.Terminal(errors.New("only functions send this message"))

// guard lets in from outside what the apps send, and nothing else.
func guard(next statefun.MessageFunc) statefun.MessageFunc {
	return func(ctx context.Context, inv *statefun.Invocation) error {
		if _, inside := inv.Caller(); !inside && !contract.FromApp(inv.Message()) {
			return errInside
		}
		return next(ctx, inv)
	}
}
