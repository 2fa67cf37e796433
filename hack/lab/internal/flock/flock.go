// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package flock is a lock between programs. The kernel gives it back when its
// holder ends, however that happens: no stale one is ever left.
package flock

import (
	"context"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// Lock waits until it holds the file's lock, or ctx is done.
func Lock(ctx context.Context, path string) (unlock func(), err error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	taken := make(chan error, 1)
	go func() { taken <- unix.Flock(int(file.Fd()), unix.LOCK_EX) }()
	select {
	case err := <-taken:
		if err != nil {
			file.Close()
			return nil, fmt.Errorf("lock %s: %w", path, err)
		}
		return func() { file.Close() }, nil
	case <-ctx.Done(): // the waiting goroutine ends with the program
		return nil, ctx.Err()
	}
}
