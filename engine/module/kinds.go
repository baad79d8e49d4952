package module

import (
	"strings"
)

// The kinds that are read.
const (
	endpointKind          = "io.statefun.endpoints.v2/http"
	playgroundIngressKind = "io.statefun.playground.v1/ingress"
	playgroundEgressKind  = "io.statefun.playground.v1/egress"
)

// runnable lists the kinds that are read, for messages.
func runnable() []string {
	return []string{endpointKind, playgroundIngressKind, playgroundEgressKind}
}

// component returns the function that reads a kind of component from its spec and
// the place of its document. It returns nil after reporting a kind that is not
// read.
func (r *reader) component(kind scalar) func(*object, Position) {
	switch kind.text {
	case endpointKind:
		return r.endpoint
	case playgroundIngressKind:
		return r.ingress
	case playgroundEgressKind:
		return r.egress
	}
	if advice := otherKind(kind.text); advice != "" {
		r.fail(kind.at, "this engine does not run %s yet: %s (it runs %s)", kind.text, advice, strings.Join(runnable(), ", "))
		return nil
	}
	known := append(runnable(), "io.statefun.endpoints.v1/http", "io.statefun.kafka.v1/ingress", "io.statefun.kafka.v1/egress",
		"io.statefun.kinesis.v1/ingress", "io.statefun.kinesis.v1/egress")
	r.fail(kind.at, "unknown kind %q%s (this engine runs %s)", kind.text, didYouMean(kind.text, known), strings.Join(runnable(), ", "))
	return nil
}

// otherKind says what to do about a kind that Flink StateFun knows and this engine
// does not read.
func otherKind(kind string) string {
	switch kind {
	case "io.statefun.endpoints.v1/http":
		return "write it as " + endpointKind + " with transport: {type: " + okhttpType + ", timeouts: …}"
	case "http":
		return "this is the kind of an endpoint in format 3.0; write " + endpointKind
	case "io.statefun.kafka.v1/ingress", "io.statefun.kinesis.v1/ingress",
		"io.statefun.kafka/ingress", "io.statefun.kinesis/ingress",
		"statefun.kafka.io/protobuf-ingress", "statefun.kafka.io/routable-protobuf-ingress",
		"statefun.kinesis.io/routable-protobuf-ingress":
		return "send messages through " + playgroundIngressKind + " for now"
	case "io.statefun.kafka.v1/egress", "io.statefun.kafka/egress", "statefun.kafka.io/generic-egress":
		return "write " + playgroundEgressKind + " with the same id and the topics that the functions use; it takes their Kafka records unchanged"
	case "io.statefun.kinesis.v1/egress", "io.statefun.kinesis/egress", "statefun.kinesis.io/generic-egress":
		return "run it on Flink for now"
	}
	return ""
}

// legacy reports a document of the formats before StateFun 3.1, which hold a whole
// application in one document.
func (r *reader) legacy(version *entry) {
	r.fail(version.at, "this format, which holds the whole application in one document, is not read: write each component as a document of its own, "+
		"as StateFun 3.1 and later do; spec stays, and type and id of meta become kind and spec.id, such as")
	r.mistakes[len(r.mistakes)-1].Example = endpointExample + "\n---\n" + ingressExample
}
