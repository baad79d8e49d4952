package e2e_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/statefun-go/statefun-go/e2e/kafka"
	"github.com/statefun-go/statefun-go/examples/greeter"
)

// impatient limits what one call may take, so that hanging ones end soon.
func impatient(a application) application {
	a.transport = map[string]string{
		"async":  "call: 6s",
		"okhttp": "timeouts: {call: 10s, read: 1s}",
	}
	return a
}

// harms is what can befall an answer, by name.
var harms = []struct {
	name  string
	harm  harm
	times int
	fails string // what Flink's log says where OkHttp lets the job fail
	lossy bool   // on Flink's async transport: see TestLoss
}{
	{"500", status(http.StatusInternalServerError), 20, "", false},
	{"503", status(http.StatusServiceUnavailable), 20, "", false},
	{"404", status(http.StatusNotFound), 2, "Non successful HTTP response code 404", false},
	{"413", status(http.StatusRequestEntityTooLarge), 2, "Non successful HTTP response code 413", false},
	{"another type", typed("application/json"), 2, "Wrong HTTP content-type", false},
	{"cut at 0", cut(0, false, false), 20, parse, false},
	{"cut at 20", cut(20, false, false), 20, parse, false},
	{"cut at the last byte", cut(-1, false, false), 20, parse, false},
	{"reset in the middle", cut(20, false, true), 20, parse, false},
	{"chunked, cut at 0", cut(0, true, false), 20, parse, true},
	{"chunked, cut at 20", cut(20, true, false), 20, parse, false},
	{"chunked, cut at the last byte", cut(-1, true, false), 20, parse, false},
	{"no answer", hang(30 * time.Second), 1, "", false},
}

const parse = "Unable to parse a Protobuf message"

// TestFaults harms answers in one way after another. Every message counts
// exactly once all the same, and comes out once.
func TestFaults(t *testing.T) {
	t.Parallel()
	for _, p := range []platform{flink3("async"), flink3("okhttp"), embedded()} {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			relay, url := between(t, serve(t, greeter.Functions(), nil))
			w := open(t, p, impatient(greetings), url)
			const people, times = 10, 8
			want := map[string][]string{}
			visit := 0
			for _, h := range harms {
				if h.lossy && p.name == "flink-3.3.0-async" {
					continue
				}
				begin := time.Now()
				relay.set(h.harm, h.times)
				var records []kafka.Record
				for range times {
					visit++
					for i := range people {
						name := fmt.Sprintf("person-%d", i)
						records = append(records, kafka.Record{Topic: "names", Key: name, Value: fmt.Sprintf(`{"name":%q}`, name)})
						want["greetings/"+name] = append(want["greetings/"+name], fmt.Sprintf("Hello %s, visit %d", name, visit))
					}
				}
				w.send(records)
				w.await(count(want))
				if relay.undone() == h.times {
					t.Errorf("%s: no answer was harmed", h.name)
				}
				if p.name == "flink-3.3.0-okhttp" && !w.says(h.fails) {
					t.Errorf("%s: Flink's log does not say %q", h.name, h.fails)
				}
				t.Logf("%s: %d of %d answers harmed, all came after %v", h.name, h.times-relay.undone(), h.times, time.Since(begin).Round(time.Millisecond))
			}
			w.equal(want)
		})
	}
}

// TestLoss shows what a proxy that sends chunks costs with Flink's async
// transport: an answer that breaks off before its first byte passes for an empty
// one, and its messages are gone. Our engine and OkHttp try again.
func TestLoss(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		on   platform
		want []string
	}{
		{flink3("async"), []string{"Hello Ann, visit 1", "Hello Ann, visit 2"}},
		{flink3("okhttp"), []string{"Hello Ann, visit 1", "Hello Ann, visit 2", "Hello Ann, visit 3"}},
		{embedded(), []string{"Hello Ann, visit 1", "Hello Ann, visit 2", "Hello Ann, visit 3"}},
	} {
		t.Run(c.on.name, func(t *testing.T) {
			t.Parallel()
			relay, url := between(t, serve(t, greeter.Functions(), nil))
			w := open(t, c.on, greetings, url)
			ann := []kafka.Record{{Topic: "names", Key: "Ann", Value: `{"name":"Ann"}`}}
			w.send(ann)
			w.await(1)
			relay.set(cut(0, true, false), 1)
			w.send(ann)
			for relay.undone() > 0 {
				w.pause(10 * time.Millisecond)
			}
			w.pause(100 * time.Millisecond) // the runtime has the end of that answer
			w.send(ann)
			w.equal(map[string][]string{"greetings/Ann": c.want})
		})
	}
}
