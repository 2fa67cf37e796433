// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package lab brings a lab of hack/lab up and down for tests and benchmarks that
// need real clusters, by the lab's own command: it is a Go module of its own.
package lab

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// DownBound is how long taking a lab down may take: it ends its processes in six
// tiers, each with a grace of 5 s.
const DownBound = time.Minute

// Lab is a lab on this machine.
type Lab struct {
	// Root is the checkout, absolute or seen from the working directory.
	Root string
	// Dir is the lab's own directory, absolute.
	Dir string
}

// Up brings the lab up with these flags of `lab up` and prints its progress.
func (l Lab) Up(ctx context.Context, flags ...string) error {
	args := []string{"run", "-C", filepath.Join("hack", "lab"), "-trimpath", "./cmd/lab", "up", "--dir", l.Dir}
	cmd := l.Run(ctx, "go", append(args, flags...)...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("bring the lab up in %s: %w", l.Dir, err)
	}
	return nil
}

// Down ends every process of the lab and deletes its directory. It has a context
// of its own, for it runs after a signal too.
func (l Lab) Down() error {
	ctx, cancel := context.WithTimeout(context.Background(), DownBound)
	defer cancel()
	if _, err := os.Stat(l.program()); os.IsNotExist(err) {
		return os.RemoveAll(l.Dir) // up has not come so far as to start anything
	}
	if out, err := l.Command(ctx, "down").CombinedOutput(); err != nil {
		return fmt.Errorf("take the lab in %s down: %w\n%s", l.Dir, err, out)
	}
	return os.RemoveAll(l.Dir)
}

// Command is the lab's own program with a subcommand, for example "stop",
// "omni-controller".
func (l Lab) Command(ctx context.Context, args ...string) *exec.Cmd {
	return l.Run(ctx, l.program(), append(args, "--dir", l.Dir)...)
}

// program is what up leaves in the lab.
func (l Lab) program() string { return filepath.Join(l.Dir, "bin", "lab") }

// Run returns a command in the checkout that ends with its children when ctx does.
func (l Lab) Run(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = l.Root
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	return cmd
}
