package statefunhttp_test

import (
	"bytes"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	statefunhttp "github.com/statefun-go/statefun-go/adapters/http"
)

// pipeListener hands out in-memory connections, so that time can be virtual.
type pipeListener struct {
	conns  chan net.Conn
	closed chan struct{}
	close  func()
}

func newPipeListener() *pipeListener {
	l := &pipeListener{conns: make(chan net.Conn), closed: make(chan struct{})}
	l.close = sync.OnceFunc(func() { close(l.closed) })
	return l
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.conns:
		return conn, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	l.close()
	return nil
}

func (l *pipeListener) Addr() net.Addr { return pipeAddr{} }

type pipeAddr struct{}

func (pipeAddr) Network() string { return "pipe" }
func (pipeAddr) String() string  { return "pipe" }

// dial connects. A connection has no buffer: a write waits for its reader.
func (l *pipeListener) dial(t *testing.T) *client {
	t.Helper()
	here, there := net.Pipe()
	l.conns <- there
	return newClient(t, here)
}

// patience are the timeouts of the tests here, in virtual seconds.
var patience = statefunhttp.ServerOptions{
	HeaderTimeout: 3 * time.Second,
	ReadTimeout:   5 * time.Second,
	WriteTimeout:  7 * time.Second,
	IdleTimeout:   11 * time.Second,
	DrainTimeout:  13 * time.Second,
}

// virtual runs a test in virtual time against a server with patience.
func virtual(t *testing.T, test func(t *testing.T, l *pipeListener, b behaviours)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		l, b := newPipeListener(), newBehaviours()
		startOn(t, l, register(b.functions()), &patience)
		test(t, l, b)
	})
}

// drip starts to send a byte every half a second, until the other side has had
// enough or the test ends.
func drip(t *testing.T, conn net.Conn, b []byte) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(time.Second / 2)
		defer tick.Stop()
		for i := range b {
			if _, err := conn.Write(b[i : i+1]); err != nil {
				return
			}
			<-tick.C
		}
	}()
	t.Cleanup(func() {
		conn.Close()
		<-done
	})
}

// took fails unless a time has passed, give or take a tick.
func took(t *testing.T, began time.Time, want time.Duration) {
	t.Helper()
	if got := time.Since(began); got < want || got > want+time.Second {
		t.Errorf("took %v, want %v", got, want)
	}
}

func TestSlowHeader(t *testing.T) {
	t.Parallel()
	virtual(t, func(t *testing.T, l *pipeListener, _ behaviours) {
		c, began := l.dial(t), time.Now()
		drip(t, c, post(call("echo", "hello")))
		// net/http takes a line that its deadline cut for a malformed one.
		rest, err := io.ReadAll(c.reader)
		if err != nil || len(rest) > 0 && !strings.HasPrefix(string(rest), "HTTP/1.1 400 ") {
			t.Errorf("%q, %v: want the end of the connection", rest, err)
		}
		took(t, began, patience.HeaderTimeout)
	})
}

func TestSlowBody(t *testing.T) {
	t.Parallel()
	for _, lines := range []string{octets, octets + "Transfer-Encoding: chunked\r\n"} {
		virtual(t, func(t *testing.T, l *pipeListener, _ behaviours) {
			c, began := l.dial(t), time.Now()
			raw := request("POST", "/", lines, call("echo", strings.Repeat("x", 1000)))
			end := bytes.Index(raw, []byte("\r\n\r\n")) + 10
			c.send(raw[:end])
			drip(t, c, raw[end:])
			a := c.answer(false)
			if a.status != 503 || string(a.body) != "request body incomplete\n" {
				t.Errorf("%d %q, want 503", a.status, a.body)
			}
			took(t, began, patience.ReadTimeout)
			c.closed()
		})
	}
}

func TestSlowBodyOfARefusedRequest(t *testing.T) {
	t.Parallel()
	virtual(t, func(t *testing.T, l *pipeListener, _ behaviours) {
		c, began := l.dial(t), time.Now()
		c.send([]byte("POST / HTTP/1.1\r\nHost: test\r\nContent-Type: text/plain\r\nContent-Length: 1000\r\n\r\n"))
		drip(t, c, make([]byte, 1000))
		if a := c.answer(false); a.status != 415 {
			t.Errorf("status %d, want 415", a.status)
		}
		c.closed()
		took(t, began, patience.ReadTimeout)
	})
}

func TestSlowReader(t *testing.T) {
	t.Parallel()
	virtual(t, func(t *testing.T, l *pipeListener, _ behaviours) {
		c, began := l.dial(t), time.Now()
		c.send(post(call("large", "123")))
		head, err := c.reader.ReadBytes('\n')
		if err != nil || string(head) != "HTTP/1.1 200 OK\r\n" {
			t.Fatalf("%q, %v", head, err)
		}
		synctest.Wait()
		time.Sleep(patience.WriteTimeout) //nolint:forbidigo // virtual time
		synctest.Wait()
		took(t, began, patience.WriteTimeout)
		rest, err := io.ReadAll(c.reader)
		if err != nil || len(rest) > 1<<20 {
			t.Errorf("%d bytes and %v after the time to write was over", len(rest), err)
		}
	})
}

func TestIdleConnection(t *testing.T) {
	t.Parallel()
	virtual(t, func(t *testing.T, l *pipeListener, _ behaviours) {
		c := l.dial(t)
		if a := c.ask(post(call("echo", "hello"))); a.status != 200 {
			t.Errorf("status %d", a.status)
		}
		began := time.Now()
		c.closed()
		took(t, began, patience.IdleTimeout)
	})
}

// A call may take longer than the request may take to arrive, and the client
// may wait longer than it may take to accept the answer.
func TestSlowFunction(t *testing.T) {
	t.Parallel()
	for _, lines := range []string{octets, octets + "Transfer-Encoding: chunked\r\n"} {
		virtual(t, func(t *testing.T, l *pipeListener, b behaviours) {
			c := l.dial(t)
			c.send(request("POST", "/", lines, call("slow", "x")))
			time.AfterFunc(time.Hour, func() { close(b.release) })
			<-b.entered
			began := time.Now()
			head := make([]byte, 15)
			if _, err := io.ReadFull(c.reader, head); err != nil || string(head) != "HTTP/1.1 200 OK" {
				t.Errorf("%q, %v, want 200", head, err)
			}
			took(t, began, time.Hour)
		})
	}
}

// Each request on a connection has its own time.
func TestTimeoutsAreByRequest(t *testing.T) {
	t.Parallel()
	virtual(t, func(t *testing.T, l *pipeListener, _ behaviours) {
		c := l.dial(t)
		for i := range 5 {
			raw := post(call("echo", "hello"))
			c.send(raw[:10])
			time.Sleep(2 * time.Second) //nolint:forbidigo // virtual time
			c.send(raw[10 : len(raw)-5])
			time.Sleep(2 * time.Second) //nolint:forbidigo // virtual time
			if a := c.ask(raw[len(raw)-5:]); a.status != 200 {
				t.Fatalf("request %d: status %d %q", i, a.status, a.body)
			}
			time.Sleep(6 * time.Second) //nolint:forbidigo // virtual time
		}
	})
}
