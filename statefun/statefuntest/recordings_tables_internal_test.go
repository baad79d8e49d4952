package statefuntest

import (
	"strings"

	"github.com/statefun-go/statefun-go/internal/wire"
)

// unplayedRecording names recordings that a runtime in memory has no part in:
// one, or with a star at its end all that begin so.
type unplayedRecording struct{ name, reason string }

func (u unplayedRecording) covers(name string) bool {
	if prefix, many := strings.CutSuffix(u.name, "*"); many {
		return strings.HasPrefix(name, prefix)
	}
	return name == u.name
}

const (
	ofHTTP    = "what the transport makes of a status, a header, an encoding, a timeout or a connection; functions are called directly here"
	ofModules = "reading a module file; there is none here"
	ofBroker  = "what a Kafka broker or client does; there is none here"
	ofRestart = "restarting a job from a checkpoint, or from nothing; a test's runtime lives once"
)

var unplayed = []unplayedRecording{
	{"flink-3.3.0/bad-204-*", ofHTTP},
	{"flink-3.3.0/bad-3*", ofHTTP},
	{"flink-3.3.0/bad-4*", ofHTTP},
	{"flink-3.3.0/bad-5*", ofHTTP},
	{"flink-3.3.0/bad-ct-charset-*", ofHTTP},
	{"flink-3.3.0/bad-ct-missing-*", ofHTTP},
	{"flink-3.3.0/bad-ct-protobuf-*", ofHTTP},
	{"flink-3.3.0/bad-ct-wrong-*", ofHTTP},
	{"flink-3.3.0/bad-drop-*", ofHTTP},
	{"flink-3.3.0/bad-empty-200-no-ct-*", ofHTTP},
	{"flink-3.3.0/bad-refused-*", ofHTTP},
	{"flink-3.3.0/gzip-response-*", ofHTTP},
	{"flink-3.3.0/slow-okhttp", ofHTTP},
	{"flink-3.3.0/tls-untrusted", ofHTTP},
	{"flink-3.3.0/uds-async", ofHTTP},
	{"flink-3.3.0/break-egress-unknown-topic-checkpoints", ofBroker},
	{"flink-3.3.0/break-kafka-null-*", ofBroker},
	{"flink-3.3.0/restart-resend-*", ofRestart},

	{"flink-2.2.2/http-204-without-type", ofHTTP},
	{"flink-2.2.2/http-3*", ofHTTP},
	{"flink-2.2.2/http-4*", ofHTTP},
	{"flink-2.2.2/http-500-forever", ofHTTP},
	{"flink-2.2.2/http-call-timeout", ofHTTP},
	{"flink-2.2.2/http-connection-refused-forever", ofHTTP},
	{"flink-2.2.2/http-content-type-*", ofHTTP},
	{"flink-2.2.2/http-gzip", ofHTTP},
	{"flink-2.2.2/http-read-timeout-*", ofHTTP},
	{"flink-2.2.2/ingress-unknown-target", "an ingress that routes to nobody; Send fails the test at once, see TestFatal"},
	{"flink-2.2.2/kafka-3.x-ingress-type", ofModules},
	{"flink-2.2.2/kafka-null-*", ofBroker},
	{"flink-2.2.2/kafka-protobuf-router", ofModules},
	{"flink-2.2.2/kafka-value-type-key", ofModules},
	{"flink-2.2.2/module-documents", ofModules},
	{"flink-2.2.2/module-endpoint-template", ofModules},
	{"flink-2.2.2/module-endpoint-without-scheme", ofModules},
	{"flink-2.2.2/module-expire-mode-upper-case", ofModules},
	{"flink-2.2.2/module-format-2.0-states-as-names", ofModules},
	{"flink-2.2.2/module-format-3.0", ofModules},
	{"flink-2.2.2/module-format-unquoted*", ofModules},
	{"flink-2.2.2/module-no-ingress", ofModules},
	{"flink-2.2.2/module-timeout-only", ofModules},
	{"flink-2.2.2/recovery-*", ofRestart},

	{"flink-2.1.0/http-404", ofHTTP},
	{"flink-2.1.0/http-slow-answer", ofHTTP},
}

func notApplicable(name string) string {
	for _, u := range unplayed {
		if u.covers(name) {
			return u.reason
		}
	}
	return ""
}

// difference is a recording that our runtime treats otherwise, by choice.
type difference struct {
	name     string
	failsAt  int    // the exchange at which our job fails, or never
	mismatch string // where it does not fail: what of the next request differs
	reason   string
}

const (
	sooner   = "Flink asks again until its time for the call is up, and then fails its job; a test fails at once"
	endless  = "Flink sends the same request again at once, for ever; a test fails instead of hanging"
	noTopic  = "Flink takes a record without a topic and fails later, or its producer retries for ever, without naming the function; here the record's own batch fails"
	rules21  = "version 2 here follows 2.2, the last and most used release, where Flink fails its job"
	expiry21 = "2.1 lets all states of a function expire after the longest expiration of any; here each has its own, as in 2.2"
	multi    = "an option of the runtime's serializer cuts the value off messages that a function encoded in version 3; here they go on as they are, as by default"
)

var differences = []difference{
	{"flink-3.3.0/break-invalid-utf8", 0, "", sooner},
	{"flink-3.3.0/bad-garbage-async", 0, "", sooner},
	{"flink-3.3.0/break-spec-empty-list", 0, "", endless},
	{"flink-3.3.0/break-spec-known-forever", 1, "", endless},
	{"flink-3.3.0/break-egress-empty-topic", 0, "", noTopic},
	{"flink-2.2.2/kafka-egress-v3-envelope-v2-name", 0, "", noTopic},
	{"flink-2.2.2/v3-answer-messages-remote-multilang", never, "exchange 1: message 0 is", multi},
	{"flink-2.1.0/state-name-batch", beforeRequests, "", rules21},
	{"flink-2.1.0/state-modify-undeclared", 0, "", rules21},
	{"flink-2.1.0/state-delete-undeclared", 0, "", rules21},
	{"flink-2.1.0/state-expiration", never, "exchange 1: states", expiry21},
}

func differenceAt(name string) *difference {
	for i := range differences {
		if differences[i].name == name {
			return &differences[i]
		}
	}
	return nil
}

// declarations are the states of version 2 modules that requests do not show.
var declarations = []struct {
	name     string
	function functionType
	specs    []wire.StateSpec
}{
	{"flink-2.2.2/state-expiration", functionType{"demo", "f"}, []wire.StateSpec{
		{Name: "a", Mode: wire.ExpireAfterWrite, ExpireAfterMillis: 2000},
		{Name: "b", Mode: wire.ExpireAfterInvoke, ExpireAfterMillis: 2000},
		{Name: "c"},
		{Name: "d", Mode: wire.ExpireAfterInvoke, ExpireAfterMillis: 2000}, // the default mode
	}},
	{"flink-2.1.0/state-expiration", functionType{"demo", "f"}, []wire.StateSpec{
		{Name: "a", Mode: wire.ExpireAfterInvoke, ExpireAfterMillis: 1000},
		{Name: "b", Mode: wire.ExpireAfterInvoke, ExpireAfterMillis: 3000},
		{Name: "c"},
	}},
	{"flink-2.2.2/module-expire-after-zero", functionType{"demo", "f"}, []wire.StateSpec{{Name: "a", Mode: wire.ExpireAfterInvoke}}},
	{"flink-2.2.2/state-declared-twice", functionType{"demo", "f"}, []wire.StateSpec{{Name: "a"}, {Name: "a"}}},
	{"flink-2.2.2/state-name-batch", functionType{"demo", "f"}, []wire.StateSpec{{Name: "batch"}}},
	{"flink-2.2.2/state-name-request-state", functionType{"demo", "f"}, []wire.StateSpec{{Name: "request-state"}}},
}

// fragments are recordings that begin after the states of their first request
// were written.
var fragments = []string{"flink-2.2.2/greeter-state-set", "flink-2.2.2/greeter-state-deleted"}
