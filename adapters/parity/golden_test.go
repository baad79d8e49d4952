package parity_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	statefunlambda "github.com/statefun-go/statefun-go/adapters/lambda"
	"github.com/statefun-go/statefun-go/adapters/lambda/lambdalocal"
)

// TestGolden gives recorded events, of every source in the shape that AWS
// documents, to the function in this process and to the bootstrap. The replies
// are the recorded ones, byte for byte.
func TestGolden(t *testing.T) {
	t.Parallel()
	h := statefunlambda.New(newHandler(), lambdaOptions())
	l := startLocal(t, lambdalocal.Direct, setup{timeout: patience})
	names := files(t, "testdata/golden/*.event.json")
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".event.json"), func(t *testing.T) {
			t.Parallel()
			event := read(t, name)
			want := bytes.TrimSuffix(read(t, strings.Replace(name, ".event.", ".reply.", 1)), []byte("\n"))
			if got, err := h.Invoke(t.Context(), bytes.Clone(event)); err != nil || !bytes.Equal(got, want) {
				t.Errorf("got  %s, %v\nwant %s", got, err, want)
			}
			got, err := l.Invoke(t.Context(), event)
			if err != nil || got.FunctionError != "" || !bytes.Equal(got.Payload, want) {
				t.Errorf("of the bootstrap: %s %s, %v\nwant %s", got.FunctionError, got.Payload, err, want)
			}
		})
	}
}

// TestGoldenResults checks that the recorded replies are right, and not only
// always the same: each result is that of the handler for its request.
func TestGoldenResults(t *testing.T) {
	t.Parallel()
	results := 0
	for _, name := range files(t, "testdata/golden/*.reply.json") {
		in := decode(t, read(t, name))
		event := read(t, strings.Replace(name, ".reply.", ".event.", 1))
		if !in.IsBase64Encoded {
			continue // an error, or the answer to a health check
		}
		results++
		got, err := base64.StdEncoding.DecodeString(in.Body)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		body, err := base64.StdEncoding.DecodeString(eventBody(t, event))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		want, err := newHandler().Append(t.Context(), nil, body)
		if err != nil || !bytes.Equal(got, want) || in.StatusCode != http.StatusOK {
			t.Errorf("%s: %d %q, want %q, %v", name, in.StatusCode, got, want, err)
		}
	}
	if want := len(lambdalocal.Events()); results != want {
		t.Errorf("%d recorded results, want one of each of %d sources", results, want)
	}
}

// decode reads a reply as a REST API does, which refuses members that it does
// not know.
func decode(t *testing.T, out []byte) (in reply) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(out))
	d.DisallowUnknownFields()
	if err := d.Decode(&in); err != nil {
		t.Fatalf("%s: %v", out, err)
	}
	return in
}

func eventBody(t *testing.T, event []byte) (text string) {
	t.Helper()
	if event[0] == '"' {
		if err := json.Unmarshal(event, &text); err != nil {
			t.Fatal(err)
		}
		return text
	}
	in := struct {
		Body *string `json:"body"`
	}{&text}
	if err := json.Unmarshal(event, &in); err != nil {
		t.Fatal(err)
	}
	return text
}

func files(t *testing.T, pattern string) []string {
	t.Helper()
	names, err := filepath.Glob(pattern)
	if err != nil || len(names) == 0 {
		t.Fatalf("%s: %d files, %v", pattern, len(names), err)
	}
	return names
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
