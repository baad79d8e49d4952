//go:build unix

package lambdalocal

import (
	"os"
	"os/exec"
	"syscall"
)

// canFreeze says that the system can stop processes and let them go on.
const canFreeze = true

// isolate gives a command a process group, so that all of it can be ended. The
// group also sees to it that nothing stays behind frozen: a stopped group that
// is orphaned gets SIGHUP and SIGCONT from the system.
func isolate(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

func freezeGroup(p *os.Process) { signalGroup(p, syscall.SIGSTOP) }
func thawGroup(p *os.Process)   { signalGroup(p, syscall.SIGCONT) }
func killGroup(p *os.Process)   { signalGroup(p, syscall.SIGKILL) }

// terminateGroup asks to end; a frozen process hears it only when it runs.
func terminateGroup(p *os.Process) {
	signalGroup(p, syscall.SIGTERM)
	signalGroup(p, syscall.SIGCONT)
}

// signalGroup signals all processes of a group. An error means that there are
// none left.
func signalGroup(p *os.Process, signal syscall.Signal) {
	_ = syscall.Kill(-p.Pid, signal)
}
