package e2e_test

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/statefun-go/statefun-go/e2e/flink"
	"github.com/statefun-go/statefun-go/e2e/kafka"
)

// job is Flink with applications, with Kafka on both sides.
type job struct {
	*flink.Job
	topics  []map[string]string // of inputs, by their name in the application
	readers []*kafka.Reader
}

// flink3 is StateFun 3.3.0 with a transport, async or okhttp.
func flink3(transport string, settings ...string) platform {
	write := func(a application, name, url string) string { return module3(a, name, url, transport) }
	return platform{"flink-3.3.0-" + transport, needsFlink("flink3"), startJob(write, flink.Start3, settings)}
}

// flink2 is StateFun 2.2.2: protocol v2.
func flink2() platform {
	return platform{"flink-2.2.2", needsFlink("flink2"), startJob(module2, flink.Start2, nil)}
}

// needsFlink fetches a runtime and starts the broker, or says why it cannot.
func needsFlink(runtime string) func() error {
	return func() error {
		if err := shared.fetch(filepath.Join(shared.runtimes, runtime)); err != nil {
			return err
		}
		return shared.kafka()
	}
}

type (
	starter func(context.Context, *javaTools, string, flink.Options) (*flink.Job, error)
	writer  func(a application, name, url string) string // of a module file
)

// startJob starts a job, with new topics. Input topics have names of their own;
// output topics have those that the functions write to.
func startJob(write writer, start starter, settings []string) func(context.Context, string, string, []application, string) (running, error) {
	return func(ctx context.Context, name, dir string, apps []application, url string) (running, error) {
		j := &job{}
		o := flink.Options{Name: name, Dir: dir, Settings: settings}
		for _, a := range apps {
			o.Modules = append(o.Modules, write(a, name, url))
			if len(a.inputs) == 0 {
				continue
			}
			if err := j.connect(ctx, name, a); err != nil {
				j.close()
				return nil, err
			}
		}
		var err error
		if j.Job, err = start(ctx, shared.tools, shared.runtimes, o); err != nil {
			j.close()
			return nil, err
		}
		return j, nil
	}
}

// connect makes the topics of an application and reads its outputs.
func (j *job) connect(ctx context.Context, name string, a application) error {
	inputs, topics := map[string]string{}, slices.Clone(a.outputs)
	for _, in := range a.inputs {
		inputs[in.topic] = topic(name, a, in)
		topics = append(topics, inputs[in.topic])
	}
	if err := shared.broker.Recreate(ctx, 2, topics...); err != nil {
		return err
	}
	reader, err := shared.broker.Read(a.outputs...)
	if err != nil {
		return err
	}
	j.topics, j.readers = append(j.topics, inputs), append(j.readers, reader)
	return nil
}

// topic names the Kafka topic of an input.
func topic(name string, a application, in input) string {
	return strings.ReplaceAll(name, "/", "-") + "-" + a.namespace() + "-" + in.topic
}

func (j *job) put(ctx context.Context, app int, records []kafka.Record) error {
	renamed := make([]kafka.Record, len(records))
	for i, r := range records {
		renamed[i] = kafka.Record{Topic: j.topics[app][r.Topic], Key: r.Key, Value: r.Value}
	}
	return shared.broker.Produce(ctx, renamed)
}

func (j *job) next(ctx context.Context, app int) ([]kafka.Record, error) {
	return j.readers[app].Next(ctx)
}

func (j *job) says(text string) bool { return j.Says(text) }

func (j *job) tail() string { return j.Tail() + "\n" + shared.broker.Tail() }

func (j *job) crash(ctx context.Context) error { return j.Crash(ctx) }

func (j *job) suspend(ctx context.Context) error { return j.Suspend(ctx) }

func (j *job) resume(ctx context.Context) error { return j.Resume(ctx) }

func (j *job) stop() error {
	j.Stop()
	j.close()
	return nil
}

func (j *job) close() {
	for _, r := range j.readers {
		r.Close()
	}
}

// module3 is a module file of StateFun 3.x.
func module3(a application, name, url, transport string) string {
	var b strings.Builder
	fmt.Fprintf(&b, `kind: io.statefun.endpoints.v2/http
spec:
  functions: %s
  urlPathTemplate: %s
  transport: {type: io.statefun.transports.v1/%s, %s}
`, a.functions, cmp.Or(a.url, url), transport, a.transport[transport])
	if a.maxBatch != 0 {
		fmt.Fprintf(&b, "  maxNumBatchRequests: %d\n", a.maxBatch)
	}
	if len(a.inputs) == 0 {
		return b.String()
	}
	fmt.Fprintf(&b, `---
kind: io.statefun.kafka.v1/ingress
spec:
  id: %s/in
  address: %s
  consumerGroupId: %q
  startupPosition: {type: earliest}
  topics:
`, a.namespace(), shared.broker.Addr, name+"-"+a.namespace())
	for _, in := range a.inputs {
		fmt.Fprintf(&b, "    - {topic: %q, valueType: %s, targets: %s}\n", topic(name, a, in), in.valueType, list(in.targets))
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
          meta: {type: statefun.kafka.io/routable-protobuf-ingress, id: %s/in}
          spec:
            address: %q
            consumerGroupId: %q
            startupPosition: {type: earliest}
            topics:
`, a.namespace(), shared.broker.Addr, name+"-"+a.namespace())
	for _, in := range a.inputs {
		fmt.Fprintf(&b, "              - {topic: %q, typeUrl: %s, targets: %s}\n", topic(name, a, in), in.valueType, list(in.targets))
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
