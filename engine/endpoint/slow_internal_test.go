package endpoint

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/statefun-go/statefun-go/engine"
	"github.com/statefun-go/statefun-go/engine/module"
)

// The tests of this file are in virtual time, over connections in memory: a
// busy machine changes nothing.

// slowClient returns a client whose every connection is answered by answer,
// once its request is read.
func slowClient(t *testing.T, limits module.Transport, answer func(conn net.Conn)) *Client {
	t.Helper()
	limits.Connect, limits.PoolSize, limits.PayloadMaxBytes = time.Minute, 1, 1<<20
	c, err := New(module.Endpoint{URLPathTemplate: "http://lab.test/", Transport: limits})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	c.pool.transport().DialContext = func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		go func() {
			defer theirs.Close()
			if req, err := http.ReadRequest(bufio.NewReader(theirs)); err == nil {
				io.Copy(io.Discard, req.Body)
				answer(theirs)
			}
		}()
		return ours, nil
	}
	return c
}

const slowHeader = "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: 12\r\n\r\n"

// TestSlow: each limit of time ends an attempt, exactly then.
func TestSlow(t *testing.T) {
	t.Parallel()
	silent := func(conn net.Conn) { io.Copy(io.Discard, conn) } // until the client gives up
	halfway := func(conn net.Conn) {
		<-time.After(2 * time.Second)
		io.WriteString(conn, slowHeader)
		<-time.After(2 * time.Second)
		io.WriteString(conn, "\x0a")
		silent(conn)
	}
	for name, row := range map[string]struct {
		answer func(net.Conn)
		limits module.Transport
		after  time.Duration
		want   string
	}{
		"async, no header":      {silent, module.Transport{Kind: module.Async, Call: 9 * time.Second}, 9 * time.Second, "call time"},
		"async, half a body":    {halfway, module.Transport{Kind: module.Async, Call: 9 * time.Second}, 9 * time.Second, "call time"},
		"okhttp, no header":     {silent, module.Transport{Kind: module.OkHTTP, Call: time.Minute, Read: 3 * time.Second}, 3 * time.Second, "timeout awaiting response headers"},
		"okhttp, half a body":   {halfway, module.Transport{Kind: module.OkHTTP, Call: time.Minute, Read: 3 * time.Second}, 7 * time.Second, "read time"},
		"okhttp, call is first": {halfway, module.Transport{Kind: module.OkHTTP, Call: 5 * time.Second, Read: 3 * time.Second}, 5 * time.Second, "call time"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				begin := time.Now()
				_, err := slowClient(t, row.limits, row.answer).Call(t.Context(), engine.TypeName{Namespace: "lab", Name: "a"}, []byte("x"))
				if err == nil || !strings.Contains(err.Error(), row.want) {
					t.Errorf("error %v does not say %q", err, row.want)
				}
				if after := time.Since(begin); after != row.after {
					t.Errorf("ended after %v, want %v", after, row.after)
				}
			})
		})
	}
}

// TestSteadyDrip: a body may take longer than `read` as long as it moves.
func TestSteadyDrip(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		body := "\x0a\x0a" + strings.Repeat("z", 10)
		c := slowClient(t, module.Transport{Kind: module.OkHTTP, Call: time.Minute, Read: 3 * time.Second}, func(conn net.Conn) {
			for _, part := range append([]string{slowHeader}, strings.Split(body, "")...) {
				<-time.After(2 * time.Second)
				io.WriteString(conn, part)
			}
		})
		answer, err := c.Call(t.Context(), engine.TypeName{Namespace: "lab", Name: "a"}, []byte("x"))
		if err != nil || string(answer) != body {
			t.Fatalf("%q, %v", answer, err)
		}
	})
}
