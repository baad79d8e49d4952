package e2e_test

import (
	"context"
	"errors"
	"net"
	"strconv"
	"testing"
	"time"

	"github.com/statefun-go/statefun-go/e2e/java"
)

// vacant returns a port of this machine that nobody has, and its address.
func vacant(t *testing.T) (port, addr string) {
	t.Helper()
	ports, err := java.FreePorts(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	port = strconv.Itoa(ports[0])
	return port, net.JoinHostPort("127.0.0.1", port)
}

// listens reports whether somebody takes connections.
func listens(ctx context.Context, addr string) error {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	return conn.Close()
}

// listening polls until somebody does, or the program has ended that should.
func listening(ctx context.Context, addr string, ended chan error) error {
	for {
		err := listens(ctx, addr)
		if err == nil {
			return nil
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case why := <-ended:
			ended <- why // for the cleanup
			return errors.Join(errors.New("it has ended"), err)
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		}
	}
}
