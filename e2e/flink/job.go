package flink

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/statefun-go/statefun-go/e2e/java"
)

// Options say what to run.
type Options struct {
	// Name names the log file.
	Name string
	// Dir is for the module files and the checkpoints.
	Dir string
	// Modules are the texts of the module files. One is named by its path; of
	// several, each is a module.yaml on the class path.
	Modules []string
	// Settings are Flink's configuration, key=value; they win over what is set
	// here: one slot, checkpoints each half second, restarts after 200 ms.
	Settings []string
}

// Job is a running application.
type Job struct {
	process *java.Process
	rest    string // base URL of Flink's own interface; none in 2.x

	// again starts it anew, with more settings.
	again func(ctx context.Context, settings ...string) (*Job, error)
	dir   string
}

// flags are those of every virtual machine, with what Flink needs opened on a
// Java of later than its own days.
func flags() []string {
	all := []string{"-Xmx700m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"}
	for _, p := range []string{"java.util", "java.util.concurrent.atomic", "java.lang", "java.time"} {
		all = append(all, "--add-opens=java.base/"+p+"=ALL-UNNAMED")
	}
	return all
}

// Start3 starts StateFun 3.3.0 and waits until every task runs.
func Start3(ctx context.Context, tools *java.Tools, runtimes string, o Options) (*Job, error) {
	path, modules, err := prepare(ctx, tools, runtimes, "flink3", o)
	if err != nil {
		return nil, err
	}
	location := "classpath:module.yaml"
	if len(modules) == 1 {
		location = "file://" + filepath.Join(modules[0], "module.yaml")
	}
	ports, err := java.FreePorts(ctx, 1)
	if err != nil {
		return nil, err
	}
	p, err := tools.Start(ctx, java.Command{
		Name: o.Name, Flags: flags(), ClassPath: append(modules, path...), Main: "Job",
		Args: append([]string{
			"statefun.remote.module-name=" + location,
			"classloader.parent-first-patterns.additional=org.apache.flink.statefun;org.apache.kafka;com.google.protobuf",
			"parallelism.default=1",
			"taskmanager.memory.managed.size=32m",
			fmt.Sprintf("rest.port=%d", ports[0]),
			"rest.bind-address=127.0.0.1",
			"state.checkpoints.dir=file://" + filepath.Join(o.Dir, "checkpoints"),
			"execution.checkpointing.interval=500ms",
			"execution.checkpointing.max-concurrent-checkpoints=1",
			"execution.checkpointing.externalized-checkpoint-retention=RETAIN_ON_CANCELLATION",
			"execution.buffer-timeout=5ms",
			"restart-strategy=fixed-delay",
			"restart-strategy.fixed-delay.attempts=1000",
			"restart-strategy.fixed-delay.delay=200ms",
		}, o.Settings...),
	})
	if err != nil {
		return nil, err
	}
	j := &Job{process: p, rest: fmt.Sprintf("http://127.0.0.1:%d", ports[0]), dir: o.Dir}
	j.again = func(ctx context.Context, settings ...string) (*Job, error) {
		again := o
		again.Name += "-restored"
		again.Settings = append(slices.Clip(o.Settings), settings...)
		return Start3(ctx, tools, runtimes, again)
	}
	if err := p.Await(ctx, j.running); err != nil {
		j.Stop()
		return nil, err
	}
	return j, nil
}

// Start2 starts StateFun 2.2.2 and waits until its tasks have begun.
func Start2(ctx context.Context, tools *java.Tools, runtimes string, o Options) (*Job, error) {
	path, modules, err := prepare(ctx, tools, runtimes, "flink2", o)
	if err != nil {
		return nil, err
	}
	p, err := tools.Start(ctx, java.Command{
		Name: o.Name, Flags: flags(), ClassPath: append(modules, path...), Main: "Job",
		Args: append([]string{
			"parallelism.default=1",
			"execution.checkpointing.interval=500 ms",
			"execution.buffer-timeout=5 ms",
			"restart-strategy=fixed-delay",
			"restart-strategy.fixed-delay.attempts=1000",
			"restart-strategy.fixed-delay.delay=200 ms",
		}, o.Settings...),
	})
	if err != nil {
		return nil, err
	}
	j := &Job{process: p}
	err = p.Await(ctx, func(context.Context) error {
		if !p.Contains("to RUNNING") {
			return errNotRunning
		}
		return nil
	})
	if err != nil {
		j.Stop()
		return nil, err
	}
	return j, nil
}

// prepare compiles the program of a runtime and writes the module files. It
// returns the class path, and the directory of each module file.
func prepare(ctx context.Context, tools *java.Tools, runtimes, name string, o Options) (path, modules []string, err error) {
	project := filepath.Join(runtimes, name)
	jars, err := tools.ClassPath(ctx, project)
	if err != nil {
		return nil, nil, err
	}
	classes, err := tools.Compile(ctx, name, jars, filepath.Join(runtimes, "Leash.java"), filepath.Join(project, "Job.java"))
	if err != nil {
		return nil, nil, err
	}
	for i, text := range o.Modules {
		dir := filepath.Join(o.Dir, "modules", strconv.Itoa(i))
		if err := errors.Join(os.MkdirAll(dir, 0o700), os.WriteFile(filepath.Join(dir, "module.yaml"), []byte(text), 0o600)); err != nil {
			return nil, nil, err
		}
		modules = append(modules, dir)
	}
	return []string{classes, project, jars}, modules, nil
}

var errNotRunning = errors.New("not all tasks run")

// running asks Flink whether all tasks run.
func (j *Job) running(ctx context.Context) error {
	var overview struct {
		Jobs []struct {
			Tasks struct{ Total, Running int }
		}
	}
	if err := j.get(ctx, "/jobs/overview", &overview); err != nil {
		return err
	}
	if len(overview.Jobs) != 1 || overview.Jobs[0].Tasks.Total == 0 || overview.Jobs[0].Tasks.Running < overview.Jobs[0].Tasks.Total {
		return errNotRunning
	}
	return nil
}

func (j *Job) get(ctx context.Context, path string, to any) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, j.rest+path, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", path, resp.Status)
	}
	return json.NewDecoder(resp.Body).Decode(to)
}

// Crash ends the application as kill -9 does, and starts it anew from its last
// checkpoint. It is for 3.x.
func (j *Job) Crash(ctx context.Context) error {
	if j.again == nil {
		return errors.New("this runtime keeps nothing")
	}
	j.Stop()
	last, err := j.checkpoint()
	if err != nil {
		return err
	}
	next, err := j.again(ctx, "execution.savepoint.path=file://"+last)
	if err != nil {
		return err
	}
	*j = *next
	return nil
}

// checkpoint returns the directory of the last checkpoint that is complete.
func (j *Job) checkpoint() (string, error) {
	found, err := filepath.Glob(filepath.Join(j.dir, "checkpoints", "*", "chk-*", "_metadata"))
	if err != nil {
		return "", err
	}
	var last string
	var newest time.Time
	for _, file := range found {
		info, err := os.Stat(file)
		if err != nil {
			return "", err
		}
		if info.ModTime().After(newest) {
			last, newest = filepath.Dir(file), info.ModTime()
		}
	}
	if last == "" {
		return "", fmt.Errorf("no checkpoint is complete in %s", j.dir)
	}
	return last, nil
}

// Done is closed when the application has ended, which it should not.
func (j *Job) Done() <-chan struct{} { return j.process.Done() }

// Says reports whether the application has logged a text.
func (j *Job) Says(text string) bool { return j.process.Contains(text) }

// Tail returns the end of the application's log.
func (j *Job) Tail() string { return j.process.Tail(60) }

// Stop ends the application. It does not ask: what a job leaves behind then is
// what a crash leaves.
func (j *Job) Stop() { j.process.Kill() }
