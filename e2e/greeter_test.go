package e2e_test

import (
	"fmt"
	"testing"

	"github.com/statefun-go/statefun-go/e2e/kafka"
	"github.com/statefun-go/statefun-go/examples/greeter"
)

// greetings is the greeter of examples/greeter.
var greetings = application{
	functions: "example/*",
	inputs:    []input{{"names", greeter.GreetType.Name(), []string{greeter.Greeter.String()}}},
	egress:    "example/greets",
	outputs:   []string{"greetings"},
	states:    []string{greeter.Seen.Name()},
}

// visits are requests to greet people, each several times, and what must come.
func visits(people, times int) (records []kafka.Record, want map[string][]string) {
	want = map[string][]string{}
	for v := range times {
		for p := range people {
			name := fmt.Sprintf("person-%d", p)
			records = append(records, kafka.Record{Topic: "names", Key: name, Value: fmt.Sprintf(`{"name":%q}`, name)})
			want["greetings/"+name] = append(want["greetings/"+name], fmt.Sprintf("Hello %s, visit %d", name, v+1))
		}
	}
	return records, want
}

// greets is scenario 1: Kafka in, a function with state, Kafka out.
var greets = scenario{name: "greeter", application: greetings, functions: greeter.Functions, drive: greetAll}

func greetAll(w *world) {
	records, want := visits(20, 25)
	w.send(records)
	w.equal(want)
}

func TestGreeter(t *testing.T) {
	t.Parallel()
	greets.on(t, flink3("async"), flink3("okhttp"), embedded())
}
