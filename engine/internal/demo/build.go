package demo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// build builds the example and the engine.
func (p *plan) build(ctx context.Context, out io.Writer) error {
	if _, err := exec.LookPath("go"); err != nil {
		return errors.New("the go command is not in PATH: install Go from https://go.dev/dl")
	}
	for _, program := range [][2]string{{p.example, p.pkg()}, {"statefun", "./engine/cmd/statefun"}} {
		name, pkg := program[0], program[1]
		cmd := exec.CommandContext(ctx, "go", "build", "-buildvcs=false", "-o", filepath.Join(".out", name), pkg) //nolint:gosec // an example of the repository
		cmd.Dir = p.root
		var output bytes.Buffer
		cmd.Stdout, cmd.Stderr = &output, &output
		if err := announce(out, "building "+pkg, cmd.Run); err != nil {
			return fmt.Errorf("go build %s: %w\n%s", pkg, err, bytes.TrimSpace(output.Bytes()))
		}
	}
	return nil
}

// announce says what is going on once it takes more than a moment, and again
// from time to time.
func announce(out io.Writer, what string, run func() error) error {
	done := make(chan error, 1)
	go func() { done <- run() }()
	begin := time.Now()
	next := time.NewTimer(time.Second)
	defer next.Stop()
	for {
		select {
		case err := <-done:
			return err
		case <-next.C:
			fmt.Fprintf(out, "%s (%d s)\n", what, int(time.Since(begin).Seconds()))
			next.Reset(10 * time.Second)
		}
	}
}

// checkPorts looks whether the three ports are free, before anything starts.
func (p *plan) checkPorts(ctx context.Context) error {
	return errors.Join(
		checkPort(ctx, p.functionAddr, p.name(), p.functionAt, "urlPathTemplate"),
		checkPort(ctx, net.JoinHostPort("127.0.0.1", strconv.Itoa(p.ingressAt.Port)), "the ingress", p.ingressAt.Position.String(), "port"),
		checkPort(ctx, net.JoinHostPort("127.0.0.1", strconv.Itoa(p.egressAt.Port)), "the egress", p.egressAt.Position.String(), "port"),
	)
}

func checkPort(ctx context.Context, addr, who, at, key string) error {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", addr)
	if err == nil {
		return l.Close()
	}
	_, port, _ := net.SplitHostPort(addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("port %s, which %s needs, is taken: stop what listens there (lsof -i :%s shows it; perhaps another make run) "+
			"or change %s at %s", port, who, port, key, at)
	}
	return fmt.Errorf("%s cannot listen at %s (%s): %w", who, addr, at, err)
}
