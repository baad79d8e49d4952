//go:build !unix

package lambdalocal

import (
	"os"
	"os/exec"
)

// canFreeze says that the system cannot stop processes and let them go on.
const canFreeze = false

func isolate(*exec.Cmd)       {}
func freezeGroup(*os.Process) {}
func thawGroup(*os.Process)   {}

// terminateGroup ends the process at once: there is no asking.
func terminateGroup(p *os.Process) { killGroup(p) }

// killGroup ends the process. An error means that it has ended.
func killGroup(p *os.Process) { _ = p.Kill() }
