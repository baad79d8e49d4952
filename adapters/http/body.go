package statefunhttp

import (
	"errors"
	"io"
	"net"
	"net/http"
	"os"

	"github.com/statefun-go/statefun-go/adapters/internal/reply"
)

// believed is how much of a body is given memory because its header said so,
// in bytes. More must have arrived before more is made.
const believed = 1 << 20

// errTooLarge reports a body without a declared size that is over the limit.
var errTooLarge = errors.New("the body is over the limit")

// readBody reads a body whose size is declared, or unknown where it is
// negative. The slice is new and has, up to a sixteenth, no room to spare: the
// handler owns it from then on, and what functions keep of it holds all of it.
func readBody(body io.Reader, size, limit int64) ([]byte, error) {
	if size < 0 {
		return readUnknown(body, limit)
	}
	buf := make([]byte, min(size, believed))
	read := 0
	for {
		n, err := io.ReadFull(body, buf[read:])
		if read += n; err != nil {
			return nil, cutOff(err)
		}
		if int64(read) == size {
			return buf, nil
		}
		grown := make([]byte, min(size, 2*int64(read)))
		copy(grown, buf)
		buf = grown
	}
}

// readUnknown reads a body of any size up to the limit: a chunked one.
func readUnknown(body io.Reader, limit int64) ([]byte, error) {
	buf := make([]byte, 0, 4<<10)
	for {
		n, err := body.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		switch {
		case int64(len(buf)) > limit:
			return nil, errTooLarge
		case errors.Is(err, io.EOF):
			return fitted(buf), nil
		case err != nil:
			return nil, cutOff(err)
		case len(buf) == cap(buf):
			room := 2 * int64(cap(buf))
			if room > limit {
				room = limit + 1
			}
			grown := make([]byte, len(buf), room)
			copy(grown, buf)
			buf = grown
		}
	}
}

// fitted returns buf without much room to spare.
func fitted(buf []byte) []byte {
	if cap(buf)-len(buf) <= len(buf)/16 {
		return buf
	}
	exact := make([]byte, len(buf))
	copy(exact, buf)
	return exact
}

// cutOff names the end of a body that ends too early.
func cutOff(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// unreadable tells what a failure to read a body comes to. One that the
// network caused can go well the next time; one that the bytes caused cannot.
func unreadable(err error) reply.Outcome {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok || errors.Is(err, errTooLarge) {
		return reply.RequestTooLarge
	}
	if _, ok := errors.AsType[net.Error](err); ok || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, os.ErrDeadlineExceeded) {
		return reply.Incomplete
	}
	return reply.Malformed
}
