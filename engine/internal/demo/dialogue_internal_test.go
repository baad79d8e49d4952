package demo

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestDialogues: each example's script finds its way in its module files.
func TestDialogues(t *testing.T) {
	t.Parallel()
	for example, first := range map[string]string{"cart": "shop/Add", "ridesharing": "type.googleapis.com/ridesharing.v1.RequestRide"} {
		play, p, err := newPlan(&Options{Example: example})
		if err != nil {
			t.Fatal(err)
		}
		if p.functionAddr != "127.0.0.1:8000" || p.ingress != "http://127.0.0.1:8090" || p.egress != "http://127.0.0.1:8091" || len(p.flags) == 0 {
			t.Errorf("%s: %+v", example, p)
		}
		if m := play.invitation(); m.Type != first {
			t.Errorf("%s: invites to send %v", example, m)
		}
	}
}

func TestLoadDialogue(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct{ text, want string }{
		"good":             {"dialogue:\n- say: hello\n- send: {to: a/b/c-$RUN, type: a/T}\n- expect: {topic: t}\n", ""},
		"nothing":          {"dialogue: []\n", "sends nothing"},
		"two at once":      {"dialogue:\n- say: hello\n  send: {to: a/b/c}\n", "line 1"},
		"three at once":    {"dialogue:\n- say: hello\n  send: {to: a/b/c}\n  expect: {topic: t}\n", "line 1"},
		"none":             {"dialogue:\n- send: {to: a/b/c}\n- {}\n", "line 2"},
		"no address":       {"dialogue:\n- send: {to: a/b}\n", "namespace/name/id"},
		"an unknown key":   {"dialog:\n- say: hello\n", "unknown field"},
		"what is no value": {"dialogue: [", "demo.yaml"},
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "demo.yaml"), []byte(row.text), 0o600); err != nil {
			t.Fatal(err)
		}
		d, err := loadDialogue(dir)
		if (err == nil) != (row.want == "") || err != nil && !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: %v, want %q", name, err, row.want)
		}
		if err == nil && (len(d.run) != 6 || d.Dialogue[1].Send.To != "a/b/c-"+d.run || d.Modules[0] != "module.yaml") {
			t.Errorf("%s: %+v", name, d)
		}
	}
}

func TestAnswerMatches(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		value, text string
		want        bool
	}{
		{"", "", true},
		{"", "a", false},
		{"abc", "abc", true},
		{"abc", "abcd", false},
		{"abc", "xabc", false},
		{"a*", "abc", true},
		{"*c", "abc", true},
		{"*b*", "abc", true},
		{"a*c", "abc", true},
		{"a*c", "ac", true},
		{"ab*bc", "abc", false},
		{"a*x*c", "abc", false},
		{"*", "", true},
	} {
		a := answer{Topic: "t", Key: "k", Value: row.value}
		if got := a.matches(record{topic: "t", key: "k", text: row.text}); got != row.want {
			t.Errorf("%q matches %q: %v", row.value, row.text, got)
		}
		if a.matches(record{topic: "t", key: "other", text: row.text}) || a.matches(record{topic: "other", key: "k", text: row.text}) {
			t.Errorf("%q matches another key or topic", row.value)
		}
	}
}

// echo answers every message with some records of the topic t.
type echo struct{ answers, records []string }

func (e *echo) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Method == http.MethodPut:
		e.records = append(e.records, e.answers...)
	case len(e.records) == 0:
		w.WriteHeader(http.StatusNotFound)
	default:
		w.Header().Set("Statefun-Sequence", "1")
		w.Header().Set("Statefun-Key", "a%20key")
		w.Write([]byte(e.records[0]))
		e.records = e.records[1:]
	}
}

func TestPlay(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		answers []string
		want    string // in the output, or in the error
		fails   bool
	}{
		"in order":          {[]string{"one now", "two now"}, "\n  ← t a key: two now\n", false},
		"in another order":  {[]string{"two now", "one now"}, "\n  ← t a key: one now\n", false},
		"from before":       {[]string{"three then", "one now", "two now"}, "three then (from before)", false},
		"bytes":             {[]string{"one now", "two \x01 now"}, `"two \x01 now"`, false},
		"something else":    {[]string{"one now", "three now"}, "three now has come out, want \"two*now\"", true},
		"the same, twice":   {[]string{"one now", "one now"}, "one now has come out", true},
		"with a word ahead": {[]string{"no one now"}, "no one now has come out", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(&echo{answers: row.answers})
			t.Cleanup(server.Close)
			var out strings.Builder
			running := &process{done: make(chan struct{})}
			s := &session{ingress: server.URL, egress: server.URL, topics: []string{"t"}, out: &out, function: running, engine: running}
			play := &dialogue{run: "now", Dialogue: []line{
				{Say: "hello"},
				{Send: &message{To: "a/b/c", Type: "a/T", Body: "hi"}},
				{Expect: &answer{"t", "a key", "one now"}},
				{Expect: &answer{"t", "a key", "two*now"}},
			}}
			err := s.show(t.Context(), play, true)
			text := out.String()
			if err != nil {
				text += err.Error()
			}
			if (err != nil) != row.fails || !strings.Contains(text, row.want) || !strings.Contains(text, "\nhello\n  → a/b/c a/T hi\n") {
				t.Errorf("%v, output:\n%s", err, text)
			}
		})
	}
}

func TestCurl(t *testing.T) {
	t.Parallel()
	s := &session{ingress: "http://h"}
	const head = "curl -X PUT -H 'Content-Type: application/vnd.a/T' --data-binary "
	for body, want := range map[string]string{`{"a":1}`: `'{"a":1}' http://h/a/b/c`, "\n\x05mitte": `$'\n\x05mitte' http://h/a/b/c`} {
		if got := s.curl(message{To: "a/b/c", Type: "a/T", Body: body}); got != head+want {
			t.Errorf("%s, want %s", got, head+want)
		}
	}
}
