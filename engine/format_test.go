package engine_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/statefun-go/statefun-go/engine"
	"github.com/statefun-go/statefun-go/engine/store"
	"github.com/statefun-go/statefun-go/internal/wire"
)

var update = flag.Bool("update", false, "write testdata/format-1 anew; only before format 1 is released")

const goldenStore = "testdata/format-1"

// TestGoldenStore opens a store that an earlier build wrote. Every kind of
// entry must mean what it meant: a program that reads a format reads it for
// good.
func TestGoldenStore(t *testing.T) {
	t.Parallel()
	if *update {
		writeGoldenStore(t)
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(goldenStore)); err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	var seen list
	a := startOn(t, s, goldenFunction(t, &seen, nil), engine.Options{})
	wait := time.NewTimer(10 * time.Second)
	defer wait.Stop()
	var got []string
	for len(got) < 3 {
		got = append(got, seen.take()...)
		select {
		case <-wait.C:
			t.Fatalf("after 10 s: %q", got)
		case <-time.After(time.Millisecond):
		}
	}
	want := map[string]bool{
		"a s=stored|waiting":                   true,
		"b s|delayed from a":                   true,
		"a s=stored|cancel the one with token": true,
	}
	for _, line := range got {
		if !want[line] {
			t.Errorf("a call that was not to be: %q", line)
		}
	}
	for sequence, value := range []string{1: "", 2: "two", 3: "three"} {
		if value == "" {
			continue // removed before
		}
		d, ok, err := a.out.Take("q")
		if err != nil || !ok || string(d.Value) != value || d.Sequence != uint64(sequence) || d.Key != "k" {
			t.Errorf("record %d: %+v, %v, %v", sequence, d, ok, err)
		}
	}
	a.mustStop()
	s, err = store.Open(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	left := map[byte]int{}
	if err := s.Scan(nil, nil, func(k, _ []byte) bool { left[k[0]]++; return true }); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(left); got != "map[99:1 101:2 102:1 113:1 115:1]" { // c e f q s: no timer, token, message
		t.Errorf("entries by kind: %s", got)
	}
}

// goldenFunction notes its calls. Where works is not nil and false it fails.
func goldenFunction(t *testing.T, seen *list, works func() bool) callFunc {
	t.Helper()
	return func(_ context.Context, r *wire.Request) ([]byte, error) {
		if works != nil && !works() {
			return nil, errDown
		}
		if m := missing(r, wire.StateSpec{Name: "s"}); m != nil {
			return m, nil
		}
		a := newAnswer()
		for i := range r.Invocations {
			s := argument(t, &r.Invocations[i])
			line := shape(t, r) + "|" + s
			if r.Invocations[i].HasCaller {
				line += " from " + r.Invocations[i].Caller.ID
			}
			seen.add(line)
			switch {
			case s == "begin":
				a.set("s", "stored").egress("q", "one").egress("q", "two").egress("q", "three").
					after(time.Minute, fn("b"), "delayed", "").after(100*365*24*time.Hour, fn("b"), "in a century", "t")
			case strings.HasPrefix(s, "cancel"):
				a.cancel("t")
			}
		}
		return a.end()
	}
}

// writeGoldenStore makes the store: an address with a state, two messages that
// wait, two delayed ones, one of them with a token, and three records of which
// the first is removed.
func writeGoldenStore(t *testing.T) {
	t.Helper()
	if err := os.RemoveAll(goldenStore); err != nil {
		t.Fatal(err)
	}
	fs := vfs.NewMem()
	synctest.Test(t, func(t *testing.T) { // its clock stands at the year 2000, so that the delayed one is overdue
		var works atomic.Bool
		works.Store(true)
		a := start(t, fs, goldenFunction(t, &list{}, works.Load), engine.Options{})
		a.send("a", "begin")
		synctest.Wait()
		works.Store(false)
		a.send("a", "waiting")
		synctest.Wait()
		a.send("a", "cancel the one with token")
		d, _, err := a.out.Take("q")
		if err == nil {
			err = a.out.Remove(d)
		}
		if err != nil {
			t.Fatal(err)
		}
		a.mustStop()
	})
	if _, err := vfs.Clone(fs, vfs.Default, "data", goldenStore); err != nil {
		t.Fatal(err)
	}
}
