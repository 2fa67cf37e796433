// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"context"
	"errors"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TestDataDirectoryInUse: a second server on the data of the first says so and
// ends, and the first goes on.
func TestDataDirectoryInUse(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	server := filepath.Join(lab.dir, "omni-apiserver")
	data, kubeconfig := filepath.Join(server, "data"), filepath.Join(server, "kubeconfig")
	out, err := lab.program().Run(ctx, filepath.Join(lab.dir, "bin", "omni-apiserver"),
		"--bind-address=127.0.0.1", "--secure-port=0", "--data-dir="+data, "--cluster-id=second",
		"--kubeconfig="+kubeconfig, "--authentication-kubeconfig="+kubeconfig, "--authorization-kubeconfig="+kubeconfig,
	).CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || ctx.Err() != nil {
		t.Fatalf("it did not end by itself with an error: %v\n%s", err, out)
	}
	if !strings.Contains(string(out), data+" is in use by another process") {
		t.Errorf("it did not say why: %s", out)
	}
	if _, err := locations().List(t.Context(), metav1.ListOptions{}); err != nil {
		t.Errorf("the first server: %v", err)
	}
}
