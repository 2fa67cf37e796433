// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package build

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
)

func write(t *testing.T, dir, name, content string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestKey(t *testing.T) {
	keyOf := func(mod, sum string, flags ...string) string {
		dir := t.TempDir() // a checkout of its own: the key must not depend on where it is
		write(t, dir, "go.mod", mod)
		write(t, dir, "go.sum", sum)
		k, err := key(dir, flags, "go.mod", "go.sum")
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	base := keyOf("module a", "sum", "-s")
	if again := keyOf("module a", "sum", "-s"); again != base {
		t.Errorf("the same content has two keys: %s and %s", base, again)
	}
	for name, other := range map[string]string{
		"go.mod":       keyOf("module b", "sum", "-s"),
		"go.sum":       keyOf("module a", "sum2", "-s"),
		"flags":        keyOf("module a", "sum", "-w"),
		"file borders": keyOf("module as", "um", "-s"),
	} {
		if other == base {
			t.Errorf("%s does not change the key", name)
		}
	}
	if _, err := key(t.TempDir(), nil, "go.mod"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
}

func TestOnceBuildsOnce(t *testing.T) {
	dir := t.TempDir()
	var builds atomic.Int32
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			path, err := once(context.Background(), dir, "key", func(tmp string) error {
				builds.Add(1)
				return os.WriteFile(filepath.Join(tmp, "hyper"), []byte("binary"), 0o755)
			})
			if err != nil {
				t.Error(err)
				return
			}
			if _, err := os.Stat(filepath.Join(path, "hyper")); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if n := builds.Load(); n != 1 {
		t.Errorf("built %d times", n)
	}
}

func TestOnceLeavesNothingOfAFailedBuild(t *testing.T) {
	dir := t.TempDir()
	broken := errors.New("compiler says no")
	_, err := once(context.Background(), dir, "key", func(tmp string) error {
		write(t, tmp, "half", "")
		return broken
	})
	if !errors.Is(err, broken) {
		t.Fatalf("error %v", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if entry.Name() != "key.lock" {
			t.Errorf("%s is left", entry.Name())
		}
	}
}

func TestStamp(t *testing.T) {
	const want = " -X k8s.io/component-base/version.gitVersion=v1.37.1" +
		" -X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=37" +
		" -X k8s.io/component-base/version.gitTreeState=clean"
	if got := stamp("v1.37.1"); got != want {
		t.Errorf("got %s", got)
	}
}
