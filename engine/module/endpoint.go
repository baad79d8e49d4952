package module

import (
	"math"
	"strings"
)

// Facts of io.statefun.endpoints.v2/http (HttpFunctionEndpointSpec, binders.v2).
const (
	asyncType  = "io.statefun.transports.v1/async"
	okhttpType = "io.statefun.transports.v1/okhttp"

	defaultMaxBatch = 1000
)

// endpoint reads the spec of an io.statefun.endpoints.v2/http.
func (r *reader) endpoint(spec *object, at Position) {
	e := Endpoint{Position: at}
	functions, okFunctions := spec.needText("functions", "example/greeter")
	if okFunctions {
		e.Functions, okFunctions = r.pattern(functions)
	}
	url, okURL := spec.needText("urlPathTemplate", "http://localhost:8000/statefun")
	e.URLPathTemplate = url.text
	e.MaxNumBatchRequests = int(spec.number("maxNumBatchRequests", math.MinInt32, math.MaxInt32, defaultMaxBatch))
	if e.MaxNumBatchRequests <= 0 {
		e.MaxNumBatchRequests = -1
	}
	e.Transport = r.transport(spec)
	spec.close(func(key string) string {
		switch key {
		case "timeouts", "call", "connect", "pool_ttl", "pool_size", "payload_max_bytes", "trust_cacerts", "client_cert", "client_key", "client_key_password":
			return ": it belongs under transport"
		}
		return ""
	})
	if !okFunctions || !okURL {
		return
	}
	r.checkTemplate(&e, url)
	r.module.Endpoints = append(r.module.Endpoints, e)
}

// pattern reads namespace/name or namespace/*.
func (r *reader) pattern(s scalar) (Pattern, bool) {
	namespace, name, ok := strings.Cut(s.text, "/")
	var problem string
	switch {
	case !ok && namespace != "" && namespace != "*":
		problem = "is not a function type: write " + namespace + "/* for every function of the namespace " + namespace
	case !ok:
		problem = "is not a function type: write namespace/name, or namespace/* for a whole namespace"
	case namespace == "" || name == "":
		problem = "has an empty part: write namespace/name, or namespace/* for a whole namespace"
	case strings.Contains(name, "/"):
		problem = "has more than one slash, which Flink refuses"
	case strings.Contains(namespace, "*") || (strings.Contains(name, "*") && name != "*"):
		problem = "has a * in the wrong place: it can only stand for the whole name, as in namespace/*"
	case strings.ContainsAny(s.text, " \t\n"):
		problem = "has white space in it"
	case name == "*":
		return Pattern{Namespace: namespace}, true
	default:
		return Pattern{namespace, name}, true
	}
	r.fail(s.at, "functions: %q %s", s.text, problem)
	return Pattern{}, false
}
