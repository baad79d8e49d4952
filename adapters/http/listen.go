package statefunhttp

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"
)

// unixPrefix marks the address of a unix socket.
const unixPrefix = "unix:"

// Listen listens on a TCP address ("host:port"; ":8000" is every interface) or
// on a unix socket ("unix:/run/functions.sock") with the permissions of mode,
// which TCP does not look at.
//
// A socket file that a dead process left behind is replaced. One that somebody
// listens on, and a file of another kind, is an error and stays. Closing the
// listener removes its own file only.
func Listen(ctx context.Context, addr string, mode fs.FileMode) (net.Listener, error) {
	path, unix := strings.CutPrefix(addr, unixPrefix)
	if !unix {
		var config net.ListenConfig
		l, err := config.Listen(ctx, "tcp", addr)
		if err != nil {
			return nil, fmt.Errorf("statefunhttp: %w", explainListen(err, addr))
		}
		return l, nil
	}
	l, err := listenUnix(ctx, path, mode)
	if err != nil {
		return nil, fmt.Errorf("statefunhttp: unix socket %q: %w", path, err)
	}
	return l, nil
}

// explainListen says what to do where that is known.
func explainListen(err error, addr string) error {
	if !errors.Is(err, syscall.EADDRINUSE) {
		return err
	}
	_, port, _ := net.SplitHostPort(addr) // it has been listened at
	return fmt.Errorf("port %s is taken: stop the program that listens there (lsof -i :%s shows it), "+
		"or listen at another one and write it into urlPathTemplate of the module file: %w", port, port, err)
}

func listenUnix(ctx context.Context, path string, mode fs.FileMode) (net.Listener, error) {
	if path == "" || strings.HasPrefix(path, "@") {
		return nil, errors.New("not the path of a file: write unix:/path/to.sock")
	}
	if err := removeStale(ctx, path); err != nil {
		return nil, err
	}
	var config net.ListenConfig
	l, err := config.Listen(ctx, "unix", path)
	if err != nil {
		return nil, err
	}
	socket, err := ownSocket(l, path, mode)
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return socket, nil
}

// removeStale removes a socket that nobody listens on. It does nothing where
// there is no file.
func removeStale(ctx context.Context, path string) error {
	before, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if before.Mode().Type() != fs.ModeSocket {
		return errors.New("a file that is not a socket is in the way: remove it, or choose another path")
	}
	dialer := net.Dialer{Timeout: time.Second}
	conn, err := dialer.DialContext(ctx, "unix", path)
	switch {
	case err == nil:
		return errors.Join(errors.New("another process listens here: stop it, or choose another path"), conn.Close())
	case !errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("cannot tell whether somebody listens here: %w", err)
	}
	if now, err := os.Lstat(path); err != nil || !os.SameFile(before, now) {
		return errors.New("another process is just starting to listen here")
	}
	return os.Remove(path)
}

// unixListener removes its file when it is closed, if it still is its file.
type unixListener struct {
	net.Listener
	path  string
	file  fs.FileInfo
	close func() error
}

// ownSocket sets the permissions of a fresh socket and takes over its removal:
// what net would do on Close removes whatever bears the name by then, which
// may be the socket of a successor.
func ownSocket(l net.Listener, path string, mode fs.FileMode) (*unixListener, error) {
	if u, ok := l.(*net.UnixListener); ok {
		u.SetUnlinkOnClose(false)
	}
	if err := os.Chmod(path, mode.Perm()); err != nil {
		return nil, err
	}
	file, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	socket := &unixListener{Listener: l, path: path, file: file}
	socket.close = sync.OnceValue(func() error { return errors.Join(socket.remove(), l.Close()) })
	return socket, nil
}

// Close stops listening and removes the file. Further calls do nothing.
func (l *unixListener) Close() error { return l.close() }

func (l *unixListener) remove() error {
	if now, err := os.Lstat(l.path); err == nil && os.SameFile(l.file, now) {
		return os.Remove(l.path)
	}
	return nil // it is gone, or another's
}
