package lambdalocal

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"time"
)

// What the function is told about itself.
const (
	functionName = "function"
	functionARN  = "arn:aws:lambda:" + region + ":" + accountID + ":function:" + functionName
	region       = "us-east-1"
	accountID    = "123456789012"
)

// process is a bootstrap in a process group of its own. It is safe for
// concurrent use.
type process struct {
	cmd *exec.Cmd

	mu     sync.Mutex
	reaped bool // its number may belong to another process by now
}

// startProcess starts the bootstrap with the Runtime API at address.
func startProcess(o *Options, address string, out *lineWriter) (*process, error) {
	cmd := exec.Command(o.Bootstrap, o.Args...) //nolint:gosec,noctx // running the user's program is the purpose; its environment ends it
	cmd.Dir = filepath.Dir(o.Bootstrap)
	cmd.Env = append(baseEnv(o, address), o.Env...) // of two equal names the last counts
	cmd.Stdout, cmd.Stderr = out, out
	cmd.WaitDelay = time.Second // for what it has started and left behind with its output
	isolate(cmd)
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return &process{cmd: cmd}, nil
}

// baseEnv is the environment that Lambda gives a function on an OS-only
// runtime.
func baseEnv(o *Options, address string) []string {
	env := []string{
		"AWS_LAMBDA_RUNTIME_API=" + address,
		"AWS_LAMBDA_FUNCTION_NAME=" + functionName,
		"AWS_LAMBDA_FUNCTION_VERSION=$LATEST",
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE=" + strconv.Itoa(o.Memory),
		"AWS_LAMBDA_LOG_GROUP_NAME=/aws/lambda/" + functionName,
		"AWS_LAMBDA_LOG_STREAM_NAME=" + time.Now().UTC().Format("2006/01/02") + "/[$LATEST]local",
		"AWS_LAMBDA_INITIALIZATION_TYPE=on-demand",
		"AWS_REGION=" + region,
		"AWS_DEFAULT_REGION=" + region,
		"LAMBDA_TASK_ROOT=" + filepath.Dir(o.Bootstrap),
		"LAMBDA_RUNTIME_DIR=/var/runtime",
		"_HANDLER=bootstrap",
		"LANG=en_US.UTF-8",
		"TZ=:UTC",
		"PATH=/usr/local/bin:/usr/bin:/bin:/opt/bin",
	}
	if o.Concurrency > 1 {
		env = append(env, "AWS_LAMBDA_MAX_CONCURRENCY="+strconv.Itoa(o.Concurrency))
	}
	return env
}

// wait returns when the process has ended, and ends what it started. The text
// says how it ended, as Lambda puts it.
func (p *process) wait() string {
	err := p.cmd.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	killGroup(p.cmd.Process) // what the bootstrap has left behind
	p.reaped = true
	if p.cmd.ProcessState.Success() {
		return "Runtime exited without providing a reason"
	}
	return fmt.Sprintf("Runtime exited with error: %v", err)
}

// do signals the group of the process, unless it has ended.
func (p *process) do(signal func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.reaped {
		signal()
	}
}

func (p *process) freeze()    { p.do(func() { freezeGroup(p.cmd.Process) }) }
func (p *process) thaw()      { p.do(func() { thawGroup(p.cmd.Process) }) }
func (p *process) terminate() { p.do(func() { terminateGroup(p.cmd.Process) }) }
func (p *process) kill()      { p.do(func() { killGroup(p.cmd.Process) }) }
