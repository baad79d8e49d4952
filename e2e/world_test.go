package e2e_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/statefun-go/statefun-go/e2e/java"
	"github.com/statefun-go/statefun-go/e2e/kafka"
)

type javaTools = java.Tools

// patience is how long a scenario may take, with the start of its runtime.
const patience = 5 * time.Minute

// quiet is how long nothing more may come in the end: longer than a checkpoint,
// whose end makes records visible.
const quiet = 1500 * time.Millisecond

// world is an application that runs, with its functions.
type world struct {
	running
	app  int             // its number in the runtime
	ctx  context.Context //nolint:containedctx // the test's, with its deadline
	t    *testing.T
	seen []kafka.Record
}

// open starts an application on a platform, with functions at a URL. It skips
// the test where the platform cannot be had.
func open(t *testing.T, p platform, a application, url string) *world {
	t.Helper()
	return openAll(t, p, []application{a}, url)[0]
}

// openAll starts several applications at once, each from its own module file.
func openAll(t *testing.T, p platform, apps []application, url string) []*world {
	t.Helper()
	require(t, p.needs())
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	begin := time.Now()
	name := t.Name()
	if !strings.HasSuffix(name, p.name) {
		name += "/" + p.name
	}
	r, err := p.start(ctx, name, t.TempDir(), apps, url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.stop(); err != nil {
			t.Errorf("stop: %v", err)
		}
		if t.Failed() {
			t.Log(r.tail())
		}
	})
	t.Logf("up after %v", time.Since(begin).Round(time.Millisecond))
	var worlds []*world
	for i := range apps {
		worlds = append(worlds, &world{running: r, app: i, ctx: ctx, t: t})
	}
	return worlds
}

// send sends records to the application.
func (w *world) send(records []kafka.Record) {
	w.t.Helper()
	if err := w.put(w.ctx, w.app, records); err != nil {
		w.t.Fatal(err)
	}
}

// await reads until n records have come in all.
func (w *world) await(n int) {
	w.t.Helper()
	begin := time.Now()
	for len(w.seen) < n {
		if err := w.read(w.ctx); err != nil {
			w.t.Fatalf("%d of %d records have come: %v", len(w.seen), n, err)
		}
	}
	w.t.Logf("%d records after %v", len(w.seen), time.Since(begin).Round(time.Millisecond))
}

// hear reads until the runtime has logged a text.
func (w *world) hear(text string) {
	w.t.Helper()
	for !w.says(text) {
		w.pause(20 * time.Millisecond)
	}
}

// settle reads until nothing more can come.
func (w *world) settle() {
	w.t.Helper()
	w.pause(quiet)
}

// pause lets time pass, and reads on.
func (w *world) pause(d time.Duration) {
	w.t.Helper()
	if err := w.ctx.Err(); err != nil {
		w.t.Fatalf("%d records have come: %v", len(w.seen), err)
	}
	ctx, cancel := context.WithTimeout(w.ctx, d)
	defer cancel()
	for ctx.Err() == nil {
		if err := w.read(ctx); err != nil && ctx.Err() == nil {
			w.t.Fatal(err)
		}
	}
}

func (w *world) read(ctx context.Context) error {
	more, err := w.next(ctx, w.app)
	w.seen = append(w.seen, more...)
	return err
}

// equal fails the test where the records that came differ from want, by topic
// and key, each with its values in order.
func (w *world) equal(want map[string][]string) {
	w.t.Helper()
	w.await(count(want))
	w.settle()
	got := byKey(w.seen)
	names := slices.Sorted(maps.Keys(want))
	for name := range got {
		if _, ok := want[name]; !ok {
			names = append(names, name)
		}
	}
	for _, name := range names {
		if !slices.Equal(got[name], want[name]) {
			w.t.Errorf("%s:\n got %q\nwant %q", name, got[name], want[name])
		}
	}
}

func count(want map[string][]string) int {
	n := 0
	for _, values := range want {
		n += len(values)
	}
	return n
}

// byKey groups the values of records by topic/key.
func byKey(records []kafka.Record) map[string][]string {
	groups := map[string][]string{}
	for _, r := range records {
		name := fmt.Sprintf("%s/%s", r.Topic, r.Key)
		groups[name] = append(groups[name], r.Value)
	}
	return groups
}
