package cli_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
)

// bootstrapVariable makes the test binary the program of a Lambda function.
const bootstrapVariable = "STATEFUN_TEST_BOOTSTRAP"

func TestMain(m *testing.M) {
	if os.Getenv(bootstrapVariable) != "" {
		fmt.Fprintln(os.Stderr, bootstrap(os.Getenv("AWS_LAMBDA_RUNTIME_API")))
		return
	}
	m.Run()
}

// bootstrap answers each event with the event.
func bootstrap(api string) error {
	const invocation = "/2018-06-01/runtime/invocation/"
	for {
		next, err := http.Get("http://" + api + invocation + "next")
		if err != nil {
			return err
		}
		event, err := io.ReadAll(next.Body)
		id := next.Header.Get("Lambda-Runtime-Aws-Request-Id")
		fmt.Fprintln(os.Stderr, "event of", len(event), "bytes for", strings.Join(os.Args[1:], " "))
		answer, postErr := http.Post("http://"+api+invocation+id+"/response", "application/json", bytes.NewReader(event))
		if err := errors.Join(err, next.Body.Close(), postErr); err != nil {
			return err
		}
		if err := answer.Body.Close(); err != nil {
			return err
		}
	}
}

func TestLambdaLocal(t *testing.T) {
	t.Parallel()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := start(t, "lambda-local", path, "--port", "0", "--log-format", "json", "--event", "http-api", "--stage", "v1", "--freeze",
		"--env", bootstrapVariable+"=1", "--", "an", "argument")
	url := p.find("ready", "url")
	if !strings.HasPrefix(url, "http://127.0.0.1:") || !strings.HasSuffix(url, "/v1") {
		t.Errorf("ready at %q", url)
	}
	for range 2 {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/a%20b", strings.NewReader("\xa2\x06"))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		// A reply without statusCode is the body: here it is the event.
		event, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != http.StatusOK || !bytes.Contains(event, []byte(`"rawPath":"/v1/a b"`)) || !bytes.Contains(event, []byte(`"body":"ogY="`)) {
			t.Errorf("%d %s", resp.StatusCode, event)
		}
	}
	p.stop()
	if code := <-p.done; code != 0 {
		t.Errorf("it ended with %d:\n%s", code, p.log)
	}
}

func TestLambdaLocalMistakes(t *testing.T) {
	t.Parallel()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{nil, 2, "name the program of a Lambda function"},
		{[]string{path, "--event", "sqs"}, 2, "use http-api, rest"},
		{[]string{path, "--shutdown-timeout", "0s"}, 2, "must be longer than zero"},
		{[]string{path + ".none"}, 1, "no such file"},
		{[]string{path, "--timeout", "-1s"}, 1, "Timeout is -1s"},
		{[]string{path, "--binary-media-types", "*/*"}, 1, `BinaryMediaTypes are a setting of "rest" alone`},
		{[]string{path, "--port", "99999"}, 1, "invalid port"},
	} {
		t.Run(strings.Join(c.args, " "), func(t *testing.T) {
			t.Parallel()
			code, stdout, stderr := run(t, append([]string{"lambda-local"}, c.args...)...)
			if code != c.code || stdout != "" || !strings.Contains(stderr, c.want) {
				t.Errorf("code %d, %q, %q, want %d, %q", code, stdout, stderr, c.code, c.want)
			}
		})
	}
}
