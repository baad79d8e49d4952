package parity_test

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	statefunlambda "github.com/statefun-go/statefun-go/adapters/lambda"
	"github.com/statefun-go/statefun-go/adapters/lambda/lambdalocal"
	"github.com/statefun-go/statefun-go/statefun"
)

// refused are payloads that are no request, and how the function error names
// them. Those with a name of a file lie in testdata/refused.
func refused() map[string]string {
	return map[string]string{
		"sqs.json": "aws:sqs", "sns.json": "aws:sns", "kinesis.json": "aws:kinesis", "dynamodb.json": "aws:dynamodb", "s3.json": "aws:s3",
		"kafka.json": "Kafka (aws:kafka)", "self-managed-kafka.json": "Kafka (SelfManagedKafka)",
		"eventbridge.json":      "EventBridge (Scheduled Event)",
		"authorizer-token.json": "authorizer", "authorizer-request.json": "authorizer", "authorizer-http.json": "authorizer",
		"websocket.json": "WebSocket", "lattice.json": "VPC Lattice",

		"{}": "no shape that is known", "[]": "not a JSON object", "null": "not a JSON object", "1": "not a JSON object",
		`{"Records":[]}`:  "a stream of records",
		`{"httpMethod":"`: "not a JSON object", `"ogY`: "not JSON",
	}
}

// TestRefused checks that a wrong trigger is a function error that names it,
// in this process and of the bootstrap, and that no function runs. The log has
// a line for each, which aws-lambda-go writes, without the payload.
func TestRefused(t *testing.T) {
	t.Parallel()
	count := func(next statefun.BatchFunc) statefun.BatchFunc {
		return func(ctx context.Context, b *statefun.Batch) error {
			t.Errorf("a function runs: %v", b.Target())
			return next(ctx, b)
		}
	}
	h := statefunlambda.New(statefun.MustNew(registry(), &statefun.Options{Batch: []statefun.BatchMiddleware{count}}), lambdaOptions())
	log := new(output)
	l := startBootstrap(t, &lambdalocal.Options{Log: log})
	all := refused()
	for _, name := range files(t, "testdata/refused/*.json") {
		if all[filepath.Base(name)] == "" {
			t.Errorf("%s: nothing is said of it", name)
		}
	}
	for name, want := range all {
		payload := []byte(name)
		if strings.HasSuffix(name, ".json") {
			payload = read(t, filepath.Join("testdata/refused", name))
		}
		if got, err := h.Invoke(t.Context(), slices.Clone(payload)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %s, %v, want %q", name, got, err, want)
		}
		if got, err := l.Invoke(t.Context(), payload); err != nil || got.FunctionError == "" || !strings.Contains(string(got.Payload), want) {
			t.Errorf("%s: the bootstrap says %s, %v, want %q", name, got.Payload, err, want)
		}
	}
	l.Close()
	if text := log.String(); strings.Count(text, "\n") != len(all) || strings.Contains(text, "ogYK") || strings.Contains(text, "[2]") {
		t.Errorf("the log of one process with %d refusals:\n%s", len(all), text)
	}
}

// TestUnconfiguredREST checks that a REST API without binary media types,
// which mangles requests, is found out.
func TestUnconfiguredREST(t *testing.T) {
	t.Parallel()
	l := front(t, startBootstrap(t, &lambdalocal.Options{Event: lambdalocal.REST}))
	got, err := l(t.Context(), to("echo", []byte("x"))())
	if want := plain(400, "the request body was mangled on the way: a REST API needs BinaryMediaTypes [\"*/*\"]\n"); err != nil || !got.equal(want) {
		t.Errorf("%v, %v, want %v", got, err, want)
	}
}
