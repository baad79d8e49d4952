package e2e_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/statefun-go/statefun-go/e2e/kafka"
	"github.com/statefun-go/statefun-go/examples/greeter"
	"github.com/statefun-go/statefun-go/statefun"
)

// TestBothProtocols serves StateFun 2.2.2 and 3.3.0 at the same time with one
// handler. They run different functions of it, because two jobs with one egress
// id on one Kafka would fence each other.
func TestBothProtocols(t *testing.T) {
	t.Parallel()
	functions := slices.Concat(greeter.Functions(), dialogueFunctions())
	url := serve(t, functions, &statefun.Options{Protocol: statefun.Auto})
	two := open(t, flink2(), greetings, url)
	three := open(t, flink3("async"), dialogue, url)
	records, want := visits(50, 40)
	half := len(records) / 2
	two.send(records[:half])
	three.send([]kafka.Record{{Topic: "asks", Key: "A", Value: `{"echoes":1000,"count":100}`}})
	two.send(records[half:])
	two.equal(want)
	heard := map[string][]string{"heard/A itself": {"100 rounds"}}
	for n := 100; n <= 1000; n += 100 {
		heard["heard/A"] = append(heard["heard/A"], fmt.Sprintf("%d answers", n))
	}
	three.equal(heard)
}
