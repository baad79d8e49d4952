package java

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// Command is a Java program to run.
type Command struct {
	// Name names the log file, and a directory for temporary files, below the
	// directory of the tools: it may have slashes. Of one name, only one may run
	// at a time.
	Name string
	// Flags go to the virtual machine.
	Flags []string
	// ClassPath holds the class Leash, of directory runtimes.
	ClassPath []string
	// Main is the class to run, with Args.
	Main string
	Args []string
}

// Process is a running Java program. It ends at the latest when this process
// does.
type Process struct {
	name string
	log  string
	temp string
	cmd  *exec.Cmd
	in   io.Closer
	done chan struct{}
	err  error // once done is closed
}

// Start starts a program; its output goes to a log file of its own. What it
// leaves in the directory for temporary files goes when it ends: a program that
// is killed cannot tidy up.
func (t *Tools) Start(ctx context.Context, c Command) (*Process, error) {
	p := &Process{
		name: c.Name, done: make(chan struct{}),
		log: filepath.Join(t.dir, "logs", c.Name+".log"), temp: filepath.Join(t.dir, "tmp", c.Name),
	}
	err := os.RemoveAll(p.temp) // of a test that was killed itself
	for _, dir := range []string{filepath.Dir(p.log), p.temp} {
		err = errors.Join(err, os.MkdirAll(dir, 0o755)) //nolint:gosec // no secrets
	}
	if err != nil {
		return nil, err
	}
	out, err := os.Create(p.log)
	if err != nil {
		return nil, err
	}
	defer out.Close() //nolint:errcheck // the child has its own
	args := append(append([]string{}, c.Flags...), "-Djava.io.tmpdir="+p.temp, "-cp", strings.Join(c.ClassPath, string(filepath.ListSeparator)), "Leash", c.Main)
	// It outlives ctx: Stop and Kill end it.
	p.cmd = exec.CommandContext(context.WithoutCancel(ctx), t.java, append(args, c.Args...)...) //nolint:gosec // the program is this repository's
	p.cmd.Stdout, p.cmd.Stderr = out, out
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", c.Name, err)
	}
	go p.wait()
	return p, nil
}

func (p *Process) wait() {
	p.err = errors.Join(p.cmd.Wait(), os.RemoveAll(p.temp))
	close(p.done)
}

// Done is closed when the program has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Kill ends the program at once, as kill -9 does, and waits until it is gone.
func (p *Process) Kill() {
	if err := p.cmd.Process.Kill(); err == nil || errors.Is(err, os.ErrProcessDone) {
		<-p.done
	}
}

// Stop asks the program to end, and kills it if it takes longer than patience.
func (p *Process) Stop(patience time.Duration) {
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
		p.Kill()
		return
	}
	select {
	case <-p.done:
	case <-time.After(patience):
		p.Kill()
	}
}

// Tail returns the last lines of the program's log, with its path.
func (p *Process) Tail(lines int) string {
	text, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	all := strings.Split(strings.TrimSpace(string(text)), "\n")
	return p.log + ":\n" + strings.Join(all[max(0, len(all)-lines):], "\n")
}

// Contains reports whether the program's log has a text.
func (p *Process) Contains(text string) bool {
	log, err := os.ReadFile(p.log)
	return err == nil && strings.Contains(string(log), text)
}

// Await polls until ready says so. It gives up when the program ends, which it
// should not, and when ctx does; the error shows the end of the log.
func (p *Process) Await(ctx context.Context, ready func(context.Context) error) error {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		err := ready(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-p.done:
			return fmt.Errorf("%s has ended: %w\n%s", p.name, errors.Join(p.err, err), p.Tail(40))
		case <-ctx.Done():
			return fmt.Errorf("%s is not ready: %w\n%s", p.name, errors.Join(ctx.Err(), err), p.Tail(40))
		}
	}
}

// Err returns how the program ended: nil for exit code 0, and while it runs.
func (p *Process) Err() error {
	select {
	case <-p.done:
		return p.err
	default:
		return nil
	}
}
