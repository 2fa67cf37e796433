// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package build

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/castai/omni/hack/lab/internal/layout"
	"github.com/castai/omni/hack/lab/internal/progress"
)

// Builder builds for one checkout.
type Builder struct {
	Lab   layout.Lab
	Print *progress.Printer
}

// static are the flags of what is cached. Without cgo and paths the packages
// compiled are the same on every machine; the Makefile runs the lab itself with
// them, which shares most of its packages with Kubernetes.
var static = []string{"-trimpath", "-ldflags=-s -w"}

// controlPlane is every name that hyper is called under.
var controlPlane = []string{"etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl", "kwok"}

// Kubernetes returns the directory with the control plane's programs.
func (b Builder) Kubernetes(ctx context.Context) (string, error) {
	dir := filepath.Join(b.Lab.Root, "hack", "lab")
	return b.cached(ctx, dir, "Kubernetes", []string{"hyper/main.go"}, func(tmp string) error {
		version, err := b.goTool(ctx, dir, "list", "-m", "-f", "{{.Version}}", "k8s.io/kubernetes")
		if err != nil {
			return err
		}
		flags := slices.Clone(static)
		flags[len(flags)-1] += stamp(strings.TrimSpace(string(version)))
		args := append([]string{"build"}, append(flags, "-o", filepath.Join(tmp, "hyper"), "./hyper")...)
		if _, err := b.goTool(ctx, dir, args...); err != nil {
			return err
		}
		for _, name := range controlPlane {
			if err := os.Symlink("hyper", filepath.Join(tmp, name)); err != nil {
				return err
			}
		}
		return nil
	})
}

// Liqo returns the directory with Liqo's programs.
func (b Builder) Liqo(ctx context.Context) (string, error) {
	dir := b.liqoModule()
	return b.cached(ctx, dir, "Liqo", nil, func(tmp string) error {
		_, err := b.goTool(ctx, dir, append(append([]string{"build"}, static...), "-o", tmp+string(filepath.Separator), "tool")...)
		return err
	})
}

// LiqoSource returns Liqo's source in the module cache: its CRDs and the rules of
// its roles are there.
func (b Builder) LiqoSource(ctx context.Context) (string, error) {
	out, err := b.goTool(ctx, b.liqoModule(), "mod", "download", "-json", "github.com/liqotech/liqo")
	if err != nil {
		return "", err
	}
	var module struct{ Dir string }
	if err := json.Unmarshal(out, &module); err != nil {
		return "", fmt.Errorf("go mod download: %w", err)
	}
	return module.Dir, nil
}

func (b Builder) liqoModule() string { return filepath.Join(b.Lab.Root, "hack", "lab", "liqo") }

// Program is one of the checkout's own.
type Program struct{ Name, Package string }

// Checkout builds programs of the checkout into the lab's bin directory. They are
// not cached here: the go command knows best what has changed.
func (b Builder) Checkout(ctx context.Context, programs ...Program) error {
	for _, program := range programs {
		err := b.Print.LongStep(ctx, "build "+program.Name, func(ctx context.Context) error {
			if _, err := os.Stat(filepath.Join(b.Lab.Root, program.Package)); err != nil {
				return fmt.Errorf("leave its component out with --components: %w", err)
			}
			cmd := exec.CommandContext(ctx, "go", "build", "-o", b.Lab.Binary(program.Name), program.Package)
			cmd.Dir = b.Lab.Root
			// The developer's own settings, so that `make build` and this share a cache.
			cmd.Env = slices.DeleteFunc(os.Environ(), func(kv string) bool { return strings.HasPrefix(kv, "CGO_ENABLED=") })
			_, err := output(cmd)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Self puts the running lab itself beside them: `go run` deletes its program when
// it ends, and a virtual kubelet's runner outlives that.
func (b Builder) Self() error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	return install(self, b.Lab.Binary("lab"))
}

// cached returns the built programs of a module in dir, keyed by its go.mod,
// go.sum and sources.
func (b Builder) cached(ctx context.Context, dir, what string, sources []string, fill func(tmp string) error) (string, error) {
	cache, err := cacheDir()
	if err != nil {
		return "", err
	}
	name, err := key(dir, static, append([]string{"go.mod", "go.sum"}, sources...)...)
	if err != nil {
		return "", err
	}
	if path := filepath.Join(cache, name); exists(path) {
		return path, nil
	}
	var path string
	err = b.Print.LongStep(ctx, "build "+what+" (once, takes minutes)", func(ctx context.Context) error {
		path, err = once(ctx, cache, name, fill)
		return err
	})
	return path, err
}

// goTool runs the go command on one of the lab's modules.
func (b Builder) goTool(ctx context.Context, dir string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	return output(cmd)
}

func output(cmd *exec.Cmd) ([]byte, error) {
	out, err := cmd.Output()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return nil, fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, bytes.TrimSpace(exit.Stderr))
	}
	return out, err
}

// stamp is the linker's part of Kubernetes' version: a plain build calls itself
// v0.0.0-master. See hack/lib/version.sh of k8s.io/kubernetes.
func stamp(version string) string {
	const pkg = "k8s.io/component-base/version"
	parts := strings.SplitN(strings.TrimPrefix(version, "v"), ".", 3)
	return fmt.Sprintf(" -X %[1]s.gitVersion=%[2]s -X %[1]s.gitMajor=%[3]s -X %[1]s.gitMinor=%[4]s -X %[1]s.gitTreeState=clean",
		pkg, version, parts[0], parts[1])
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
