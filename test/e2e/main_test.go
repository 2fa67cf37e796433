// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

// Package e2e tests the whole product on a lab of its own: real clusters behind a
// real aggregator, real Liqo, the AWS SDK and CLI against the emulated AWS.
//
// With OMNI_E2E_LAB set to the directory of a lab that is up, that one is used and
// left as it is. It must have no edge location: there is one edge cluster in a lab.
package e2e

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"

	testlab "github.com/castai/omni/test/lab"
)

// portBase leaves the ports of a developer's own lab alone.
const portBase = 28000

// lab is the one that all tests share.
var lab *labUnderTest

func TestMain(m *testing.M) {
	flag.Parse()
	ctrl.SetLogger(klog.Background()) // or its clients complain that nobody did
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		code = max(code, 1)
	}
	os.Exit(code)
}

// run runs the tests on a lab that is up, and takes it down if it was not there
// before, however the tests end.
func run(m *testing.M) (code int, err error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if timeout := flag.Lookup("test.timeout").Value.(flag.Getter).Get().(time.Duration); timeout > testlab.DownBound {
		// go test's own timeout would end this process without taking the lab down.
		ctx, stop = context.WithTimeoutCause(ctx, timeout-testlab.DownBound, errors.New("out of time"))
		defer stop()
	}
	dir := os.Getenv("OMNI_E2E_LAB")
	if dir == "" {
		// A short path: unix sockets are inside.
		if dir, err = os.MkdirTemp("", "omni-e2e"); err != nil {
			return 1, err
		}
		own := testlab.Lab{Root: root, Dir: dir}
		defer func() { err = errors.Join(err, own.Down()) }()
		if err := own.Up(ctx, "--port-base", strconv.Itoa(portBase)); err != nil {
			printLogs(dir)
			return 1, err
		}
	}
	if lab, err = openLab(ctx, dir); err != nil {
		return 1, err
	}
	done := make(chan int, 1)
	go func() { done <- m.Run() }()
	select {
	case code = <-done:
	case <-ctx.Done():
		code, err = 1, fmt.Errorf("interrupted: %w", context.Cause(ctx))
	}
	if code != 0 {
		printLogs(dir)
	}
	return code, err
}

// printLogs shows the end of the product's logs, which go with the lab.
func printLogs(dir string) {
	const size = 16 << 10
	for _, name := range []string{"omni-controller", "omni-apiserver"} {
		log, err := os.ReadFile(filepath.Join(dir, "log", name+".log"))
		if err != nil {
			continue // it never started
		}
		fmt.Printf("\n--- the end of %s.log\n%s\n", name, log[max(0, len(log)-size):])
	}
}
