package greeter_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/statefun-go/statefun-go/examples/greeter"
	"github.com/statefun-go/statefun-go/statefun/statefuntest"
)

func TestGreeterCounts(t *testing.T) {
	t.Parallel()
	r := statefuntest.New(t, greeter.Functions(), nil)
	greet := func(name string) {
		statefuntest.Send(r, greeter.Greeter.Address(name), greeter.GreetType, greeter.GreetRequest{Name: name})
	}
	greet("Ann")
	greet("Bob")
	r.Run()
	greet("Ann")
	r.Run()

	if seen, ok := statefuntest.State(r, greeter.Greeter.Address("Ann"), greeter.Seen); seen != 2 || !ok {
		t.Errorf("Ann was seen %d times, want 2", seen)
	}
	got := map[string][]string{}
	for _, record := range r.Records("example/greets") {
		if record.Topic != "greetings" {
			t.Errorf("topic %q", record.Topic)
		}
		got[record.Key] = append(got[record.Key], string(record.Value))
	}
	want := map[string][]string{"Ann": {"Hello Ann, visit 1", "Hello Ann, visit 2"}, "Bob": {"Hello Bob, visit 1"}}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("records %q, want %q", got, want)
	}
}

// A message without a name leaves no trace but a letter, and holds nobody up.
func TestGreeterNeedsAName(t *testing.T) {
	t.Parallel()
	r := statefuntest.New(t, greeter.Functions(), nil)
	ann := greeter.Greeter.Address("Ann")
	statefuntest.Send(r, ann, greeter.GreetType, greeter.GreetRequest{})
	statefuntest.Send(r, ann, greeter.GreetType, greeter.GreetRequest{Name: "Ann"})
	r.Run()

	if seen, _ := statefuntest.State(r, ann, greeter.Seen); seen != 1 {
		t.Errorf("Ann was seen %d times, want 1", seen)
	}
	letters := r.DeadLetters()
	if len(letters) != 1 || letters[0].Target != ann || !strings.Contains(letters[0].Reason, "needs a name") {
		t.Errorf("letters %+v", letters)
	}
}
