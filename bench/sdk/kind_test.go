package sdk_test

import (
	"context"
	"io"

	official "github.com/apache/flink-statefun/statefun-sdk-go/v3/pkg/statefun"

	"github.com/statefun-go/statefun-go/statefun"
)

// kind is a type of values that both SDKs have. Scripts hold values as any;
// kindOf finds the way back.
type kind int

const (
	kindBool kind = iota
	kindInt32
	kindInt64
	kindFloat32
	kindFloat64
	kindString
	kindBytes
	kindJSON
	numKinds int = iota
)

const (
	bytesName = "diff/bytes"
	jsonName  = "diff/doc"
)

// doc is the JSON type.
type doc struct {
	Name string            `json:"name"`
	N    int64             `json:"n"`
	X    float64           `json:"x"`
	Tags []string          `json:"tags,omitempty"`
	More map[string]string `json:"more,omitempty"`
}

func kindOf(v any) kind {
	switch v.(type) {
	case bool:
		return kindBool
	case int32:
		return kindInt32
	case int64:
		return kindInt64
	case float32:
		return kindFloat32
	case float64:
		return kindFloat64
	case string:
		return kindString
	case []byte:
		return kindBytes
	default:
		return kindJSON
	}
}

// ourType is a statefun.Type without its type parameter.
type ourType interface {
	name() string
	encode(v any) ([]byte, error)
	decode(m statefun.Message) (any, error)
	on(run func(*statefun.Invocation, any) error) statefun.Part
	messages() ourMessages
	state(name string, opts ...statefun.StateOption) ourState
	egress(e *egressPlan) ourEgress
}

// ourMessages sends messages of one type.
type ourMessages struct {
	send  func(inv *statefun.Invocation, to statefun.Address, v any)
	after func(inv *statefun.Invocation, s *step, to statefun.Address, v any, token ...statefun.CancelToken)
	reply func(inv *statefun.Invocation, v any)
}

// ourState is a statefun.State without its type parameter.
type ourState struct {
	part  statefun.Part
	get   func(inv *statefun.Invocation) (any, bool, error)
	set   func(inv *statefun.Invocation, v any)
	clear func(inv *statefun.Invocation)
}

// ourEgress is an egress handle without its type parameter.
type ourEgress struct {
	part statefun.Part
	send func(inv *statefun.Invocation, s *step, v any)
}

var ourTypes = [numKinds]ourType{
	typed[bool]{statefun.Bool},
	typed[int32]{statefun.Int32},
	typed[int64]{statefun.Int64},
	typed[float32]{statefun.Float32},
	typed[float64]{statefun.Float64},
	typed[string]{statefun.String},
	typed[[]byte]{statefun.Bytes(bytesName)},
	typed[doc]{statefun.JSON[doc](jsonName)},
}

type typed[T any] struct{ t statefun.Type[T] }

func (t typed[T]) name() string { return t.t.Name() }

func (t typed[T]) encode(v any) ([]byte, error) { return statefun.Typed(t.t)(nil, v.(T)) }

func (t typed[T]) decode(m statefun.Message) (any, error) { return t.t.Decode(m) }

func (t typed[T]) on(run func(*statefun.Invocation, any) error) statefun.Part {
	return statefun.On(t.t, func(_ context.Context, inv *statefun.Invocation, v T) error { return run(inv, v) })
}

func (t typed[T]) messages() ourMessages {
	return ourMessages{
		send: func(inv *statefun.Invocation, to statefun.Address, v any) { t.t.Send(inv, to, v.(T)) },
		after: func(inv *statefun.Invocation, s *step, to statefun.Address, v any, token ...statefun.CancelToken) {
			t.t.SendAfter(inv, s.delay, to, v.(T), token...)
		},
		reply: func(inv *statefun.Invocation, v any) { t.t.Reply(inv, v.(T)) },
	}
}

func (t typed[T]) state(name string, opts ...statefun.StateOption) ourState {
	s := statefun.NewState(name, t.t, opts...)
	return ourState{
		part:  s,
		get:   func(inv *statefun.Invocation) (any, bool, error) { return s.Lookup(inv) },
		set:   func(inv *statefun.Invocation, v any) { s.Set(inv, v.(T)) },
		clear: s.Clear,
	}
}

func (t typed[T]) egress(e *egressPlan) ourEgress {
	switch e.flavor {
	case kafka:
		k := statefun.KafkaTopic(e.id, e.dest, t.encoder(e))
		return ourEgress{k, func(inv *statefun.Invocation, s *step, v any) {
			var opts []statefun.RecordOption
			if s.dest != "" {
				opts = append(opts, statefun.Topic(s.dest))
			}
			k.Send(inv, s.key, v.(T), opts...)
		}}
	case kinesis:
		k := statefun.KinesisStream(e.id, e.dest, t.encoder(e))
		return ourEgress{k, func(inv *statefun.Invocation, s *step, v any) {
			var opts []statefun.RecordOption
			if s.dest != "" {
				opts = append(opts, statefun.Stream(s.dest))
			}
			if s.hash != "" {
				opts = append(opts, statefun.HashKey(s.hash))
			}
			k.Send(inv, s.key, v.(T), opts...)
		}}
	default:
		g := statefun.NewEgress(e.id, t.t)
		return ourEgress{g, func(inv *statefun.Invocation, _ *step, v any) { g.Send(inv, v.(T)) }}
	}
}

// encoder returns the plain encoder of the value's kind, where the official SDK
// takes such a value without a type, and that of the type otherwise.
func (t typed[T]) encoder(e *egressPlan) statefun.Encoder[T] {
	var plain any
	switch e.kind {
	case kindString:
		plain = statefun.Encoder[string](statefun.Text)
	case kindBytes:
		plain = statefun.Encoder[[]byte](statefun.RawBytes)
	case kindJSON:
		return statefun.EncodeJSON[T]
	default:
	}
	if enc, ok := plain.(statefun.Encoder[T]); ok && e.plain {
		return enc
	}
	return statefun.Typed(t.t)
}

var officialTypes = [numKinds]official.SimpleType{
	official.BoolType, official.Int32Type, official.Int64Type, official.Float32Type, official.Float64Type, official.StringType,
	bytesType{official.TypeNameFrom(bytesName)},
	official.MakeJsonType(official.TypeNameFrom(jsonName)),
}

// receive lets read fill a new value of kind k, as the official SDK wants it.
func receive(k kind, read func(receiver any) error) (any, error) {
	switch k {
	case kindBool:
		return into[bool](read)
	case kindInt32:
		return into[int32](read)
	case kindInt64:
		return into[int64](read)
	case kindFloat32:
		return into[float32](read)
	case kindFloat64:
		return into[float64](read)
	case kindString:
		return into[string](read)
	case kindBytes:
		return into[[]byte](read)
	default:
		return into[doc](read)
	}
}

func into[T any](read func(receiver any) error) (any, error) {
	var v T
	err := read(&v)
	return v, err
}

// bytesType hands bytes through, as statefun.Bytes does. It is also how the
// official SDK forwards a message.
type bytesType struct{ name official.TypeName }

func (t bytesType) GetTypeName() official.TypeName { return t.name }

func (bytesType) Deserialize(r io.Reader, receiver any) (err error) {
	*receiver.(*[]byte), err = io.ReadAll(r)
	return err
}

func (bytesType) Serialize(w io.Writer, data any) error {
	_, err := w.Write(data.([]byte))
	return err
}
