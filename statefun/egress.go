package statefun

import (
	"errors"
	"fmt"

	"github.com/statefun-go/statefun-go/internal/wire"
)

// Encoder turns a value into the bytes of an egress record, appending them to
// dst as append does. It must not keep dst, and may be called from many
// goroutines at once. A user's function of this shape is an Encoder.
type Encoder[T any] func(dst []byte, v T) ([]byte, error)

// Text is an [Encoder] for the bytes of a string, as a consumer of plain text
// expects them.
func Text(dst []byte, s string) ([]byte, error) { return append(dst, s...), nil }

// RawBytes is an [Encoder] for bytes as they are.
func RawBytes(dst, b []byte) ([]byte, error) { return append(dst, b...), nil }

// Typed returns an [Encoder] for the bytes that t's values have in messages
// and states: for consumers that know the type.
func Typed[T any](t Type[T]) Encoder[T] {
	return func(dst []byte, v T) ([]byte, error) { return t.encode(dst, v) }
}

// egressDecl is what a function knows of an egress handle.
type egressDecl struct {
	id  TypeName
	err error
}

func newEgressDecl(id string, problems ...error) egressDecl {
	d := egressDecl{}
	name, err := ParseTypeName(id)
	if err != nil {
		err = fmt.Errorf("an egress id has the form namespace/name: %w", err)
	}
	d.id, d.err = name, errors.Join(append(problems, err)...)
	return d
}

// RecordOption sets what one record has beyond its key and value. It is a
// plain value.
type RecordOption struct {
	kind  recordOption
	text  string
	value []byte
}

type recordOption uint8

const (
	optionTopic recordOption = iota + 1
	optionStream
	optionHashKey
	optionHeader
)

// Topic sends a Kafka record to another topic than the handle's.
func Topic(name string) RecordOption { return RecordOption{kind: optionTopic, text: name} }

// Stream sends a Kinesis record to another stream than the handle's.
func Stream(name string) RecordOption { return RecordOption{kind: optionStream, text: name} }

// HashKey sets the explicit hash key of a Kinesis record, a decimal number.
func HashKey(key string) RecordOption { return RecordOption{kind: optionHashKey, text: key} }

// Header adds a header to a Kafka record; several of one name are kept in
// order. Only runtimes of the living fork and the embedded engine carry
// headers; others drop them without a word. Version 2 has none, there it is an
// error. value is copied.
func Header(name string, value []byte) RecordOption {
	return RecordOption{kind: optionHeader, text: name, value: value}
}

// Kafka is a handle to a Kafka egress. Make it once with [KafkaTopic], name it
// in [Define], and send with it. It is safe for concurrent use.
type Kafka[T any] struct {
	decl   egressDecl
	topic  string
	encode Encoder[T]
}

// KafkaTopic returns a handle that sends records to a topic. egress is the
// egress's id in module.yaml, of the form namespace/name. topic may be empty:
// then each record names its own with [Topic]. Mistakes are reported by [New].
func KafkaTopic[T any](egress, topic string, enc Encoder[T]) *Kafka[T] {
	return &Kafka[T]{newEgressDecl(egress, checkText("topic", topic), checkEncoder(enc)), topic, enc}
}

func checkEncoder[T any](enc Encoder[T]) error {
	if enc == nil {
		return errors.New("the encoder is nil: use Text, RawBytes, EncodeJSON, Typed or a function of your own")
	}
	return nil
}

func checkText(what, s string) error {
	if !wire.ValidText(s) {
		return fmt.Errorf("%s %q is not UTF-8", what, s)
	}
	return nil
}

func (k *Kafka[T]) part(d *definition) {
	if k == nil {
		d.problem("a nil *Kafka is declared")
		return
	}
	d.addEgress(&k.decl)
}

// Send sends one record. An empty key means none. The record leaves when the
// whole batch has succeeded.
func (k *Kafka[T]) Send(inv *Invocation, key string, v T, opts ...RecordOption) {
	if b, err := inv.open(); err == nil && b.err == nil {
		if err := k.send(b, key, v, opts, b.declares(&k.decl)); err != nil {
			_ = b.fail(fmt.Errorf("send to Kafka egress %v: %w", k.decl.id, err))
		}
	}
}

func (k *Kafka[T]) send(b *batch, key string, v T, opts []RecordOption, declared bool) error {
	if !declared {
		return b.undeclared("egress")
	}
	r := wire.KafkaRecord{Key: key, Topic: k.topic}
	if len(opts) > 0 {
		if err := b.kafkaOptions(&r, opts); err != nil {
			return err
		}
	}
	if r.Topic == "" {
		return errors.New("no topic: give one to KafkaTopic or to the record with Topic")
	}
	if err := checkText("key", key); err != nil {
		return err
	}
	value, err := k.encode(b.scratch[:0], v)
	if err != nil {
		return fmt.Errorf("encode the record's value: %w", err)
	}
	r.Value = b.hold(value)
	record := wire.AppendKafkaRecord(r.Value, &r)
	b.scratch = record[:0]
	b.ans = wire.AppendEgress(b.ans, b.version, k.decl.id.namespace, k.decl.id.name,
		wire.Value{TypeName: wire.KafkaTypeName(b.version), Has: true, Data: record[len(r.Value):]})
	return nil
}

// kafkaOptions sets what opts say.
func (b *batch) kafkaOptions(r *wire.KafkaRecord, opts []RecordOption) error {
	r.Headers = b.headers[:0]
	for _, o := range opts {
		switch {
		case o.kind == optionTopic:
			r.Topic = o.text
		case o.kind == optionHeader && b.version == wire.V3:
			r.Headers = append(r.Headers, wire.Header{Key: o.text, Value: o.value})
		case o.kind == optionHeader:
			return errors.New("a record of protocol version 2 has no headers")
		default:
			return errors.New("Stream and HashKey belong to Kinesis records")
		}
		if err := checkText("topic or header name", o.text); err != nil {
			return err
		}
	}
	b.headers = r.Headers[:0]
	return nil
}

// Kinesis is a handle to a Kinesis egress. Make it once with [KinesisStream],
// name it in [Define], and send with it. It is safe for concurrent use.
type Kinesis[T any] struct {
	decl   egressDecl
	stream string
	encode Encoder[T]
}

// KinesisStream returns a handle that sends records to a stream. egress is the
// egress's id in module.yaml, of the form namespace/name. stream may be empty:
// then each record names its own with [Stream]. Mistakes are reported by [New].
func KinesisStream[T any](egress, stream string, enc Encoder[T]) *Kinesis[T] {
	return &Kinesis[T]{newEgressDecl(egress, checkText("stream", stream), checkEncoder(enc)), stream, enc}
}

func (k *Kinesis[T]) part(d *definition) {
	if k == nil {
		d.problem("a nil *Kinesis is declared")
		return
	}
	d.addEgress(&k.decl)
}

// Send sends one record. The partition key must not be empty: the service
// refuses it. The record leaves when the whole batch has succeeded.
func (k *Kinesis[T]) Send(inv *Invocation, partitionKey string, v T, opts ...RecordOption) {
	if b, err := inv.open(); err == nil && b.err == nil {
		if err := k.send(b, partitionKey, v, opts); err != nil {
			_ = b.fail(fmt.Errorf("send to Kinesis egress %v: %w", k.decl.id, err))
		}
	}
}

func (k *Kinesis[T]) send(b *batch, partitionKey string, v T, opts []RecordOption) error {
	if !b.declares(&k.decl) {
		return b.undeclared("egress")
	}
	r := wire.KinesisRecord{PartitionKey: partitionKey, Stream: k.stream}
	for _, o := range opts {
		switch o.kind {
		case optionStream:
			r.Stream = o.text
		case optionHashKey:
			r.ExplicitHashKey = o.text
		default:
			return errors.New("Topic and Header belong to Kafka records")
		}
		if err := checkText("stream or hash key", o.text); err != nil {
			return err
		}
	}
	switch {
	case r.Stream == "":
		return errors.New("no stream: give one to KinesisStream or to the record with Stream")
	case partitionKey == "":
		return errors.New("the partition key is empty: Kinesis refuses such records")
	}
	if err := checkText("partition key", partitionKey); err != nil {
		return err
	}
	value, err := k.encode(b.scratch[:0], v)
	if err != nil {
		return fmt.Errorf("encode the record's value: %w", err)
	}
	r.Value = b.hold(value)
	record := wire.AppendKinesisRecord(r.Value, &r)
	b.scratch = record[:0]
	b.ans = wire.AppendEgress(b.ans, b.version, k.decl.id.namespace, k.decl.id.name,
		wire.Value{TypeName: wire.KinesisTypeName(b.version), Has: true, Data: record[len(r.Value):]})
	return nil
}

// Egress is a handle to an egress of any other kind, which takes values of one
// type. Make it once with [NewEgress], name it in [Define], and send with it.
// It is safe for concurrent use.
type Egress[T any] struct {
	decl egressDecl
	typ  Type[T]
}

// NewEgress returns a handle to an egress that takes values of type t. egress
// is its id in module.yaml, of the form namespace/name. Mistakes are reported
// by [New].
func NewEgress[T any](egress string, t Type[T]) *Egress[T] {
	return &Egress[T]{newEgressDecl(egress, t.check()), t}
}

func (e *Egress[T]) part(d *definition) {
	if e == nil {
		d.problem("a nil *Egress is declared")
		return
	}
	d.addEgress(&e.decl)
}

// Send sends one value. It leaves when the whole batch has succeeded.
func (e *Egress[T]) Send(inv *Invocation, v T) {
	b, err := inv.open()
	if err != nil || b.err != nil {
		return
	}
	if !b.declares(&e.decl) {
		_ = b.fail(fmt.Errorf("send to egress %v: %w", e.decl.id, b.undeclared("egress")))
		return
	}
	val, err := e.typ.value(b, v)
	if err != nil {
		_ = b.fail(fmt.Errorf("send to egress %v: %w", e.decl.id, err))
		return
	}
	b.ans = wire.AppendEgress(b.ans, b.version, e.decl.id.namespace, e.decl.id.name, val)
}
