package lambdalocal_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

// modeVariable makes the test binary a bootstrap.
const modeVariable = "LAMBDALOCAL_BOOTSTRAP"

// TestMain runs the tests, or, where the environment says so, one of the
// bootstraps below.
func TestMain(m *testing.M) {
	switch os.Getenv(modeVariable) {
	case "":
		m.Run()
	case "exit at once":
		os.Stderr.WriteString("no configuration\nfor it")
		os.Exit(3) //nolint:forbidigo // a bootstrap that exits
	case "init error":
		post(os.Getenv("AWS_LAMBDA_RUNTIME_API"), "/2018-06-01/runtime/init/error", `{"errorType":"Config.Missing","errorMessage":"no table"}`)
		block()
	case "init error as text":
		post(os.Getenv("AWS_LAMBDA_RUNTIME_API"), "/2018-06-01/runtime/init/error", `no table`)
		block()
	case "never asks":
		block()
	case "slow start":
		for {
			if _, err := os.Stat(os.Getenv("FILE")); err == nil {
				lambda.Start(commands{})
			}
			time.Sleep(time.Millisecond) //nolint:forbidigo // it polls, in a process of its own
		}
	case "protocol":
		protocol(os.Getenv("AWS_LAMBDA_RUNTIME_API"))
	case "sigterm":
		lambda.StartWithOptions(commands{}, lambda.WithEnableSIGTERM(func() { os.Stdout.WriteString("asked to end\n") }))
	default:
		lambda.Start(commands{})
	}
}

// commands is a function that does what the body of the event says.
type commands struct{}

type event struct {
	Body            string `json:"body"`
	IsBase64Encoded bool   `json:"isBase64Encoded"`
}

func (e *event) bytes() []byte {
	if !e.IsBase64Encoded {
		return []byte(e.Body)
	}
	body, err := base64.StdEncoding.DecodeString(e.Body)
	if err != nil {
		panic(err)
	}
	return body
}

var running atomic.Int32

// Invoke implements lambda.Handler.
func (commands) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	var e event
	if payload[0] == '"' {
		e.IsBase64Encoded = true
		if err := json.Unmarshal(payload, &e.Body); err != nil {
			return nil, err
		}
	} else if err := json.Unmarshal(payload, &e); err != nil {
		return nil, err
	}
	defer running.Add(-1)
	n := running.Add(1)
	command, argument, _ := strings.Cut(string(e.bytes()), " ")
	switch command {
	case "error":
		return nil, errors.New("as commanded")
	case "panic":
		panic("as commanded")
	case "exit":
		code, _ := strconv.Atoi(argument)
		os.Exit(code) //nolint:forbidigo // a bootstrap that exits
	case "pid":
		return reply(strconv.Itoa(os.Getpid())), nil
	case "wait": // for a file, and say so in another one
		if err := os.WriteFile(fmt.Sprintf("%s.%d.%d", argument, os.Getpid(), n), nil, 0o600); err != nil {
			return nil, err
		}
		for {
			if _, err := os.Stat(argument); err == nil {
				return reply(fmt.Sprintf("%d of pid %d", n, os.Getpid())), nil
			}
			time.Sleep(time.Millisecond) //nolint:forbidigo // it polls, in a process of its own
		}
	case "hang":
		block()
	case "large":
		size, _ := strconv.Atoi(argument)
		return make([]byte, size), nil
	case "raw":
		return []byte(argument), nil
	case "event":
		return reply(string(payload)), nil
	case "env":
		return reply(os.Getenv(argument)), nil
	case "context":
		return reply(contextText(ctx)), nil
	case "print":
		fmt.Fprintln(os.Stderr, argument)
	case "child":
		child := exec.Command("sleep", "1000")
		child.Stdout = os.Stdout // as a child does that is started without care
		if err := child.Start(); err != nil {
			return nil, err
		}
		return reply(strconv.Itoa(child.Process.Pid)), nil
	}
	return reply(string(e.bytes())), nil
}

func contextText(ctx context.Context) string {
	lc, _ := lambdacontext.FromContext(ctx)
	deadline, _ := ctx.Deadline()
	return fmt.Sprintf("%s\n%s\n%s\n%d", lc.AwsRequestID, lc.InvokedFunctionArn, os.Getenv("_X_AMZN_TRACE_ID"), deadline.UnixMilli())
}

// reply is in a form that all gateways take.
func reply(body string) []byte {
	return fmt.Appendf(nil, `{"statusCode":200,"headers":{"content-type":"application/octet-stream"},`+
		`"multiValueHeaders":{"content-type":["application/octet-stream"]},"isBase64Encoded":true,"body":%q}`,
		base64.StdEncoding.EncodeToString([]byte(body)))
}

// protocol is a bootstrap that does things wrong, says what it was answered,
// and then answers.
func protocol(api string) {
	const invocation = "/2018-06-01/runtime/invocation/"
	for {
		r, err := http.Get("http://" + api + invocation + "next")
		if err != nil {
			return
		}
		payload, _ := io.ReadAll(r.Body)
		r.Body.Close()
		id := r.Header.Get("Lambda-Runtime-Aws-Request-Id")
		said := []string{
			post(api, invocation+"nobody/response", "x"),
			post(api, invocation+"nobody/error", "{}"),
			post(api, "/2018-06-01/runtime/init/error", "{}"),
			post(api, "/2020-01-01/extension/register", "{}"),
			post(api, "/nowhere", "{}"),
			get(api, "/2020-01-01/extension/event/next"),
		}
		if strings.Contains(string(payload), "trailer") {
			postTrailer(api, invocation+id+"/response")
			continue
		}
		if strings.Contains(string(payload), "extension") {
			post(api, "/2020-01-01/extension/exit/error", "{}")
			select {}
		}
		if strings.Contains(string(payload), "text") {
			post(api, invocation+id+"/error", "broken")
			continue
		}
		post(api, invocation+id+"/response", string(reply(strings.Join(said, "\n"))))
		os.Stdout.WriteString("twice: " + post(api, invocation+id+"/response", "again") + "\n")
	}
}

func get(api, path string) string {
	r, err := http.Get("http://" + api + path)
	if err != nil {
		return err.Error()
	}
	defer r.Body.Close()
	return strconv.Itoa(r.StatusCode) + " "
}

// post returns the status and the text of the answer.
func post(api, path, body string) string {
	r, err := http.Post("http://"+api+path, "application/json", strings.NewReader(body))
	if err != nil {
		return err.Error()
	}
	defer r.Body.Close()
	text, _ := io.ReadAll(r.Body)
	return fmt.Sprintf("%d %s", r.StatusCode, strings.TrimSpace(string(text)))
}

// postTrailer fails in the middle of a response, as a client says that.
func postTrailer(api, path string) {
	req, err := http.NewRequest(http.MethodPost, "http://"+api+path, io.MultiReader(strings.NewReader("half")))
	if err != nil {
		panic(err)
	}
	req.Trailer = http.Header{
		"Lambda-Runtime-Function-Error-Type": {"Half"},
		"Lambda-Runtime-Function-Error-Body": {base64.StdEncoding.EncodeToString([]byte(`{"errorType":"Half","errorMessage":"way"}`))},
	}
	r, err := http.DefaultClient.Do(req)
	if err != nil {
		panic(err)
	}
	r.Body.Close()
}

// block waits for the end of the process. Go takes select {} alone for a
// deadlock, where no other goroutine happens to wait for the network.
func block() {
	time.Sleep(time.Hour) //nolint:forbidigo // in a process of its own, which is killed
}
