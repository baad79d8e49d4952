package gcf_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/GoogleCloudPlatform/functions-framework-go/funcframework"
	"github.com/GoogleCloudPlatform/functions-framework-go/functions"

	statefungcf "github.com/statefun-go/statefun-go/adapters/gcf"
	"github.com/statefun-go/statefun-go/internal/wire"
	"github.com/statefun-go/statefun-go/statefun"
)

var greeter = statefun.MustTypeName("bench/greeter")

// BenchmarkFramework is a request and its answer over loopback, on one kept
// connection: our layer beside a bare function that reads the body, appends the
// answer and writes it.
func BenchmarkFramework(b *testing.B) {
	handler := statefun.MustNew([]statefun.Function{statefun.Define(greeter, statefun.On(statefun.String,
		func(_ context.Context, inv *statefun.Invocation, name string) error {
			statefun.String.Reply(inv, "Hello "+name)
			return nil
		}))}, nil)
	functions.HTTP("Ours", statefungcf.Handler(handler, nil))
	functions.HTTP("Bare", bare(handler))
	host := startFramework(b)
	for _, name := range []string{"Ours", "Bare"} {
		b.Run("function="+name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				post(b, "http://"+host+"/"+name)
			}
		})
	}
}

func bare(handler *statefun.Handler) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, r *http.Request) {
		body := make([]byte, r.ContentLength)
		if _, err := io.ReadFull(r.Body, body); err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		answer, err := handler.Append(r.Context(), nil, body)
		if err != nil {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/octet-stream")
		w.Header().Set("Content-Length", strconv.Itoa(len(answer)))
		_, _ = w.Write(answer)
	}
}

// startFramework serves all registered functions for the rest of the process:
// the framework has no way to stop.
func startFramework(b *testing.B) (host string) {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	_ = l.Close()
	failed := make(chan error, 1)
	go func() { failed <- funcframework.StartHostPort("127.0.0.1", port) }()
	host = "127.0.0.1:" + port
	for {
		select {
		case err := <-failed:
			b.Fatal(err)
		case <-time.After(time.Millisecond):
		}
		if conn, err := net.Dial("tcp", host); err == nil {
			_ = conn.Close()
			return host
		}
	}
}

var request = wire.AppendRequest(nil, &wire.Request{
	HasTarget: true, Target: wire.Address{Namespace: "bench", Name: "greeter", ID: "user-1"},
	Invocations: []wire.Invocation{{
		HasCaller: true, Caller: wire.Address{Namespace: "bench", Name: "asker", ID: "user-2"},
		HasArgument: true, Argument: wire.AppendValue(nil, wire.V3, wire.Value{TypeName: statefun.String.Name(), Has: true, Data: []byte("\n\x03Ann")}),
	}},
})

func post(b *testing.B, url string) {
	b.Helper()
	answer, err := http.Post(url, "application/octet-stream", bytes.NewReader(request))
	if err != nil {
		b.Fatal(err)
	}
	_, err = io.Copy(io.Discard, answer.Body)
	if _ = answer.Body.Close(); err != nil || answer.StatusCode != http.StatusOK {
		b.Fatal(answer.Status, err)
	}
}
