//go:build unix

package demo

import (
	"os/exec"
	"syscall"
)

// detach keeps a Ctrl-C in the terminal from the child: the demo stops its
// children itself, in order, and a second signal would end them at once.
func detach(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }
