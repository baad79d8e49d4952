package start_test

import (
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// BenchmarkFirstPoll starts a bootstrap and waits until it asks for an event.
func BenchmarkFirstPoll(b *testing.B) {
	b.Run("program=greeter", func(b *testing.B) {
		firstPoll(b, "github.com/statefun-go/statefun-go/examples/greeter/cmd/lambda")
	})
	b.Run("program=hello", func(b *testing.B) {
		firstPoll(b, "github.com/statefun-go/statefun-go/bench/start/hello")
	})
}

func firstPoll(b *testing.B, pkg string) {
	b.Helper()
	bootstrap := filepath.Join(b.TempDir(), "bootstrap")
	build := exec.CommandContext(b.Context(), "go", "build", "-trimpath", "-tags", "lambda.norpc", "-ldflags", "-s -w", "-o", bootstrap, pkg)
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	info, err := os.Stat(bootstrap)
	if err != nil {
		b.Fatal(err)
	}
	polled := make(chan struct{})
	api := serveAPI(b, polled)
	for b.Loop() {
		start(b, bootstrap, api, polled)
	}
	b.ReportMetric(float64(info.Size())/1e6, "MB/program")
}

// start runs the bootstrap until its first poll.
func start(b *testing.B, bootstrap, api string, polled <-chan struct{}) {
	b.Helper()
	program := exec.CommandContext(b.Context(), bootstrap)
	program.Env = append(os.Environ(), "AWS_LAMBDA_RUNTIME_API="+api)
	if err := program.Start(); err != nil {
		b.Fatal(err)
	}
	<-polled
	b.StopTimer()
	_ = program.Process.Kill()
	_ = program.Wait()
	b.StartTimer()
}

// serveAPI serves as much of the Lambda Runtime API as the first poll needs.
func serveAPI(b *testing.B, polled chan<- struct{}) string {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		polled <- struct{}{}
		<-r.Context().Done() // there is never an event
	})}
	go func() { _ = server.Serve(l) }()
	b.Cleanup(func() { _ = server.Close() })
	return l.Addr().String()
}
