package flink

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/statefun-go/statefun-go/e2e/java"
)

// Job is a running application, in one process or in two.
type Job struct {
	tools   *java.Tools
	options Options
	rest    rest // none in 2.x

	// up starts the processes and waits until every task runs, from a checkpoint
	// or a savepoint if one is given.
	up func(ctx context.Context, from string) error

	// another starts a task manager, where it has its own process.
	another func(ctx context.Context) error

	starts  map[string]int // of processes, by the names of their logs
	manager *java.Process  // of the job; in one process, this is all
	worker  *java.Process  // the task manager, in two
}

func newJob(tools *java.Tools, o Options) *Job {
	return &Job{tools: tools, options: o, starts: map[string]int{}}
}

// begin starts a job for the first time. What has failed leaves nothing behind.
func (j *Job) begin(ctx context.Context) error {
	err := j.up(ctx, "")
	if err != nil {
		j.Stop()
	}
	return err
}

// spawn starts a process of the job. Each has its own log, as often as it is
// started.
func (j *Job) spawn(ctx context.Context, c java.Command) (*java.Process, error) {
	j.starts[c.Name]++
	if n := j.starts[c.Name]; n > 1 {
		c.Name += "-" + strconv.Itoa(n)
	}
	return j.tools.Start(ctx, c)
}

// running waits until every task runs, and has begun to since a time.
func (j *Job) running(ctx context.Context, since time.Time) error {
	return j.manager.Await(ctx, func(ctx context.Context) error { return j.rest.running(ctx, since) })
}

var errKeepsNothing = errors.New("this runtime keeps nothing")

// Crash ends the processes as kill -9 does, and starts them anew from the last
// checkpoint. It is for 3.x.
func (j *Job) Crash(ctx context.Context) error {
	if j.rest == "" {
		return errKeepsNothing
	}
	j.Stop()
	return j.Resume(ctx)
}

// ReplaceWorker ends the task manager alone as kill -9 does, and starts another
// one. It waits until every task runs again, from the last checkpoint. It is for
// two processes.
func (j *Job) ReplaceWorker(ctx context.Context) error {
	if j.another == nil {
		return errors.New("the task manager is no process of its own")
	}
	killed := time.Now()
	j.worker.Kill()
	if err := j.another(ctx); err != nil {
		return err
	}
	return j.running(ctx, killed)
}

// Suspend takes a savepoint, with which Flink cancels the application, and ends
// the processes. Nothing that comes behind the savepoint counts. It is for 3.x.
func (j *Job) Suspend(ctx context.Context) error {
	if err := j.savepoint(ctx, j.rest.cancel); err != nil {
		return err
	}
	j.Stop()
	return nil
}

// Drain asks for what Flink calls stop: the sources end, and then a savepoint is
// taken. The processes stay. It is for 3.x.
func (j *Job) Drain(ctx context.Context) error { return j.savepoint(ctx, j.rest.stop) }

func (j *Job) savepoint(ctx context.Context, ask func(context.Context) (string, error)) error {
	if j.rest == "" {
		return errKeepsNothing
	}
	request, err := ask(ctx)
	if err != nil {
		return err
	}
	var failure error
	err = j.manager.Await(ctx, func(ctx context.Context) (err error) {
		failure, err = j.rest.outcome(ctx, request)
		return err
	})
	return errors.Join(failure, err)
}

// Resume starts what was suspended, from its savepoint.
func (j *Job) Resume(ctx context.Context) error {
	last, err := newest(j.options.kept())
	if err != nil {
		return err
	}
	return j.up(ctx, last)
}

// Says reports whether the application has logged a text.
func (j *Job) Says(text string) bool {
	for _, p := range j.processes() {
		if p.Contains(text) {
			return true
		}
	}
	return false
}

// Tail returns the end of the application's log, or logs.
func (j *Job) Tail() string {
	var tails []string
	for _, p := range j.processes() {
		tails = append(tails, p.Tail(60))
	}
	return strings.Join(tails, "\n")
}

// Stop ends the application. It does not ask: what a job leaves behind then is
// what a crash leaves.
func (j *Job) Stop() {
	for _, p := range j.processes() {
		p.Kill()
	}
}

// processes are those that have been started.
func (j *Job) processes() []*java.Process {
	var all []*java.Process
	for _, p := range []*java.Process{j.worker, j.manager} {
		if p != nil {
			all = append(all, p)
		}
	}
	return all
}
