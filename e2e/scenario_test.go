package e2e_test

import (
	"testing"

	"github.com/statefun-go/statefun-go/statefun"
)

// scenario is an application with its functions, the traffic for it, and what
// must come of it, wherever the functions are and whatever calls them.
type scenario struct {
	name string
	application
	functions func() []statefun.Function
	drive     func(w *world) // sends, and fails the test where another record comes than must
	timed     bool           // whether what must come depends on when it was sent
}

// scenarios are all of them.
func scenarios() []scenario {
	return []scenario{greets, shopping, dialogues, expiry, batches, large, programs}
}

// registry serves the functions of scenarios, in either version of the protocol.
func registry(all ...scenario) (*statefun.Handler, error) {
	var functions []statefun.Function
	for _, s := range all {
		functions = append(functions, s.functions()...)
	}
	return statefun.New(functions, options())
}

func options() *statefun.Options {
	return &statefun.Options{Protocol: statefun.Auto, Batch: []statefun.BatchMiddleware{slowly}}
}

// on runs the scenario on platforms, with the functions behind HTTP.
func (s scenario) on(t *testing.T, platforms ...platform) {
	t.Helper()
	s.at(t, func(t *testing.T) string { return serve(t, s.functions(), options()) }, platforms...)
}

// at runs the scenario on platforms, with the functions where serve puts them.
func (s scenario) at(t *testing.T, serve func(t *testing.T) (url string), platforms ...platform) {
	t.Helper()
	for _, p := range platforms {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			s.drive(open(t, p, s.application, serve(t)))
		})
	}
}
