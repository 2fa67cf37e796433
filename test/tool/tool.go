// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package tool finds the programs of others that tests run for real, and decides
// what happens when one is not there.
package tool

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// goWithout is set by who has not got every program and wants the other tests.
const goWithout = "OMNI_LOCAL_TESTS"

// elsewhere are the programs that neither Debian nor PyPI has, the only sources of
// .ci/run, and where to get them.
var elsewhere = map[string]string{"gcloud": "https://cloud.google.com/sdk/docs/install"}

// Path returns where the program is. Without it the test fails: one that is skipped
// in silence tests nothing. It is skipped only with OMNI_LOCAL_TESTS set, or when
// .ci/run cannot install the program.
func Path(t testing.TB, program string) string {
	t.Helper()
	path, err := find(program)
	if err == nil {
		return path
	}
	if source, ok := elsewhere[program]; ok {
		t.Skipf("%v: it is in no package registry that .ci/run could install it from; get it at %s", err, source)
	}
	if os.Getenv(goWithout) != "" {
		t.Skipf("%v, and %s is set", err, goWithout)
	}
	t.Fatalf("%v: install it as .ci/run does, or set %s=1 to skip the tests that run it", err, goWithout)
	return ""
}

// find looks beside PATH where Debian has what is for root, which is not on the PATH
// of other users.
func find(program string) (string, error) {
	path, err := exec.LookPath(program)
	if err == nil {
		return path, nil
	}
	if path, sbinErr := exec.LookPath(filepath.Join("/usr/sbin", program)); sbinErr == nil {
		return path, nil
	}
	return "", fmt.Errorf("this test runs %s for real: %w", program, err)
}
