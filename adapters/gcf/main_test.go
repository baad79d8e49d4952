package statefungcf_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"testing"

	"github.com/GoogleCloudPlatform/functions-framework-go/funcframework"
	"github.com/GoogleCloudPlatform/functions-framework-go/functions"

	statefungcf "github.com/statefun-go/statefun-go/adapters/gcf"
)

// portVariable makes the test binary an instance of the function on that port,
// as the platform starts one.
const portVariable = "STATEFUNGCF_TEST_PORT"

func TestMain(m *testing.M) {
	if port := os.Getenv(portVariable); port != "" {
		fmt.Fprintln(os.Stderr, instance(port))
		return
	}
	m.Run()
}

// The functions that an instance may have. They differ in their options.
const (
	plainTarget  = "Plain"
	secretTarget = "Secret"
	brokenTarget = "Broken"
)

// secret is what a caller of Secret must know.
const secret = "0123456789-secret"

// instance serves FUNCTION_TARGET until the process is killed.
func instance(port string) error {
	h := register(behaviours())
	functions.HTTP(plainTarget, statefungcf.Handler(h, nil))
	functions.HTTP(secretTarget, statefungcf.Handler(h, &statefungcf.Options{SecretQuery: "key", Secrets: []string{secret}}))
	functions.HTTP(brokenTarget, statefungcf.Handler(h, &statefungcf.Options{Logger: slog.New(brokenLog{})}))
	return funcframework.StartHostPort("127.0.0.1", port)
}

// brokenLog is the log of a user who made a mistake.
type brokenLog struct{}

func (brokenLog) Enabled(context.Context, slog.Level) bool  { return true }
func (brokenLog) Handle(context.Context, slog.Record) error { panic("private text") }
func (l brokenLog) WithAttrs([]slog.Attr) slog.Handler      { return l }
func (l brokenLog) WithGroup(string) slog.Handler           { return l }
