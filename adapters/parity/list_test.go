package parity_test

import (
	"path/filepath"
	"strings"
	"testing"
)

// place is what must be the same everywhere, and where it is tested.
type place struct {
	number int
	what   string
	tests  []string // file of this module and function; no file: here
}

// places is the whole list. The numbers stand in the first column of the table.
func places() []place {
	return []place{
		{1, "a message with a state", []string{"TestMatrix"}},
		{2, "a batch of 1000 with every effect", []string{"TestMatrix"}},
		{3, "missing states", []string{"TestMatrix"}},
		{4, "every byte, a text, no bytes; replies not much larger than base64", []string{"TestMatrix"}},
		{5, "sizes, and the padding of base64", []string{"TestMatrix", "TestRows"}},
		{6, "answers and requests at the limits", []string{"TestMatrix", "TestRows"}},
		{7, "no body", []string{"TestMatrix"}},
		{8, "a body that is no request", []string{"TestMatrix"}},
		{9, "an unknown function", []string{"TestMatrix"}},
		{10, "methods, types, encodings, paths", []string{"TestMatrix"}},
		{11, "functions that end badly; the process lives on", []string{"TestMatrix"}},
		{12, "mangled bodies", []string{"TestMatrix", "TestUnconfiguredREST"}},
		{13, "one handler for all shapes of events", []string{"TestGolden", "TestMatrix"}},
		{14, "wrong triggers", []string{"TestRefused"}},
		{15, "64 requests at once", []string{"TestConcurrent"}},
		{16, "the scan of events beside encoding/json", []string{"adapters/lambda/event_internal_test.go:FuzzParse", "adapters/lambda/fuzz_test.go:FuzzInvoke"}},
		{17, "recorded events and replies of every source", []string{"TestGolden", "TestGoldenResults"}},
		{18, "what Google builds of an upload", []string{"adapters/gcf/replay_test.go:TestReplay"}},
		{19, "template.yaml, and the bootstrap that is built by it", []string{
			"engine/internal/deploy/template_test.go:TestTemplateFacts", "engine/internal/deploy/bootstrap_test.go:TestBootstrap",
		}},
		{20, "allocations for an event", []string{"TestAllocations"}},
	}
}

// TestPlaces checks that the list is whole and that its tests are there.
func TestPlaces(t *testing.T) {
	t.Parallel()
	var here strings.Builder
	for _, name := range files(t, "*_test.go") {
		here.Write(read(t, name))
	}
	numbers := map[int]bool{}
	for i, p := range places() {
		if p.number != i+1 || len(p.tests) == 0 {
			t.Errorf("%d %s is in place %d with %d tests", p.number, p.what, i+1, len(p.tests))
		}
		numbers[p.number] = true
		for _, test := range p.tests {
			text, function := here.String(), test
			if file, name, ok := strings.Cut(test, ":"); ok {
				text, function = string(read(t, filepath.Join("../..", file))), name
			}
			if !strings.Contains(text, "\nfunc "+function+"(") {
				t.Errorf("%d %s: no test %s", p.number, p.what, test)
			}
		}
	}
	for _, r := range rows() {
		if !numbers[r.number] {
			t.Errorf("row %q has the number %d, which is not in the list", r.name, r.number)
		}
	}
}
