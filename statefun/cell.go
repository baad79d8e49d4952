package statefun

import (
	"errors"
	"fmt"

	"github.com/statefun-go/statefun-go/internal/wire"
)

// cell is one declared state of the batch at hand.
//
// The value is encoded: data is a view of the request, or lies in one of two
// buffers of the cell's own. A message that writes uses the buffer that the
// value before it does not lie in, so that rolling back is putting the old
// cellValue back.
type cell struct {
	decl *stateDecl
	cellValue
	saved   cellValue // the value before the message at hand, where touched
	touched bool
	buffers [2][]byte
}

type cellValue struct {
	present  bool
	changed  bool // a mutation is due
	own      int8 // which buffer data lies in; -1 for a view of the request or a slice that nobody writes again
	typename string
	data     []byte
	cached   any   // the decoded value, for immutable types
	err      error // version 2: the stored bytes are no Any
}

// load sets the cell to what the request holds.
func (c *cell) load(v wire.Version, s *wire.State) error {
	c.cellValue = cellValue{own: -1}
	if !s.HasValue {
		return nil
	}
	raw := s.Value
	if v == wire.V2 {
		if raw = s.Opaque(); len(raw) == 0 {
			return nil
		}
	}
	val, err := wire.ParseValue(v, raw)
	if err != nil || v == wire.V2 && val.TypeName == "" {
		if v == wire.V3 {
			return fmt.Errorf("state %q: %w", s.Name, err)
		}
		c.present, c.data = true, raw
		c.err = errors.Join(errors.New("the stored bytes are not an Any with a type, as this and the Python SDK store values"), err)
		return nil
	}
	c.present, c.typename, c.data = val.Has, val.TypeName, val.Data
	return nil
}

// room returns the buffer to encode the next value into: one that the value
// before the message does not lie in. It changes nothing, as the codec may
// still fail.
func (c *cell) room() (own int8) {
	if c.own < 0 || c.own == c.saved.own {
		return 1 - max(c.saved.own, 0)
	}
	return c.own
}

// write sets the value to data, which lies in the buffer own, or for -1 in a
// slice that nobody writes again.
func (c *cell) write(typename string, own int8, data []byte) {
	c.cellValue = cellValue{present: true, changed: true, own: own, typename: typename, data: data}
	if own >= 0 {
		c.buffers[own] = data
	}
}

func (c *cell) clear() { c.cellValue = cellValue{changed: true, own: -1} }

// append writes the cell's mutation, if one is due.
func (c *cell) append(dst []byte, v wire.Version) []byte {
	switch {
	case !c.changed:
		return dst
	case !c.present:
		return wire.AppendDelete(dst, c.decl.spec.Name)
	default:
		return wire.AppendModify(dst, v, c.decl.spec.Name, wire.Value{TypeName: c.typename, Has: true, Data: c.data})
	}
}

// maxPooledBuffer bounds what an idle cell may hold on to, in bytes a buffer.
const maxPooledBuffer = 256 << 10

// release forgets the request, so that a pooled batch pins none.
func (c *cell) release() {
	c.cellValue, c.saved, c.touched = cellValue{}, cellValue{}, false
	for i := range c.buffers {
		if cap(c.buffers[i]) > maxPooledBuffer {
			c.buffers[i] = nil
		}
	}
}
