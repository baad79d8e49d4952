package playground_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/statefun-go/statefun-go/engine"
	"github.com/statefun-go/statefun-go/engine/module"
	"github.com/statefun-go/statefun-go/engine/playground"
)

func typed(contentType string) http.Header { return http.Header{"Content-Type": {contentType}} }

func TestIngressValues(t *testing.T) {
	t.Parallel()
	const text = "io.statefun.types/string"
	got := make(chan sent, 1)
	url := startIngress(t, sinkFunc(func(_ context.Context, to engine.Address, v engine.Value) error {
		got <- sent{to, v}
		return nil
	}), nil)
	for name, row := range map[string]struct {
		header http.Header
		body   string
		typ    string
		data   string
	}{
		"a type":                     {typed("application/vnd.example/GreetRequest"), `{"Name":"Ann"}`, "example/GreetRequest", `{"Name":"Ann"}`},
		"the rest is verbatim":       {typed("application/vnd.a/B; charset=x"), "\x00\xff", "a/B; charset=x", "\x00\xff"},
		"an empty value":             {typed("application/vnd.a/B"), "", "a/B", ""},
		"no content type":            {nil, "hello", text, "\x0a\x05hello"},
		"plain text":                 {typed("text/plain; charset=utf-8"), "héllo", text, "\x0a\x06héllo"},
		"curl -d":                    {typed("application/x-www-form-urlencoded"), "a=b", text, "\x0a\x03a=b"},
		"no text":                    {typed("text/plain"), "", text, ""},
		"an encoded string":          {typed("application/octet-stream"), "\x0a\x02hi", text, "\x0a\x02hi"},
		"an encoded empty string":    {typed("application/octet-stream"), "", text, ""},
		"an encoded string and more": {typed("application/json"), "\x0a\x02hi\x10\x01", text, "\x0a\x02hi\x10\x01"},
		"case matters for the type":  {typed("Application/Vnd.a/B"), "\x0a\x02hi", text, "\x0a\x02hi"},
		"text that looks encoded":    {typed("text/plain"), "\x0a\x02hi", text, "\x0a\x04\x0a\x02hi"},
	} {
		a := ask(t, http.MethodPut, url+"/example/greeter/Ann", row.header, strings.NewReader(row.body))
		if a.status != 200 || a.compat != "200" || a.body != "" {
			t.Errorf("%s: answer %+v", name, a)
			continue
		}
		s := <-got
		if s.to.String() != "example/greeter/Ann" || s.value.TypeName != row.typ || string(s.value.Data) != row.data || !s.value.Has {
			t.Errorf("%s: sent %+v", name, s)
		}
	}
}

func TestIngressPaths(t *testing.T) {
	t.Parallel()
	got := make(chan sent, 1)
	url := startIngress(t, sinkFunc(func(_ context.Context, to engine.Address, v engine.Value) error {
		got <- sent{to, v}
		return nil
	}), nil)
	for path, want := range map[string]engine.Address{
		"/example/greeter/Ann":             {Namespace: "example", Name: "greeter", ID: "Ann"},
		"/example/greeter/Ann///":          {Namespace: "example", Name: "greeter", ID: "Ann"},
		"/example/greeter/a%2Fb%20c%25":    {Namespace: "example", Name: "greeter", ID: "a/b c%"},
		"/org%2Fexample/greeter/+":         {Namespace: "org/example", Name: "greeter", ID: "+"},
		"/example/greeter/%C3%A9?x=y":      {Namespace: "example", Name: "greeter", ID: "é"},
		"/example/greeter/..":              {Namespace: "example", Name: "greeter", ID: ".."},
		"/example/greeter/Ann%2F":          {Namespace: "example", Name: "greeter", ID: "Ann/"},
		"/example/greeter/%00%0A":          {Namespace: "example", Name: "greeter", ID: "\x00\n"},
		"/example/greeter/user:1@x;y=1,2!": {Namespace: "example", Name: "greeter", ID: "user:1@x;y=1,2!"},
	} {
		if a := ask(t, http.MethodPost, url+path, nil, strings.NewReader("x")); a.status != 200 {
			t.Errorf("%s: %+v", path, a)
		} else if s := <-got; s.to != want {
			t.Errorf("%s: sent to %q, want %q", path, s.to, want)
		}
	}
}

func TestIngressRefuses(t *testing.T) {
	t.Parallel()
	url := startIngress(t, sinkFunc(func(_ context.Context, to engine.Address, _ engine.Value) error {
		if to.Name == "broken" {
			return errors.New("secret detail")
		}
		if to.Name == "stopped" {
			return engine.ErrStopped
		}
		return fmt.Errorf("%s: %w", to, engine.ErrUnknownFunction)
	}), &playground.Options{MaxBodyBytes: 100, Functions: []string{"example/greeter", "shop/*"}})
	long := strings.Repeat("x", 101)
	const path = "/example/greter/Ann"
	for name, row := range map[string]struct {
		method, path string
		header       http.Header
		body         io.Reader
		status       int
		compat       string
		want         string
	}{
		"GET":               {"GET", path, nil, nil, 405, "405", "PUT or POST"},
		"DELETE":            {"DELETE", path, nil, nil, 405, "405", "PUT or POST"},
		"root":              {"PUT", "/", nil, nil, 400, "500", "three"},
		"two parts":         {"PUT", "/example/greeter/", nil, nil, 400, "500", "2 parts instead of three"},
		"four parts":        {"PUT", "/example/greeter/a/b", nil, nil, 400, "500", "%2F for a slash"},
		"an empty part":     {"PUT", "/example//Ann", nil, nil, 400, "500", "function is empty"},
		"slash in the name": {"PUT", "/example/a%2Fb/Ann", nil, nil, 400, "500", "no slash"},
		"dots for a name":   {"PUT", "/example/%2E%2E/Ann", nil, nil, 400, "500", "not only dots"},
		"not UTF-8":         {"PUT", "/example/greeter/%ff", nil, nil, 400, "500", "UTF-8"},
		"unknown function":  {"PUT", path, nil, nil, 404, "404", "no function example/greter; it binds example/greeter, shop/*"},
		"no type":           {"PUT", path, typed("application/vnd."), nil, 400, "500", "names no type"},
		"JSON":              {"PUT", path, typed("application/json"), strings.NewReader(`{"a":1}`), 415, "415", "application/vnd.<namespace>/<type>"},
		"binary":            {"PUT", path, typed("application/octet-stream"), strings.NewReader("\x0a\x05hi"), 415, "415", "application/vnd."},
		"not a string":      {"PUT", path, typed("application/octet-stream"), strings.NewReader("\x08\x01"), 415, "415", "application/vnd."},
		"string, not UTF-8": {"PUT", path, typed("application/octet-stream"), strings.NewReader("\x0a\x01\xff"), 415, "415", "application/vnd."},
		"text, not UTF-8":   {"PUT", path, nil, strings.NewReader("\xff"), 415, "415", "no text in UTF-8"},
		"too large":         {"PUT", path, nil, strings.NewReader(long), 413, "413", "100 bytes"},
		"too large, chunks": {"PUT", path, nil, io.MultiReader(strings.NewReader(long)), 413, "413", "100 bytes"},
		"another site":      {"POST", path, http.Header{"Sec-Fetch-Site": {"cross-site"}}, nil, 403, "403", "another site"},
		"a failure":         {"PUT", "/example/broken/Ann", nil, nil, 500, "500", "see the log"},
		"a stop":            {"PUT", "/example/stopped/Ann", nil, nil, 503, "503", "may or may not"},
	} {
		a := ask(t, row.method, url+row.path, row.header, row.body)
		if a.status != row.status || a.compat != row.compat || !strings.Contains(a.body, row.want) || strings.Contains(a.body, "secret") {
			t.Errorf("%s: answer %+v", name, a)
		}
		if a.status == 405 && a.header.Get("Allow") == "" {
			t.Errorf("%s: no Allow", name)
		}
	}
}

// TestIngressBackPressure: an engine that takes nothing holds a request back,
// and then sends it away.
func TestIngressBackPressure(t *testing.T) {
	t.Parallel()
	url := startIngress(t, sinkFunc(func(ctx context.Context, _ engine.Address, _ engine.Value) error {
		<-ctx.Done()
		return ctx.Err()
	}), &playground.Options{Patience: 50 * time.Millisecond})
	a := ask(t, http.MethodPut, url+"/example/greeter/Ann", nil, strings.NewReader("x"))
	if a.status != 503 || a.header.Get("Retry-After") == "" || !strings.Contains(a.body, "may or may not") {
		t.Errorf("answer %+v", a)
	}
}

func TestIngressInFlight(t *testing.T) {
	t.Parallel()
	running, leave := make(chan struct{}, 10), make(chan struct{})
	url := startIngress(t, sinkFunc(func(context.Context, engine.Address, engine.Value) error {
		running <- struct{}{}
		<-leave
		return nil
	}), &playground.Options{Patience: 50 * time.Millisecond, MaxInFlight: 1})
	first := make(chan answer, 1)
	go func() { first <- ask(t, http.MethodPut, url+"/example/greeter/Ann", nil, strings.NewReader("x")) }()
	<-running
	a := ask(t, http.MethodPut, url+"/example/greeter/Bob", nil, strings.NewReader("x"))
	if a.status != 503 || a.header.Get("Retry-After") == "" || !strings.Contains(a.body, "at a time") {
		t.Errorf("answer %+v", a)
	}
	close(leave)
	if a := <-first; a.status != 200 {
		t.Errorf("answer %+v", a)
	}
}

// TestIngressDrains: a message that has begun is finished after the end, and
// nothing new is taken.
func TestIngressDrains(t *testing.T) {
	t.Parallel()
	in, err := playground.NewIngress(module.PlaygroundIngress{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	running, leave, ended := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		ended <- in.Run(ctx, sinkFunc(func(context.Context, engine.Address, engine.Value) error {
			close(running)
			<-leave
			return nil
		}))
	}()
	first := make(chan answer, 1)
	go func() {
		first <- ask(t, http.MethodPut, in.URL()+"/example/greeter/Ann", nil, strings.NewReader("x"))
	}()
	<-running
	stop()
	close(leave)
	if a := <-first; a.status != 200 {
		t.Errorf("answer %+v", a)
	}
	if err := <-ended; err != nil {
		t.Errorf("Run: %v", err)
	}
	if err := in.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
}

func TestPortTaken(t *testing.T) {
	t.Parallel()
	in, err := playground.NewIngress(module.PlaygroundIngress{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close() })
	if !strings.HasPrefix(in.URL(), "http://127.0.0.1:") {
		t.Errorf("listens at %s", in.URL())
	}
	var port int
	if _, err := fmt.Sscanf(in.URL(), "http://127.0.0.1:%d", &port); err != nil {
		t.Fatal(err)
	}
	_, err = playground.NewEgress(egressSpec(port), nil)
	for _, want := range []string{"module.yaml:12:3", "playground egress", fmt.Sprintf("port %d is taken", port), "lsof"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v does not say %q", err, want)
		}
	}
}

func TestBadOptions(t *testing.T) {
	t.Parallel()
	for _, opts := range []playground.Options{
		{MaxBodyBytes: -1}, {MaxInFlight: -1}, {Patience: -1}, {Drain: -1}, {Host: "192.0.2.1"},
	} {
		if in, err := playground.NewIngress(module.PlaygroundIngress{}, &opts); err == nil {
			in.Close()
			t.Errorf("%+v: no error", opts)
		}
	}
	in, err := playground.NewIngress(module.PlaygroundIngress{}, &playground.Options{Host: "0.0.0.0"})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(in.URL(), "http://127.0.0.1:") {
		t.Errorf("URL %s cannot be asked", in.URL())
	}
	in.Close()
}

// TestIngressHalfClosed: a client that has sent all it wants to send may close
// that half of its connection. It must not read 200 for a message that was not
// taken.
func TestIngressHalfClosed(t *testing.T) {
	t.Parallel()
	running := make(chan struct{}, 2)
	url := startIngress(t, sinkFunc(func(ctx context.Context, _ engine.Address, _ engine.Value) error {
		running <- struct{}{}
		<-ctx.Done()
		return ctx.Err()
	}), &playground.Options{MaxInFlight: 1})
	ask := func(request string) *net.TCPConn {
		t.Helper()
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", strings.TrimPrefix(url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		io.WriteString(conn, request)
		return conn.(*net.TCPConn)
	}
	const put = "PUT /example/greeter/Ann HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"
	first := ask(put)
	<-running
	second := ask(put) // waits for its turn
	for _, conn := range []*net.TCPConn{second, first} {
		conn.CloseWrite()
		if text, err := io.ReadAll(conn); err != nil || !strings.HasPrefix(string(text), "HTTP/1.1 503 ") {
			t.Errorf("%v: %.60q", err, text)
		}
	}
}
