package e2e_test

import (
	"sync"
	"testing"

	"github.com/statefun-go/statefun-go/adapters/lambda/lambdalocal"
	"github.com/statefun-go/statefun-go/e2e/kafka"
)

// place is where functions can be, beside the HTTP port of other tests.
type place struct {
	name string
	// serve serves the functions of all scenarios and returns their URL.
	serve func(t *testing.T) string
	// transport goes into the module files.
	transport map[string]string
	on        []platform
}

// okhttp makes the engine use its other transport: async has no unix sockets,
// as in Flink.
var okhttp = map[string]string{"async": "type: io.statefun.transports.v1/okhttp"}

func places() []place {
	all := []platform{flink3("async"), flink3("okhttp"), flink2(), embedded()}
	return []place{
		{"unix-socket", serveSocket, okhttp, []platform{withSockets(flink3("okhttp")), withSockets(flink2()), embedded()}},
		{"lambda-http-api", func(t *testing.T) string { return serveLambda(t, httpAPI) }, nil, all},
		{"lambda-rest-api", func(t *testing.T) string { return serveLambda(t, restAPI) }, nil, all},
		{"cloud-function", serveFramework, nil, all},
	}
}

var (
	httpAPI = lambdalocal.Options{Event: lambdalocal.HTTPAPI}
	restAPI = lambdalocal.Options{Event: lambdalocal.REST, BinaryMediaTypes: []string{"*/*"}, Stage: "prod"}
)

// withSockets is Flink where it has unix sockets: its library for them knows Java
// 17, and not 25.
func withSockets(p platform) platform {
	needs := p.needs
	p.needs = func() error {
		if err := needs(); err != nil {
			return err
		}
		return shared.tools.AtMost(17)
	}
	return p
}

// TestPlaces runs all scenarios, each from a module file of its own, with all
// their functions in one place.
func TestPlaces(t *testing.T) {
	t.Parallel()
	for _, place := range places() {
		for _, p := range place.on {
			t.Run(place.name+"/"+p.name, func(t *testing.T) {
				t.Parallel()
				all := scenarios()
				if p.name == flink2().name {
					all = declared(all)
				}
				driveAll(t, openAll(t, p, applications(all, place.transport), place.serve(t)), all)
			})
		}
	}
}

// declared are the scenarios that a module file of StateFun 2.x can have: those
// of one function, whose states it names.
func declared(all []scenario) []scenario {
	var some []scenario
	for _, s := range all {
		if s.states != nil {
			some = append(some, s)
		}
	}
	return some
}

func applications(all []scenario, transport map[string]string) []application {
	var apps []application
	for _, s := range all {
		s.transport = transport
		apps = append(apps, s.application)
	}
	return apps
}

// driveAll drives scenarios at the same time, and then those that need a machine
// with nothing else to do.
func driveAll(t *testing.T, worlds []*world, all []scenario) {
	t.Helper()
	for _, timed := range []bool{false, true} {
		var done sync.WaitGroup
		for i, s := range all {
			if s.timed != timed {
				continue
			}
			w := worlds[i]
			done.Go(func() {
				t.Run(s.name, func(t *testing.T) { // at the same time, whatever the flag says
					w.t = t
					s.drive(w)
				})
			})
		}
		done.Wait()
	}
}

// TestPrograms runs the programs that the greeter deploys, and not functions of
// these tests: its bootstrap for Lambda and its Cloud Function.
func TestPrograms(t *testing.T) {
	t.Parallel()
	for _, program := range []struct {
		name  string
		serve func(t *testing.T) string
	}{
		{"lambda", func(t *testing.T) string {
			return gateway(t, httpAPI, build(t, "..", "./examples/greeter/cmd/lambda", "-tags=lambda.norpc"))
		}},
		{"cloud-function", func(t *testing.T) string {
			return runFunction(t, build(t, "../examples/greeter/gcf", "./cmd/local"))
		}},
	} {
		t.Run(program.name, func(t *testing.T) {
			t.Parallel()
			greets.at(t, program.serve, flink3("async"), embedded())
		})
	}
}

// TestBinaryMediaTypes puts the greeter behind a REST API that takes only the
// media type of the protocol for binary, and not every one. Such an API looks at
// the header Accept, which OkHttp does not send: its job gets base64 text, and
// fails.
func TestBinaryMediaTypes(t *testing.T) {
	t.Parallel()
	narrow := restAPI
	narrow.BinaryMediaTypes = []string{"application/octet-stream"}
	greets.at(t, func(t *testing.T) string { return serveLambda(t, narrow) }, flink3("async"), embedded())
	okhttp := flink3("okhttp")
	t.Run(okhttp.name, func(t *testing.T) {
		t.Parallel()
		w := open(t, okhttp, greetings, serveLambda(t, narrow))
		w.send([]kafka.Record{{Topic: "names", Key: "Ann", Value: `{"name":"Ann"}`}})
		w.hear(parse)
	})
}
