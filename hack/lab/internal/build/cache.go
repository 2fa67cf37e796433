// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package build makes the lab's programs from pinned Go modules. What takes
// minutes, Kubernetes and Liqo, is built once for all checkouts and kept outside
// of them under a key of everything that goes into it.
package build

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"

	"github.com/castai/omni/hack/lab/internal/flock"
)

// CacheEnv names the variable that moves the cache.
const CacheEnv = "OMNI_LAB_CACHE"

// cacheDir is where built programs are kept: $OMNI_LAB_CACHE, else omni-lab in
// the user's cache directory ($XDG_CACHE_HOME or ~/.cache).
func cacheDir() (string, error) {
	if dir := os.Getenv(CacheEnv); dir != "" {
		return filepath.Abs(dir)
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("%s is unset and %w", CacheEnv, err)
	}
	return filepath.Join(dir, "omni-lab"), nil
}

// key is the content of the files and the toolchain, hashed. Files are named
// relative to dir, so that every checkout of the same content shares a key.
func key(dir string, flags []string, files ...string) (string, error) {
	hash := sha256.New()
	fmt.Fprintf(hash, "%s %s/%s %q\n", runtime.Version(), runtime.GOOS, runtime.GOARCH, flags)
	for _, name := range files {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return "", err
		}
		fmt.Fprintf(hash, "%s %d\n", name, len(data))
		hash.Write(data)
	}
	return hex.EncodeToString(hash.Sum(nil))[:16], nil
}

// once returns dir/name, and lets fill make it in a temporary directory first if
// it is not there: a build that is broken off leaves nothing that looks whole. Of
// several at once the first builds and the others wait for it.
func once(ctx context.Context, dir, name string, fill func(tmp string) error) (string, error) {
	done := filepath.Join(dir, name)
	if _, err := os.Stat(done); err == nil {
		return done, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	unlock, err := flock.Lock(ctx, filepath.Join(dir, name+".lock"))
	if err != nil {
		return "", err
	}
	defer unlock()
	if _, err := os.Stat(done); err == nil {
		return done, nil // another one has built it meanwhile
	}
	tmp, err := os.MkdirTemp(dir, name+".tmp-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(tmp)
	if err := fill(tmp); err != nil {
		return "", err
	}
	if err := os.Chmod(tmp, 0o755); err != nil {
		return "", err
	}
	return done, os.Rename(tmp, done)
}

// install copies a program into place in one step, also over one that runs.
func install(from, to string) error {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close()
	tmp, err := os.CreateTemp(filepath.Dir(to), filepath.Base(to)+".tmp-")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	if _, err := io.Copy(tmp, source); err != nil {
		tmp.Close()
		return err
	}
	if err := tmp.Chmod(0o755); err != nil {
		tmp.Close()
		return err
	}
	if err := tmp.Close(); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), to)
}
