package flink

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"

	"github.com/statefun-go/statefun-go/e2e/java"
)

// Options say what to run.
type Options struct {
	// Name names the log files.
	Name string
	// Dir is for the module files, and for what Flink keeps.
	Dir string
	// Modules are the texts of the module files. One is named by its path; of
	// several, each is a module.yaml on the class path.
	Modules []string
	// Settings are Flink's configuration, key=value; they win over what is set
	// here: checkpoints each half second, restarts after 200 ms.
	Settings []string
}

// kept is the directory of checkpoints and savepoints.
func (o Options) kept() string { return filepath.Join(o.Dir, "kept") }

// flags are those of every virtual machine, with what Flink needs opened on a
// Java of later than its own days.
func flags(more ...string) []string {
	all := []string{"-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"}
	for _, p := range []string{"java.util", "java.util.concurrent.atomic", "java.lang", "java.time"} {
		all = append(all, "--add-opens=java.base/"+p+"=ALL-UNNAMED")
	}
	return append(all, more...)
}

// settings3 is the configuration of StateFun 3.3.0 in every form; modules are
// the directories of the module files, on the class path.
func settings3(o Options, modules []string) []string {
	location := "classpath:module.yaml"
	if len(modules) == 1 {
		location = "file://" + filepath.Join(modules[0], "module.yaml")
	}
	return []string{
		"statefun.remote.module-name=" + location,
		"classloader.parent-first-patterns.additional=org.apache.flink.statefun;org.apache.kafka;com.google.protobuf",
		"rest.bind-address=127.0.0.1",
		"state.checkpoints.dir=file://" + filepath.Join(o.kept(), "checkpoints"),
		"state.savepoints.dir=file://" + filepath.Join(o.kept(), "savepoints"),
		"execution.checkpointing.interval=500ms",
		"execution.checkpointing.max-concurrent-checkpoints=1",
		"execution.checkpointing.externalized-checkpoint-retention=RETAIN_ON_CANCELLATION",
		"execution.buffer-timeout=5ms",
		"restart-strategy=fixed-delay",
		"restart-strategy.fixed-delay.attempts=1000",
		"restart-strategy.fixed-delay.delay=200ms",
	}
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
