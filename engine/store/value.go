package store

import (
	"encoding/binary"

	"github.com/statefun-go/statefun-go/internal/semantics"
	"github.com/statefun-go/statefun-go/internal/wire"
)

// Number encodes the value of a counter.
func Number(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

// ParseNumber is the inverse of [Number].
func ParseNumber(value []byte) (uint64, error) {
	r := reader{rest: value}
	n := r.uint64()
	return n, r.end()
}

// Message encodes a waiting message.
func Message(m *wire.Invocation) []byte {
	return appendMessage(make([]byte, 0, messageSize(m)), m)
}

// ParseMessage is the inverse of [Message]; the result is a view of value.
func ParseMessage(value []byte) (wire.Invocation, error) {
	r := reader{rest: value}
	m := r.message()
	return m, r.err
}

// Delayed is a delayed message: what will be delivered, and its token.
type Delayed struct {
	Target  wire.Address
	Token   string // empty for none
	Message wire.Invocation
}

// Encode encodes d.
func (d *Delayed) Encode() []byte {
	size := 4*binary.MaxVarintLen32 + len(d.Target.Namespace) + len(d.Target.Name) + len(d.Target.ID) + len(d.Token)
	dst := make([]byte, 0, size+messageSize(&d.Message))
	dst = appendText(appendAddress(dst, d.Target), d.Token)
	return appendMessage(dst, &d.Message)
}

// ParseDelayed is the inverse of [Delayed.Encode]; the result is a view of
// value.
func ParseDelayed(value []byte) (Delayed, error) {
	r := reader{rest: value}
	d := Delayed{Target: r.address(), Token: r.text(), Message: r.message()}
	return d, r.err
}

// TimerRef encodes the value of a token: the delayed message that holds it.
func TimerRef(due int64, number uint64) []byte { return DelayedKey(due, number)[1:] }

// ParseTimerRef is the inverse of [TimerRef].
func ParseTimerRef(value []byte) (due int64, number uint64, err error) {
	r := reader{rest: value}
	due, number = int64(r.uint64()), r.uint64() //nolint:gosec // as TimerRef wrote it
	return due, number, r.end()
}

// Record encodes an egress record.
func Record(key string, value []byte) []byte {
	dst := make([]byte, 0, binary.MaxVarintLen32+len(key)+len(value))
	return append(appendText(dst, key), value...)
}

// ParseRecord is the inverse of [Record]; the results are views of stored.
func ParseRecord(stored []byte) (key string, value []byte, err error) {
	r := reader{rest: stored}
	key = r.text()
	return key, r.rest, r.err
}

// Cell encodes the value of a state. An absent one is not stored.
func Cell(c semantics.Cell) []byte {
	dst := make([]byte, 0, 8+len(c.Value))
	dst = binary.BigEndian.AppendUint64(dst, uint64(c.Touched)) //nolint:gosec // times before 1970 do not occur
	return append(dst, c.Value...)
}

// ParseCell is the inverse of [Cell]; the value is a view of stored.
func ParseCell(stored []byte) (semantics.Cell, error) {
	r := reader{rest: stored}
	touched := int64(r.uint64()) //nolint:gosec // as Cell wrote it
	return semantics.Cell{Present: true, Touched: touched, Value: r.rest}, r.err
}

func messageSize(m *wire.Invocation) int {
	size := 1 + len(m.Argument)
	if m.HasCaller {
		size += 3*binary.MaxVarintLen32 + len(m.Caller.Namespace) + len(m.Caller.Name) + len(m.Caller.ID)
	}
	return size
}

func appendMessage(dst []byte, m *wire.Invocation) []byte {
	var flags byte
	if m.HasCaller {
		flags |= flagCaller
	}
	if m.HasArgument {
		flags |= flagArgument
	}
	dst = append(dst, flags)
	if m.HasCaller {
		dst = appendAddress(dst, m.Caller)
	}
	return append(dst, m.Argument...)
}
