package deploy_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/statefun-go/statefun-go/adapters/lambda/lambdalocal"
	"github.com/statefun-go/statefun-go/internal/wire"
)

// shell runs a command in a directory.
func shell(t *testing.T, dir, script string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "bash", "-eu", "-c", script)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", script, err, out)
	}
}

// buildBootstrap builds the greeter for this machine, with the flags that the
// Makefile has for the one that is uploaded.
func buildBootstrap(t *testing.T) string {
	t.Helper()
	flags := regexp.MustCompile(`(?m)^LAMBDA_FLAGS := (.*)$`).FindStringSubmatch(read(t, "Makefile"))
	if flags == nil {
		t.Fatal("the Makefile has no LAMBDA_FLAGS")
	}
	file := filepath.Join(t.TempDir(), "bootstrap")
	shell(t, root, "CGO_ENABLED=0 go build "+flags[1]+" -o '"+file+"' ./examples/greeter/cmd/lambda")
	return file
}

// greeting is what a runtime sends to greet Ann, who has been greeted before
// where there is a count.
func greeting(count []byte) []byte {
	argument := wire.AppendValue(nil, wire.V3, wire.Value{TypeName: "example/GreetRequest", Has: true, Data: []byte(`{"name":"Ann"}`)})
	request := &wire.Request{
		HasTarget: true, Target: wire.Address{Namespace: "example", Name: "greeter", ID: "Ann"},
		Invocations: []wire.Invocation{{HasArgument: true, Argument: argument}},
	}
	if count != nil {
		value := wire.AppendValue(nil, wire.V3, wire.Value{TypeName: "io.statefun.types/long", Has: true, Data: count})
		request.States = []wire.State{{Name: "seen", HasValue: true, Value: value}}
	}
	return wire.AppendRequest(nil, request)
}

// log is what a bootstrap writes.
type log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func startBootstrap(t *testing.T, options lambdalocal.Options) *lambdalocal.Lambda {
	t.Helper()
	l, err := lambdalocal.Start(t.Context(), &options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func call(t *testing.T, h http.Handler, method, target string, body []byte) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, target, bytes.NewReader(body))
	if body != nil {
		r.Header.Set("Content-Type", "application/octet-stream")
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// The program that template.yaml deploys, but for this machine's processor,
// answers behind each of the gateways of the template.
func TestBootstrap(t *testing.T) {
	t.Parallel()
	const key = "?key=0123456789abcdef"
	file, doc := buildBootstrap(t), template(t)
	var types []string
	for _, each := range doc.get("Resources/RestApi/Properties/BinaryMediaTypes").([]any) {
		types = append(types, each.(string))
	}
	for _, options := range []lambdalocal.Options{
		{Event: lambdalocal.HTTPAPI},
		{Event: lambdalocal.REST, BinaryMediaTypes: types, Stage: doc.text("Resources/RestApi/Properties/StageName")},
		{Event: lambdalocal.FunctionURL},
	} {
		t.Run(string(options.Event), func(t *testing.T) {
			t.Parallel()
			var output log
			options.Bootstrap, options.Log = file, &output
			options.Env = []string{"STATEFUN_SECRET=fedcba9876543210,0123456789abcdef", "LOG_LEVEL=warn"}
			l := startBootstrap(t, options)
			path := "/greeter"
			if options.Stage != "" {
				path = "/" + options.Stage + path
			}
			answers(t, l, path+key)
			if output.String() != "" {
				t.Errorf("good requests are logged: %s", &output)
			}
			if w := call(t, l, "POST", path, greeting(nil)); w.Code != 403 || w.Body.String() != "forbidden\n" {
				t.Errorf("without the secret: %d %s", w.Code, w.Body)
			}
			if w := call(t, l, "GET", path+key, nil); w.Code != 405 {
				t.Errorf("GET: %d %s", w.Code, w.Body)
			}
		})
	}
}

// answers checks a handshake and a call.
func answers(t *testing.T, h http.Handler, target string) {
	t.Helper()
	for _, count := range [][]byte{nil, {9, 6, 0, 0, 0, 0, 0, 0, 0}} { // field 1 of 64 bits, the number 6
		w := call(t, h, "POST", target, greeting(count))
		if w.Code != 200 || w.Header().Get("Content-Type") != "application/octet-stream" {
			t.Fatalf("%d %v %s", w.Code, w.Header(), w.Body)
		}
		var answer wire.Answer
		if err := answer.Decode(wire.V3, w.Body.Bytes()); err != nil {
			t.Fatal(err)
		}
		if count == nil {
			if len(answer.Missing) != 1 || answer.Missing[0].Name != "seen" {
				t.Errorf("the handshake asks for %+v", answer.Missing)
			}
			continue
		}
		if len(answer.Egresses) != 1 || !bytes.Contains(answer.Egresses[0].Argument, []byte("Hello Ann, visit 7")) {
			t.Errorf("the answer is %+v", answer)
		}
	}
}

// A REST API without its media types is the mistake that is made most often.
func TestBootstrapBehindAnAPIForText(t *testing.T) {
	t.Parallel()
	l := startBootstrap(t, lambdalocal.Options{Bootstrap: buildBootstrap(t), Event: lambdalocal.REST})
	if w := call(t, l, "POST", "/greeter", greeting(nil)); w.Code != 400 || !strings.Contains(w.Body.String(), `BinaryMediaTypes ["*/*"]`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// What is wrong in the environment ends the start, and says so.
func TestBootstrapRefusesToStart(t *testing.T) {
	t.Parallel()
	file := buildBootstrap(t)
	for setting, want := range map[string]string{
		"LOG_LEVEL=loud":                   "LOG_LEVEL",
		"STATEFUN_SECRET=short":            "at least 16",
		"STATEFUN_SECRET=0123456789abcde/": "URL may change it",
	} {
		cmd := exec.CommandContext(t.Context(), file)
		cmd.Env = append(os.Environ(), setting, "AWS_LAMBDA_RUNTIME_API=127.0.0.1:1")
		if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(out), want) {
			t.Errorf("%s: %v, %s", setting, err, out)
		}
	}
}
