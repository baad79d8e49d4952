package kafka

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/statefun-go/statefun-go/e2e/java"
)

// Broker is a Kafka broker of one node, in KRaft mode.
type Broker struct {
	// Addr is where it listens: host:port.
	Addr string

	start   func(context.Context) (*java.Process, error)
	process *java.Process
	client  *kgo.Client
}

const properties = `process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:%[2]d
listeners=PLAINTEXT://127.0.0.1:%[1]d,CONTROLLER://127.0.0.1:%[2]d
advertised.listeners=PLAINTEXT://127.0.0.1:%[1]d
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
inter.broker.listener.name=PLAINTEXT
log.dirs=%[3]s
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
group.initial.rebalance.delay.ms=0
auto.create.topics.enable=false
`

// Start starts a broker with its data in dir, which is empty, and waits until it
// answers. The directory runtimes holds its Maven project.
func Start(ctx context.Context, tools *java.Tools, runtimes, dir string) (*Broker, error) {
	project := filepath.Join(runtimes, "kafka")
	jars, err := tools.ClassPath(ctx, project)
	if err != nil {
		return nil, err
	}
	classes, err := tools.Compile(ctx, "kafka", jars, filepath.Join(runtimes, "Leash.java"))
	if err != nil {
		return nil, err
	}
	ports, err := java.FreePorts(ctx, 2)
	if err != nil {
		return nil, err
	}
	config := filepath.Join(dir, "server.properties")
	text := fmt.Sprintf(properties, ports[0], ports[1], filepath.Join(dir, "data"))
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		return nil, err
	}
	path := []string{classes, project, jars}
	if err := format(ctx, tools, path, config); err != nil {
		return nil, err
	}
	command := java.Command{
		Name: "kafka", ClassPath: path, Main: "kafka.Kafka", Args: []string{config},
		Flags: []string{"-Xms256m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"},
	}
	b := &Broker{Addr: fmt.Sprintf("127.0.0.1:%d", ports[0])}
	b.start = func(ctx context.Context) (*java.Process, error) {
		p, err := tools.Start(ctx, command)
		command.Name += "-again" // each start has a log of its own
		return p, err
	}
	if b.process, err = b.start(ctx); err != nil {
		return nil, err
	}
	if err := b.connect(ctx); err != nil {
		b.Stop()
		return nil, err
	}
	return b, nil
}

// Restart kills the broker, as kill -9 does, and starts it again with its data.
func (b *Broker) Restart(ctx context.Context) error {
	b.process.Kill()
	p, err := b.start(ctx)
	if err != nil {
		return err
	}
	b.process = p
	return b.answers(ctx)
}

// format prepares the data directory that a configuration names.
func format(ctx context.Context, tools *java.Tools, classPath []string, config string) error {
	const cluster = "c3RhdGVmdW4tZ28tZTJlAA"
	p, err := tools.Start(ctx, java.Command{
		Name: "kafka-format", ClassPath: classPath, Main: "kafka.tools.StorageTool",
		Args: []string{"format", "-t", cluster, "-c", config},
	})
	if err != nil {
		return err
	}
	select {
	case <-p.Done():
	case <-ctx.Done():
		p.Kill()
	}
	if err := p.Err(); err != nil {
		return fmt.Errorf("format the data of Kafka: %w\n%s", err, p.Tail(20))
	}
	return nil
}

// connect makes the client, once the broker answers.
func (b *Broker) connect(ctx context.Context) error {
	client, err := kgo.NewClient(kgo.SeedBrokers(b.Addr), kgo.RecordPartitioner(kgo.StickyKeyPartitioner(nil)), kgo.ProducerLinger(0))
	if err != nil {
		return err
	}
	b.client = client
	return b.answers(ctx)
}

// answers waits until the broker does.
func (b *Broker) answers(ctx context.Context) error {
	return b.process.Await(ctx, func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		return b.client.Ping(ctx) // asks the broker, and not what the client remembers
	})
}

// Tail returns the end of the broker's log.
func (b *Broker) Tail() string { return b.process.Tail(30) }

// Stop stops the broker. Its data stays.
func (b *Broker) Stop() {
	if b.client != nil {
		b.client.Close()
	}
	b.process.Stop(5 * time.Second)
}
