package endpoint_test

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/statefun-go/statefun-go/engine/module"
)

// TestSilentConnection: the way of a connection may end without a word, behind a
// load balancer or with a machine that lost its power. A call or two are lost,
// and then there is another connection.
func TestSilentConnection(t *testing.T) {
	t.Parallel()
	empties := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/octet-stream")
		w.Write([]byte(empty))
	})
	for name, e := range map[string]module.Endpoint{"HTTP/1": plain(t, empties, module.OkHTTP), "HTTP/2": http2(t, empties)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u, err := url.Parse(e.URLPathTemplate)
			if err != nil {
				t.Fatal(err)
			}
			way := newSwallower(t, u.Host)
			e.URLPathTemplate = strings.Replace(e.URLPathTemplate, ":"+u.Port(), ":"+way.port, 1)
			e.Transport.Read = 200 * time.Millisecond
			c := newClient(t, e)
			if _, err := c.Call(t.Context(), greeter, []byte("x")); err != nil {
				t.Fatal(err)
			}
			way.swallow()
			failed := 0
			for ; failed < 30; failed++ {
				if _, err := c.Call(t.Context(), greeter, []byte("x")); err == nil {
					break
				}
			}
			if failed == 0 || failed == 30 {
				t.Errorf("%d calls failed in a row", failed)
			}
		})
	}
}

// swallower passes connections on, until it is told to swallow what comes over
// those that are there.
type swallower struct {
	port string
	mu   sync.Mutex
	last int // number of the last connection
	dead int // the last one that is swallowed
}

func newSwallower(t *testing.T, to string) *swallower {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	s := &swallower{}
	if _, s.port, err = net.SplitHostPort(l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	go func() {
		for {
			from, err := l.Accept()
			if err != nil {
				return
			}
			conn, err := new(net.Dialer).DialContext(context.WithoutCancel(t.Context()), "tcp", to)
			if err != nil {
				from.Close()
				return
			}
			s.mu.Lock()
			s.last++
			n := s.last
			s.mu.Unlock()
			go s.pass(n, conn, from)
			go s.pass(n, from, conn)
		}
	}()
	return s
}

func (s *swallower) swallow() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dead = s.last
}

// pass copies from one end to the other, and closes both in the end.
func (s *swallower) pass(n int, to, from net.Conn) {
	defer to.Close()
	defer from.Close()
	part := make([]byte, 4096)
	for {
		size, err := from.Read(part)
		if err != nil {
			return
		}
		s.mu.Lock()
		dead := n <= s.dead
		s.mu.Unlock()
		if !dead {
			to.Write(part[:size])
		}
	}
}
