package kafka

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Recreate creates topics, empty, after it has deleted those that exist.
func (b *Broker) Recreate(ctx context.Context, partitions int32, topics ...string) error {
	admin := kadm.NewClient(b.client)
	if _, err := admin.DeleteTopics(ctx, topics...); err != nil { // one that is not there is no error here
		return fmt.Errorf("delete topics: %w", err)
	}
	created, err := admin.CreateTopics(ctx, partitions, 1, nil, topics...)
	if err == nil {
		err = created.Error()
	}
	if err != nil {
		return fmt.Errorf("create topics: %w", err)
	}
	return b.known(ctx, admin, created)
}

// known waits until the broker knows the new topics: for a while it may give out
// the records of the deleted ones.
func (b *Broker) known(ctx context.Context, admin *kadm.Client, topics kadm.CreateTopicResponses) error {
	return b.process.Await(ctx, func(ctx context.Context) error {
		found, err := admin.ListTopics(ctx, slices.Collect(maps.Keys(topics))...)
		if err != nil {
			return err
		}
		for name, topic := range topics {
			if found[name].ID != topic.ID {
				return fmt.Errorf("topic %s is not the new one yet", name)
			}
		}
		return nil
	})
}

// Record is a record of a topic.
type Record struct {
	Topic, Key, Value string
}

// Produce appends records, those of one key in their order, and returns when
// the broker has them.
func (b *Broker) Produce(ctx context.Context, records []Record) error {
	batch := make([]*kgo.Record, len(records))
	for i, r := range records {
		batch[i] = &kgo.Record{Topic: r.Topic, Key: []byte(r.Key), Value: []byte(r.Value)}
	}
	if err := b.client.ProduceSync(ctx, batch...).FirstErr(); err != nil {
		return fmt.Errorf("produce: %w", err)
	}
	return nil
}

// Reader reads topics from their beginning. Records of transactions that are not
// committed are not seen.
type Reader struct {
	client *kgo.Client
}

// Read returns a reader of topics.
func (b *Broker) Read(topics ...string) (*Reader, error) {
	client, err := kgo.NewClient(
		kgo.SeedBrokers(b.Addr), kgo.ConsumeTopics(topics...),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.FetchIsolationLevel(kgo.ReadCommitted()),
	)
	if err != nil {
		return nil, err
	}
	return &Reader{client}, nil
}

// Next waits for more records and returns them, those of a partition in order.
func (r *Reader) Next(ctx context.Context) ([]Record, error) {
	fetches := r.client.PollFetches(ctx)
	var records []Record
	for f := range fetches.RecordsAll() {
		records = append(records, Record{f.Topic, string(f.Key), string(f.Value)})
	}
	if err := fetches.Err(); err != nil && !kerr.IsRetriable(err) { // the client tries again
		return records, fmt.Errorf("read: %w", err)
	}
	return records, nil
}

// Close ends the reader.
func (r *Reader) Close() { r.client.Close() }
