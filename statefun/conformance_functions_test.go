package statefun_test

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/statefun-go/statefun-go/statefun"
)

// The functions behind the recorded answers of the official SDKs, as the
// vectors' README.md describes them, on our SDK. All but echo run a script: one
// command a line, fields divided by a bar.

var (
	vectorSink  = statefun.MustTypeName("vectors/sink")
	vectorBytes = statefun.Bytes("vectors.types/bytes")
	vectorUser  = statefun.JSON[vectorUserValue]("vectors.types/user")
)

type vectorUserValue struct {
	Name string `json:"name"`
	N    int    `json:"n"`
}

// vectorKind is a T of the script language: what can be done with a text of it.
// Those that are only the value of a record have no message and no generic.
type vectorKind struct {
	message func(inv *statefun.Invocation, to statefun.Address, text string) error
	generic func(inv *statefun.Invocation, text string) error
	kafka   func(inv *statefun.Invocation, topic, key, text string) error
	kinesis func(inv *statefun.Invocation, partition, text string, opts ...statefun.RecordOption) error
	parts   []statefun.Part // its egress handles
}

func vectorRecordKind[T any](parse func(string) (T, error), encode statefun.Encoder[T]) vectorKind {
	kafka := statefun.KafkaTopic("vectors.io/kafka", "", encode)
	kinesis := statefun.KinesisStream("vectors.io/kinesis", "", encode)
	return vectorKind{
		kafka: func(inv *statefun.Invocation, topic, key, text string) error {
			v, err := parse(text)
			kafka.Send(inv, key, v, statefun.Topic(topic))
			return err
		},
		kinesis: func(inv *statefun.Invocation, partition, text string, opts ...statefun.RecordOption) error {
			v, err := parse(text)
			kinesis.Send(inv, partition, v, opts...)
			return err
		},
		parts: []statefun.Part{kafka, kinesis},
	}
}

func vectorTypeKind[T any](t statefun.Type[T], parse func(string) (T, error)) vectorKind {
	k := vectorRecordKind(parse, statefun.Typed(t))
	generic := statefun.NewEgress("vectors.io/generic", t)
	k.message = func(inv *statefun.Invocation, to statefun.Address, text string) error {
		v, err := parse(text)
		t.Send(inv, to, v)
		return err
	}
	k.generic = func(inv *statefun.Invocation, text string) error {
		v, err := parse(text)
		generic.Send(inv, v)
		return err
	}
	k.parts = append(k.parts, generic)
	return k
}

func vectorText(s string) (string, error) { return s, nil }

func vectorInt(s string) (int32, error) {
	n, err := strconv.ParseInt(s, 10, 32)
	return int32(n), err
}

func vectorLong(s string) (int64, error) { return strconv.ParseInt(s, 10, 64) }

func vectorFloat(s string) (float32, error) {
	f, err := strconv.ParseFloat(s, 32)
	return float32(f), err
}

func vectorDouble(s string) (float64, error) { return strconv.ParseFloat(s, 64) }

// vectorBigEndian encodes a plain integer as Kafka's own serializers do.
func vectorBigEndian(dst []byte, n int32) ([]byte, error) {
	return binary.BigEndian.AppendUint32(dst, uint32(n)), nil
}

func vectorKinds() map[string]vectorKind {
	return map[string]vectorKind{
		"bool":     vectorTypeKind(statefun.Bool, strconv.ParseBool),
		"int":      vectorTypeKind(statefun.Int32, vectorInt),
		"long":     vectorTypeKind(statefun.Int64, vectorLong),
		"float":    vectorTypeKind(statefun.Float32, vectorFloat),
		"double":   vectorTypeKind(statefun.Float64, vectorDouble),
		"string":   vectorTypeKind(statefun.String, vectorText),
		"bytes":    vectorTypeKind(vectorBytes, hex.DecodeString),
		"raw":      vectorRecordKind(vectorText, statefun.Text),
		"rawbytes": vectorRecordKind(hex.DecodeString, statefun.RawBytes),
		"rawint":   vectorRecordKind(vectorInt, vectorBigEndian),
	}
}

// vectorState is a state of the script language.
type vectorState struct {
	part  statefun.Part
	get   func(inv *statefun.Invocation) error
	set   func(inv *statefun.Invocation, text string) error
	clear func(inv *statefun.Invocation)
	add   func(inv *statefun.Invocation, n int32) error // of an int
}

func vectorStateOf[T any](s *statefun.State[T], t statefun.Type[T], parse func(string) (T, error)) vectorState {
	return vectorState{
		part:  s,
		clear: s.Clear,
		get: func(inv *statefun.Invocation) error {
			v, ok, err := s.Lookup(inv)
			switch {
			case err != nil:
			case ok:
				t.Send(inv, vectorSink.Address(s.Name()), v)
			default:
				statefun.String.Send(inv, vectorSink.Address(s.Name()), "absent")
			}
			return err
		},
		set: func(inv *statefun.Invocation, text string) error {
			v, err := parse(text)
			s.Set(inv, v)
			return err
		},
	}
}

// vectorStates makes the states of one function, in the order of their
// declaration: name and T.
func vectorStates(declared [][2]string, opts map[string]statefun.StateOption) (names []string, states map[string]vectorState) {
	states = map[string]vectorState{}
	for _, d := range declared {
		var options []statefun.StateOption
		if o, ok := opts[d[0]]; ok {
			options = append(options, o)
		}
		names, states[d[0]] = append(names, d[0]), vectorStateNamed(d[0], d[1], options)
	}
	return names, states
}

func vectorStateNamed(name, kind string, opts []statefun.StateOption) vectorState {
	switch kind {
	case "bool":
		return vectorStateOf(statefun.NewState(name, statefun.Bool, opts...), statefun.Bool, strconv.ParseBool)
	case "int":
		s := statefun.NewState(name, statefun.Int32, opts...)
		v := vectorStateOf(s, statefun.Int32, vectorInt)
		v.add = func(inv *statefun.Invocation, n int32) error {
			old, err := s.Get(inv)
			s.Set(inv, old+n)
			return err
		}
		return v
	case "long":
		return vectorStateOf(statefun.NewState(name, statefun.Int64, opts...), statefun.Int64, vectorLong)
	case "float":
		return vectorStateOf(statefun.NewState(name, statefun.Float32, opts...), statefun.Float32, vectorFloat)
	case "double":
		return vectorStateOf(statefun.NewState(name, statefun.Float64, opts...), statefun.Float64, vectorDouble)
	case "bytes":
		return vectorStateOf(statefun.NewState(name, vectorBytes, opts...), vectorBytes, hex.DecodeString)
	default:
		return vectorStateOf(statefun.NewState(name, statefun.String, opts...), statefun.String, vectorText)
	}
}

// vectorScript runs the script language for one function.
type vectorScript struct {
	kinds  map[string]vectorKind
	states map[string]vectorState
}

func vectorFunction(name string, declared [][2]string, opts map[string]statefun.StateOption) statefun.Function {
	names, states := vectorStates(declared, opts)
	s := vectorScript{vectorKinds(), states}
	parts := []statefun.Part{statefun.On(statefun.String, s.run)}
	for _, k := range s.kinds {
		parts = append(parts, k.parts...)
	}
	for _, n := range names {
		parts = append(parts, states[n].part)
	}
	return statefun.Define(statefun.MustTypeName("vectors/"+name), parts...)
}

func (s vectorScript) run(_ context.Context, inv *statefun.Invocation, script string) error {
	for line := range strings.SplitSeq(script, "\n") {
		if err := s.command(inv, strings.Split(line, "|")); err != nil {
			return fmt.Errorf("%s: %w", line, err)
		}
	}
	return nil
}

func (s vectorScript) command(inv *statefun.Invocation, f []string) error {
	switch f[0] {
	case "noop":
		return nil
	case "fail":
		return errors.New(f[1])
	case "get", "set", "clear", "add":
		return s.state(inv, f)
	case "after", "token", "cancel":
		return s.delayed(inv, f)
	case "send":
		to, err := vectorAddress(f[2], f[3])
		if err != nil {
			return err
		}
		return s.kinds[f[1]].message(inv, to, f[4])
	case "reply":
		if _, ok := inv.Caller(); !ok {
			statefun.String.Send(inv, vectorSink.Address("reply"), "no caller")
			return nil
		}
		statefun.String.Reply(inv, f[1])
		return nil
	case "egress":
		return s.kinds[f[1]].generic(inv, f[2])
	case "kafka":
		return s.kinds[f[1]].kafka(inv, f[2], strings.TrimPrefix(f[3], "-"), f[4])
	case "kinesis":
		opts := []statefun.RecordOption{statefun.Stream(f[2])}
		if f[4] != "-" {
			opts = append(opts, statefun.HashKey(f[4]))
		}
		return s.kinds[f[1]].kinesis(inv, f[3], f[5], opts...)
	}
	return errors.New("no such command")
}

func (s vectorScript) state(inv *statefun.Invocation, f []string) error {
	state := s.states[f[1]]
	switch f[0] {
	case "get":
		return state.get(inv)
	case "set":
		return state.set(inv, f[2])
	case "clear":
		state.clear(inv)
		return nil
	default:
		n, err := vectorInt(f[2])
		if err != nil {
			return err
		}
		return state.add(inv, n)
	}
}

func (s vectorScript) delayed(inv *statefun.Invocation, f []string) error {
	if f[0] == "cancel" {
		inv.Cancel(statefun.Token(f[1]))
		return nil
	}
	ms, err := strconv.ParseInt(f[1], 10, 64)
	if err != nil {
		return err
	}
	delay := time.Duration(ms) * time.Millisecond
	var tokens []statefun.CancelToken
	if f[0] == "token" {
		tokens = append(tokens, statefun.Token(f[2]))
		f = f[1:]
	}
	to, err := vectorAddress(f[2], f[3])
	if err != nil {
		return err
	}
	statefun.String.SendAfter(inv, delay, to, f[4], tokens...)
	return nil
}

func vectorAddress(function, id string) (statefun.Address, error) {
	name, err := statefun.ParseTypeName(function)
	return name.Address(id), err
}

// vectorEcho sends what it gets, decoded and encoded again.
func vectorEcho[T any](t statefun.Type[T]) statefun.Part {
	return statefun.On(t, func(_ context.Context, inv *statefun.Invocation, v T) error {
		t.Send(inv, vectorSink.Address("echo"), v)
		return nil
	})
}

// vectorFunctions are all functions of the vectors that ours can register.
func vectorFunctions() []statefun.Function {
	return []statefun.Function{
		statefun.Define(statefun.MustTypeName("vectors/echo"),
			vectorEcho(statefun.Bool), vectorEcho(statefun.Int32), vectorEcho(statefun.Int64),
			vectorEcho(statefun.Float32), vectorEcho(statefun.Float64), vectorEcho(statefun.String),
			vectorEcho(vectorBytes), vectorEcho(vectorUser), vectorEcho(statefun.Proto[*timestamppb.Timestamp]())),
		vectorFunction("plain", nil, nil),
		vectorFunction("states", [][2]string{{"zulu", "int"}, {"alpha", "string"}, {"mike", "bool"}, {"blob", "bytes"}}, nil),
		vectorFunction("expiring", [][2]string{{"keep", "string"}, {"on_write", "string"}, {"on_call", "string"}}, map[string]statefun.StateOption{
			"on_write": statefun.ExpireAfterWrite(60 * time.Second),
			"on_call":  statefun.ExpireAfterCall(1500 * time.Millisecond),
		}),
		vectorFunction("numbers", [][2]string{{"total", "long"}, {"ratio", "double"}, {"part", "float"}}, nil),
	}
}

// vectorOddExpiring and vectorMicroExpiring are the two that New refuses.
func vectorOddExpiring() statefun.Function {
	return vectorFunction("odd_expiring", [][2]string{{"zero_write", "string"}, {"minus_call", "string"}, {"minus_one", "string"}}, map[string]statefun.StateOption{
		"zero_write": statefun.ExpireAfterWrite(0),
		"minus_call": statefun.ExpireAfterCall(-time.Second),
		"minus_one":  statefun.ExpireAfterWrite(-time.Millisecond),
	})
}

func vectorMicroExpiring() statefun.Function {
	return vectorFunction("micro_expiring", [][2]string{{"micro", "string"}}, map[string]statefun.StateOption{
		"micro": statefun.ExpireAfterWrite(500 * time.Microsecond),
	})
}
