package sdk_test

import (
	"encoding/binary"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/statefun-go/statefun-go/internal/wire"
	"github.com/statefun-go/statefun-go/internal/wire/wiretest"
)

// plan is one case: a registry, whose functions run scripts, and a request. It
// is made of bytes alone.
//
// It stays clear of what the two SDKs differ in on purpose. Each of these is an
// error with us and passes with the official SDK, but for the last three:
//
//   - an argument whose has_value is false;
//   - a stored value of another type than the state's, when it is read;
//   - a wrapper's field with another wire type, or an argument of plain text:
//     the official SDK reads zero;
//   - bytes after a JSON value;
//   - a target with an empty id, other than this function's own or the caller's;
//   - a negative delay, one token twice in an answer: both fail the Flink job;
//   - a delay or an expiration of a fraction of a millisecond: cut off there,
//     refused or rounded up here;
//   - a record to an egress that the function does not declare: nothing to
//     declare there;
//   - text that is not UTF-8 under the encoder Text: an error there alone;
//   - a caller that is there and empty: an address without a type there, absent
//     here;
//   - one state twice in a request: any may count;
//   - panics with values that are no errors: they end the process there.
//
// Differences of form are evened out by meaning: tokens with our prefix, an
// empty ExpirationSpec, JSON text, the order of mutations and specs.
type plan struct {
	functions []functionPlan
	request   []byte
}

type functionPlan struct {
	name     string
	cases    int // kinds with a case of their own on our side, as bits
	states   []statePlan
	egresses []egressPlan
	steps    []step
}

type statePlan struct {
	name string
	kind kind
	mode wire.ExpireMode
	ttl  time.Duration
}

type egressPlan struct {
	flavor flavor
	id     string
	dest   string // topic or stream
	kind   kind
	plain  bool // the value's own bytes, not the type's
}

type flavor int

const (
	kafka flavor = iota
	kinesis
	generic
)

// choices turns bytes into decisions; when they have run out, all are zero.
type choices struct{ program []byte }

func (c *choices) n(limit int) int {
	if len(c.program) == 0 {
		return 0
	}
	b := int(c.program[0])
	c.program = c.program[1:]
	return b % limit
}

// rare is true once in n times, and never without bytes.
func (c *choices) rare(n int) bool { return c.n(n) == n-1 }

func (c *choices) bits() uint64 {
	var b [8]byte
	c.program = c.program[copy(b[:], c.program):]
	return binary.LittleEndian.Uint64(b[:])
}

func choose[T any](c *choices, list ...T) T { return list[c.n(len(list))] }

func makePlan(schema *wiretest.Schema, program []byte) *plan {
	c := &choices{program}
	p := &plan{functions: make([]functionPlan, 1+c.n(4))}
	for i := range p.functions {
		p.functions[i] = c.function(i)
	}
	p.request = c.request(schema, p)
	return p
}

func (c *choices) function(i int) functionPlan {
	f := functionPlan{name: choose(c, "diff/f", "diff/nested/f") + strconv.Itoa(i), cases: c.n(256)}
	for i := range c.n(6) {
		f.states = append(f.states, statePlan{
			name: choose(c, "s", "_S", "state_") + strconv.Itoa(i), kind: kind(c.n(numKinds)), mode: wire.ExpireMode(c.n(3)),
			ttl: time.Duration(choose(c, 1, 1000, 3_600_000, 1<<40)) * time.Millisecond,
		})
	}
	for i := range 1 + c.n(3) {
		e := egressPlan{flavor: flavor(c.n(3)), id: "diff/egress" + strconv.Itoa(i), kind: kind(c.n(numKinds)), plain: c.n(2) == 0}
		e.dest = e.destination(choose(c, "out", "out", "", "topic.with-more_parts"))
		f.egresses = append(f.egresses, e)
	}
	for range c.n(12) {
		f.steps = append(f.steps, c.step(&f))
	}
	return f
}

// destination marks records whose values are JSON text, for who compares them.
func (e *egressPlan) destination(name string) string {
	if name != "" && e.kind == kindJSON {
		return name + jsonMark
	}
	return name
}

func (c *choices) value(k kind) any {
	switch k {
	case kindBool:
		return c.n(2) == 1
	case kindInt32:
		return choose(c, 0, 1, -1, math.MaxInt32, math.MinInt32, int32(c.bits()))
	case kindInt64:
		return choose(c, 0, 1, -1, math.MaxInt64, math.MinInt64, int64(c.bits()))
	case kindFloat32:
		return choose(c, 0, float32(math.Copysign(0, -1)), 1.5, float32(math.Inf(-1)), float32(math.NaN()), math.Float32frombits(uint32(c.bits())))
	case kindFloat64:
		return choose(c, 0, math.Copysign(0, -1), 1.5, math.Inf(1), math.NaN(), math.Float64frombits(c.bits()))
	case kindString:
		return c.text()
	case kindBytes:
		return []byte(c.text() + choose(c, "", "\x00\xff"))
	default:
		return c.doc()
	}
}

func (c *choices) text() string {
	switch c.n(8) {
	case 0:
		return ""
	case 1:
		return strings.Repeat("long ", choose(c, 25, 26, 50, 3277, 13108)) // around the steps of a varint
	case 2:
		return "<a href=\"x\">&\u2028\x00 ünï \U0001F600"
	default:
		return "text " + strconv.Itoa(c.n(100))
	}
}

func (c *choices) doc() doc {
	d := doc{Name: c.text(), N: int64(c.bits()), X: choose(c, 0, 0.1, 1e21, -1e-9)}
	for i := range c.n(3) {
		d.Tags = append(d.Tags, c.text())
		d.More = map[string]string{"b" + strconv.Itoa(i): c.text(), "a": "&"}
	}
	return d
}

// request makes one batch for one of the functions.
func (c *choices) request(schema *wiretest.Schema, p *plan) []byte {
	f := &p.functions[c.n(len(p.functions))]
	r := wire.Request{HasTarget: true, Target: address(f.name, c.id())}
	if c.rare(64) {
		r.Target.Name = "unknown"
	}
	r.States = c.states(f)
	for range choose(c, 1, 1, 2, 3, 7, 0, 20) {
		r.Invocations = append(r.Invocations, c.invocation())
	}
	request := wire.AppendRequest(nil, &r)
	if !c.rare(3) {
		return request
	}
	m, err := wiretest.Unmarshal(schema.Request, request)
	if err != nil {
		return request // text that is not UTF-8
	}
	return wiretest.NewRandom(c.bits()).Scramble(m)
}

// id may be empty: a Kafka record without a key makes such an address.
func (c *choices) id() string {
	return choose(c, "id", "user-1", "", "ünï/cødé", strings.Repeat("i", 130))
}

func address(function, id string) wire.Address {
	i := strings.LastIndexByte(function, '/')
	return wire.Address{Namespace: function[:i], Name: function[i+1:], ID: id}
}

// states are what the runtime knows of f: mostly all, in any order, and some
// that nobody declared.
func (c *choices) states(f *functionPlan) (list []wire.State) {
	missing := c.rare(4)
	for _, s := range f.states {
		if missing && c.n(2) == 0 {
			continue
		}
		at := c.n(len(list) + 1)
		list = append(list[:at], append([]wire.State{c.stored(s.name, s.kind)}, list[at:]...)...)
	}
	if c.rare(4) {
		list = append(list, c.stored("undeclared", kind(c.n(numKinds))))
	}
	return list
}

func (c *choices) stored(name string, k kind) wire.State {
	s := wire.State{Name: name, HasValue: c.n(3) != 0}
	if s.HasValue {
		val := wire.Value{TypeName: ourTypes[k].name(), Has: !c.rare(8), Data: c.encoded(k)}
		s.Value = wire.AppendValue(nil, wire.V3, val)
	}
	return s
}

func (c *choices) invocation() wire.Invocation {
	k := kind(c.n(numKinds))
	val := wire.Value{TypeName: ourTypes[k].name(), Has: true, Data: c.encoded(k)}
	if c.rare(64) {
		val.TypeName = choose(c, "diff/unknown", "", "no-slash")
	}
	inv := wire.Invocation{HasArgument: !c.rare(64), Argument: wire.AppendValue(nil, wire.V3, val)}
	switch c.n(8) {
	case 0, 1, 2:
		inv.HasCaller, inv.Caller = true, address("diff/caller", c.id())
	case 3:
		inv.HasCaller, inv.Caller = true, choose(c, wire.Address{ID: "lost"}, wire.Address{Namespace: "lost"}, address("diff/\xff", "x"))
	default:
	}
	return inv
}

// encoded is a value as the runtime holds it: mostly as every SDK writes it.
func (c *choices) encoded(k kind) []byte {
	data, err := ourTypes[k].encode(c.value(k))
	if err != nil {
		panic(err) // the values above can all be encoded
	}
	switch odd := c.n(32); {
	case odd == 31 && len(data) > 0 && k != kindBytes:
		return data[:len(data)-1] // cut off
	case odd == 30 && k == kindString:
		return []byte{1<<3 | 2, 2, 0xff, 0xfe}
	case odd == 29 && len(data) > 0 && k < kindBytes:
		return append(data, 15<<3, 1) // an unknown field
	case odd == 28 && k == kindBool:
		return []byte{1 << 3, 0} // zero, written out
	case odd == 28 && k == kindString:
		return []byte{1<<3 | 2, 1, 'a', 1<<3 | 2, 1, 'b'} // the last one counts
	default:
		return data
	}
}
