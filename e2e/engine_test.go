package e2e_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/statefun-go/statefun-go/e2e/java"
	"github.com/statefun-go/statefun-go/e2e/kafka"
	"github.com/statefun-go/statefun-go/engine/app"
	"github.com/statefun-go/statefun-go/engine/module"
)

// embedded is the engine, with the playground's HTTP on both sides.
func embedded() platform {
	return platform{"engine", func() error { return nil }, startEngine}
}

// local is the engine with applications, in a process of its own.
type local struct {
	child
	apps []*side
}

// startEngine starts the engine with a module file for the ingress, of which
// there is one, and one for each application.
func startEngine(ctx context.Context, _, dir string, apps []application, at string) (running, error) {
	ports, err := java.FreePorts(ctx, 1+len(apps))
	if err != nil {
		return nil, err
	}
	l := &local{child: child{role: roleEngine, arg: dir}}
	files := []string{playgroundIngress(ports[0])}
	for i, a := range apps {
		files = append(files, playgroundFile(a, at, ports[1+i]))
		if len(a.inputs) == 0 {
			continue
		}
		l.apps = append(l.apps, &side{
			application: a, taken: map[string]uint64{},
			in: fmt.Sprintf("127.0.0.1:%d", ports[0]), out: fmt.Sprintf("127.0.0.1:%d", ports[1+i]),
		})
	}
	for i, text := range files {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("module-%d.yaml", i)), []byte(text), 0o600); err != nil {
			return nil, err
		}
	}
	if err := l.start(ctx); err != nil {
		l.kill()
		return nil, err
	}
	return l, nil
}

// start starts the process and waits until it listens.
func (l *local) start(ctx context.Context) error {
	if err := l.child.start(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	for _, app := range l.apps {
		if err := listening(ctx, app.out, nil); err != nil {
			return fmt.Errorf("the engine does not listen: %w\n%s", err, l.tail())
		}
	}
	return nil
}

// crash kills the engine and starts it again. Nobody may be sending: what was
// not acknowledged would count or not.
func (l *local) crash(ctx context.Context) error {
	l.kill()
	for _, app := range l.apps {
		app.crashed = true
	}
	return l.start(ctx)
}

func (l *local) suspend(context.Context) error { return l.terminate() }

func (l *local) resume(ctx context.Context) error { return l.start(ctx) }

// runEngine is the role of a child: the module files of a directory, until
// SIGTERM.
func runEngine(dir string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	files, err := filepath.Glob(filepath.Join(dir, "module-*.yaml"))
	if err != nil {
		return err
	}
	m, err := module.Load(files...)
	if err != nil {
		return err
	}
	engine, err := app.Open(&app.Options{
		Module: m, Dir: filepath.Join(dir, "data"), Logger: slog.New(slog.NewTextHandler(os.Stderr, nil)),
	})
	if err != nil {
		return err
	}
	return engine.Run(ctx)
}

func (l *local) put(ctx context.Context, app int, records []kafka.Record) error {
	return l.apps[app].put(ctx, records)
}

func (l *local) next(ctx context.Context, app int) ([]kafka.Record, error) {
	return l.apps[app].next(ctx)
}

func (l *local) says(text string) bool { return strings.Contains(l.said.String(), text) }

func (l *local) tail() string {
	const most = 8 << 10
	text := l.said.String()
	return text[max(0, len(text)-most):]
}

func (l *local) stop() error { return l.terminate() }
