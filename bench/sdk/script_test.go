package sdk_test

import (
	"errors"
	"strconv"
	"time"

	"github.com/statefun-go/statefun-go/internal/wire"
)

// step is one call of a script. The same script runs on both SDKs.
type step struct {
	op      op
	state   int
	egress  int
	operand operand
	literal any // of the state's or the egress's kind, where the step has one
	target  string
	id      string
	delay   time.Duration
	token   string
	raw     bool // the token goes out as it is
	key     string
	dest    string
	hash    string
}

type op int

const (
	opGet op = iota
	opSet
	opClear
	opAdd
	opSend
	opAfter
	opAfterToken
	opCancel
	opEgress
	opReply
	opForward
	opWho
	opScribble
	opFail
	numOps int = iota
)

// operand says where a step's value comes from: the script, the message, or
// the last state that was read.
type operand int

const (
	literal operand = iota
	argument
	register
	numOperands int = iota
)

func (c *choices) step(f *functionPlan) step {
	s := step{op: op(c.n(numOps)), operand: operand(c.n(numOperands))}
	if s.op == opFail && !c.rare(8) || s.op <= opAdd && len(f.states) == 0 {
		s.op = opSend
	}
	k := kind(c.n(numKinds))
	switch s.op {
	case opGet, opSet, opClear, opAdd:
		s.state = c.n(len(f.states))
		k = f.states[s.state].kind
	case opEgress:
		s.egress = c.n(len(f.egresses))
		e := &f.egresses[s.egress]
		k = e.kind
		s.key, s.hash = choose(c, "key", "", "schlüssel", "key"), choose(c, "", "123")
		s.dest = e.destination(choose(c, "", "other"))
	default:
		s.target, s.id = choose(c, "diff/sink", "diff/f0", "far/away/f"), choose(c, "sink", "a/b", "\x00")
		s.delay = time.Duration(choose(c, 0, 1, 1500, 1<<40)) * time.Millisecond
		s.token, s.raw = choose(c, "t", "t|u", "tökén"), c.n(2) == 0
	}
	if c.rare(64) {
		s.id, s.token, s.key = "\xff", "\xff", "\xff" // not UTF-8
	}
	s.literal = c.value(k)
	return s
}

// machine is one message at one function of either SDK.
type machine interface {
	get(state int) (v any, ok bool, err error)
	set(state int, v any)
	clear(state int)
	effects
}

type effects interface {
	send(s *step, v any)
	after(s *step, v any, token string) // an empty token means none
	cancel(s *step, token string)
	record(s *step, v any)
	forward(s *step)
	reply(v any)
	who() (self wire.Address, caller wire.Address, called bool)
}

var errScript = errors.New("the script fails")

// script is a function on its way through a batch.
type script struct {
	f    *functionPlan
	turn int // messages before this one, so that no token comes twice
}

// run runs the script for one message. What it has read last goes out at the
// end, so that no wrong read stays unseen.
func (sc *script) run(m machine, arg any) error {
	reg := any("nothing read")
	for i := range sc.f.steps {
		if err := sc.step(m, i, arg, &reg); err != nil {
			return err
		}
	}
	m.send(&step{target: "diff/sink", id: "last"}, reg)
	sc.turn++
	return nil
}

func (sc *script) step(m machine, i int, arg any, reg *any) error {
	s := &sc.f.steps[i]
	v := s.literal
	// States and egresses take values of their own kind alone.
	if alt := [numOperands]any{v, arg, *reg}[s.operand]; s.op != opSet && s.op != opEgress || kindOf(alt) == kindOf(v) {
		v = alt
	}
	switch s.op {
	case opGet, opAdd:
		return sc.read(m, s, reg)
	case opSet:
		m.set(s.state, v)
	case opClear:
		m.clear(s.state)
	case opSend:
		m.send(s, v)
	case opAfter:
		m.after(s, v, "")
	case opAfterToken:
		m.after(s, v, s.token+strconv.Itoa(sc.turn)+"-"+strconv.Itoa(i))
	case opCancel:
		m.cancel(s, s.token+strconv.Itoa(sc.turn/2)+"-"+strconv.Itoa(i/2))
	case opEgress:
		m.record(s, v)
	case opForward:
		m.forward(s)
	case opReply, opWho:
		sc.answer(m, s, v)
	case opScribble:
		if b, ok := (*reg).([]byte); ok && len(b) > 0 {
			b[0] ^= 1 // must change nothing but this copy
		}
	case opFail:
		return errScript
	}
	return nil
}

func (sc *script) read(m machine, s *step, reg *any) error {
	v, ok, err := m.get(s.state)
	switch {
	case err != nil:
		return err
	case !ok:
		*reg = "absent " + sc.f.states[s.state].name
		v = s.literal
	default:
		*reg = v
	}
	if s.op == opAdd {
		m.set(s.state, bump(v))
	}
	return nil
}

func (sc *script) answer(m machine, s *step, v any) {
	self, caller, called := m.who()
	if s.op == opWho {
		m.send(s, self.String()+" "+caller.String())
	} else if called || s.delay == 0 { // now and then without a caller
		m.reply(v)
	}
}

// bump changes a value.
func bump(v any) any {
	switch v := v.(type) {
	case bool:
		return !v
	case int32:
		return v + 1
	case int64:
		return v + 1
	case float32:
		return v + 1
	case float64:
		return v + 1
	case string:
		return v + "+"
	case []byte:
		return append([]byte("+"), v...)
	case doc:
		v.N++
		v.Tags = append(v.Tags, "<+>")
		return v
	}
	return v
}
