package statefunhttp

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Files are read again when their times say so, and while these are so young
// that they might not tell everything.
func TestFilesAreReadWhenTheyMayHaveChanged(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "cert.pem")
	c := &certificates{paths: []string{path}}
	written := time.Now().Add(-time.Hour)
	write := func(text string, at time.Time) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
	}
	look := func() {
		t.Helper()
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		c.seen = []fs.FileInfo{info}
	}
	expect := func(what string, want bool, now time.Time) {
		t.Helper()
		if got := c.unchanged(now); got != want {
			t.Errorf("%s: unchanged is %t, want %t", what, got, want)
		}
	}

	write("one", written)
	expect("never read", false, time.Now())
	look()
	expect("old", true, time.Now())
	expect("young", false, written.Add(settled-1))
	expect("no longer young", true, written.Add(settled))
	write("two", written.Add(time.Second))
	expect("other time", false, time.Now())
	write("three", written)
	expect("other size", false, time.Now())
	write("one", written)
	expect("as before", true, time.Now())
	if err := os.Rename(path, path+".old"); err != nil {
		t.Fatal(err)
	}
	expect("gone", false, time.Now())
	write("one", written)
	expect("another file", false, time.Now())
}
