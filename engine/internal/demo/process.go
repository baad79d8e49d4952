package demo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// process is a program that the demo has started. Its output goes to a file.
type process struct {
	name string
	cmd  *exec.Cmd
	log  string
	done chan struct{} // closed when it has ended
	err  error         // how; may be read then
}

func start(ctx context.Context, name, log, program string, args ...string) (*process, error) {
	if err := os.MkdirAll(filepath.Dir(log), 0o750); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	file, err := os.Create(log) //nolint:gosec // a path of this package
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	defer file.Close() //nolint:errcheck // the child has its own
	// Not killed when ctx ends: stop asks first.
	cmd := exec.CommandContext(context.WithoutCancel(ctx), program, args...) //nolint:gosec // what build has made
	cmd.Stdout, cmd.Stderr = file, file
	detach(cmd)
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	p := &process{name: name, cmd: cmd, log: log, done: make(chan struct{})}
	go func() {
		p.err = cmd.Wait()
		close(p.done)
	}()
	return p, nil
}

// await waits until something answers at url.
func (p *process) await(ctx context.Context, url string) error {
	limit := time.NewTimer(startTime)
	defer limit.Stop()
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for {
		if answers(ctx, url) {
			return nil
		}
		select {
		case <-look.C:
		case <-p.done:
			return p.died()
		case <-limit.C:
			return fmt.Errorf("%s does not answer at %s after %s; its log %s ends with\n%s", p.name, url, startTime, p.log, p.tail())
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// answers reports whether an HTTP server answers, whatever it says.
func answers(ctx context.Context, url string) bool {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return false
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	resp.Body.Close()
	return true
}

func (p *process) hasEnded() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// endsWithin gives a process that is about to end the time to do so.
func (p *process) endsWithin(d time.Duration) {
	limit := time.NewTimer(d)
	defer limit.Stop()
	select {
	case <-p.done:
	case <-limit.C:
	}
}

// died says how the process ended that should run.
func (p *process) died() error {
	how := "without an error"
	if p.err != nil {
		how = p.err.Error()
	}
	return fmt.Errorf("%s has ended (%s); its log %s ends with\n%s", p.name, how, p.log, p.tail())
}

// tail returns the last lines of the log.
func (p *process) tail() string {
	const size, lines = 4 << 10, 5
	f, err := os.Open(p.log)
	if err != nil {
		return err.Error()
	}
	defer f.Close() //nolint:errcheck // it was only read
	if at, err := f.Seek(-size, io.SeekEnd); err != nil || at < 0 {
		f.Seek(0, io.SeekStart) //nolint:errcheck // a shorter file: the whole of it
	}
	data, _ := io.ReadAll(f)
	all := bytes.Split(bytes.TrimSpace(data), []byte("\n"))
	return "  " + string(bytes.Join(all[max(len(all)-lines, 0):], []byte("\n  ")))
}

// stop asks the process to end, and kills it if it does not. It must have
// ended well.
func (p *process) stop() error {
	if p.hasEnded() {
		return nil // whoever noticed has said so
	}
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		p.cmd.Process.Kill() //nolint:errcheck // there are no signals on this system
	}
	limit := time.NewTimer(stopTime)
	defer limit.Stop()
	select {
	case <-p.done:
	case <-limit.C:
		p.cmd.Process.Kill() //nolint:errcheck // Wait tells
		<-p.done
		return fmt.Errorf("%s did not end within %s and was killed; its log is %s", p.name, stopTime, p.log)
	}
	if p.err != nil {
		return p.died()
	}
	return nil
}
