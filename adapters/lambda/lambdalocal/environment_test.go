package lambdalocal_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/statefun-go/statefun-go/adapters/lambda/lambdalocal"
)

// crowd invokes a function n times at once with a command that waits for a
// file. It makes the file once busy of them wait for it, after calling full,
// and returns what the function said.
func crowd(t *testing.T, l *lambdalocal.Lambda, n, busy int, full func()) []string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "go")
	said := make([]string, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			response, err := l.Invoke(t.Context(), payload("wait "+file))
			if err != nil {
				t.Error(err)
				return
			}
			said[i] = text(t, response)
		})
	}
	eventually(t, fmt.Sprint(busy, " are busy"), func() bool {
		waiting, _ := filepath.Glob(file + ".*")
		return len(waiting) >= busy
	})
	full()
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Error(err)
	}
	all.Wait()
	return said
}

// pids returns the different processes in what the waiting command says.
func pids(said []string) []string {
	var found []string
	for _, s := range said {
		_, pid, _ := strings.Cut(s, "pid ")
		found = append(found, pid)
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// TestEnvironments checks that an environment has one invocation at a time,
// that there are as many as needed and allowed, and that the others wait.
func TestEnvironments(t *testing.T) {
	t.Parallel()
	o := lambdalocal.Options{Environments: 3}
	o.SetSettleTimeout(patience)
	l := start(t, "commands", o)
	said := crowd(t, l, 9, 3, func() {})
	for _, s := range said {
		if !strings.HasPrefix(s, "1 of ") {
			t.Errorf("an environment had %s at once", s)
		}
	}
	if n := len(pids(said)); n != 3 {
		t.Errorf("%d environments for 9 invocations, want 3", n)
	}
	before := text(t, invoke(t, l, "pid"))
	for range 20 {
		if pid := text(t, invoke(t, l, "pid")); pid != before {
			t.Errorf("pid %s after %s: one that has just worked is to be taken first", pid, before)
		}
	}
}

// TestConcurrency checks several invocations at a time in one environment.
func TestConcurrency(t *testing.T) {
	t.Parallel()
	l := start(t, "commands", lambdalocal.Options{Environments: 1, Concurrency: 4})
	if got := text(t, invoke(t, l, "env AWS_LAMBDA_MAX_CONCURRENCY")); got != "4" {
		t.Errorf("AWS_LAMBDA_MAX_CONCURRENCY=%q", got)
	}
	said := crowd(t, l, 8, 4, func() {})
	if n := len(pids(said)); n != 1 {
		t.Errorf("%d environments, want 1", n)
	}
	if most := slices.Max(said); !strings.HasPrefix(most, "4 of ") {
		t.Errorf("at most %s at once, want 4", most)
	}
}

func TestThrottle(t *testing.T) {
	t.Parallel()
	o := lambdalocal.Options{Environments: 1, Throttle: true}
	o.SetSettleTimeout(patience)
	l := start(t, "commands", o)
	crowd(t, l, 1, 1, func() {
		if _, err := l.Invoke(t.Context(), payload("x")); !errors.Is(err, lambdalocal.ErrThrottled) {
			t.Errorf("%v", err)
		}
		if w := send(t, l, "x"); w.Code != http.StatusServiceUnavailable {
			t.Errorf("%d", w.Code)
		}
	})
	if w := send(t, l, "x"); w.Code != http.StatusOK {
		t.Errorf("%d when there is room again", w.Code)
	}
}

// TestAbandoned checks invocations that nobody waits for any more: one that has
// begun goes on, one that waits does not begin.
func TestAbandoned(t *testing.T) {
	t.Parallel()
	l := start(t, "commands", lambdalocal.Options{Environments: 1})
	dir := t.TempDir()
	before := text(t, invoke(t, l, "pid"))
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	for range 2 {
		go func() {
			_, err := l.Invoke(ctx, payload("wait "+filepath.Join(dir, "go")))
			ended <- err
		}()
	}
	cancel()
	for range 2 {
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "go"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if pid := text(t, invoke(t, l, "pid")); pid != before {
		t.Errorf("pid %s, then %s", before, pid)
	}
}

// TestGatewayTimeout checks that the gateway gives up before the function does,
// which goes on.
func TestGatewayTimeout(t *testing.T) {
	t.Parallel()
	l := start(t, "commands", lambdalocal.Options{Environments: 1, GatewayTimeout: 300 * time.Millisecond, Event: lambdalocal.REST})
	file := filepath.Join(t.TempDir(), "go")
	pid := text(t, invoke(t, l, "pid"))
	if w := send(t, l, "wait "+file); w.Code != http.StatusGatewayTimeout {
		t.Errorf("%d", w.Code)
	}
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if again := text(t, invoke(t, l, "pid")); again != pid {
		t.Errorf("pid %s, then %s", pid, again)
	}
}

// TestCrashes kills bootstraps while many invocations run: each ends, in a
// reply or an error of the function, and none is lost.
func TestCrashes(t *testing.T) {
	t.Parallel()
	l := start(t, "commands", lambdalocal.Options{Environments: 3})
	var all sync.WaitGroup
	for i := range 60 {
		all.Go(func() {
			command := fmt.Sprint("number ", i)
			if i%5 == 0 {
				command = "exit 1"
			}
			response, err := l.Invoke(t.Context(), payload(command))
			if err != nil || (response.FunctionError != "") != (i%5 == 0) {
				t.Errorf("%s: %s %s, %v", command, response.FunctionError, response.Payload, err)
			}
		})
	}
	all.Wait()
}

func TestClose(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	l, err := lambdalocal.Start(ctx, &lambdalocal.Options{Bootstrap: self(t), Env: []string{modeVariable + "=commands"}, Environments: 1})
	if err != nil {
		t.Fatal(err)
	}
	invoke(t, l, "pid")
	ended := make(chan error, 2)
	for range 2 {
		go func() {
			response, err := l.Invoke(t.Context(), payload("hang"))
			if err == nil && strings.Contains(string(response.Payload), "shutting down") {
				err = lambdalocal.ErrClosed
			}
			ended <- err
		}()
	}
	cancel() // as Close
	for range 2 {
		if err := <-ended; !errors.Is(err, lambdalocal.ErrClosed) {
			t.Errorf("%v", err)
		}
	}
	for range 2 {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := l.Invoke(t.Context(), payload("x")); !errors.Is(err, lambdalocal.ErrClosed) {
		t.Errorf("%v", err)
	}
	if w := send(t, l, "x"); w.Code != http.StatusServiceUnavailable {
		t.Errorf("%d", w.Code)
	}
}

// TestStartAfterTheEnd checks a context that has ended before.
func TestStartAfterTheEnd(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 100 {
		l, err := lambdalocal.Start(ctx, &lambdalocal.Options{Bootstrap: self(t)})
		if err != nil {
			t.Fatal(err)
		}
		eventually(t, "it is closed", func() bool {
			_, err := l.Invoke(t.Context(), payload("x"))
			return errors.Is(err, lambdalocal.ErrClosed)
		})
	}
}
