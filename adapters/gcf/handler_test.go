package statefungcf_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	statefungcf "github.com/statefun-go/statefun-go/adapters/gcf"
)

// Google's main takes a named function type for the handler of an event.
func TestTypeHasNoName(t *testing.T) {
	t.Parallel()
	got := reflect.TypeOf(statefungcf.Handler(register(behaviours()), nil))
	if want := reflect.TypeFor[func(http.ResponseWriter, *http.Request)](); got != want {
		t.Errorf("type %v", got)
	}
}

func TestMistakes(t *testing.T) {
	t.Parallel()
	bad := &statefungcf.Options{Timeout: -time.Second, Secrets: []string{"short"}}
	serve, err := statefungcf.NewHandler(nil, bad)
	if err == nil || serve != nil {
		t.Fatalf("no error for %+v", bad)
	}
	for _, want := range []string{"statefungcf: options: Timeout is -1s", "secret 0 has 5 bytes"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error %q, want %q in it", err, want)
		}
	}
	if _, err := statefungcf.NewHandler(nil, nil); err == nil || !strings.Contains(err.Error(), "no handler") {
		t.Errorf("error %v for no handler", err)
	}
	defer func() {
		if v := recover(); fmt.Sprint(v) != err.Error() {
			t.Errorf("panic %v, want %v", v, err)
		}
	}()
	statefungcf.Handler(nil, bad)
}

// A body that does not arrive within the timeout has an answer all the same.
func TestSlowBody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		conn := connect(t, &statefungcf.Options{Timeout: time.Minute})
		body := call("echo", "hello")
		begin := time.Now()
		fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: test\r\nContent-Length: %d\r\n\r\n%s", len(body), body[:5])
		status, text := answer(t, bufio.NewReader(conn))
		if elapsed := time.Since(begin); status != 503 || text != "request body incomplete\n" || elapsed != 59*time.Second {
			t.Errorf("after %v: %d %q", elapsed, status, text)
		}
	})
}

// The time of one request has nothing to do with the next one on its
// connection.
func TestTimeoutIsOfOneRequest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		conn := connect(t, &statefungcf.Options{Timeout: time.Minute})
		reader := bufio.NewReader(conn)
		for _, tt := range []struct {
			method, function string
			want             int
		}{
			{"GET", "echo", 405},
			{"POST", "echo", 200},
			{"POST", "waiting", 503},
			{"POST", "echo", 200},
		} {
			body := call(tt.function, "")
			fmt.Fprintf(conn, "%s / HTTP/1.1\r\nHost: test\r\nContent-Length: %d\r\n\r\n%s", tt.method, len(body), body)
			if status, text := answer(t, reader); status != tt.want {
				t.Errorf("%s of %s: %d %q", tt.method, tt.function, status, text)
			}
			<-time.After(2 * time.Minute)
		}
	})
}

// connect returns a connection to a server of one handler.
func connect(t *testing.T, opts *statefungcf.Options) net.Conn {
	t.Helper()
	client, server := net.Pipe()
	conns := make(chan net.Conn, 1)
	conns <- server
	l := &listener{conns: conns, closed: make(chan struct{})}
	s := &http.Server{Handler: http.HandlerFunc(statefungcf.Handler(register(behaviours()), opts))}
	go s.Serve(l)
	t.Cleanup(func() {
		s.Close()
		client.Close()
	})
	return client
}

// listener accepts the connections of a channel.
type listener struct {
	conns  <-chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (l *listener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.conns:
		return conn, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *listener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (*listener) Addr() net.Addr { return &net.TCPAddr{} }

// answer reads one answer.
func answer(t *testing.T, r *bufio.Reader) (status int, text string) {
	t.Helper()
	res, err := http.ReadResponse(r, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(body)
}
