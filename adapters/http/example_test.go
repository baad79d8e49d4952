package statefunhttp_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"time"

	statefunhttp "github.com/statefun-go/statefun-go/adapters/http"
	"github.com/statefun-go/statefun-go/statefun"
)

var (
	exampleGreeter = statefun.MustTypeName("example/greeter")
	exampleReplies = statefun.NewEgress("example/replies", statefun.String)
)

func greet(_ context.Context, inv *statefun.Invocation, name string) error {
	exampleReplies.Send(inv, "Hello "+name)
	return nil
}

// Functions are the functions of this example.
func Functions() []statefun.Function {
	return []statefun.Function{statefun.Define(exampleGreeter, statefun.On(statefun.String, greet), exampleReplies)}
}

// A whole program serves until a signal tells it to stop, and finishes what
// runs. The time-out here stands for the signal.
func ExampleServe() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()

	logger := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	handler := statefun.MustNew(Functions(), &statefun.Options{Logger: logger})
	err := statefunhttp.Serve(ctx, "localhost:0", handler, &statefunhttp.ServerOptions{
		Options:      statefunhttp.Options{Logger: logger, CallTimeout: time.Minute},
		DrainTimeout: 8 * time.Second, // Cloud Run kills after 10
	})
	fmt.Println("ended:", err)
	// Output: ended: <nil>
}

// For a runtime on the same machine a unix socket saves the network.
func ExampleServe_socket() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()

	path := filepath.Join(os.TempDir(), fmt.Sprintf("functions-%d.sock", os.Getpid()))
	options := &statefunhttp.ServerOptions{SocketMode: 0o666} // the runtime runs as another user
	err := statefunhttp.Serve(ctx, "unix:"+path, statefun.MustNew(Functions(), nil), options)
	fmt.Println("ended:", err)
	// Output: ended: <nil>
}

// Certificates say who may call. Mistakes show at the start.
func ExampleServe_tls() {
	options := &statefunhttp.ServerOptions{TLS: &statefunhttp.TLS{
		CertFile:     "/no/such/tls.crt",
		KeyFile:      "/no/such/tls.key",
		ClientCAFile: "/no/such/clients.crt",
	}}
	err := statefunhttp.Serve(context.Background(), ":8443", statefun.MustNew(Functions(), nil), options)
	fmt.Println(err)
	// Output: statefunhttp: TLS: stat /no/such/tls.crt: no such file or directory
}

// Beside other routes, in a mux.
func ExampleHandler() {
	mux := http.NewServeMux()
	mux.Handle("/statefun", statefunhttp.Handler(statefun.MustNew(Functions(), nil), nil))
	server := httptest.NewServer(mux)
	defer server.Close()

	// What a runtime sends: one message, the string "Ada", for example/greeter.
	request := []byte("\xa2\x06\x3d" +
		"\x0a\x14\x0a\x07example\x12\x07greeter\x1a\x00" +
		"\x1a\x25\x12\x23\x0a\x18io.statefun.types/string\x10\x01\x1a\x05\x0a\x03Ada")
	answer, err := http.Post(server.URL+"/statefun", "application/octet-stream", bytes.NewReader(request))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	fmt.Println(answer.Status, answer.Header.Get("Content-Type"), bytes.Contains(body, []byte("Hello Ada")), err)
	// Output: 200 OK application/octet-stream true <nil>
}
