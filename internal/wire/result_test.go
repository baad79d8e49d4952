package wire_test

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/statefun-go/statefun-go/internal/wire"
	"github.com/statefun-go/statefun-go/internal/wire/wiretest"
)

// boundaries are lengths at which a length's own encoding grows, and a large one.
var boundaries = []int{0, 1, 126, 127, 128, 129, 16382, 16383, 16384, 1 << 21}

// effect is one call of the result writer and what it is to say.
type effect struct {
	write func(dst []byte) []byte
	says  func(a *wire.Answer)
}

// effects are random calls of the writer: lists[i] holds those of field i+1 of
// an InvocationResponse.
func effects(r wiretest.Random, s *wiretest.Schema) (lists [4][]effect) {
	v := s.Version
	value := func() (wire.Value, []byte) {
		raw := wiretest.Marshal(r.Message(s.Value))
		if len(raw) == 0 {
			raw = []byte("\x0a\x01x") // version 2 does not write an empty state
		}
		val, err := wire.ParseValue(v, raw)
		if err != nil {
			panic(err)
		}
		return val, raw
	}
	name := func() string { return strings.Repeat("n", r.IntN(200)) }
	address := func() wire.Address { return wire.Address{Namespace: name(), Name: "f", ID: name()} }

	for range r.IntN(4) {
		n := name()
		val, raw := value()
		lists[0] = append(lists[0],
			effect{
				func(b []byte) []byte { return wire.AppendModify(b, v, n, val) },
				func(a *wire.Answer) {
					a.Mutations = append(a.Mutations, wire.Mutation{Type: wire.Modify, Name: n, HasValue: true, Value: raw})
				},
			},
			effect{
				func(b []byte) []byte { return wire.AppendDelete(b, n) },
				func(a *wire.Answer) { a.Mutations = append(a.Mutations, wire.Mutation{Name: n}) },
			})
	}
	for range r.IntN(4) {
		to := address()
		val, raw := value()
		message := wire.Message{Target: to, HasArgument: true, Argument: raw}
		lists[1] = append(lists[1],
			effect{
				func(b []byte) []byte { return wire.AppendMessage(b, v, to, val) },
				func(a *wire.Answer) { a.Messages = append(a.Messages, message) },
			},
			effect{
				func(b []byte) []byte { return wire.AppendForward(b, to, raw) },
				func(a *wire.Answer) { a.Messages = append(a.Messages, message) },
			})
		millis, token := r.Int64N(1<<r.IntN(62)+1), ""
		millis *= int64(r.IntN(3) - 1) // below zero too: the runtime refuses it, not the codec
		if v == wire.V3 {
			token = name()
			cancel := name()
			lists[2] = append(lists[2], effect{
				func(b []byte) []byte { return wire.AppendCancel(b, cancel) },
				func(a *wire.Answer) { a.Delayed = append(a.Delayed, wire.Delayed{Cancel: true, Token: cancel}) },
			})
		}
		lists[2] = append(lists[2], effect{
			func(b []byte) []byte { return wire.AppendDelayed(b, v, millis, to, val, token) },
			func(a *wire.Answer) {
				a.Delayed = append(a.Delayed, wire.Delayed{Message: message, DelayMillis: millis, Token: token})
			},
		})
	}
	for range r.IntN(4) {
		namespace, n := name(), name()
		val, raw := value()
		lists[3] = append(lists[3], effect{
			func(b []byte) []byte { return wire.AppendEgress(b, v, namespace, n, val) },
			func(a *wire.Answer) {
				a.Egresses = append(a.Egresses, wire.Egress{Namespace: namespace, Name: n, HasArgument: true, Argument: raw})
			},
		})
	}
	return lists
}

// With the lists in the order of their numbers the writer's bytes are those of
// protobuf-go; in any other order they decode to the same answer.
func TestResultWriter(t *testing.T) {
	t.Parallel()
	for _, s := range schemas(t) {
		for seed := range uint64(rounds / 3) {
			r := wiretest.NewRandom(seed)
			lists := effects(r, s)
			said := wire.Answer{HasResult: true}
			prefix := r.IntN(5)
			dst := wire.BeginResult(make([]byte, prefix))
			for _, list := range lists {
				for _, e := range list {
					dst = e.write(dst)
					e.says(&said)
				}
			}
			dst = wire.EndResult(dst, prefix)[prefix:]
			want, err := s.FromAnswer(&said)
			if err != nil {
				t.Fatal(err)
			}
			if b := wiretest.Marshal(wiretest.Canonical(want)); !bytes.Equal(dst, b) {
				t.Fatalf("%s, seed %d:\nwritten %x\nwant    %x", version(s), seed, dst, b)
			}
			agreeAnswer(t, s, dst)

			mixed := wire.BeginResult(nil)
			for left := lists; ; {
				i := r.IntN(4)
				if len(left[i]) > 0 {
					mixed = left[i][0].write(mixed)
					left[i] = left[i][1:]
				}
				if len(left[0])+len(left[1])+len(left[2])+len(left[3]) == 0 {
					break
				}
			}
			got, err := wiretest.Unmarshal(s.Answer, wire.EndResult(mixed, 0))
			if err != nil || !wiretest.Equal(got, want) {
				t.Fatalf("%s, seed %d: interleaved lists say %v\n%s\nwant\n%s", version(s), seed, err, text(got), text(want))
			}
		}
	}
}

func TestIncompleteWriter(t *testing.T) {
	t.Parallel()
	s := wiretest.New(t, wire.V3)
	context := s.Answer.Fields().ByNumber(101).Message()
	for seed := range uint64(rounds) {
		r := wiretest.NewRandom(seed)
		said := protowire.AppendTag(nil, 101, protowire.BytesType)
		said = protowire.AppendBytes(said, wiretest.Marshal(r.Message(context)))
		var a wire.Answer
		if err := a.Decode(wire.V3, said); err != nil {
			t.Fatal(err)
		}
		want, err := s.FromAnswer(&a)
		if err != nil {
			t.Fatal(err)
		}
		dst := wire.AppendIncomplete([]byte("x"), a.Missing)[1:]
		if b := wiretest.Marshal(wiretest.Canonical(want)); !bytes.Equal(dst, b) {
			t.Fatalf("seed %d:\nwritten %x\nwant    %x", seed, dst, b)
		}
	}
}

// The head is right for every length of the body, wherever the answer starts
// and however much room is left behind it.
func TestResultHead(t *testing.T) {
	t.Parallel()
	for _, n := range boundaries {
		body := bytes.Repeat([]byte{0xab}, n)
		want := protowire.AppendBytes(protowire.AppendTag([]byte("before"), 100, protowire.BytesType), body)
		for _, room := range []int{0, 1, 2, 3, 100} {
			dst := append(wire.BeginResult([]byte("before")), body...)
			dst = append(make([]byte, 0, len(dst)+room), dst...)
			if got := wire.EndResult(dst, len("before")); !bytes.Equal(got, want) {
				t.Errorf("a body of %d bytes with room for %d: head %x, want %x", n, room, got[:min(len(got), 20)], want[:min(len(want), 20)])
			}
		}
	}
}

// Lengths of every part of every effect, at the steps of a varint.
func TestResultLengths(t *testing.T) {
	t.Parallel()
	for _, s := range schemas(t) {
		v := s.Version
		for _, n := range boundaries {
			long := strings.Repeat("x", n)
			calls := map[string]func(b []byte) []byte{
				"message id": func(b []byte) []byte {
					return wire.AppendMessage(b, v, wire.Address{ID: long}, wire.Value{TypeName: "t/x", Has: true})
				},
				"message type": func(b []byte) []byte {
					return wire.AppendMessage(b, v, wire.Address{}, wire.Value{TypeName: long, Has: true})
				},
				"message value": func(b []byte) []byte { return wire.AppendMessage(b, v, wire.Address{}, wire.Value{Data: []byte(long)}) },
				"forward": func(b []byte) []byte {
					return wire.AppendForward(b, wire.Address{}, wire.AppendValue(nil, v, wire.Value{TypeName: long}))
				},
				"delayed value": func(b []byte) []byte {
					return wire.AppendDelayed(b, v, int64(n), wire.Address{}, wire.Value{Data: []byte(long)}, "")
				},
				"egress name":   func(b []byte) []byte { return wire.AppendEgress(b, v, "", long, wire.Value{}) },
				"egress value":  func(b []byte) []byte { return wire.AppendEgress(b, v, long, "", wire.Value{Data: []byte(long)}) },
				"mutation name": func(b []byte) []byte { return wire.AppendModify(b, v, long, wire.Value{TypeName: "t/x", Has: true}) },
				"mutation value": func(b []byte) []byte {
					return wire.AppendModify(b, v, "", wire.Value{TypeName: "t/x", Data: []byte(long)})
				},
				"deleted name":    func(b []byte) []byte { return wire.AppendDelete(b, long) },
				"nothing":         func(b []byte) []byte { return b },
				"several effects": func(b []byte) []byte { return wire.AppendDelete(wire.AppendEgress(b, v, long, "", wire.Value{}), long) },
			}
			if v == wire.V3 {
				calls["token"] = func(b []byte) []byte { return wire.AppendDelayed(b, v, 1, wire.Address{}, wire.Value{}, long) }
				calls["cancelled token"] = func(b []byte) []byte { return wire.AppendCancel(b, long) }
			}
			for name, call := range calls {
				dst := wire.EndResult(call(wire.BeginResult(nil)), 0)
				got, err := wiretest.Unmarshal(s.Answer, dst)
				if err != nil {
					t.Errorf("%s, %s, %d bytes: %v", version(s), name, n, err)
				} else if b := wiretest.Marshal(got); name != "several effects" && !bytes.Equal(b, dst) {
					t.Errorf("%s, %s, %d bytes: not the bytes of protobuf-go: %d, want %d", version(s), name, n, len(dst), len(b))
				}
				var a wire.Answer
				if err := a.Decode(v, dst); err != nil {
					t.Errorf("%s, %s, %d bytes: %v", version(s), name, n, err)
				} else if again, err := s.FromAnswer(&a); err != nil || !wiretest.Equal(again, got) {
					t.Errorf("%s, %s, %d bytes: decoded differently: %v", version(s), name, n, err)
				}
			}
		}
	}
}

// Cutting the answer back takes back what was appended since.
func TestResultCutBack(t *testing.T) {
	t.Parallel()
	s := wiretest.New(t, wire.V3)
	for seed := range uint64(100) {
		r := wiretest.NewRandom(seed)
		var kept, cut []byte
		kept, cut = wire.BeginResult(kept), wire.BeginResult(cut)
		for _, list := range effects(r, s) {
			for _, e := range list {
				if r.IntN(2) == 0 {
					kept, cut = e.write(kept), e.write(cut)
					continue
				}
				mark := len(cut)
				cut = e.write(cut)[:mark]
			}
		}
		if kept, cut = wire.EndResult(kept, 0), wire.EndResult(cut, 0); !bytes.Equal(kept, cut) {
			t.Fatalf("seed %d: %x, want %x", seed, cut, kept)
		}
	}
}

// The bytes that protobuf-java and protobuf-go
// write for the smallest answers.
func TestResultGolden(t *testing.T) {
	t.Parallel()
	result := func(effect func(b []byte) []byte) []byte { return wire.EndResult(effect(wire.BeginResult(nil)), 0) }
	for name, tc := range map[string]struct {
		got  []byte
		want string
	}{
		"nothing":    {result(func(b []byte) []byte { return b }), "\xa2\x06\x00"},
		"cancel":     {result(func(b []byte) []byte { return wire.AppendCancel(b, "t") }), "\xa2\x06\x07\x1a\x05\x50\x01\x5a\x01t"},
		"delete":     {result(func(b []byte) []byte { return wire.AppendDelete(b, "s") }), "\xa2\x06\x05\x0a\x03\x12\x01s"},
		"incomplete": {wire.AppendIncomplete(nil, []wire.StateSpec{{Name: "s", TypeName: "t/x"}}), "\xaa\x06\x0a\x0a\x08\x0a\x01s\x1a\x03t/x"},
		"modify to zero bytes": {
			result(func(b []byte) []byte {
				return wire.AppendModify(b, wire.V3, "s", wire.Value{TypeName: "t/x", Has: true})
			}),
			"\xa2\x06\x10\x0a\x0e\x08\x01\x12\x01s\x1a\x07\x0a\x03t/x\x10\x01",
		},
	} {
		if string(tc.got) != tc.want {
			t.Errorf("%s: %x, want %x", name, tc.got, tc.want)
		}
	}
}

// TestResultGuess: what BeginResultOf guesses never shows in the answer.
func TestResultGuess(t *testing.T) {
	t.Parallel()
	for _, size := range []int{0, 1, 127, 128, 16383, 16384, 1 << 21} {
		body := bytes.Repeat([]byte{7}, size)
		want := wire.EndResult(append(wire.BeginResult([]byte("before")), body...), len("before"))
		for _, guess := range []int{0, 1, 127, 128, 16383, 16384, 1 << 21, math.MaxInt32} {
			got := append(wire.BeginResultOf([]byte("before"), guess), body...)
			if got = wire.EndResult(got, len("before")); !bytes.Equal(got, want) {
				t.Errorf("%d bytes, guessed %d: the head is % x", size, guess, got[:min(len(got), 16)])
			}
		}
	}
}
