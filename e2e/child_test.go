package e2e_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

// child is this program again, in another role: a process that can be killed. It
// may be started any number of times, one after the other.
type child struct {
	role, arg string
	cmd       *exec.Cmd // nil while it does not run
	said      said
}

// said keeps what a process says.
type said struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (s *said) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.all.Write(p)
}

func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.all.String()
}

// The roles, and how the environment of a child names its own.
const (
	roleEnv     = "STATEFUN_E2E_ROLE"
	argEnv      = "STATEFUN_E2E_ARG"
	roleGreeter = "greeter" // slowly; the argument is its address
	roleEngine  = "engine"  // the argument is its directory
	roleLambda  = "lambda"  // a bootstrap with the functions of all scenarios
	roleCloud   = "cloud"   // the same as a Cloud Function; the argument is its port
)

// serving plays the role that the environment says, if any.
func serving() bool {
	var err error
	switch arg := os.Getenv(argEnv); os.Getenv(roleEnv) {
	case "":
		return false
	case roleGreeter:
		go leash()
		err = serveGreeter(arg)
	case roleEngine:
		go leash()
		err = runEngine(arg)
	case roleCloud:
		go leash()
		err = runFramework(arg)
	case roleLambda: // its gateway ends it
		err = runBootstrap()
	default:
		err = errors.New("unknown role")
	}
	if err != nil {
		panic(err)
	}
	return true
}

// leash ends the process when its standard input ends: when the test is gone.
func leash() {
	io.Copy(io.Discard, os.Stdin)
	panic("the test is gone")
}

func (c *child) start() error {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), roleEnv+"="+c.role, argEnv+"="+c.arg)
	cmd.Stdout, cmd.Stderr = &c.said, &c.said
	in, err := cmd.StdinPipe() // stays open as long as this process lives
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return errors.Join(err, in.Close())
	}
	c.cmd = cmd
	return nil
}

// kill ends the process as kill -9 does.
func (c *child) kill() {
	if c.cmd == nil {
		return
	}
	c.cmd.Process.Kill()
	c.cmd.Wait()
	c.cmd = nil
}

// terminate asks the process to end, as a platform does, and waits until it has.
func (c *child) terminate() error {
	if c.cmd == nil {
		return nil
	}
	process := c.cmd.Process
	err := process.Signal(syscall.SIGTERM)
	if err == nil {
		late := time.AfterFunc(20*time.Second, func() { process.Kill() })
		defer late.Stop()
		err = c.cmd.Wait() // "signal: killed", if it was late
	}
	c.cmd = nil
	return err
}
