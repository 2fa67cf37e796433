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
)

const (
	// portBase leaves the ports of a developer's own lab alone.
	portBase = 28000
	// downBound is kept free before go test's own -timeout, which would end
	// this process without taking the lab down.
	downBound = time.Minute
)

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
	if timeout := flag.Lookup("test.timeout").Value.(flag.Getter).Get().(time.Duration); timeout > downBound {
		ctx, stop = context.WithTimeoutCause(ctx, timeout-downBound, errors.New("out of time"))
		defer stop()
	}
	dir := os.Getenv("OMNI_E2E_LAB")
	if dir == "" {
		// A short path: unix sockets are inside.
		if dir, err = os.MkdirTemp("", "omni-e2e"); err != nil {
			return 1, err
		}
		defer func() { err = errors.Join(err, takeDown(dir)) }()
		if err := bringUp(ctx, dir); err != nil {
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

func bringUp(ctx context.Context, dir string) error {
	cmd := command(ctx, "go", "run", "-C", filepath.Join("hack", "lab"), "-trimpath", "./cmd/lab",
		"up", "--dir", dir, "--port-base", strconv.Itoa(portBase))
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("bring the lab up in %s: %w", dir, err)
	}
	return nil
}

// takeDown runs after a signal too, so it has a context of its own.
func takeDown(dir string) error {
	ctx, cancel := context.WithTimeout(context.Background(), downBound)
	defer cancel()
	if out, err := labCommand(ctx, dir, "down").CombinedOutput(); err != nil {
		return fmt.Errorf("take the lab in %s down: %w\n%s", dir, err, out)
	}
	return os.RemoveAll(dir)
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
