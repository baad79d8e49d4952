package flink

import (
	"context"
	"fmt"
	"time"

	"github.com/statefun-go/statefun-go/e2e/java"
)

// Start3 starts StateFun 3.3.0 in one process and waits until every task runs.
func Start3(ctx context.Context, tools *java.Tools, runtimes string, o Options) (*Job, error) {
	path, modules, err := prepare(ctx, tools, runtimes, "flink3", o)
	if err != nil {
		return nil, err
	}
	ports, err := java.FreePorts(ctx, 1)
	if err != nil {
		return nil, err
	}
	settings := append(settings3(o, modules),
		"parallelism.default=1",
		"taskmanager.memory.managed.size=32m",
		fmt.Sprintf("rest.port=%d", ports[0]))
	j := newJob(tools, o)
	j.rest = rest(fmt.Sprintf("http://127.0.0.1:%d", ports[0]))
	j.up = func(ctx context.Context, from string) error {
		c := java.Command{Name: o.Name, Flags: flags("-Xmx700m"), ClassPath: append(modules, path...), Main: "Job"}
		c.Args = append(append(c.Args, settings...), o.Settings...)
		if from != "" {
			c.Args = append(c.Args, "execution.savepoint.path=file://"+from)
		}
		var err error
		if j.manager, err = j.spawn(ctx, c); err != nil {
			return err
		}
		return j.running(ctx, time.Time{})
	}
	return j, j.begin(ctx)
}

// Start2 starts StateFun 2.2.2 in one process and waits until its tasks have
// begun.
func Start2(ctx context.Context, tools *java.Tools, runtimes string, o Options) (*Job, error) {
	path, modules, err := prepare(ctx, tools, runtimes, "flink2", o)
	if err != nil {
		return nil, err
	}
	settings := []string{
		"parallelism.default=1",
		"execution.checkpointing.interval=500 ms",
		"execution.buffer-timeout=5 ms",
		"restart-strategy=fixed-delay",
		"restart-strategy.fixed-delay.attempts=1000",
		"restart-strategy.fixed-delay.delay=200 ms",
	}
	j := newJob(tools, o)
	j.up = func(ctx context.Context, _ string) error {
		var err error
		j.manager, err = j.spawn(ctx, java.Command{
			Name: o.Name, Flags: flags("-Xmx700m"), ClassPath: append(modules, path...), Main: "Job",
			Args: append(settings, o.Settings...),
		})
		if err != nil {
			return err
		}
		return j.manager.Await(ctx, func(context.Context) error {
			if !j.manager.Contains("to RUNNING") {
				return errNotRunning
			}
			return nil
		})
	}
	return j, j.begin(ctx)
}
