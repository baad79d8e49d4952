package e2e_test

import (
	"context"
	"log/slog"
	"net"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/GoogleCloudPlatform/functions-framework-go/funcframework"
	"github.com/aws/aws-lambda-go/lambda"

	statefungcf "github.com/statefun-go/statefun-go/adapters/gcf"
	statefunlambda "github.com/statefun-go/statefun-go/adapters/lambda"
	"github.com/statefun-go/statefun-go/adapters/lambda/lambdalocal"
)

// runBootstrap is the role of a child that is an AWS Lambda function.
func runBootstrap() error {
	handler, err := registry(scenarios()...)
	if err != nil {
		return err
	}
	lambda.Start(statefunlambda.New(handler, &statefunlambda.Options{Logger: quietLog}))
	return nil
}

// runFramework is the role of a child that is a Google Cloud Function.
func runFramework(port string) error {
	handler, err := registry(scenarios()...)
	if err != nil {
		return err
	}
	serve := statefungcf.Handler(handler, &statefungcf.Options{Logger: quietLog})
	if err := funcframework.RegisterHTTPFunctionContext(context.Background(), "/", serve); err != nil {
		return err
	}
	return funcframework.StartHostPort("127.0.0.1", port)
}

// quietLog takes what adapters say: runtimes repeat what fails, often.
var quietLog = slog.New(slog.DiscardHandler)

// serveLambda serves the functions of all scenarios behind a gateway, by this
// program in the role of their bootstrap.
func serveLambda(t *testing.T, opts lambdalocal.Options) string {
	t.Helper()
	opts.Env = []string{roleEnv + "=" + roleLambda}
	return gateway(t, opts, os.Args[0])
}

// gateway starts a bootstrap behind the local gateway and returns its URL.
func gateway(t *testing.T, opts lambdalocal.Options, program string) string {
	t.Helper()
	var err error
	if opts.Bootstrap, err = filepath.Abs(program); err != nil {
		t.Fatal(err)
	}
	l, err := lambdalocal.Start(t.Context(), &opts)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(l)
	t.Cleanup(func() { l.Close() })
	t.Cleanup(server.Close)
	if opts.Stage != "" {
		return server.URL + "/" + opts.Stage + "/{function.name}"
	}
	return server.URL + "/{function.name}"
}

// serveFramework serves the functions of all scenarios as a Cloud Function, by
// this program in that role.
func serveFramework(t *testing.T) string {
	t.Helper()
	port, _ := vacant(t)
	c := &child{role: roleCloud, arg: port}
	if err := c.start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.kill()
		if t.Failed() {
			t.Log(c.said.String())
		}
	})
	return framework(t, port)
}

// framework waits for a Cloud Function at a port and returns its URL.
func framework(t *testing.T, port string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	addr := net.JoinHostPort("127.0.0.1", port)
	if err := listening(ctx, addr, nil); err != nil {
		t.Fatalf("the Cloud Function does not listen: %v", err)
	}
	return "http://" + addr + "/{function.name}"
}

// runFunction starts a program that serves a Cloud Function.
func runFunction(t *testing.T, program string) string {
	t.Helper()
	port, _ := vacant(t)
	var out said
	cmd := exec.Command(program, "-port", port)
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
		if t.Failed() {
			t.Log(out.String())
		}
	})
	return framework(t, port)
}

// build builds a program of a module and returns its path.
func build(t *testing.T, module, pkg string, flags ...string) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "program")
	args := append([]string{"build", "-C", module, "-trimpath", "-buildvcs=false", "-o", program}, flags...)
	cmd := exec.Command("go", append(args, pkg)...)
	cmd.Env = append(os.Environ(), "GOWORK=off", "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build %s: %v\n%s", pkg, err, out)
	}
	return program
}
