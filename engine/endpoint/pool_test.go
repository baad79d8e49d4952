package endpoint_test

import (
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/statefun-go/statefun-go/engine"
	"github.com/statefun-go/statefun-go/engine/endpoint"
	"github.com/statefun-go/statefun-go/engine/module"
)

func TestConnectionsAreKept(t *testing.T) {
	t.Parallel()
	for _, kind := range []module.TransportKind{module.Async, module.OkHTTP} {
		f := newFaults(t, says(ok(empty), true))
		c := newClient(t, spec(kind, f.url()))
		for range 10 {
			if _, err := c.Call(t.Context(), greeter, []byte("x")); err != nil {
				t.Fatal(err)
			}
		}
		if n := f.conns.Load(); n != 1 {
			t.Errorf("%v: %d connections for 10 calls in a row", kind, n)
		}
	}
}

// TestClosedWhileIdle: a server may close a kept connection at any time; that
// is no failed attempt, neither in Flink.
func TestClosedWhileIdle(t *testing.T) {
	t.Parallel()
	f := newFaults(t, says(ok(empty), false)) // closes without saying so
	c := newClient(t, spec(module.Async, f.url()))
	for i := range 50 {
		if _, err := c.Call(t.Context(), greeter, []byte("x")); err != nil {
			t.Fatalf("call %d: %v", i, err)
		}
	}
}

// listenUnix listens on a.sock in a directory of its own.
func listenUnix(t *testing.T) (l net.Listener, dir string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "fn") //nolint:usetesting // t.TempDir may be too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	var lc net.ListenConfig
	l, err = lc.Listen(t.Context(), "unix", filepath.Join(dir, "a.sock"))
	if err != nil {
		t.Fatal(err)
	}
	return l, dir
}

// TestUnixSocket: the path after the socket arrives as it was written.
func TestUnixSocket(t *testing.T) {
	t.Parallel()
	l, dir := listenUnix(t)
	paths := make(chan string, 1)
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		paths <- r.Host + r.URL.Path
		w.Header().Set("Content-Type", "application/octet-stream")
		w.Write([]byte(empty))
	})}
	go server.Serve(l)
	t.Cleanup(func() { server.Close() })
	for template, want := range map[string]string{
		dir + "/a.sock":                  "unused/",
		dir + "/{function.name}.sock/x/": "unused/x/",
		dir + "/a.sock/serve/path":       "unused/serve/path",
	} {
		c := newClient(t, spec(module.OkHTTP, "http+unix://"+template))
		if _, err := c.Call(t.Context(), greeter, []byte("x")); err != nil {
			t.Errorf("%s: %v", template, err)
		} else if got := <-paths; got != want {
			t.Errorf("%s: asked for %q, want %q", template, got, want)
		}
	}
	_, err := newClient(t, spec(module.OkHTTP, "http+unix://"+dir+"/none.sock")).Call(t.Context(), greeter, []byte("x"))
	wantFailure(t, err, retry, "none.sock")
}

func TestTemplates(t *testing.T) {
	t.Parallel()
	targets := make(chan string, 1)
	f := newFaults(t, func(conn net.Conn, req *http.Request) bool {
		targets <- req.RequestURI
		return says(ok(empty), true)(conn, req)
	})
	base := "http://" + f.Addr().String()
	for _, row := range []struct{ template, name, want string }{
		{base, "a", "/"},
		{base + "/statefun", "a", "/statefun"},
		{base + "/{function.name}/v1?fn={function.name}&x=a%20b", "cart", "/cart/v1?fn=cart&x=a%20b"},
		{base + "/{function.name}", "a b", "/a%20b"},
		{base + "/{function.name}", "../x?y=1#z", "/..%2Fx%3Fy%3D1%23z"},
		{base + "/?f={function.name}", "a&b+c", "/?f=a%26b%2Bc"},
	} {
		c := newClient(t, spec(module.Async, row.template))
		if _, err := c.Call(t.Context(), engine.TypeName{Namespace: "lab", Name: row.name}, []byte("x")); err != nil {
			t.Errorf("%s: %v", row.template, err)
		} else if got := <-targets; got != row.want {
			t.Errorf("%s with %q: asked for %q, want %q", row.template, row.name, got, row.want)
		}
	}
	_, err := newClient(t, spec(module.Async, "http://{function.name}.test/")).Call(t.Context(),
		engine.TypeName{Namespace: "lab", Name: "evil.example/?"}, []byte("x"))
	wantFailure(t, err, fatal, "urlPathTemplate")
}

// TestSecretsStayOutOfErrors: a secret travels in the query, and errors go to
// the log.
func TestSecretsStayOutOfErrors(t *testing.T) {
	t.Parallel()
	f := newFaults(t, says("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", true))
	c := newClient(t, spec(module.Async, "http://"+f.Addr().String()+"/{function.name}?key=0123456789abcdef"))
	_, err := c.Call(t.Context(), engine.TypeName{Namespace: "lab", Name: "cart"}, []byte("x"))
	if err == nil || !strings.Contains(err.Error(), "/cart?...:") || strings.Contains(err.Error(), "0123456789abcdef") {
		t.Error(err)
	}
	c = newClient(t, spec(module.Async, "http://{function.name}.svc:8000/?key=0123456789abcdef"))
	_, err = c.Call(t.Context(), engine.TypeName{Namespace: "lab", Name: "no host"}, []byte("x"))
	wantFailure(t, err, fatal, "no host", "{function.name}.svc")
	if strings.Contains(err.Error(), "0123456789abcdef") {
		t.Error(err)
	}
}

// TestNamesOfUnixSockets: a name stays one element of the path, as over TCP, and
// cannot name another socket.
func TestNamesOfUnixSockets(t *testing.T) {
	t.Parallel()
	l, dir := listenUnix(t)
	paths := make(chan string, 1)
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		paths <- r.RequestURI
		w.Header().Set("Content-Type", "application/octet-stream")
		w.Write([]byte(empty))
	})}
	go server.Serve(l)
	t.Cleanup(func() { server.Close() })
	c := newClient(t, spec(module.OkHTTP, "http+unix://"+dir+"/a.sock/fn/{function.name}"))
	if _, err := c.Call(t.Context(), engine.TypeName{Namespace: "lab", Name: "../b c"}, []byte("x")); err != nil {
		t.Error(err)
	} else if got := <-paths; got != "/fn/..%2Fb%20c" {
		t.Errorf("asked for %q", got)
	}
	c = newClient(t, spec(module.OkHTTP, "http+unix://"+dir+"/x/{function.name}.sock"))
	_, err := c.Call(t.Context(), engine.TypeName{Namespace: "lab", Name: "../a"}, []byte("x"))
	wantFailure(t, err, fatal, "no slash")
	for _, template := range []string{"http+unix://" + dir + "/fns/{function.name}/a.sock", "http+unix://" + dir + "/a.sock/fn/{function.name}/"} {
		_, err := newClient(t, spec(module.OkHTTP, template)).Call(t.Context(), engine.TypeName{Namespace: "lab", Name: ".."}, []byte("x"))
		wantFailure(t, err, fatal, `".."`)
	}
}

// TestManyNames: under ns/* names come from outside, so what is kept of them
// is bounded; calls go on all the same.
func TestManyNames(t *testing.T) {
	t.Parallel()
	f := newFaults(t, says(ok(empty), true))
	c := newClient(t, spec(module.Async, f.url()))
	for i := range 3000 {
		if _, err := c.Call(t.Context(), engine.TypeName{Namespace: "lab", Name: itoa(i)}, []byte("x")); err != nil {
			t.Fatal(err)
		}
	}
}

func TestBadEndpoints(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{
		"http+unix:///run/a.sock": "okhttp",
		"localhost:8000":          "scheme",
		"ftp://x/":                "ftp",
		"http://":                 "host",
		"http://x/%zz":            "%",
	} {
		_, err := endpoint.New(spec(module.Async, url))
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "module.yaml:3:3") {
			t.Errorf("%s: %v", url, err)
		}
	}
	if _, err := endpoint.New(module.Endpoint{URLPathTemplate: "http://x"}); err == nil {
		t.Error("limits of zero pass")
	}
}
