package e2e_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/statefun-go/statefun-go/adapters/lambda/lambdalocal"
)

// TestPlaces runs the greeter's own programs: the bootstrap of AWS Lambda behind
// a local gateway, in the shapes of both APIs, and the Google Cloud Function in
// the Functions Framework.
func TestPlaces(t *testing.T) {
	t.Parallel()
	for _, place := range []struct {
		name  string
		serve func(t *testing.T) string
	}{
		{"lambda-http-api", func(t *testing.T) string { return serveLambda(t, lambdalocal.Options{Event: lambdalocal.HTTPAPI}) }},
		{"lambda-rest-api", func(t *testing.T) string {
			return serveLambda(t, lambdalocal.Options{Event: lambdalocal.REST, BinaryMediaTypes: []string{"*/*"}, Stage: "prod"})
		}},
		{"cloud-function", serveFramework},
	} {
		for _, p := range []platform{flink3("async"), flink3("okhttp"), embedded()} {
			t.Run(place.name+"/"+p.name, func(t *testing.T) {
				t.Parallel()
				w := open(t, p, greetings, place.serve(t))
				records, want := visits(20, 25)
				w.send(records)
				w.equal(want)
			})
		}
	}
}

// serveLambda serves the greeter's bootstrap behind a gateway.
func serveLambda(t *testing.T, opts lambdalocal.Options) string {
	t.Helper()
	opts.Bootstrap = build(t, "..", "./examples/greeter/cmd/lambda", "-tags=lambda.norpc")
	l, err := lambdalocal.Start(t.Context(), &opts)
	if err != nil {
		t.Fatal(err)
	}
	gateway := httptest.NewServer(l)
	t.Cleanup(func() { l.Close() })
	t.Cleanup(gateway.Close)
	if opts.Stage != "" {
		return gateway.URL + "/" + opts.Stage + "/{function.name}"
	}
	return gateway.URL + "/{function.name}"
}

// serveFramework serves the greeter as a Cloud Function.
func serveFramework(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	var out said
	cmd := exec.Command(build(t, "../examples/greeter/gcf", "./cmd/local"), "-port", port)
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
		if t.Failed() {
			t.Log(out.String())
		}
	})
	url := "http://127.0.0.1:" + port
	answering(t, url)
	return url + "/{function.name}"
}

// build builds a program of a module and returns its path.
func build(t *testing.T, module, pkg string, flags ...string) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "program")
	args := append([]string{"build", "-C", module, "-trimpath", "-buildvcs=false", "-o", program}, flags...)
	cmd := exec.Command("go", append(args, pkg)...)
	cmd.Env = append(os.Environ(), "GOWORK=off", "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build %s: %v\n%s", pkg, err, out)
	}
	return program
}

// answering waits until something answers at a URL, whatever it says.
func answering(t *testing.T, url string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err == nil {
			resp.Body.Close()
			return
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			t.Fatalf("nothing answers at %s: %v", url, err)
		}
	}
}
