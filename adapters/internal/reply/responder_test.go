package reply_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/statefun-go/statefun-go/adapters/internal/reply"
	"github.com/statefun-go/statefun-go/statefun"
)

// handlerFunc is a handler made of a function.
type handlerFunc func(ctx context.Context, dst, request []byte) ([]byte, error)

func (f handlerFunc) Append(ctx context.Context, dst, request []byte) ([]byte, error) {
	return f(ctx, dst, request)
}

// echo answers the request's bytes.
var echo = handlerFunc(func(_ context.Context, dst, request []byte) ([]byte, error) {
	return append(dst, request...), nil
})

// newResponder fills what config leaves open.
func newResponder(t *testing.T, config reply.Config) *reply.Responder {
	t.Helper()
	if config.MaxRequestBytes == 0 {
		config.MaxRequestBytes = reply.DefaultMaxRequestBytes
	}
	if config.MaxAnswerBytes == 0 {
		config.MaxAnswerBytes = reply.DefaultMaxAnswerBytes
	}
	r, err := reply.New(config)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestNewReportsAllMistakes(t *testing.T) {
	t.Parallel()
	_, err := reply.New(reply.Config{MaxAnswerBytes: -1})
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"no handler", "limit of requests is 0", "limit of answers is -1"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error %q does not say %q", err, want)
		}
	}
}

func TestResults(t *testing.T) {
	t.Parallel()
	empty := handlerFunc(func(_ context.Context, dst, _ []byte) ([]byte, error) { return dst, nil })
	tests := []struct {
		name    string
		handler handlerFunc
		body    string
		want    string
	}{
		{"bytes", echo, "\xa2\x06\x00", "\xa2\x06\x00"},
		{"empty result", empty, "x", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := newResponder(t, reply.Config{Handler: tt.handler})
			answer := r.Answer(t.Context(), post(reply.OctetStream, ""), []byte(tt.body))
			if answer.Status != 200 || answer.ContentType != "application/octet-stream" || string(answer.Body) != tt.want {
				t.Errorf("answer %d %s %q, want 200 and %q", answer.Status, answer.ContentType, answer.Body, tt.want)
			}
			if answer.Abandoned() {
				t.Error("the answer says that its call was abandoned")
			}
			answer.Wait()
			answer.Release()
		})
	}
}

// failures are all the ways in which a call can end badly.
var failures = []struct {
	name    string
	handler handlerFunc
	want    reply.Outcome
	logged  []string // what the one record says
}{
	{"error", failing(statefun.CodeFailed), reply.Failed, []string{"level=ERROR", "status=500", "code=failed", "function=example/greeter", "index=3", "private text"}},
	{"error without code", func(_ context.Context, dst, _ []byte) ([]byte, error) { return dst, errors.New("private text") }, reply.Failed, []string{"level=ERROR", "private text"}},
	{"malformed", failing(statefun.CodeMalformed), reply.Malformed, []string{"level=WARN", "status=400"}},
	{"unknown function", failing(statefun.CodeUnknownFunction), reply.UnknownFunction, []string{"level=WARN", "status=503", "example/greeter"}},
	{"deadline", failing(statefun.CodeDeadline), reply.Deadline, []string{"level=WARN", "status=503"}},
	{"too large", failing(statefun.CodeTooLarge), reply.AnswerTooLarge, []string{"status=413"}},
	{"panic of a function", panicked, reply.Failed, []string{"level=ERROR", "code=panicked", "panic: private text", "stack=", "some stack"}},
	{"panic around it", func(context.Context, []byte, []byte) ([]byte, error) { panic("private text") }, reply.Failed, []string{"code=panicked", "panic: private text", "responder_test.go"}},
	{"panic with an error", func(context.Context, []byte, []byte) ([]byte, error) { panic(errors.New("private text")) }, reply.Failed, []string{"code=panicked", "private text"}},
	{"Goexit", func(context.Context, []byte, []byte) ([]byte, error) { runtime.Goexit(); return nil, nil }, reply.Failed, []string{"code=panicked", "runtime.Goexit"}},
}

// failing returns a handler that fails with a code.
func failing(code statefun.Code) handlerFunc {
	return func(_ context.Context, dst, _ []byte) ([]byte, error) {
		return dst, &statefun.Error{Code: code, Function: statefun.MustTypeName("example/greeter"), Index: 3, Err: errors.New("private text")}
	}
}

func panicked(_ context.Context, dst, _ []byte) ([]byte, error) {
	cause := &statefun.PanicError{Value: "private text", Stack: []byte("some stack")}
	return dst, &statefun.Error{Code: statefun.CodePanicked, Index: 0, Err: cause}
}

func TestFailures(t *testing.T) {
	t.Parallel()
	for _, tt := range failures {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var log logBuffer
			r := newResponder(t, reply.Config{Handler: tt.handler, Logger: log.logger()})
			answer := r.Answer(t.Context(), post("", ""), []byte("x"))
			if answer.Outcome != tt.want || string(answer.Body) != reply.Texts()[tt.want] {
				t.Errorf("outcome %d %q, want %d", answer.Outcome, answer.Body, tt.want)
			}
			if strings.Contains(string(answer.Body), "private") {
				t.Errorf("the answer %q shows what is for the log", answer.Body)
			}
			log.wantOne(t, append(tt.logged, "request failed")...)
		})
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	double := handlerFunc(func(_ context.Context, dst, request []byte) ([]byte, error) {
		return append(append(dst, request...), request...), nil
	})
	tests := []struct {
		name string
		size int
		want reply.Outcome
		log  []string
	}{
		{"nothing", 0, reply.Empty, []string{"status=400", "code=malformed", "no body"}},
		{"both at their limits", 8, reply.Done, nil},
		{"answer over", 9, reply.AnswerTooLarge, []string{"status=413", "request_bytes=9", "answer_bytes=18", "max_answer_bytes=16", "max_request_bytes=10"}},
		{"request at its limit", 10, reply.AnswerTooLarge, []string{"request_bytes=10"}},
		{"request over", 11, reply.RequestTooLarge, []string{"status=413", "request_bytes=11", "max_request_bytes=10"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var log logBuffer
			r := newResponder(t, reply.Config{Handler: double, MaxRequestBytes: 10, MaxAnswerBytes: 16, Logger: log.logger()})
			body := bytes.Repeat([]byte("x"), tt.size)
			if got := r.Answer(t.Context(), post("", ""), body).Outcome; got != tt.want {
				t.Errorf("outcome %d, want %d", got, tt.want)
			}
			if tt.log != nil {
				log.wantOne(t, tt.log...)
			}
			if got := r.Call(t.Context(), body).Outcome; got != tt.want {
				t.Errorf("without looking at the head: outcome %d, want %d", got, tt.want)
			}
		})
	}
}

func TestRefusalsAreLogged(t *testing.T) {
	t.Parallel()
	var log logBuffer
	r := newResponder(t, reply.Config{Handler: echo, Logger: log.logger()})
	r.Refuse(t.Context(), post("text/plain", ""), -1)
	log.wantOne(t, "level=INFO", "request refused", "status=415", "method=POST", "content_type=text/plain")
}

func TestDeadlineAbandonsTheCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log logBuffer
		release := make(chan struct{})
		stubborn := handlerFunc(func(_ context.Context, dst, request []byte) ([]byte, error) {
			<-release // looks at no context
			return append(dst, request...), nil
		})
		r := newResponder(t, reply.Config{Handler: stubborn, Logger: log.logger()})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		answer := r.Call(ctx, []byte("x"))
		if answer.Outcome != reply.Deadline || !answer.Abandoned() || answer.Pooled() {
			t.Errorf("answer %+v, want an abandoned one of 503", answer)
		}
		answer.Release()
		log.wantOne(t, "status=503", "code=deadline", "context deadline exceeded")
		waited := make(chan struct{})
		go func() {
			answer.Wait()
			close(waited)
		}()
		synctest.Wait()
		select {
		case <-waited:
			t.Error("Wait returned before the call had ended")
		default:
		}
		close(release)
		<-waited
	})
}

func TestAnEndedContextStartsNothing(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("the client went away"))
	never := handlerFunc(func(context.Context, []byte, []byte) ([]byte, error) {
		t.Error("called")
		return nil, nil
	})
	var log logBuffer
	r := newResponder(t, reply.Config{Handler: never, Logger: log.logger()})
	if answer := r.Call(ctx, []byte("x")); answer.Outcome != reply.Deadline || answer.Abandoned() {
		t.Errorf("answer %+v, want 503", answer)
	}
	log.wantOne(t, "the client went away")
}

func TestReleasedMemoryServesNobodyTwice(t *testing.T) {
	t.Parallel()
	r := newResponder(t, reply.Config{Handler: echo})
	var group sync.WaitGroup
	for worker := range 8 {
		group.Go(func() {
			body := bytes.Repeat([]byte{byte(worker)}, 100+worker)
			for range 200 {
				answer := r.Call(t.Context(), bytes.Clone(body))
				if !bytes.Equal(answer.Body, body) {
					t.Errorf("worker %d got the answer of another", worker)
				}
				answer.Release()
			}
		})
	}
	group.Wait()
}

func TestHugeAnswersAreNotKept(t *testing.T) {
	t.Parallel()
	r := newResponder(t, reply.Config{Handler: echo})
	answer := r.Call(t.Context(), make([]byte, 3<<20))
	answer.Release()
	next := r.Call(t.Context(), []byte("x"))
	if cap(next.Body) >= 3<<20 {
		t.Errorf("the next answer got %d bytes of the huge one", cap(next.Body))
	}
}

// logBuffer collects log records.
type logBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *logBuffer) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(b, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// wantOne fails unless there is one record, with all these texts, and forgets it.
func (b *logBuffer) wantOne(t *testing.T, texts ...string) {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	record := b.text.String()
	b.text.Reset()
	if n := strings.Count(record, "\n"); n != 1 {
		t.Errorf("%d records, want 1:\n%s", n, record)
	}
	for _, text := range texts {
		if !strings.Contains(record, text) {
			t.Errorf("the record lacks %q:\n%s", text, record)
		}
	}
}
