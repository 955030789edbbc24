//go:build !linux

package redistest

import "os/exec"

// dieWithParent does nothing: only Linux has a parent-death signal, so elsewhere a killed test
// binary leaves its servers.
func dieWithParent(*exec.Cmd) {}
