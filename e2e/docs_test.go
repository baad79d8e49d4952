package e2e_test

import (
	"os"
	"strings"
	"testing"

	"github.com/statefun-go/statefun-go/e2e/flink"
	"github.com/statefun-go/statefun-go/examples/greeter"
	"github.com/statefun-go/statefun-go/statefun"
)

// TestDocs runs the greeter with the module files and the configuration that
// stand in docs/flink.md; only their addresses, directories and slots are those
// of this machine.
func TestDocs(t *testing.T) {
	t.Parallel()
	page := readPage(t, "../docs/flink.md")
	auto := &statefun.Options{Protocol: statefun.Auto}
	for _, p := range []platform{
		{"flink-3.3.0", needsFlink("flink3"), startJob(page.writer(t, "kind: io.statefun.endpoints.v2/http"), flink.Start3, page.settings(t))},
		{"flink-2.2.2", needsFlink("flink2"), startJob(page.writer(t, `version: "2.0"`), flink.Start2, nil)},
	} {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			greets.drive(open(t, p, greetings, serve(t, greeter.Functions(), auto)))
		})
	}
}

// blocks are the blocks of YAML of a page.
type blocks []string

func readPage(t *testing.T, path string) blocks {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var all blocks
	for _, part := range strings.Split(string(text), "```yaml\n")[1:] {
		block, _, _ := strings.Cut(part, "```")
		all = append(all, block)
	}
	return all
}

// find returns the first block that begins so.
func (b blocks) find(t *testing.T, begin string) string {
	t.Helper()
	for _, block := range b {
		if strings.HasPrefix(block, begin) {
			return block
		}
	}
	t.Fatalf("no block of the page begins with %q", begin)
	return ""
}

// writer writes the module file that begins so.
func (b blocks) writer(t *testing.T, begin string) writer {
	t.Helper()
	block := b.find(t, begin)
	return func(a application, name, url string) string {
		return strings.NewReplacer(
			"http://greeter:8000", strings.TrimSuffix(url, "/{function.name}"),
			"broker:9092", shared.broker.Addr,
			"topic: names", "topic: "+topic(name, a, a.inputs[0]),
		).Replace(block)
	}
}

// settings returns the configuration, key=value.
func (b blocks) settings(t *testing.T) []string {
	t.Helper()
	settings := []string{"taskmanager.numberOfTaskSlots=2"} // of one task manager, where the page has two
	for line := range strings.Lines(b.find(t, "classloader.parent-first-patterns.additional")) {
		key, value, ok := strings.Cut(strings.TrimSpace(line), ": ")
		if !ok {
			t.Fatalf("%q is no setting", line)
		}
		switch key {
		case "state.checkpoints.dir", "state.savepoints.dir", "taskmanager.numberOfTaskSlots":
		default:
			settings = append(settings, key+"="+value)
		}
	}
	return settings
}
