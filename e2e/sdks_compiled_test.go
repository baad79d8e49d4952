package e2e_test

import (
	"net"
	"os/exec"
	"strconv"
	"testing"

	"github.com/statefun-go/statefun-go/e2e/java"
)

// compiledSDKs are the SDKs of languages whose programs are compiled first.
func compiledSDKs() []sdk {
	return []sdk{
		{"go", needsGo, serveGo},
	}
}

func needsGo() error {
	_, err := exec.LookPath("go")
	return err
}

// serveGo starts the program; it ends with its standard input.
func serveGo(t *testing.T) string {
	t.Helper()
	port, addr := vacant(t)
	attend(t, exec.Command(build(t, "sdks/go", "."), port, holdMillis()), addr)
	return "http://" + addr
}

func vacant(t *testing.T) (port, addr string) {
	t.Helper()
	ports, err := java.FreePorts(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	port = strconv.Itoa(ports[0])
	return port, net.JoinHostPort("127.0.0.1", port)
}

func holdMillis() string { return strconv.FormatInt(hold.Milliseconds(), 10) }
