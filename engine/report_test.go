package engine_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/statefun-go/statefun-go/engine"
	"github.com/statefun-go/statefun-go/internal/wire"
)

// logged runs f under an engine whose log is returned, each record in a line.
func logged(t *testing.T, f callFunc, act func(*fixture)) string {
	t.Helper()
	var b bytes.Buffer
	synctest.Test(t, func(t *testing.T) {
		a := start(t, vfs.NewMem(), f, engine.Options{Logger: slog.New(slog.NewJSONHandler(&b, nil))})
		act(a)
		a.mustStop()
	})
	var lines strings.Builder
	for line := range strings.Lines(b.String()) {
		var r struct {
			Msg, ID, Error, Hint string
			Attempt, Failures    int
			Others               int `json:"other_failures"`
		}
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		switch r.Msg {
		case "engine: a call failed and will be tried again":
			fmt.Fprintf(&lines, "%s %d +%d %s %s\n", r.ID, r.Attempt, r.Others, r.Error, strings.Fields(r.Hint + " -")[0])
		case "engine: calls succeed again":
			fmt.Fprintf(&lines, "again %d\n", r.Failures)
		}
	}
	return lines.String()
}

// Few lines tell of many failures, but each new error is told, and the end.
func TestReports(t *testing.T) {
	t.Parallel()
	var seen list
	note := echo(t, &seen)
	var now atomic.Value
	now.Store(errDown)
	got := logged(t, func(ctx context.Context, r *wire.Request) ([]byte, error) {
		if err, ok := now.Load().(error); ok && err.Error() != "" {
			return nil, err
		}
		return note(ctx, r)
	}, func(a *fixture) {
		a.send("Ann", "1")
		<-time.After(50 * time.Second)
		now.Store(errors.New("status 500 from port 40001"))
		<-time.After(20 * time.Second)
		now.Store(errors.New("status 500 from port 40002")) // the same, through another connection
		<-time.After(20 * time.Second)
		now.Store(errors.New(""))
		<-time.After(20 * time.Second)
	})
	lines := strings.Split(strings.TrimSpace(got), "\n")
	// The second attempt comes too early for its report, which is not lost.
	for i, want := range []string{"Ann 1 +0 down -", " down it", "Ann 16 ", "status 500 from port 40001 it", "again "} {
		if i >= len(lines) || !strings.Contains(lines[i], want) || len(lines) != 5 {
			t.Fatalf("line %d is not %q:\n%s", i+1, want, got)
		}
	}
}

// What one address suffers does not hide what another one does.
func TestReportsOfSeveralAddresses(t *testing.T) {
	t.Parallel()
	got := logged(t, func(_ context.Context, r *wire.Request) ([]byte, error) {
		return nil, errors.New("no case for " + r.Target.ID)
	}, func(a *fixture) {
		for _, id := range []string{"Ann", "Bob", "Eve"} {
			a.send(id, "x")
		}
		<-time.After(30 * time.Second)
	})
	for _, want := range []string{"Ann ", "Bob ", "Eve "} {
		if !strings.Contains(got, "no case for "+want) {
			t.Errorf("nothing about %s:\n%s", want, got)
		}
	}
	if n := strings.Count(got, "\n"); n > 8 {
		t.Errorf("%d lines:\n%s", n, got)
	}
}

// An error about what is not there names what is, once.
func TestErrorsNameWhatThereIs(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		made       []byte
		want, deny string
	}{
		"egress": {
			wire.AppendEgress(newAnswer().b, wire.V3, "no", "out", text("x")),
			"module.yaml declares test/out", "declare it",
		},
		"function": {newAnswer().send(wire.Address{Namespace: "no", Name: "fn"}, "x").b, "module.yaml declares test/*", "declare it"},
		"record":   {wire.AppendEgress(newAnswer().b, wire.V3, "test", "out", wire.Value{TypeName: "x"}), "no value", "send what"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := fails(t, engine.Function{}, func(context.Context, *wire.Request) ([]byte, error) { return wire.EndResult(row.made, 0), nil })
			if err == nil || !strings.Contains(err.Error(), row.want) || strings.Contains(err.Error(), row.deny) {
				t.Errorf("%v, want %q, not %q", err, row.want, row.deny)
			}
		})
	}
}
