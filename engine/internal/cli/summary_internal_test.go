package cli

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"github.com/statefun-go/statefun-go/engine"
	"github.com/statefun-go/statefun-go/engine/module"
)

func exampleSummary() *summary {
	return &summary{
		files: []string{"module.yaml"}, data: ".statefun/greeter", policy: engine.Retry,
		ingresses: []string{"http://localhost:8090"}, egresses: []string{"http://localhost:8091"},
		module: &module.Module{
			Endpoints: []module.Endpoint{
				{Functions: module.Pattern{Namespace: "example"}, URLPathTemplate: "http://localhost:8000/{function.name}?key=secret&f={function.name}&x"},
				{Functions: module.Pattern{Namespace: "example", Name: "greeter"}, URLPathTemplate: "http://localhost:8000/"},
			},
			Ingresses: []module.PlaygroundIngress{{Port: 8090}},
			Egresses:  []module.PlaygroundEgress{{ID: module.TypeName{Namespace: "example", Name: "greets"}, Topics: []string{"greetings", "a b"}}},
		},
	}
}

func TestSummaryForPeople(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	exampleSummary().print(&b)
	want := `
statefun runs module.yaml

functions
  example/*        http://localhost:8000/{function.name}?key=…&f={function.name}&x
  example/greeter  http://localhost:8000/
ingress, to send a message
  http://localhost:8090/<namespace>/<function>/<id>
  curl -X PUT -H 'Content-Type: application/vnd.example/<type>' --data-binary '<value>' 'http://localhost:8090/example/greeter/<id>'
egress example/greets, to take the oldest record
  curl -w '\n' http://localhost:8091/greetings
  curl -w '\n' http://localhost:8091/a%20b
data in .statefun/greeter, kept across restarts
when a function fails: try again, for ever, with growing pauses (--on-failure retry)

ready; Ctrl-C stops
`
	if b.String() != want {
		t.Errorf("got:\n%s\nwant:\n%s", &b, want)
	}
}

func TestSummaryForPrograms(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	exampleSummary().log(slog.New(slog.NewJSONHandler(&b, nil)))
	lines := strings.Split(strings.TrimSpace(b.String()), "\n")
	var messages []string
	for _, line := range lines {
		var record map[string]any
		if err := json.Unmarshal([]byte(line), &record); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		messages = append(messages, record["msg"].(string))
	}
	if got := strings.Join(messages, " "); got != "functions functions ingress egress egress ready" {
		t.Errorf("got %s", got)
	}
	if strings.Contains(b.String(), "secret") {
		t.Errorf("the log holds a secret:\n%s", &b)
	}
}

func TestDefaultData(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]string{
		"examples/greeter/module.yaml": "greeter", "orders.yaml": "orders", "/etc/x y/module.yml": "x-y",
		"a/b.c.yaml": "b.c", "/module.yaml": "module", "module.yaml": "cli",
	} {
		if got := defaultData(file); got != filepath.Join(".statefun", want) {
			t.Errorf("%s: %s, want %s", file, got, want)
		}
	}
}
