package statefunlambda_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"

	statefunlambda "github.com/statefun-go/statefun-go/adapters/lambda"
	"github.com/statefun-go/statefun-go/statefun"
)

// What an adapter for Lambda can get wrong, one test each. The numbers are
// those of the list in docs/deploy-lambda.md.

var _ lambda.Handler = (*statefunlambda.Handler)(nil)

// forShapes runs a test for every shape of event.
func forShapes(t *testing.T, f func(t *testing.T, event func(call) any)) {
	t.Helper()
	for name, event := range shapes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f(t, event)
		})
	}
}

func isAnswer(t *testing.T, r *result) {
	t.Helper()
	if r.StatusCode != http.StatusOK || r.Headers["content-type"] != "application/octet-stream" || !r.IsBase64Encoded {
		t.Errorf("%+v", r)
	}
}

func isError(t *testing.T, r *result, status int, text string) {
	t.Helper()
	if r.StatusCode != status || r.Headers["content-type"] != "text/plain; charset=utf-8" || r.IsBase64Encoded || !strings.Contains(r.Body, text) {
		t.Errorf("%+v, want %d %q", r, status, text)
	}
}

func direct(t *testing.T, body []byte) []byte {
	t.Helper()
	answer, err := statefun.MustNew(functions(), nil).Append(context.Background(), nil, bytes.Clone(body))
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// Every shape gets the same answer, byte for byte, for bodies of every length
// modulo three and of every byte.
func TestSameAnswerInEveryShape(t *testing.T) {
	t.Parallel()
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	h := newHandler(t, nil)
	forShapes(t, func(t *testing.T, event func(call) any) {
		for _, m := range [][]byte{nil, {1}, {1, 2}, {1, 2, 3}, all, bytes.Repeat([]byte("text"), 20_000)} {
			body := request("echo", m)
			r := invoke(t, h, event(post(body)))
			isAnswer(t, r)
			if !bytes.Equal(r.bytes(), direct(t, body)) {
				t.Errorf("other bytes for a message of %d", len(m))
			}
		}
	})
	for _, payload := range []any{
		base64.StdEncoding.EncodeToString(request("echo", all)),
		map[string]any{"body": base64.StdEncoding.EncodeToString(request("echo", all)), "isBase64Encoded": true},
	} {
		r := invoke(t, h, payload)
		isAnswer(t, r)
		if !bytes.Equal(r.bytes(), direct(t, request("echo", all))) {
			t.Error("other bytes for a direct invocation")
		}
	}
}

func TestPitfall01MangledBody(t *testing.T) {
	t.Parallel()
	h := newHandler(t, nil)
	forShapes(t, func(t *testing.T, event func(call) any) {
		mangled := strings.ToValidUTF8(string(request("echo", []byte{0xff})), "\uFFFD")
		c := post(nil)
		c.text = &mangled
		isError(t, invoke(t, h, event(c)), 400, `BinaryMediaTypes ["*/*"]`)
		encoded := base64.StdEncoding.EncodeToString(request("echo", nil))
		c.text = &encoded
		isError(t, invoke(t, h, event(c)), 400, "isBase64Encoded is false")
	})
}

func TestPitfall02NoBody(t *testing.T) {
	t.Parallel()
	h := newHandler(t, nil)
	empty := ""
	forShapes(t, func(t *testing.T, event func(call) any) {
		c := post(nil)
		isError(t, invoke(t, h, event(c)), 400, "empty request body")
		c.text = &empty
		payload := marshal(event(c))
		isError(t, invokeRaw(context.Background(), t, h, payload), 400, "empty request body")
		null := bytes.Replace(payload, []byte(`"body":""`), []byte(`"body":null`), 1)
		isError(t, invokeRaw(context.Background(), t, h, null), 400, "empty request body")
	})
}

func TestPitfall03OddBase64(t *testing.T) {
	t.Parallel()
	h := newHandler(t, nil)
	body := request("echo", []byte{0xff, 0xef, 0xff, 0xfe})
	good := base64.StdEncoding.EncodeToString(body)
	want := direct(t, body)
	event := func(text string) []byte {
		return []byte(`{"httpMethod":"POST","resource":"/","headers":{},"isBase64Encoded":true,"body":"` + text + `"}`)
	}
	for name, text := range map[string]string{
		"escaped slash": strings.ReplaceAll(good, "/", `\/`), "escaped letters": strings.ReplaceAll(good, "A", `\u0041`),
		"newlines": good[:8] + `\r\n` + good[8:],
	} {
		r := invokeRaw(context.Background(), t, h, event(text))
		if r.StatusCode != http.StatusOK || !bytes.Equal(r.bytes(), want) {
			t.Errorf("%s: %+v", name, r)
		}
	}
	padded := base64.StdEncoding.EncodeToString(request("echo", []byte("abc")))
	if !strings.HasSuffix(padded, "=") {
		t.Fatal("the test needs a body with padding")
	}
	for name, text := range map[string]string{
		"no padding": strings.TrimRight(padded, "="),
		"not base64": "%%%", "URL alphabet": base64.URLEncoding.EncodeToString(body), "cut": good[:len(good)-1],
	} {
		t.Log(name)
		isError(t, invokeRaw(context.Background(), t, h, event(text)), 400, "malformed request")
	}
}

func TestPitfall04MembersInAnyOrder(t *testing.T) {
	t.Parallel()
	h := newHandler(t, nil)
	body := base64.StdEncoding.EncodeToString(request("echo", []byte("x")))
	for _, payload := range []string{
		`{"isBase64Encoded":true,"body":"%s","requestContext":{"http":{"method":"POST"}}}`,
		` {"body" : "%s" ,"isBase64Encoded":true, "requestContext":{"authorizer":{"body":"no","isBase64Encoded":false,"elb":1},"http":{"x":[{"method":"GET"}],"method":"POST"}}} `,
		`{"Body":"no","body":"first","ISBASE64ENCODED":false,"isBase64Encoded":false,"requestContext":{"http":{"method":"POST"}},"body":"%s","isBase64Encoded":true}`,
		`{"b\u006fdy":"%s","isBase64Encoded":true,"requestContext":{"http":{"method":"POST"}}}`,
	} {
		isAnswer(t, invokeRaw(context.Background(), t, h, fmt.Appendf(nil, payload, body)))
	}
}

func TestPitfall05NoJSON(t *testing.T) {
	t.Parallel()
	h := newHandler(t, nil)
	whole := marshal(shapes["http"](post(request("echo", []byte("x")))))
	for cut := range whole {
		if _, err := h.Invoke(context.Background(), whole[:cut]); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("%d bytes", cut)) {
			t.Fatalf("cut at %d: %v", cut, err)
		}
	}
	for _, payload := range []string{"", "[]", "null", "1", "{}}", `{"body":"x"} x`, `"x`, `"x" y`, "\xff"} {
		if _, err := h.Invoke(context.Background(), []byte(payload)); err == nil {
			t.Errorf("%q was taken", payload)
		}
	}
}

func TestPitfall06WrongTrigger(t *testing.T) {
	t.Parallel()
	ran := false
	fn := statefun.Define(statefun.MustTypeName("test/echo"), statefun.OnAny(func(context.Context, *statefun.Invocation, statefun.Message) error {
		ran = true
		return nil
	}))
	var log strings.Builder
	h := statefunlambda.New(statefun.MustNew([]statefun.Function{fn}, nil), &statefunlambda.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	body := base64.StdEncoding.EncodeToString(request("echo", []byte("x")))
	for want, payload := range map[string]string{
		"aws:sqs":                       `{"Records":[{"messageId":"1","body":"%s","eventSource":"aws:sqs"}]}`,
		"aws:sns":                       `{"Records":[{"EventSource":"aws:sns"}]}`,
		"aws:kinesis":                   `{"Records":[{"eventSource":"aws:kinesis"}]}`,
		"Kafka (aws:kafka)":             `{"eventSource":"aws:kafka","records":{"t-0":[]}}`,
		"Kafka (SelfManagedKafka)":      `{"eventSource":"SelfManagedKafka","records":{"t-0":[]}}`,
		"EventBridge (Scheduled Event)": `{"detail-type":"Scheduled Event","detail":{},"body":"%s"}`,
		"Lambda authorizer":             `{"type":"REQUEST","methodArn":"arn","httpMethod":"POST","resource":"/","body":"%s"}`,
		"authorizer's caller":           `{"version":"2.0","type":"REQUEST","routeArn":"arn","requestContext":{"http":{"method":"POST"}}}`,
		"WebSocket":                     `{"requestContext":{"connectionId":"c","http":{"method":"POST"}},"body":"%s","isBase64Encoded":true}`,
		"VPC Lattice":                   `{"version":"2.0","path":"/","method":"POST","requestContext":{"serviceNetworkArn":"arn"},"body":"%s","isBase64Encoded":true}`,
		"no shape that is known":        `{}`,
		"a stream of records":           `{"Records":[]}`,
	} {
		payload = strings.ReplaceAll(payload, "%s", body)
		_, err := h.Invoke(context.Background(), []byte(payload))
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), fmt.Sprintf("event of %d bytes refused", len(payload))) || strings.Contains(err.Error(), body) {
			t.Errorf("got %v, want %q, the size and no payload", err, want)
		}
	}
	if ran {
		t.Error("a function ran")
	}
	if log.Len() > 0 {
		t.Errorf("logged here too, beside aws-lambda-go: %s", &log)
	}
}

func TestPitfall07MethodAndType(t *testing.T) {
	t.Parallel()
	h := newHandler(t, nil)
	body := request("echo", []byte("x"))
	forShapes(t, func(t *testing.T, event func(call) any) {
		for contentType, status := range map[string]int{
			"application/octet-stream": 200, "Application/Octet-Stream": 200, "application/octet-stream; charset=x": 200, "": 200,
			"text/plain": 415, "application/json": 415,
		} {
			c := post(body)
			if c.headers["Content-Type"] = contentType; contentType == "" {
				c.headers = nil
			}
			if r := invoke(t, h, event(c)); r.StatusCode != status {
				t.Errorf("%q: %+v", contentType, r)
			}
		}
		for _, method := range []string{"GET", "PUT", "DELETE", "post"} {
			c := post(body)
			c.method = method
			r := invoke(t, h, event(c))
			isError(t, r, 405, "method not allowed")
			if r.Headers["allow"] != "POST" {
				t.Errorf("%+v", r.Headers)
			}
		}
	})
}

func TestPitfall08ContentEncoding(t *testing.T) {
	t.Parallel()
	h := newHandler(t, nil)
	forShapes(t, func(t *testing.T, event func(call) any) {
		c := post(request("echo", nil))
		c.headers["Content-Encoding"] = "gzip"
		isError(t, invoke(t, h, event(c)), 415, "content encoding")
		c.headers["Content-Encoding"] = "identity"
		isAnswer(t, invoke(t, h, event(c)))
	})
}

// The whole reply, byte for byte, in each form.
func TestPitfall09ReplyForm(t *testing.T) {
	t.Parallel()
	h := newHandler(t, nil)
	body := request("echo", []byte("x"))
	answer := base64.StdEncoding.EncodeToString(direct(t, body))
	const octets = `"content-type":"application/octet-stream"`
	for name, event := range shapes {
		want := `{"statusCode":200,"headers":{` + octets + `},"isBase64Encoded":true,"body":"` + answer + `"}`
		if strings.HasPrefix(name, "alb") {
			want = `{"statusCode":200,"headers":{` + octets + `},"multiValueHeaders":{"content-type":["application/octet-stream"]},"isBase64Encoded":true,"body":"` + answer + `"}`
		}
		if got, err := h.Invoke(context.Background(), marshal(event(post(body)))); err != nil || string(got) != want {
			t.Errorf("%s: %s, %v", name, got, err)
		}
	}
}

func TestPitfall10And11ErrorsAndPanics(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	h := newHandler(t, &statefunlambda.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	for _, event := range shapes {
		for _, bad := range []string{"fail", "panic", "goexit"} {
			isError(t, invoke(t, h, event(post(request(bad, []byte("secret payload"))))), 500, "function failed")
		}
		isError(t, invoke(t, h, event(post(request("nobody", nil)))), 503, "unknown function")
		isError(t, invoke(t, h, event(post([]byte("no protobuf")))), 400, "malformed request")
		isAnswer(t, invoke(t, h, event(post(request("echo", nil)))))
	}
	if !strings.Contains(log.String(), "private text") || strings.Contains(log.String(), "secret payload") {
		t.Errorf("log: %s", &log)
	}
}

func TestPitfall12LargeReply(t *testing.T) {
	t.Parallel()
	h := newHandler(t, nil)
	largest := map[string]int{"http": 47, "function url": 47, "rest": 47, "alb": 7, "alb multi": 7}
	for name, event := range shapes {
		within, _ := h.Invoke(context.Background(), marshal(event(post(request("large", make([]byte, largest[name]))))))
		over := invoke(t, h, event(post(request("large", make([]byte, largest[name]+1)))))
		if limit := map[bool]int{true: statefunlambda.MaxALBReply, false: statefunlambda.MaxReply}[strings.HasPrefix(name, "alb")]; len(within) > limit || len(within) < limit*8/10 {
			t.Errorf("%s: %d bytes", name, len(within))
		}
		isError(t, over, 413, "answer too large")
	}
}

func TestPitfall13Deadline(t *testing.T) {
	t.Parallel()
	forShapes(t, func(t *testing.T, event func(call) any) {
		for _, slow := range []string{"wait", "stuck"} {
			synctest.Test(t, func(t *testing.T) {
				h := newHandler(t, &statefunlambda.Options{Headroom: time.Hour}) // of which a quarter of the deadline is taken
				ctx, cancel := context.WithTimeout(t.Context(), 8*time.Second)
				defer cancel()
				begin := time.Now()
				isError(t, invokeRaw(ctx, t, h, marshal(event(post(request(slow, nil))))), 503, "deadline exceeded")
				if after := time.Since(begin); after != 6*time.Second {
					t.Errorf("answered after %v", after)
				}
				<-time.After(25 * time.Hour) // the one that is stuck has ended by then
			})
		}
	})
}

// The payload is used again by the loop that called: nothing may refer to it.
func TestPitfall14PayloadIsReused(t *testing.T) {
	t.Parallel()
	var kept []statefun.Message
	var mu sync.Mutex
	fn := statefun.Define(statefun.MustTypeName("test/echo"), statefun.OnAny(func(_ context.Context, _ *statefun.Invocation, m statefun.Message) error {
		mu.Lock()
		defer mu.Unlock()
		kept = append(kept, m)
		return nil
	}))
	h := statefunlambda.New(statefun.MustNew([]statefun.Function{fn}, nil), nil)
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 50 {
				payload := marshal(shapes["http"](post(request("echo", []byte(fmt.Sprintf("message %d of %d", i, g))))))
				result, err := h.Invoke(context.Background(), payload)
				clear(payload)
				if err != nil || !bytes.Contains(result, []byte(`"statusCode":200`)) {
					t.Errorf("%s, %v", result, err)
				}
			}
		})
	}
	wg.Wait()
	seen := map[string]bool{}
	for _, m := range kept {
		seen[string(m.Value())] = true
	}
	if len(seen) != 400 {
		t.Errorf("%d of 400 messages survived", len(seen))
	}
}

// Statuses decide between a retry and a failed job: that a request is too
// large is one of the few that must not be sent again.
func TestPitfall15And17RequestLimit(t *testing.T) {
	t.Parallel()
	h := newHandler(t, nil)
	r := invoke(t, h, shapes["http"](post(make([]byte, 4_800_000))))
	isError(t, r, 413, "request too large")
}

// Pitfall 16, bodies of unknown length, has no place here: an event says where
// its body ends. Pitfall 19, output for each request, is what the test of the
// real bootstrap looks for.

func TestPitfall18HealthChecks(t *testing.T) {
	t.Parallel()
	h := newHandler(t, &statefunlambda.Options{SecretQuery: "key", Secrets: []string{"0123456789abcdef"}})
	for _, name := range []string{"alb", "alb multi"} {
		isError(t, invoke(t, h, shapes[name](call{method: "GET", headers: map[string]string{"User-Agent": "ELB-HealthChecker/2.0"}})), 200, "ok")
	}
	e := shapes["function url"](call{method: "GET"}).(events.LambdaFunctionURLRequest)
	e.RawPath = "/healthz"
	isError(t, invoke(t, h, e), 200, "ok")
	isError(t, invoke(t, h, shapes["http"](call{method: "GET", headers: map[string]string{"User-Agent": "ELB-HealthChecker/2.0"}})), 403, "forbidden")
}

// Pitfall 20: between invocations the process stands still, so no answer may
// need work after it. An abandoned call is the user's, and harms no other.
func TestPitfall20NothingRunsOn(t *testing.T) {
	t.Parallel()
	h := newHandler(t, nil)
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	isError(t, invokeRaw(ctx, t, h, marshal(shapes["http"](post(request("stuck", nil))))), 503, "deadline")
	isAnswer(t, invoke(t, h, shapes["http"](post(request("echo", nil)))))
}

// A function that hangs for ever must not hang in more and more calls: after
// sixteen Lambda gets no answer, and replaces the process.
func TestHangingCallsAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHandler(t, nil)
		ask := func(function string) (*result, time.Duration) {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			begin := time.Now()
			return invokeRaw(ctx, t, h, marshal(shapes["http"](post(request(function, nil))))), time.Since(begin)
		}
		for range 16 {
			r, took := ask("stuck")
			isError(t, r, 503, "deadline exceeded")
			if took > 10*time.Second {
				t.Errorf("answered after %v", took)
			}
		}
		r, _ := ask("echo")
		isAnswer(t, r)
		if _, took := ask("stuck"); took < time.Hour {
			t.Errorf("one call too many was answered after %v", took)
		}
		<-time.After(25 * time.Hour) // all have ended
		if _, took := ask("stuck"); took > 10*time.Second {
			t.Errorf("answered after %v, when there is room again", took)
		}
		<-time.After(25 * time.Hour)
	})
}

func TestSecrets(t *testing.T) {
	t.Parallel()
	const secret = "0123456789abcdef"
	h := newHandler(t, &statefunlambda.Options{SecretQuery: "key", SecretHeader: "X-Secret", Secrets: []string{secret}})
	forShapes(t, func(t *testing.T, event func(call) any) {
		c := post(request("echo", nil))
		isError(t, invoke(t, h, event(c)), 403, "forbidden")
		c.query = map[string]string{"key": "wrong"}
		isError(t, invoke(t, h, event(c)), 403, "forbidden")
		c.query["key"] = secret
		isAnswer(t, invoke(t, h, event(c)))
		c.query = nil
		c.headers["X-Secret"] = secret
		isAnswer(t, invoke(t, h, event(c)))
	})
	isAnswer(t, invoke(t, h, base64.StdEncoding.EncodeToString(request("echo", nil))))
}

func TestRoutes(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /f", func(w http.ResponseWriter, r *http.Request) {
		switch r.Header.Get("X-Test") {
		case "undated":
			w.Header()["Date"] = nil // to net/http: write none
		case "large":
			w.Write(make([]byte, 7<<20))
		}
		_, _ = io.WriteString(w, "mine")
	})
	mux.HandleFunc("POST /f", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Content-Type") != "application/json" {
			t.Error("StateFun's request reached the routes")
		}
		panic("routes")
	})
	h := newHandler(t, &statefunlambda.Options{Routes: mux})
	for _, name := range []string{"rest", "alb", "alb multi"} {
		event := shapes[name]
		r := invokeLoose(t, h, event(call{method: "GET", headers: map[string]string{"Accept": "*/*"}}))
		if r.StatusCode != http.StatusOK || r.Body != "mine" {
			t.Errorf("%s: %+v", name, r)
		}
		isAnswer(t, invoke(t, h, event(post(request("echo", nil)))))
		isAnswer(t, invoke(t, h, event(call{method: "POST", body: request("echo", nil)})))
		if _, err := h.Invoke(context.Background(), marshal(event(call{method: "POST", headers: map[string]string{"Content-Type": "application/json"}}))); err == nil || !strings.Contains(err.Error(), "panic: routes") {
			t.Errorf("%s: %v", name, err)
		}
		if r := invokeLoose(t, h, event(call{method: "GET", headers: map[string]string{"X-Test": "undated"}})); r.Body != "mine" {
			t.Errorf("%s: %+v", name, r)
		}
		// A reply that Lambda does not take would end the process.
		if _, err := h.Invoke(context.Background(), marshal(event(call{method: "GET", headers: map[string]string{"X-Test": "large"}}))); err == nil || !strings.Contains(err.Error(), "Lambda takes") {
			t.Errorf("%s: %v", name, err)
		}
	}
	isAnswer(t, invoke(t, h, base64.StdEncoding.EncodeToString(request("echo", nil))))
}

func invokeLoose(t *testing.T, h *statefunlambda.Handler, event any) *result {
	t.Helper()
	raw, err := h.Invoke(context.Background(), marshal(event))
	if err != nil {
		t.Fatal(err)
	}
	return decodeLoose(t, raw)
}

func TestOptionsMistakes(t *testing.T) {
	t.Parallel()
	_, err := statefunlambda.NewHandler(nil, &statefunlambda.Options{Headroom: -1, Secrets: []string{"short"}})
	for _, want := range []string{"no handler", "Headroom", "secrets without a place", "at least 16"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v lacks %q", err, want)
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("New did not panic")
		}
	}()
	statefunlambda.New(nil, nil)
}

func TestConcurrentInvocations(t *testing.T) {
	t.Parallel()
	h := newHandler(t, nil)
	var wg sync.WaitGroup
	for g := range 64 {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(uint64(g), 0))
			message := make([]byte, r.IntN(1000))
			for i := range message {
				message[i] = byte(r.Uint32())
			}
			for _, event := range shapes {
				body := request("echo", message)
				if got := invoke(t, h, event(post(body))); !bytes.Equal(got.bytes(), direct(t, body)) {
					t.Error("another answer")
				}
			}
		})
	}
	wg.Wait()
}
