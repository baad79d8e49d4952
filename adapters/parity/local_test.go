package parity_test

import (
	"net/http/httptest"
	"testing"

	"github.com/statefun-go/statefun-go/adapters/lambda/lambdalocal"
)

// openLocal runs the bootstrap, the program that is uploaded, behind a gateway.
func openLocal(event lambdalocal.Event) func(t *testing.T, s setup) ask {
	return func(t *testing.T, s setup) ask {
		t.Helper()
		return front(t, startLocal(t, event, s))
	}
}

// startLocal starts a function that has one process, so that a new one shows.
func startLocal(t *testing.T, event lambdalocal.Event, s setup) *lambdalocal.Lambda {
	t.Helper()
	o := &lambdalocal.Options{Event: event, Timeout: s.timeout, Concurrency: s.concurrency}
	if event == lambdalocal.REST {
		o.BinaryMediaTypes = []string{"*/*"}
	}
	return startBootstrap(t, o)
}

// startBootstrap expects silence where no log is given.
func startBootstrap(t *testing.T, o *lambdalocal.Options) *lambdalocal.Lambda {
	t.Helper()
	log := new(output)
	if o.Log == nil {
		o.Log = log
	}
	o.Bootstrap, o.Env = program(t), []string{programVariable + "=" + lambdaProgram}
	o.Environments, o.GatewayTimeout = 1, patience
	l, err := lambdalocal.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		l.Close()
		if text := log.String(); text != "" { // each line of a log costs money
			t.Errorf("the bootstrap prints:\n%s", text)
		}
	})
	return l
}

// front serves the gateway over HTTP.
func front(t *testing.T, l *lambdalocal.Lambda) ask {
	t.Helper()
	server := httptest.NewServer(l)
	t.Cleanup(server.Close)
	return over(newClient(t, nil), server.URL)
}
