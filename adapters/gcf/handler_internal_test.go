package statefungcf

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestEnd(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name                        string
		timeout, headroom, platform time.Duration // zero: none
		want                        time.Duration // zero: none
	}{
		{"nobody says", 0, time.Second, 0, 0},
		{"ours", time.Minute, time.Second, 0, 59 * time.Second},
		{"the framework's", 0, time.Second, time.Minute, 59 * time.Second},
		{"both the same", time.Minute, time.Second, time.Minute, 59 * time.Second},
		{"ours first", 10 * time.Second, time.Second, time.Minute, 9 * time.Second},
		{"the framework's first", time.Hour, time.Second, time.Minute, 59 * time.Second},
		{"short", time.Second, time.Second, 0, 750 * time.Millisecond},
		{"over", time.Minute, time.Second, -time.Second, -time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				if tt.platform != 0 {
					ctx, cancel = context.WithTimeout(ctx, tt.platform)
				}
				defer cancel()
				f := &function{timeout: tt.timeout, headroom: tt.headroom}
				end, ok := f.end(ctx)
				if ok != (tt.want != 0) || ok && time.Until(end) != tt.want {
					t.Errorf("in %v (%t), want %v", time.Until(end), ok, tt.want)
				}
			})
		})
	}
}

// A panic after an answer began must leave the answer as it is.
func TestSurvive(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		next http.HandlerFunc
		want string
	}{
		{"before the answer", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "99")
			panic("private text")
		}, "500 function failed\n"},
		{"after the answer", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusOK)
			_, _ = io.WriteString(w, "all")
			panic(errors.New("private text"))
		}, "200 all"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var log strings.Builder
			f := &function{next: tt.next, log: slog.New(slog.NewTextHandler(&log, nil))}
			w := httptest.NewRecorder()
			f.serve(w, httptest.NewRequest(http.MethodPost, "/", http.NoBody))
			if got := w.Result().Status[:4] + w.Body.String(); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
			if !strings.Contains(log.String(), "private text") || !strings.Contains(log.String(), "handler_internal_test.go") {
				t.Errorf("the log lacks the panic or its place: %s", &log)
			}
		})
	}
}

func TestWithDefaults(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		options  *Options
		seconds  string
		timeout  time.Duration
		headroom time.Duration
		wrong    []string
	}{
		{"nil", nil, "", 0, time.Second, nil},
		{"the platform's", &Options{}, "60", time.Minute, time.Second, nil},
		{"the longest", nil, "3600", time.Hour, time.Second, nil},
		{"ours", &Options{Timeout: 5 * time.Second, Headroom: time.Millisecond}, "60", 5 * time.Second, time.Millisecond, nil},
		{"ours, and the platform's is no number", &Options{Timeout: time.Second}, "x", time.Second, time.Second, nil},
		{"no number", nil, "60s", 0, time.Second, []string{`CLOUD_RUN_TIMEOUT_SECONDS is "60s": it must be a positive number of seconds`}},
		{"no time", nil, "0", 0, time.Second, []string{`is "0"`}},
		{"too long", nil, "99999999999999999999", 0, time.Second, []string{`is "9999`}},
		{"negative", &Options{Timeout: -1, Headroom: -2}, "60", -1, -2, []string{"Timeout is -1ns", "Headroom is -2ns"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			full, err := tt.options.withDefaults(tt.seconds)
			if full.Timeout != tt.timeout || full.Headroom != tt.headroom || full.Logger == nil {
				t.Errorf("%+v", full)
			}
			if (err == nil) != (tt.wrong == nil) {
				t.Fatalf("error %v, want %q", err, tt.wrong)
			}
			for _, wrong := range tt.wrong {
				if !strings.Contains(err.Error(), wrong) {
					t.Errorf("error %v, want %q in it", err, wrong)
				}
			}
		})
	}
}
