package endpoint

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/statefun-go/statefun-go/engine"
)

// firstRead is the largest buffer that is set aside on the word of a
// Content-Length.
const firstRead = 1 << 20

// snippet is how much of an error's body is read, for the message and to keep
// the connection.
const snippet = 2 << 10

// errTooLarge reports an answer over payload_max_bytes.
var errTooLarge = errors.New("the answer is larger than payload_max_bytes")

// answer reads the answer of one attempt; decoding it is the engine's. Its error is a
// *engine.CallError or an I/O error.
func (c *Client) answer(resp *http.Response, alive func()) ([]byte, error) {
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return nil, c.badStatus(resp)
	}
	if ct := strings.Join(resp.Header["Content-Type"], ","); !c.accepts(ct) {
		return nil, &engine.CallError{Kind: c.contentKind(), Err: fmt.Errorf(
			"status %d with content type %q: want %s; is this the address of a function?", resp.StatusCode, ct, mediaType)}
	}
	return c.read(resp, alive)
}

// badStatus reports a status outside of 2xx with the beginning of its text.
func (c *Client) badStatus(resp *http.Response) error {
	text, _ := io.ReadAll(io.LimitReader(resp.Body, snippet)) // what came is enough
	hint := ""
	if to := resp.Header.Get("Location"); to != "" {
		hint = fmt.Sprintf(" to %q; redirects are not followed: write the final URL into module.yaml", to)
	}
	if line := printable(text); line != "" {
		hint += ": " + line
	}
	return &engine.CallError{Kind: c.statusKind(resp.StatusCode), Err: fmt.Errorf("status %d%s", resp.StatusCode, hint)}
}

// printable is the first line of an error's body, made fit for a log.
func printable(b []byte) string {
	line, _, _ := bytes.Cut(bytes.TrimSpace(b), []byte("\n"))
	clean := strings.Map(func(r rune) rune {
		if r < ' ' || r == '\uFFFD' {
			return -1
		}
		return r
	}, string(line[:min(len(line), 200)]))
	return strings.TrimSpace(clean)
}

// read reads the body of a 2xx answer.
func (c *Client) read(resp *http.Response, alive func()) ([]byte, error) {
	raw := &watched{Reader: resp.Body, alive: alive}
	body, size := io.Reader(raw), resp.ContentLength
	switch enc := resp.Header.Get("Content-Encoding"); strings.ToLower(enc) {
	case "", "identity":
		if size > c.maxAnswer {
			return nil, fmt.Errorf("%w: %d bytes, the limit is %d", errTooLarge, size, c.maxAnswer)
		}
	case "gzip", "x-gzip":
		if resp.ContentLength != 0 {
			zipped, err := gzip.NewReader(raw)
			if err != nil {
				return nil, fmt.Errorf("gzip: %w", cutOff(err))
			}
			body, size = zipped, -1
		}
	default:
		return nil, fmt.Errorf("content encoding %q was not asked for", enc)
	}
	answer, err := readAll(body, size, c.maxAnswer)
	if err != nil {
		return nil, err
	}
	// A complete gzip stream proves its own end; other bodies need a length.
	if len(answer) == 0 && resp.ContentLength != 0 && raw.n == 0 {
		return nil, errors.New("the answer ends before its first byte, without Content-Length: 0: it may be cut off")
	}
	return answer, nil
}

// cutOff names the end of a stream that should go on.
func cutOff(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// readAll reads r to its end, size bytes if that is not negative, and fails
// after limit bytes.
func readAll(r io.Reader, size, limit int64) ([]byte, error) {
	if size < 0 {
		size = 512
	}
	buf := make([]byte, 0, min(size, firstRead)+1) // one more, so that the end shows without growing
	for {
		n, err := r.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if int64(len(buf)) > limit {
			return nil, fmt.Errorf("%w: the limit is %d bytes", errTooLarge, limit)
		}
		if errors.Is(err, io.EOF) {
			return buf, nil
		}
		if err != nil {
			return nil, fmt.Errorf("the answer broke off after %d bytes: %w", len(buf), err)
		}
		if len(buf) == cap(buf) {
			buf = append(buf, 0)[:len(buf)]
		}
	}
}

// watched counts what it reads and reports each read as a sign of life.
type watched struct {
	io.Reader
	n     int64
	alive func()
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.Reader.Read(p)
	w.n += int64(n)
	w.alive()
	return n, err
}
