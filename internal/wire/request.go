package wire

import (
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
)

// Request is a ToFunction: one batch of invocations for one address.
type Request struct {
	Target      Address
	HasTarget   bool
	HasBatch    bool // field 100 was there; without it the request is malformed
	States      []State
	Invocations []Invocation
}

// State is a ToFunction.PersistedValue.
type State struct {
	Name     string
	HasValue bool
	// Value is an encoded TypedValue in version 3. In version 2 it is opaque:
	// use [State.Opaque].
	Value []byte
	last  int // where the last occurrence of the field starts in Value
}

// Opaque returns the value as version 2 means it.
func (s *State) Opaque() []byte { return s.Value[s.last:] }

// Invocation is a ToFunction.Invocation. Argument is an encoded TypedValue or
// Any, see [ParseValue].
type Invocation struct {
	Caller      Address
	HasCaller   bool // false also where the caller came with all parts empty
	HasArgument bool
	Argument    []byte
}

// Decode reads b into r, which may be used again and keeps its slices. On
// error r holds no meaning. r is a view of b.
func (r *Request) Decode(b []byte) error {
	*r = Request{States: r.States[:0], Invocations: r.Invocations[:0]}
	for len(b) > 0 {
		f, rest, err := next(b)
		if err != nil {
			return err
		}
		b = rest
		if !f.is(100, protowire.BytesType) {
			continue
		}
		r.HasBatch = true
		if err := r.decodeBatch(f.data); err != nil {
			return fmt.Errorf("invocation batch: %w", err)
		}
	}
	return nil
}

func (r *Request) decodeBatch(b []byte) error {
	for len(b) > 0 {
		f, rest, err := next(b)
		if err != nil {
			return err
		}
		b = rest
		if f.typ != protowire.BytesType {
			continue
		}
		switch f.number {
		case 1:
			r.HasTarget = true
			if err := decodeAddress(&r.Target, f.data); err != nil {
				return fmt.Errorf("target: %w", err)
			}
		case 2:
			if len(r.States) >= MaxStates {
				return fmt.Errorf("states: %w of %d", ErrTooMany, MaxStates)
			}
			r.States = append(r.States, State{})
			if err := r.States[len(r.States)-1].decode(f.data); err != nil {
				return fmt.Errorf("state %d: %w", len(r.States)-1, err)
			}
		case 3:
			if len(r.Invocations) >= MaxInvocations {
				return fmt.Errorf("invocations: %w of %d", ErrTooMany, MaxInvocations)
			}
			r.Invocations = append(r.Invocations, Invocation{})
			if err := r.Invocations[len(r.Invocations)-1].decode(f.data); err != nil {
				return fmt.Errorf("invocation %d: %w", len(r.Invocations)-1, err)
			}
		}
	}
	return nil
}

func (s *State) decode(b []byte) error {
	for len(b) > 0 {
		f, rest, err := next(b)
		if err != nil {
			return err
		}
		b = rest
		switch {
		case f.is(1, protowire.BytesType):
			if s.Name, err = f.text("name"); err != nil {
				return err
			}
		case f.is(2, protowire.BytesType):
			s.HasValue, s.last = true, len(s.Value)
			s.Value = merge(s.Value, f.data)
		}
	}
	return nil
}

func (i *Invocation) decode(b []byte) error {
	for len(b) > 0 {
		f, rest, err := next(b)
		if err != nil {
			return err
		}
		b = rest
		switch {
		case f.is(1, protowire.BytesType):
			if err := decodeAddress(&i.Caller, f.data); err != nil {
				return fmt.Errorf("caller: %w", err)
			}
			i.HasCaller = !i.Caller.IsZero()
		case f.is(2, protowire.BytesType):
			i.HasArgument = true
			i.Argument = merge(i.Argument, f.data)
		}
	}
	return nil
}

// AppendRequest appends the encoding of r to dst. Field 100 is always written,
// whatever HasBatch says.
func AppendRequest(dst []byte, r *Request) []byte {
	size := 0
	if r.HasTarget {
		size += sizeMessage(sizeAddress(r.Target))
	}
	for i := range r.States {
		size += sizeMessage(r.States[i].size())
	}
	for i := range r.Invocations {
		size += sizeMessage(r.Invocations[i].size())
	}
	dst = appendHead(dst, tag100, size)
	if r.HasTarget {
		dst = appendAddress(append(dst, 1<<3|2), r.Target)
	}
	for i := range r.States {
		dst = r.States[i].append(append(dst, 2<<3|2))
	}
	for i := range r.Invocations {
		dst = r.Invocations[i].append(append(dst, 3<<3|2))
	}
	return dst
}

func (s *State) size() int {
	n := sizeText(s.Name)
	if s.HasValue {
		n += sizeMessage(len(s.Value))
	}
	return n
}

func (s *State) append(dst []byte) []byte {
	dst = appendText(appendLen(dst, s.size()), 1, s.Name)
	if s.HasValue {
		dst = appendBlob(dst, 2, s.Value)
	}
	return dst
}

func (i *Invocation) size() int {
	n := 0
	if i.HasCaller {
		n += sizeMessage(sizeAddress(i.Caller))
	}
	if i.HasArgument {
		n += sizeMessage(len(i.Argument))
	}
	return n
}

func (i *Invocation) append(dst []byte) []byte {
	dst = appendLen(dst, i.size())
	if i.HasCaller {
		dst = appendAddress(append(dst, 1<<3|2), i.Caller)
	}
	if i.HasArgument {
		dst = appendBlob(dst, 2, i.Argument)
	}
	return dst
}
