package statefunhttp_test

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	statefunhttp "github.com/statefun-go/statefun-go/adapters/http"
)

// serveVariable makes the test binary a server on the socket that it names.
const serveVariable = "STATEFUNHTTP_TEST_SERVE"

// TestMain runs the tests and then looks for goroutines that they left behind.
func TestMain(m *testing.M) {
	if addr := os.Getenv(serveVariable); addr != "" {
		child(addr)
		return
	}
	m.Run()
	if left := leftGoroutines(); left != "" {
		panic("goroutines are left:\n" + left)
	}
}

// child serves until a signal ends it, and says how that went.
func child(addr string) {
	h := register(behaviours{}.functions())
	err := statefunhttp.Serve(context.Background(), addr, h, &statefunhttp.ServerOptions{DrainTimeout: 20 * time.Second})
	fmt.Fprintln(os.Stdout, "served:", err)
}

// leftGoroutines returns the stacks of goroutines of this package and of
// net/http once they no longer change, or "" as soon as there are none.
func leftGoroutines() string {
	deadline := time.Now().Add(10 * time.Second)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		left := ourGoroutines()
		if left == "" || time.Now().After(deadline) {
			return left
		}
		<-tick.C
	}
}

func ourGoroutines() string {
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	var ours []string
	for i, stack := range strings.Split(string(stacks), "\n\n") {
		if i > 0 && (strings.Contains(stack, "net/http.") || strings.Contains(stack, "statefun-go/adapters")) {
			ours = append(ours, stack)
		}
	}
	return strings.Join(ours, "\n\n")
}
