// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

// Package pinning holds the provisioner and pkg/controller/nomination against a real
// kube-scheduler: do pods go where they were planned? Machines are Nodes that come up
// after a while; there is no cloud and no Liqo.
//
// With OMNI_E2E_LAB set to the directory of a lab that is up, that one is used and
// left as it is. Its components are main-api and kubernetes only: the
// omni-controller of a whole lab would plan for the same pods.
package pinning

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"

	testlab "github.com/castai/omni/test/lab"
)

// mainConfig reaches the main cluster.
var mainConfig *rest.Config

func TestMain(m *testing.M) {
	ctrl.SetLogger(klog.Background()) // or its clients complain that nobody did
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "pinning:", err)
		code = max(code, 1)
	}
	os.Exit(code)
}

func run(m *testing.M) (code int, err error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	dir := os.Getenv("OMNI_E2E_LAB")
	if dir == "" {
		// A short path: unix sockets are inside.
		if dir, err = os.MkdirTemp("", "omni-pin"); err != nil {
			return 1, err
		}
		own := testlab.Lab{Root: "../..", Dir: dir}
		defer func() { err = errors.Join(err, own.Down()) }()
		if err := own.Up(ctx, "--port-base", "31000", "--components", "main-api,kubernetes"); err != nil {
			return 1, err
		}
	}
	if mainConfig, err = clientcmd.BuildConfigFromFlags("", filepath.Join(dir, "admin.kubeconfig")); err != nil {
		return 1, err
	}
	mainConfig.QPS = -1 // the test waits for the servers, not for its own throttle
	done := make(chan int, 1)
	go func() { done <- m.Run() }()
	select {
	case code = <-done:
	case <-ctx.Done():
		code, err = 1, fmt.Errorf("interrupted: %w", context.Cause(ctx))
	}
	return code, err
}
