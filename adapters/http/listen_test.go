package statefunhttp_test

import (
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	statefunhttp "github.com/statefun-go/statefun-go/adapters/http"
)

// stale makes a socket file that nobody listens on, as a killed process does.
func stale(t *testing.T, path string) {
	t.Helper()
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	l.Close()
}

func TestListenOnAUnixSocket(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		prepare func(t *testing.T, path string)
	}{
		{"fresh", func(*testing.T, string) {}},
		{"stale", stale},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "s.sock")
			tt.prepare(t, path)
			l, err := statefunhttp.Listen(t.Context(), "unix:"+path, 0o604)
			if err != nil {
				t.Fatal(err)
			}
			info, err := os.Lstat(path)
			if err != nil || info.Mode() != fs.ModeSocket|0o604 {
				t.Errorf("%v, %v: want a socket of mode 0604", info.Mode(), err)
			}
			if l.Addr().Network() != "unix" || l.Addr().String() != path {
				t.Errorf("listens on %v %v", l.Addr().Network(), l.Addr())
			}
			for range 2 {
				if err := l.Close(); err != nil {
					t.Error(err)
				}
			}
			if _, err := os.Lstat(path); err == nil {
				t.Error("the file is left")
			}
		})
	}
}

func TestListenRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		prepare func(t *testing.T, path string)
		want    string
	}{
		{"a file", func(t *testing.T, path string) {
			t.Helper()
			if err := os.WriteFile(path, []byte("precious"), 0o600); err != nil {
				t.Fatal(err)
			}
		}, "not a socket"},
		{"a directory", func(t *testing.T, path string) {
			t.Helper()
			if err := os.Mkdir(path, 0o700); err != nil {
				t.Fatal(err)
			}
		}, "not a socket"},
		{"a link to a stale socket", func(t *testing.T, path string) {
			t.Helper()
			stale(t, path+".old")
			if err := os.Symlink(path+".old", path); err != nil {
				t.Fatal(err)
			}
		}, "not a socket"},
		{"a socket in use", func(t *testing.T, path string) {
			t.Helper()
			l, err := net.Listen("unix", path)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { l.Close() })
		}, "another process listens"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "s.sock")
			tt.prepare(t, path)
			before, err := os.Lstat(path)
			if err != nil {
				t.Fatal(err)
			}
			_, err = statefunhttp.Listen(t.Context(), "unix:"+path, 0o600)
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), path) {
				t.Errorf("the error is %v, want one with %q and the path", err, tt.want)
			}
			if after, err := os.Lstat(path); err != nil || !os.SameFile(before, after) {
				t.Errorf("the file was touched: %v", err)
			}
		})
	}
}

func TestListenErrors(t *testing.T) {
	t.Parallel()
	taken := listen(t, "127.0.0.1:0").Addr().String()
	for addr, want := range map[string]string{
		"unix:":                       "not the path of a file",
		"unix:@abstract":              "not the path of a file",
		"unix:/no/such/directory/s":   "no such file",
		"127.0.0.1:http-or-something": "unknown port",
		taken:                         "lsof -i :",
	} {
		if l, err := statefunhttp.Listen(t.Context(), addr, 0o600); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, %v, want an error with %q", addr, l, err, want)
		}
	}
}

// In a rolling deploy the successor may have the path already.
func TestCloseLeavesTheSocketOfASuccessor(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "s.sock")
	first := listen(t, "unix:"+path)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	s := startOn(t, listen(t, "unix:"+path), register(behaviours{}.functions()), nil)
	if err := first.Close(); err != nil {
		t.Error(err)
	}
	if a := s.dial(t).ask(post(call("echo", "x"))); a.status != 200 {
		t.Errorf("status %d, want 200", a.status)
	}
}
