package redistest

import (
	"os/exec"
	"syscall"
)

// dieWithParent makes the kernel kill the process when the test binary ends, also by SIGKILL.
func dieWithParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
