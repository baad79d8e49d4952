package e2e_test

import (
	"context"
	"fmt"
	"hash/crc32"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/statefun-go/statefun-go/e2e/kafka"
	"github.com/statefun-go/statefun-go/statefun"
)

// The archive: a state that takes all that it gets, and says what it has.
var (
	archive     = statefun.MustTypeName("archive/archive")
	pageType    = statefun.Bytes("archive/Page")
	pages       = statefun.NewState("pages", statefun.Bytes("archive/Pages"))
	archived    = statefun.KafkaTopic("archive/out", "archived", statefun.Text)
	archiveFile = application{
		functions: "archive/*",
		inputs:    []input{{"pages", pageType.Name(), []string{archive.String()}}},
		egress:    "archive/out",
		outputs:   []string{"archived"},
	}
)

func keep(ctx context.Context, inv *statefun.Invocation, page []byte) error {
	all, err := pages.Get(inv)
	if err != nil {
		return err
	}
	all = append(all, page...)
	pages.Set(inv, all)
	archived.Send(inv, inv.Self().ID, fmt.Sprintf("%s; %d", digest(all), ctx.Value(batchKey{})))
	return nil
}

func digest(all []byte) string {
	return fmt.Sprintf("%d bytes, %08x", len(all), crc32.ChecksumIEEE(all))
}

// large is scenario 7: a state of more than 1 MiB, and a batch of about 1000
// messages.
var large = scenario{name: "large", application: archiveFile, functions: archiveFunctions, drive: fill}

func archiveFunctions() []statefun.Function {
	return []statefun.Function{statefun.Define(archive, statefun.On(pageType, keep), pages, archived)}
}

func fill(w *world) {
	var records []kafka.Record
	var want []string
	var all []byte
	for i := range 1002 {
		page := fmt.Sprintf("%04d", i)
		if i%250 == 0 { // five of them: more than 1 MiB
			page += strings.Repeat(fmt.Sprintf("%07d ", i), 32<<10)
		}
		records = append(records, kafka.Record{Topic: "pages", Key: "A", Value: page})
		all = append(all, page...)
		want = append(want, digest(all))
	}
	w.send(records)
	w.await(len(want))
	w.settle()
	var got []string
	largest := 0
	for _, value := range byKey(w.seen)["archived/A"] {
		text, size, _ := strings.Cut(value, "; ")
		n, _ := strconv.Atoi(size)
		got, largest = append(got, text), max(largest, n)
	}
	w.t.Logf("a state of %d bytes, the largest batch had %d messages", len(all), largest)
	if !slices.Equal(got, want) {
		w.t.Errorf("got %q\nwant %q", got, want)
	}
	if largest < 100 {
		w.t.Error("want a batch of 100 at least") // of 1000 on a machine that has nothing else to do
	}
}

func TestLarge(t *testing.T) {
	t.Parallel()
	large.on(t, flink3("async"), flink3("okhttp"), embedded())
}
