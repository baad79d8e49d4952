package e2e_test

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/statefun-go/statefun-go/e2e/flink"
	"github.com/statefun-go/statefun-go/e2e/kafka"
)

// job is an application on Flink, with Kafka on both sides.
type job struct {
	*flink.Job
	topics map[string]string // of inputs, by their name in the application
	reader *kafka.Reader
}

// flink3 is StateFun 3.3.0 with a transport, async or okhttp.
func flink3(transport string, settings ...string) platform {
	start := func(ctx context.Context, name, dir string, a application, url string) (running, error) {
		return startJob(ctx, name, dir, a, module3(a, name, url, transport), flink.Start3, settings)
	}
	return platform{"flink-3.3.0-" + transport, needsFlink, start}
}

// flink2 is StateFun 2.2.2: protocol v2.
func flink2() platform {
	start := func(ctx context.Context, name, dir string, a application, url string) (running, error) {
		return startJob(ctx, name, dir, a, module2(a, name, url), flink.Start2, nil)
	}
	return platform{"flink-2.2.2", needsFlink, start}
}

func needsFlink() error { return shared.missing }

type starter = func(context.Context, *javaTools, string, flink.Options) (*flink.Job, error)

// startJob makes the topics anew and starts a job. Input topics have names of
// their own; output topics have those that the functions write to.
func startJob(ctx context.Context, name, dir string, a application, module string, start starter, settings []string) (running, error) {
	j := &job{topics: map[string]string{}}
	names := a.outputs
	for _, in := range a.inputs {
		j.topics[in.topic] = topic(name, in)
		names = append(slices.Clip(names), topic(name, in))
	}
	if err := shared.broker.Recreate(ctx, 2, names...); err != nil {
		return nil, err
	}
	var err error
	if j.reader, err = shared.broker.Read(a.outputs...); err != nil {
		return nil, err
	}
	j.Job, err = start(ctx, shared.tools, shared.runtimes, flink.Options{Name: name, Dir: dir, Module: module, Settings: settings})
	if err != nil {
		j.reader.Close()
		return nil, err
	}
	return j, nil
}

// topic names the Kafka topic of an input.
func topic(name string, in input) string {
	return strings.ReplaceAll(name, "/", "-") + "-" + in.topic
}

func (j *job) put(ctx context.Context, records []kafka.Record) error {
	renamed := make([]kafka.Record, len(records))
	for i, r := range records {
		renamed[i] = kafka.Record{Topic: j.topics[r.Topic], Key: r.Key, Value: r.Value}
	}
	return shared.broker.Produce(ctx, renamed)
}

func (j *job) next(ctx context.Context) ([]kafka.Record, error) { return j.reader.Next(ctx) }

func (j *job) tail() string { return j.Tail() }

func (j *job) crash(ctx context.Context) error { return j.Crash(ctx) }

func (j *job) stop() error {
	j.Stop()
	j.reader.Close()
	return nil
}

// module3 is a module file of StateFun 3.x.
func module3(a application, name, url, transport string) string {
	var b strings.Builder
	fmt.Fprintf(&b, `kind: io.statefun.endpoints.v2/http
spec:
  functions: %s
  urlPathTemplate: %s
  transport: {type: io.statefun.transports.v1/%s, %s}
`, a.functions, url, transport, a.transport[transport])
	if a.maxBatch != 0 {
		fmt.Fprintf(&b, "  maxNumBatchRequests: %d\n", a.maxBatch)
	}
	fmt.Fprintf(&b, `---
kind: io.statefun.kafka.v1/ingress
spec:
  id: e2e/in
  address: %s
  consumerGroupId: %q
  startupPosition: {type: earliest}
  topics:
`, shared.broker.Addr, name)
	for _, in := range a.inputs {
		fmt.Fprintf(&b, "    - {topic: %q, valueType: %s, targets: %s}\n", topic(name, in), in.valueType, list(in.targets))
	}
	fmt.Fprintf(&b, `---
kind: io.statefun.kafka.v1/egress
spec:
  id: %s
  address: %s
  deliverySemantic: {type: exactly-once, transactionTimeout: 1min}
`, a.egress, shared.broker.Addr)
	return b.String()
}

// module2 is a module file of StateFun 2.x, which names each function, not a
// pattern: that of the first input. Its URLs have no placeholder.
func module2(a application, name, url string) string {
	var b strings.Builder
	fmt.Fprintf(&b, `version: "2.0"
module:
  meta: {type: remote}
  spec:
    functions:
      - function:
          meta: {kind: http, type: %s}
          spec:
            endpoint: %q
            maxNumBatchRequests: %d
            states:
`, a.inputs[0].targets[0], strings.ReplaceAll(url, "{function.name}", "functions"), cmp.Or(a.maxBatch, 1000))
	for _, s := range a.states {
		fmt.Fprintf(&b, "              - {name: %s}\n", s)
	}
	fmt.Fprintf(&b, `    ingresses:
      - ingress:
          meta: {type: statefun.kafka.io/routable-protobuf-ingress, id: e2e/in}
          spec:
            address: %q
            consumerGroupId: %q
            startupPosition: {type: earliest}
            topics:
`, shared.broker.Addr, name)
	for _, in := range a.inputs {
		fmt.Fprintf(&b, "              - {topic: %q, typeUrl: %s, targets: %s}\n", topic(name, in), in.valueType, list(in.targets))
	}
	fmt.Fprintf(&b, `    egresses:
      - egress:
          meta: {type: statefun.kafka.io/generic-egress, id: %s}
          spec:
            address: %q
            deliverySemantic: {type: exactly-once, transactionTimeoutMillis: 60000}
`, a.egress, shared.broker.Addr)
	return b.String()
}
