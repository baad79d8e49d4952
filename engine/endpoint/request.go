package endpoint

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"sync"
)

// wholeWrite is the size up to which header and body leave in one write, which
// halves the system calls and leaves no half-written request on a connection
// that was closed meanwhile.
const wholeWrite = 16 << 10

// loan lends the engine's request to net/http, which may still read it after
// RoundTrip has returned, when an answer came early. Ending the loan makes
// such a reader fail, so that the engine may use the bytes again.
type loan struct {
	mu    sync.Mutex
	data  []byte
	ended bool
}

func (l *loan) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.data, l.ended = nil, true
}

// reader is one pass over a loan.
type reader struct {
	loan *loan
	at   int
}

func (r *reader) Read(p []byte) (int, error) {
	r.loan.mu.Lock()
	defer r.loan.mu.Unlock()
	if r.loan.ended {
		return 0, io.ErrClosedPipe
	}
	if r.at == len(r.loan.data) {
		return 0, io.EOF
	}
	n := copy(p, r.loan.data[r.at:])
	r.at += n
	return n, nil
}

// Close does nothing: the loan has its own end.
func (*reader) Close() error { return nil }

// newRequest makes the POST of one attempt. A small body is a copy in a
// [bytes.Reader], which net/http buffers together with the header; a large one
// is lent.
func (c *Client) newRequest(ctx context.Context, to *target, l *loan) *http.Request {
	req := &http.Request{
		Method: http.MethodPost, URL: to.url, Host: to.host,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header:        c.header,
		ContentLength: int64(len(l.data)),
		GetBody:       func() (io.ReadCloser, error) { return &reader{loan: l}, nil },
	}
	switch {
	case len(l.data) == 0:
		req.GetBody = func() (io.ReadCloser, error) { return http.NoBody, nil }
	case len(l.data) <= wholeWrite:
		data := bytes.Clone(l.data)
		req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }
	}
	req.Body, _ = req.GetBody() // never fails
	return req.WithContext(ctx)
}

// requestHeader is the same for every request; nobody changes it. An
// Idempotency-Key without a value is not sent; it tells net/http that a
// request may go again where a kept connection proves closed. It may: a
// function's only effect is its answer.
func requestHeader() http.Header {
	return http.Header{
		"Content-Type":    {mediaType},
		"Accept":          {mediaType},
		"Accept-Encoding": {"gzip"},
		"User-Agent":      {"statefun-go"},
		"Idempotency-Key": {},
	}
}
