package flink

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/statefun-go/statefun-go/e2e/java"
)

// StartCluster starts StateFun 3.3.0 in two processes, a job manager and a task
// manager, and waits until every task runs.
func StartCluster(ctx context.Context, tools *java.Tools, runtimes string, o Options) (*Job, error) {
	path, modules, err := prepare(ctx, tools, runtimes, "flink3", o)
	if err != nil {
		return nil, err
	}
	ports, err := java.FreePorts(ctx, 3)
	if err != nil {
		return nil, err
	}
	settings := append(append(settings3(o, modules), sizes()...), addresses(ports)...)
	if err := configure(o, append(settings, "io.tmp.dirs="+filepath.Join(o.Dir, "tmp"))); err != nil {
		return nil, err
	}
	j := newJob(tools, o)
	j.rest = rest(fmt.Sprintf("http://127.0.0.1:%d", ports[1]))
	c := &cluster{j, append(modules, path...)}
	j.up, j.another = c.up, c.startWorker
	return j, j.begin(ctx)
}

// configure writes flink-conf.yaml; of two settings for one key the later wins.
func configure(o Options, settings []string) error {
	var text strings.Builder
	for _, s := range append(settings, o.Settings...) {
		key, value, _ := strings.Cut(s, "=")
		fmt.Fprintf(&text, "%s: %s\n", key, value)
	}
	return os.WriteFile(filepath.Join(o.Dir, "flink-conf.yaml"), []byte(text.String()), 0o600)
}

func addresses(ports []int) []string {
	return []string{
		fmt.Sprintf("jobmanager.rpc.port=%d", ports[0]),
		fmt.Sprintf("rest.port=%d", ports[1]),
		fmt.Sprintf("blob.server.port=%d", ports[2]),
		"jobmanager.rpc.address=127.0.0.1",
		"jobmanager.bind-host=127.0.0.1",
		"taskmanager.host=127.0.0.1",
		"taskmanager.bind-host=127.0.0.1",
		"rest.address=127.0.0.1",
		"heartbeat.interval=1000",
		"heartbeat.timeout=5000",
	}
}

// slots is the parallelism of a cluster.
const slots = 2

// sizes are all those that a task manager wants to be told which is started
// without Flink's scripts.
func sizes() []string {
	return []string{
		fmt.Sprintf("taskmanager.numberOfTaskSlots=%d", slots),
		fmt.Sprintf("taskmanager.cpu.cores=%d", slots),
		"taskmanager.memory.framework.heap.size=128m",
		"taskmanager.memory.task.heap.size=384m",
		"taskmanager.memory.framework.off-heap.size=128m",
		"taskmanager.memory.task.off-heap.size=128m",
		"taskmanager.memory.network.min=64m",
		"taskmanager.memory.network.max=64m",
		"taskmanager.memory.managed.size=64m",
		"taskmanager.memory.jvm-metaspace.size=256m",
		"taskmanager.memory.jvm-overhead.min=192m",
		"taskmanager.memory.jvm-overhead.max=192m",
	}
}

// cluster starts the processes of a job.
type cluster struct {
	*Job
	path []string // of classes
}

// up starts both processes and then the application.
func (c *cluster) up(ctx context.Context, from string) error {
	if err := c.startManager(ctx); err != nil {
		return err
	}
	if err := c.startWorker(ctx); err != nil {
		return err
	}
	if err := c.worker.Await(ctx, func(ctx context.Context) error { return c.rest.workers(ctx, 1) }); err != nil {
		return err
	}
	jar, err := application()
	if err != nil {
		return err
	}
	if err := c.rest.submit(ctx, jar, slots, from); err != nil {
		return fmt.Errorf("%w\n%s", err, c.Tail())
	}
	return c.running(ctx, time.Time{})
}

// startManager starts a job manager and waits until it answers: a task manager
// that is there before it takes long to find it.
func (c *cluster) startManager(ctx context.Context) (err error) {
	c.manager, err = c.launch(ctx, "jobmanager", "org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint")
	if err != nil {
		return err
	}
	return c.manager.Await(ctx, func(ctx context.Context) error { return c.rest.workers(ctx, 0) })
}

func (c *cluster) startWorker(ctx context.Context) (err error) {
	c.worker, err = c.launch(ctx, "taskmanager", "org.apache.flink.runtime.taskexecutor.TaskManagerRunner")
	return err
}

func (c *cluster) launch(ctx context.Context, name, main string) (*java.Process, error) {
	return c.spawn(ctx, java.Command{
		Name: c.options.Name + "-" + name, ClassPath: c.path, Main: main, Args: []string{"--configDir", c.options.Dir},
		Flags: flags("-Xmx512m", "-XX:MaxDirectMemorySize=384m", "--add-exports=java.base/sun.net.util=ALL-UNNAMED"),
	})
}

// application is a jar that only names StateFun's main class, which is on the
// class path.
func application() ([]byte, error) {
	var jar bytes.Buffer
	archive := zip.NewWriter(&jar)
	manifest, err := archive.Create("META-INF/MANIFEST.MF")
	if err != nil {
		return nil, err
	}
	_, err = io.WriteString(manifest, "Manifest-Version: 1.0\nMain-Class: org.apache.flink.statefun.flink.core.StatefulFunctionsJob\n")
	err = errors.Join(err, archive.Close())
	return jar.Bytes(), err
}
