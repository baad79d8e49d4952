package endpoint

import (
	"context"
	"crypto/tls"
	"fmt"
	"math"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/statefun-go/statefun-go/engine/module"
)

// maxHeader bounds the header of an answer, in bytes.
const maxHeader = 256 << 10

// pool holds the connections of one endpoint, of all its function types. It
// does not limit how many there are: a call that waited here would spend the
// time that its function has for the answer. How many run at once is for the
// engine to say, before they begin.
//
// net/http limits how long a connection is idle, not how old it gets. Where
// pool_ttl limits the age, so that a changed DNS record or a new replica is
// noticed, the whole [http.Transport] is replaced: running calls finish on the
// old one, whose connections close as they become idle.
type pool struct {
	fresh func() *http.Transport
	ttl   time.Duration // 0 means no end

	mu      sync.Mutex
	current *http.Transport
	ends    time.Time
}

func newPool(t *module.Transport, conf *tls.Config) *pool {
	p := &pool{fresh: func() *http.Transport { return newTransport(t, conf) }}
	if t.Kind == module.Async {
		p.ttl = t.PoolTTL
	}
	return p
}

// transport returns the transport to use now.
func (p *pool) transport() *http.Transport {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.current != nil && (p.ttl == 0 || time.Now().Before(p.ends)) {
		return p.current
	}
	if p.current != nil {
		p.current.CloseIdleConnections()
	}
	p.current = p.fresh()
	// Flink adds 1 to 3 s to each connection, so that they do not end together.
	p.ends = time.Now().Add(p.ttl + time.Second + rand.N(2*time.Second)) //nolint:gosec // no secret
	return p.current
}

func (p *pool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.current != nil {
		p.current.CloseIdleConnections()
	}
}

func newTransport(t *module.Transport, conf *tls.Config) *http.Transport {
	out := &http.Transport{
		DialContext:            dialer(t),
		TLSClientConfig:        conf,
		TLSHandshakeTimeout:    t.Connect,
		ResponseHeaderTimeout:  t.Read,
		MaxIdleConnsPerHost:    t.PoolSize,
		IdleConnTimeout:        t.PoolTTL,
		MaxResponseHeaderBytes: maxHeader,
		WriteBufferSize:        wholeWrite + 1<<10,
		DisableCompression:     true, // answer.go asks and unpacks, so that it sees how the body ended
		Protocols:              new(http.Protocols),
	}
	out.Protocols.SetHTTP1(true)
	if t.Kind == module.Async {
		out.MaxIdleConnsPerHost = math.MaxInt // as many as there were calls at once, until they are too old
	} else {
		out.Protocols.SetHTTP2(true) // over TLS, as OkHttp
		// An attempt that ran into its limit leaves the connection, which all calls
		// share, as it is. A ping finds out whether anybody is there.
		out.HTTP2 = &http.HTTP2Config{SendPingTimeout: t.Read, PingTimeout: t.Read}
	}
	return out
}

// dialer connects to a host, or to the unix socket that a host stands for.
func dialer(t *module.Transport) func(ctx context.Context, network, addr string) (net.Conn, error) {
	d := net.Dialer{Timeout: t.Connect}
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		if strings.Contains(addr, socketSuffix+":") {
			path, err := socketPath(addr)
			if err != nil {
				return nil, err
			}
			network, addr = "unix", path
		}
		conn, err := d.DialContext(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		if t.Write > 0 {
			conn = &limited{Conn: conn, write: t.Write}
		}
		return conn, nil
	}
}

// limited limits the time of each write.
type limited struct {
	net.Conn
	write time.Duration
}

func (l *limited) Write(p []byte) (int, error) {
	if err := l.SetWriteDeadline(time.Now().Add(l.write)); err != nil {
		return 0, fmt.Errorf("write deadline: %w", err)
	}
	return l.Conn.Write(p)
}
