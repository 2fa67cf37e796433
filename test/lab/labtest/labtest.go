// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package labtest runs the tests of a package on a lab that they share.
//
// With OMNI_E2E_LAB set to the directory of a lab that is up, that one is used and
// left as it is.
package labtest

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/castai/omni/test/lab"
)

// Root is the checkout, seen from a package in test.
const Root = "../.."

// Main is what TestMain does: it brings a lab up with these flags of `lab up`, opens
// the lab in its directory, runs the tests and takes the lab down, however they end.
// What open makes may live as long as its context.
func Main(m *testing.M, open func(ctx context.Context, dir string) error, upFlags ...string) {
	flag.Parse()
	ctrl.SetLogger(klog.Background()) // or its clients complain that nobody did
	code, err := run(m, open, upFlags)
	if err != nil {
		fmt.Fprintln(os.Stderr, "lab:", err)
		code = max(code, 1)
	}
	os.Exit(code)
}

func run(m *testing.M, open func(context.Context, string) error, upFlags []string) (code int, err error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := leaveTime(ctx, flag.Lookup("test.timeout").Value.(flag.Getter).Get().(time.Duration))
	defer cancel()
	dir := os.Getenv("OMNI_E2E_LAB")
	if dir == "" {
		// A short path: unix sockets are inside.
		if dir, err = os.MkdirTemp("", "omni-e2e"); err != nil {
			return 1, err
		}
		own := lab.Lab{Root: Root, Dir: dir}
		defer func() { err = errors.Join(err, own.Down()) }()
		if err := own.Up(ctx, upFlags...); err != nil {
			printLogs(dir)
			return 1, err
		}
	}
	if err := open(ctx, dir); err != nil {
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

// leaveTime ends ctx so early that the lab is down before go test's own timeout,
// which would end this process and leave the lab running. Zero is no timeout, and one
// that leaves no time at all is not kept.
func leaveTime(ctx context.Context, timeout time.Duration) (context.Context, context.CancelFunc) {
	if timeout <= lab.DownBound {
		return ctx, func() {}
	}
	return context.WithTimeoutCause(ctx, timeout-lab.DownBound, errors.New("out of time"))
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
