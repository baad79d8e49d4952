package statefunhttp_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"strconv"
	"strings"
	"testing"
	"time"
)

// client is a connection on which each byte is ours.
type client struct {
	net.Conn
	t      *testing.T
	reader *bufio.Reader
}

func newClient(t *testing.T, conn net.Conn) *client {
	t.Helper()
	t.Cleanup(func() { conn.Close() })
	return &client{Conn: conn, t: t, reader: bufio.NewReader(conn)}
}

// rawAnswer is one answer, as its bytes say.
type rawAnswer struct {
	proto  string
	status int
	header textproto.MIMEHeader
	body   []byte
}

// request returns the bytes of an HTTP/1.1 request. A body has a
// Content-Length unless the header lines chunk it.
func request(method, target, lines string, body []byte) []byte {
	head := fmt.Sprintf("%s %s HTTP/1.1\r\nHost: test\r\n%s", method, target, lines)
	if strings.Contains(lines, "Transfer-Encoding: chunked") {
		if len(body) == 0 {
			return []byte(head + "\r\n0\r\n\r\n")
		}
		return fmt.Appendf(nil, "%s\r\n%x\r\n%s\r\n0\r\n\r\n", head, len(body), body)
	}
	if method == "POST" || len(body) > 0 {
		head += fmt.Sprintf("Content-Length: %d\r\n", len(body))
	}
	return append([]byte(head+"\r\n"), body...)
}

// octets is the header line that Flink sends.
const octets = "Content-Type: application/octet-stream\r\n"

// post is what Flink sends for a body.
func post(body []byte) []byte { return request("POST", "/", octets, body) }

// send writes bytes and does not mind if the server has stopped listening.
func (c *client) send(b []byte) {
	c.t.Helper()
	if _, err := c.Write(b); err != nil {
		c.t.Logf("write: %v", err)
	}
}

// ask sends a request and returns the answer.
func (c *client) ask(b []byte) rawAnswer {
	c.t.Helper()
	c.send(b)
	return c.answer(strings.HasPrefix(string(b), "HEAD "))
}

// answer reads one answer and checks what is true of every one.
func (c *client) answer(head bool) rawAnswer {
	c.t.Helper()
	c.SetReadDeadline(time.Now().Add(20 * time.Second))
	a, err := readAnswer(c.reader, head)
	if err != nil {
		c.t.Fatal(err)
	}
	return a
}

// readAnswer reads one answer by its Content-Length, which must be there.
func readAnswer(r *bufio.Reader, head bool) (a rawAnswer, err error) {
	text := textproto.NewReader(r)
	line, err := text.ReadLine()
	if err != nil {
		return a, fmt.Errorf("status line: %w", err)
	}
	if _, err := fmt.Sscanf(line, "%s %d", &a.proto, &a.status); err != nil {
		return a, fmt.Errorf("status line %q: %w", line, err)
	}
	if a.header, err = text.ReadMIMEHeader(); err != nil {
		return a, fmt.Errorf("header: %w", err)
	}
	if err := a.check(); err != nil || head {
		return a, err
	}
	size, err := strconv.Atoi(a.header.Get("Content-Length"))
	if err != nil {
		return a, err
	}
	a.body = make([]byte, size)
	if _, err := io.ReadFull(r, a.body); err != nil {
		return a, fmt.Errorf("body of %d bytes: %w", size, err)
	}
	return a, nil
}

// check checks the header that every answer of ours has.
func (a rawAnswer) check() error {
	if n := len(a.header.Values("Content-Length")); n != 1 {
		return fmt.Errorf("%d: %d Content-Length lines", a.status, n)
	}
	for _, name := range []string{"Transfer-Encoding", "Trailer", "Content-Encoding", "Retry-After"} {
		if v := a.header.Values(name); v != nil {
			return fmt.Errorf("%d: %s is %q", a.status, name, v)
		}
	}
	return nil
}

// closed reads the end of the connection, and fails if there is more.
func (c *client) closed() {
	c.t.Helper()
	c.SetReadDeadline(time.Now().Add(20 * time.Second))
	if n, err := c.reader.ReadByte(); err == nil {
		c.t.Errorf("a byte %q after the end", n)
	} else if ne, ok := err.(net.Error); ok && ne.Timeout() { //nolint:errorlint // a bare error of net
		c.t.Error("the connection is still open")
	}
}
