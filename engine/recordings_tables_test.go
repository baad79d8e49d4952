package engine_test

import "strings"

// recordingGroup names recordings: one, or with a star at its end all that
// begin so.
type recordingGroup struct{ name, reason string }

func matches(pattern, name string) bool {
	prefix, many := strings.CutSuffix(pattern, "*")
	return name == pattern || many && strings.HasPrefix(name, prefix)
}

func covers(groups []recordingGroup, name string) bool {
	for _, g := range groups {
		if matches(g.name, name) {
			return true
		}
	}
	return false
}

// unplayedRecordings wait for the components that they are about.
var unplayedRecordings = []recordingGroup{
	{"break-kafka-null-key", ofKafkaIngress},
	{"break-kafka-null-value", ofKafkaIngress},
	{"break-egress-unknown-topic-checkpoints", "the Kafka egress, which comes with the connectors: a broker refuses the topic after the answer counted"},
}

const ofKafkaIngress = "the Kafka ingress, which comes with the connectors: the record makes no message, so nothing reaches the core"

// socketRecordings are about the transport: the engine calls an HTTP server
// through package endpoint. Of those about TLS, tls-okhttp and tls-sni are not
// among them, because their host name needs a name server.
var socketRecordings = []recordingGroup{
	{"bad-*", ofStatus},
	{"retry-then-ok-*", ofStatus},
	{"chunked-*", ofBody},
	{"gzip-response-*", ofBody},
	{"request-large", ofBody},
	{"conn-close-okhttp", ofConnections},
	{"idle-close-*", ofConnections},
	{"keep-alive-*", ofConnections},
	{"slow-okhttp", ofConnections},
	{"tls-mutual", ofTLS},
	{"tls-trusted", ofTLS},
	{"tls-untrusted", ofTLS},
	{"tls-wrong-name", ofTLS},
	{"uds-*", ofURL},
	{"url-*", ofURL},
}

const (
	ofStatus      = "what follows from a status, a content type or a broken connection"
	ofBody        = "how bodies travel"
	ofConnections = "which connections a request may use, and how long it waits"
	ofTLS         = "who is trusted"
	ofURL         = "where a request goes"
)

// recordingDifferences are the recordings that the engine treats otherwise, by
// choice: a part of what the player then finds, or merged, and the row of
// docs/differences.md.
var recordingDifferences = map[string]struct{ mismatch, flink, ours, why string }{
	"restart-resend-okhttp": {
		"1 recorded requests were not made",
		"goes back to a checkpoint and processes a message a second time whose effects were lost", "goes on after the last answer that counted", "effects are on disk when they count",
	},
	"break-egress-empty-topic": {
		"1 recorded requests were not made",
		"takes a record without a topic and fails at the next one, without naming the function", "fails the record's own answer", "the error names who sent it",
	},
	"empty-values": {
		merged,
		"the messages of one answer come to their target one by one, and a request carries what has come", "they come at once: the second request carries all that are left", "an answer is applied as one",
	},
	"bad-302-okhttp": {
		"exchange 1: got",
		"follows the redirect with a GET without a body, 20 times in each attempt", "sends the batch again to the same URL", "a GET cannot be answered; the log says what to write into the module file",
	},
	"tls-wrong-name": {
		"no answer within",
		"the async transport takes a certificate for any host name", "does not call a server whose certificate has another name", "anybody with a certificate of that authority could answer",
	},
	"url-template": {
		`exchange 0: path "/statefun/a/v1?fn=a&x=a%20b"`,
		"the async transport sends a space of the query as it is, which is no valid request line", "sends it escaped, as OkHttp does", "servers refuse it otherwise",
	},
	"uds-conn-close":      {`exchange 0: path "/serve/path"`, udsFlink, udsOurs, udsWhy},
	"uds-read-timeout-2s": {`exchange 0: path "/serve/path"`, udsFlink, udsOurs, udsWhy},
	"uds-no-path":         {`exchange 0: path "/"`, udsFlink, udsOurs, udsWhy},
}

// merged stands for a request with the messages of several recorded ones.
const merged = "merged"

const (
	udsFlink = "requests the path over a unix socket as one escaped element, `/%2Fserve%2Fpath`"
	udsOurs  = "requests `/serve/path`"
	udsWhy   = "a mux sees the path that stands in the module file"
)
