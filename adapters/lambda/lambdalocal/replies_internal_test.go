package lambdalocal

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// answerOf returns what a gateway answers where the function replies payload.
func answerOf(t *testing.T, o Options, accept, payload string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader("x"))
	if accept != "" {
		r.Header.Set("Accept", accept)
	}
	w := httptest.NewRecorder()
	newTestGateway(t, o).serve(w, r, func(context.Context, []byte, string) (Response, error) {
		return Response{Payload: []byte(payload)}, nil
	})
	return w
}

func TestReplies(t *testing.T) {
	t.Parallel()
	const octets = "application/octet-stream"
	plain := `{"statusCode":200,"headers":{"content-type":"application/octet-stream"},"isBase64Encoded":true,"body":"ogZh"}`
	multi := `{"statusCode":200,"multiValueHeaders":{"content-type":["application/octet-stream"]},"isBase64Encoded":true,"body":"ogZh"}`
	all, exact := []string{"*/*"}, []string{octets}
	const bad = -1
	for _, c := range []struct {
		event       Event
		binary      []string
		accept      string
		reply       string
		status      int
		contentType string
		body        string
	}{
		{REST, all, "", plain, 200, octets, "\xa2\x06a"},
		{REST, all, octets, plain, 200, octets, "\xa2\x06a"},
		{REST, exact, octets, plain, 200, octets, "\xa2\x06a"},
		{REST, exact, "application/octet-stream;q=1, text/plain", plain, 200, octets, "\xa2\x06a"},
		{REST, exact, "text/plain, application/octet-stream", plain, 200, octets, "ogZh"},
		{REST, exact, "*/*", plain, 200, octets, "ogZh"},
		{REST, exact, "", plain, 200, octets, "ogZh"},
		{REST, nil, octets, plain, 200, octets, "ogZh"},
		{REST, all, "", multi, 200, octets, "\xa2\x06a"},
		{REST, all, "", `{"statusCode":"404","body":"no"}`, 404, "application/json", "no"},
		{REST, all, "", `{"body":"x"}`, 200, "application/json", "x"},
		{REST, all, "", `{"statusCode":204,"body":null,"headers":null}`, 204, "application/json", ""},
		{REST, all, "", `{"statusCode":200,"cookies":[]}`, bad, "", ""},
		{REST, all, "", `{"statusCode":200,"statusDescription":"200 OK"}`, bad, "", ""},
		{REST, all, "", `{"statusCode":200,"body":{}}`, bad, "", ""},
		{REST, all, "", `{"statusCode":200,"isBase64Encoded":"true"}`, bad, "", ""},
		{REST, all, "", `{"statusCode":200,"isBase64Encoded":true,"body":"%"}`, bad, "", ""},
		{REST, all, "", `{"statusCode":200,"headers":{"a":{}}}`, bad, "", ""},
		{REST, all, "", `{"statusCode":200,"multiValueHeaders":{"a":"1"}}`, bad, "", ""},
		{REST, all, "", `{"statusCode":1000}`, bad, "", ""},
		{REST, all, "", `"text"`, bad, "", ""},
		{REST, all, "", `null`, bad, "", ""},
		{REST, all, "", `not JSON`, bad, "", ""},
		{HTTPAPI, nil, "text/plain", plain, 200, octets, "\xa2\x06a"},
		{HTTPAPI, nil, "", multi, 200, typeText, "\xa2\x06a"}, // it does not read this form
		{HTTPAPI, nil, "", `{"statusCode":201,"body":"x","unknown":1}`, 201, typeText, "x"},
		{HTTPAPI, nil, "", `{"body":"x"}`, 200, "application/json", `{"body":"x"}`},
		{HTTPAPI, nil, "", `"text"`, 200, "application/json", "text"},
		{HTTPAPI, nil, "", `[1]`, 200, "application/json", "[1]"},
		{HTTPAPI, nil, "", `null`, 200, "application/json", "null"},
		{HTTPAPI, nil, "", `not JSON`, bad, "", ""},
		{HTTPAPI, nil, "", `{"statusCode":200,"isBase64Encoded":true,"body":"%"}`, bad, "", ""},
		{HTTPAPI, nil, "", `{"statusCode":{}}`, bad, "", ""},
		{HTTPAPIv1, nil, "", multi, 200, octets, "\xa2\x06a"},
		{HTTPAPIv1, nil, "", plain, 200, octets, "\xa2\x06a"},
		{HTTPAPIv1, nil, "", `"text"`, bad, "", ""},
		{FunctionURL, nil, "", plain, 200, octets, "\xa2\x06a"},
		{FunctionURL, nil, "", `{"statusCode":200,"body":"x"}`, 200, "application/json", "x"},
		{FunctionURL, nil, "", `{"a":1}`, 200, "application/json", `{"a":1}`},
		{FunctionURL, nil, "", `not JSON`, bad, "", ""},
		{ALB, nil, "", plain, 200, octets, "\xa2\x06a"},
		{ALB, nil, "", multi, bad, "", ""},
		{ALB, nil, "", `{"statusCode":200,"statusDescription":"200 OK","headers":{}}`, 200, octets, ""},
		{ALB, nil, "", `{"statusCode":200,"headers":null,"multiValueHeaders":{}}`, bad, "", ""},
		{ALB, nil, "", `{"headers":{}}`, bad, "", ""},
		{ALB, nil, "", `{"statusCode":200,"headers":{},"body":"` + strings.Repeat("a", 1<<20) + `"}`, bad, "", ""},
		{ALBMulti, nil, "", multi, 200, octets, "\xa2\x06a"},
		{ALBMulti, nil, "", plain, bad, "", ""},
		{Direct, nil, "", plain, 200, octets, "\xa2\x06a"},
		{DirectEnvelope, nil, "", plain, 200, octets, "\xa2\x06a"},
	} {
		t.Run(fmt.Sprintf("%s %v %s %.60s", c.event, c.binary, c.accept, c.reply), func(t *testing.T) {
			t.Parallel()
			w := answerOf(t, Options{Event: c.event, BinaryMediaTypes: c.binary}, c.accept, c.reply)
			if c.status == bad {
				if want := failedStatus(c.event); w.Code != want {
					t.Errorf("%d, want %d", w.Code, want)
				}
				return
			}
			if w.Code != c.status || w.Header().Get("Content-Type") != c.contentType || w.Body.String() != c.body {
				t.Errorf("%d %q %q, want %d %q %q", w.Code, w.Header().Get("Content-Type"), w.Body, c.status, c.contentType, c.body)
			}
		})
	}
}

// failedStatus is what gateways answer where the function fails, by the table
// of their documentation.
func failedStatus(e Event) int {
	if e == HTTPAPI || e == HTTPAPIv1 {
		return http.StatusInternalServerError
	}
	return http.StatusBadGateway
}

func TestReplyHeaders(t *testing.T) {
	t.Parallel()
	reply := `{"statusCode":200,"headers":{"X-One":"1","X-Number":2,"Content-Length":"99","Connection":"close"},` +
		`"multiValueHeaders":{"X-Two":["1","2"]}`
	for _, c := range []struct {
		event  Event
		reply  string
		header string
		want   string
	}{
		{REST, reply + "}", "X-One", "[1]"},
		{REST, reply + "}", "X-Number", "[2]"},
		{REST, reply + "}", "X-Two", "[1 2]"},
		{REST, reply + "}", "Content-Length", "[0]"},
		{REST, reply + "}", "Connection", "[]"},
		{REST, reply + "}", "X-Amzn-Remapped-Content-Length", "[99]"},
		{REST, reply + "}", "X-Amzn-Remapped-Connection", "[close]"},
		{HTTPAPI, reply + `,"cookies":["a=1","b=2"]}`, "Set-Cookie", "[a=1 b=2]"},
		{HTTPAPI, reply + "}", "X-Two", "[]"},
		{HTTPAPI, reply + "}", "X-One", "[1]"},
		{HTTPAPI, reply + "}", "Content-Length", "[0]"},
		{HTTPAPI, reply + "}", "Connection", "[]"},
		{HTTPAPIv1, reply + "}", "X-Two", "[1 2]"},
		{FunctionURL, reply + `,"cookies":["a=1"]}`, "Set-Cookie", "[a=1]"},
		{ALB, reply + "}", "X-One", "[1]"},
		{ALB, reply + "}", "X-Two", "[]"},
		{ALB, reply + "}", "Connection", "[]"},
		{ALBMulti, reply + "}", "X-One", "[]"},
		{ALBMulti, reply + "}", "X-Two", "[1 2]"},
	} {
		t.Run(fmt.Sprint(c.event, c.header), func(t *testing.T) {
			t.Parallel()
			w := answerOf(t, Options{Event: c.event}, "", c.reply)
			if got := fmt.Sprint(w.Header().Values(c.header)); got != c.want || w.Code != 200 {
				t.Errorf("%d %s, want %s", w.Code, got, c.want)
			}
		})
	}
}

func TestFailures(t *testing.T) {
	t.Parallel()
	unhandledReply := func(context.Context, []byte, string) (Response, error) {
		return Response{Payload: []byte(`{"errorType":"a"}`), FunctionError: unhandled}, nil
	}
	failing := func(err error) invoker {
		return func(context.Context, []byte, string) (Response, error) { return Response{}, err }
	}
	slow := func(ctx context.Context, _ []byte, _ string) (Response, error) {
		<-ctx.Done()
		return Response{}, context.Cause(ctx)
	}
	for _, c := range []struct {
		event  Event
		name   string
		invoke invoker
		status int
		text   string
	}{
		{REST, "function error", unhandledReply, 502, `{"message": "Internal server error"}`},
		{HTTPAPI, "function error", unhandledReply, 500, `{"message":"Internal Server Error"}`},
		{HTTPAPIv1, "function error", unhandledReply, 500, `{"message":"Internal Server Error"}`},
		{FunctionURL, "function error", unhandledReply, 502, "Internal Server Error"},
		{ALB, "function error", unhandledReply, 502, "502 Bad Gateway"},
		{ALBMulti, "function error", unhandledReply, 502, "502 Bad Gateway"},
		{REST, "too large", failing(ErrTooLarge), 413, `{"message":"Request Too Long"}`},
		{HTTPAPI, "too large", failing(ErrTooLarge), 413, "Request Entity Too Large"},
		{FunctionURL, "too large", failing(ErrTooLarge), 413, "6291456"},
		{ALB, "too large", failing(ErrTooLarge), 413, "413 Request Entity Too Large"},
		{REST, "throttled", failing(ErrThrottled), 500, "Internal server error"},
		{HTTPAPI, "throttled", failing(ErrThrottled), 503, "Service Unavailable"},
		{FunctionURL, "throttled", failing(ErrThrottled), 429, "Rate Exceeded"},
		{ALB, "throttled", failing(ErrThrottled), 502, "502 Bad Gateway"},
		{REST, "closed", failing(ErrClosed), 500, "Internal server error"},
		{HTTPAPI, "closed", failing(ErrClosed), 503, "Service Unavailable"},
		{FunctionURL, "closed", failing(ErrClosed), 503, "Service Unavailable"},
		{ALB, "closed", failing(ErrClosed), 503, "503 Service Unavailable"},
		{REST, "late", slow, 504, "Endpoint request timed out"},
		{HTTPAPI, "late", slow, 503, "Service Unavailable"},
		{FunctionURL, "late", slow, 504, "Gateway Timeout"},
		{ALB, "late", slow, 504, "504 Gateway Timeout"},
	} {
		t.Run(fmt.Sprint(c.event, " ", c.name), func(t *testing.T) {
			t.Parallel()
			w := httptest.NewRecorder()
			g := newTestGateway(t, Options{Event: c.event, GatewayTimeout: 20 * time.Millisecond})
			g.serve(w, newPost("/", "", "x"), c.invoke)
			if w.Code != c.status || !strings.Contains(w.Body.String(), c.text) {
				t.Errorf("%d %s, want %d %s", w.Code, w.Body, c.status, c.text)
			}
			if got, want := w.Header().Get("Content-Type"), g.errors; got != want {
				t.Errorf("content type %q, want %q", got, want)
			}
		})
	}
}

// TestGoneClient checks a request that was given up: by a client that has left,
// or by one that has closed a half of its connection and still reads. It must not
// read 200.
func TestGoneClient(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	w := httptest.NewRecorder()
	newTestGateway(t, Options{}).serve(w, newPost("/", "", "x").WithContext(ctx), func(ctx context.Context, _ []byte, _ string) (Response, error) {
		cancel()
		return Response{}, context.Cause(ctx)
	})
	if w.Code < 500 {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
}

func TestTimes(t *testing.T) {
	t.Parallel()
	for event, want := range map[Event]time.Duration{
		REST: 29 * time.Second, HTTPAPI: 30 * time.Second, HTTPAPIv1: 30 * time.Second,
		FunctionURL: 0, ALB: 60 * time.Second, ALBMulti: 60 * time.Second,
	} {
		if got := newTestGateway(t, Options{Event: event}).timeout; got != want {
			t.Errorf("%s waits %v, want %v", event, got, want)
		}
	}
}
