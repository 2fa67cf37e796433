// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"k8s.io/client-go/tools/clientcmd"
)

// The names of what is measured of a server without a cluster.
const (
	standaloneReady  = "standalone, from start to ready"
	standaloneMemory = "standalone, memory when ready"
)

// standalonePort counts from the first port: the lab uses none above it.
const standalonePort = 59

// standalone measures the server that somebody runs to try OMNI: each time on a
// new data directory.
func (b *bench) standalone(ctx context.Context) error {
	for repetition := range b.sizes.Repetitions {
		dir := filepath.Join(b.lab.Dir, fmt.Sprintf("standalone-%d", repetition))
		if err := os.Mkdir(dir, 0o700); err != nil {
			return err
		}
		if err := b.startStandalone(ctx, dir); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) startStandalone(ctx context.Context, dir string) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var log bytes.Buffer
	cmd := exec.CommandContext(ctx, filepath.Join(b.lab.Dir, "bin", "omni-apiserver"),
		"--standalone", "--data-dir="+dir, "--secure-port="+strconv.Itoa(b.portBase+standalonePort))
	cmd.Stderr = &log
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	start := time.Now()
	if err := cmd.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() {
		err := cmd.Wait()
		cancel(fmt.Errorf("it has ended: %w: %s", err, log.String()))
		ended <- err
	}()
	err := poll(ctx, func(ctx context.Context) error {
		// The server writes it when it starts.
		config, err := clientcmd.BuildConfigFromFlags("", filepath.Join(dir, "admin.kubeconfig"))
		if err != nil {
			return err
		}
		c, err := b.targets[omni].newClient(config)
		if err != nil {
			return err
		}
		return c.ready(ctx)
	})
	if err != nil {
		return fmt.Errorf("%w: %w", err, context.Cause(ctx))
	}
	b.result.add(standaloneReady, seconds, omni, time.Since(start).Seconds())
	size, err := rss(cmd.Process.Pid)
	if err != nil {
		return err
	}
	b.result.add(standaloneMemory, megabytes, omni, size)
	cancel(nil)
	<-ended // killed or not: it has been measured
	return nil
}
