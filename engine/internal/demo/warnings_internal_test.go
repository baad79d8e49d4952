package demo

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestWarnings(t *testing.T) {
	t.Parallel()
	log := filepath.Join(t.TempDir(), "log")
	var w warnings
	var out strings.Builder
	w.show(&out, log) // there is none yet
	for _, row := range []struct{ written, want string }{
		{"\nstatefun runs module.yaml\nready; Ctrl-C stops\n", ""},
		{
			`time=05:00:00.000 level=WARN msg="engine: a call failed and will be tried again" function=example/greeter id=Ann ` +
				`messages=1 attempt=1 pause=4ms other_failures=0 error="status 500: \"no case\""` + "\n",
			`! example/greeter Ann, attempt 1: status 500: "no case"` + "\n",
		},
		{`time=05:00:00.000 level=WARN msg="engine: a call`, ""},
		{
			` failed and will be tried again" function=a/b id="" attempt=9 error=down hint="it waits"` + "\n",
			"! a/b , attempt 9: down\n  (it waits)\n",
		},
		{
			`time=05:00:00.000 level=INFO msg="engine: calls succeed again" function=a/b failures=9` + "\n",
			"! calls of a/b succeed again after 9 failures\n",
		},
		{`time=05:00:00.000 level=ERROR msg="disk is slow" pause=1s` + "\n", "! \"disk is slow\" pause=1s\n"},
		{"time=05:00:00.000 level=INFO msg=fine x\n", ""},
	} {
		f, err := os.OpenFile(log, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		f.WriteString(row.written)
		f.Close()
		out.Reset()
		if w.show(&out, log); out.String() != row.want {
			t.Errorf("%s: got %q, want %q", row.written, &out, row.want)
		}
	}
}
