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
		server := httptest.NewServer(startLocal(t, event, s))
		t.Cleanup(server.Close)
		return over(newClient(t, nil), server.URL)
	}
}

// startLocal starts a function that has one process, so that a new one shows.
func startLocal(t *testing.T, event lambdalocal.Event, s setup) *lambdalocal.Lambda {
	t.Helper()
	log := new(output)
	o := &lambdalocal.Options{
		Bootstrap: program(t), Env: []string{programVariable + "=" + lambdaProgram}, Event: event,
		Timeout: s.timeout, GatewayTimeout: patience, Environments: 1, Concurrency: s.concurrency, Log: log,
	}
	if event == lambdalocal.REST {
		o.BinaryMediaTypes = []string{"*/*"}
	}
	l, err := lambdalocal.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		l.Close()
		if text := log.String(); text != "" { // CloudWatch takes money for each line
			t.Errorf("the bootstrap prints:\n%s", text)
		}
	})
	return l
}
