package store

import (
	"encoding/binary"
	"errors"

	"github.com/statefun-go/statefun-go/internal/wire"
)

// ErrDamaged says that a stored key or value is not as format.go has it.
var ErrDamaged = errors.New("store: damaged entry")

// reader takes the parts off a key or value. After the first failure err is
// set and every part is zero.
type reader struct {
	rest []byte
	err  error
}

func newReader(key []byte, kind byte) *reader {
	if len(key) == 0 || key[0] != kind {
		return &reader{err: ErrDamaged}
	}
	return &reader{rest: key[1:]}
}

func (r *reader) take(n uint64) []byte {
	if r.err != nil || n > uint64(len(r.rest)) {
		r.rest, r.err = nil, ErrDamaged
		return nil
	}
	part := r.rest[:n:n]
	r.rest = r.rest[n:]
	return part
}

func (r *reader) text() string {
	size, n := binary.Uvarint(r.rest)
	if n <= 0 {
		r.rest, r.err = nil, ErrDamaged
		return ""
	}
	r.rest = r.rest[n:]
	return wire.View(r.take(size))
}

func (r *reader) address() wire.Address {
	return wire.Address{Namespace: r.text(), Name: r.text(), ID: r.text()}
}

func (r *reader) uint64() uint64 {
	b := r.take(8)
	if b == nil {
		return 0
	}
	return binary.BigEndian.Uint64(b)
}

func (r *reader) message() (m wire.Invocation) {
	flags := r.take(1)
	if flags == nil {
		return m
	}
	if flags[0]&^(flagCaller|flagArgument) != 0 {
		r.rest, r.err = nil, ErrDamaged
		return m
	}
	if flags[0]&flagCaller != 0 {
		m.HasCaller, m.Caller = true, r.address()
	}
	m.HasArgument, m.Argument = flags[0]&flagArgument != 0, r.rest
	return m
}

func (r *reader) end() error {
	if r.err == nil && len(r.rest) > 0 {
		return ErrDamaged
	}
	return r.err
}
