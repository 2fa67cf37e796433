// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package etcdtest gives tests a data directory for an embedded etcd.
package etcdtest

import (
	"os"
	"testing"
)

// DataDir returns a directory that ends with the test. Unlike that of t.TempDir its
// path is short enough for the unix socket in it.
func DataDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "omni")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}
