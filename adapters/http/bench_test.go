package statefunhttp_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"

	statefunhttp "github.com/statefun-go/statefun-go/adapters/http"
)

// benchConns is how many connections ask at once.
const benchConns = 16

// BenchmarkServe is a request and its answer over loopback, on 16 connections
// that each wait for the answer: our server with a function that sends what it
// received, beside net/http's with a handler that writes back the body. The
// difference is what the product costs; most of the rest is the kernel's.
func BenchmarkServe(b *testing.B) {
	for _, size := range []int{16, 1 << 10, 64 << 10} {
		body := call("echo", strings.Repeat("x", size))
		b.Run(fmt.Sprintf("server=statefun/size=%d", size), func(b *testing.B) {
			h := register(behaviours{}.functions())
			quiet := &statefunhttp.ServerOptions{Options: statefunhttp.Options{Logger: slog.New(slog.DiscardHandler)}}
			bench(b, body, func(ctx context.Context, l net.Listener) { statefunhttp.ServeListener(ctx, l, h, quiet) })
		})
		b.Run(fmt.Sprintf("server=bare/size=%d", size), func(b *testing.B) { bench(b, body, serveBare) })
	}
}

// bare reads the body into memory of its own and writes it, with its length.
func bare(w http.ResponseWriter, r *http.Request) {
	body := make([]byte, r.ContentLength)
	if _, err := io.ReadFull(r.Body, body); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.Write(body)
}

func serveBare(ctx context.Context, l net.Listener) {
	server := &http.Server{Handler: http.HandlerFunc(bare), ReadHeaderTimeout: statefunhttp.DefaultHeaderTimeout, ReadTimeout: statefunhttp.DefaultReadTimeout}
	context.AfterFunc(ctx, func() { server.Close() })
	server.Serve(l)
}

func bench(b *testing.B, body []byte, serve func(ctx context.Context, l net.Listener)) {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	var server, clients sync.WaitGroup
	server.Go(func() { serve(ctx, l) })
	work := make(chan struct{})
	for range benchConns {
		conn, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			b.Fatal(err)
		}
		clients.Go(func() { askAgain(b, conn, post(body), work) })
	}
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		work <- struct{}{}
	}
	close(work)
	clients.Wait()
	stop()
	server.Wait()
}

// askAgain makes one request for each piece of work.
func askAgain(b *testing.B, conn net.Conn, raw []byte, work <-chan struct{}) {
	b.Helper()
	defer conn.Close()
	r := bufio.NewReaderSize(conn, 128<<10)
	for range work {
		if _, err := conn.Write(raw); err != nil {
			b.Error(err)
			return
		}
		if err := skipAnswer(r); err != nil {
			b.Error(err)
			return
		}
	}
}

// skipAnswer reads a 200 and allocates nothing.
func skipAnswer(r *bufio.Reader) error {
	size := 0
	for line := 0; ; line++ {
		text, err := r.ReadSlice('\n')
		if err != nil {
			return err
		}
		if line == 0 && string(text) != "HTTP/1.1 200 OK\r\n" {
			return fmt.Errorf("answer %q", text)
		}
		if len(text) == 2 {
			_, err := r.Discard(size)
			return err
		}
		if value, found := strings.CutPrefix(string(text), "Content-Length: "); found {
			if size, err = strconv.Atoi(strings.TrimSpace(value)); err != nil {
				return err
			}
		}
	}
}
