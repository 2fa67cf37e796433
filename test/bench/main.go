// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Command bench measures omni-apiserver against a CustomResourceDefinition of the
// same schema, in one run on this machine. docs/benchmarks.md says what and how.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"syscall"

	"github.com/castai/omni/test/lab"
)

// portBase leaves the ports of other labs alone: 26000 of a developer's own and
// 28000 of the end-to-end tests.
const portBase = 30000

func main() {
	// Interrupted, it takes the lab down first.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// run brings a lab up, measures and takes it down, however the run ends.
func run(ctx context.Context, args []string) (err error) {
	flags := flag.NewFlagSet("bench", flag.ExitOnError)
	var s sizes
	flags.IntVar(&s.Objects, "objects", 10000, "how many Edges each server holds")
	flags.IntVar(&s.Clients, "clients", 16, "clients at the same time, each with a connection of its own")
	flags.IntVar(&s.Gets, "gets", 1000, "GETs in a repetition")
	flags.IntVar(&s.Watchers, "watchers", 1000, "watches at the same time")
	flags.IntVar(&s.Updates, "updates", 10, "updates in a repetition that every watcher gets")
	flags.IntVar(&s.Repetitions, "repetitions", 5, "repetitions of every measurement, in turns; medians are printed")
	out := flags.String("out", "", "file to write the result to, JSON (default none)")
	profiles := flags.String("profiles", "", "directory to write CPU profiles of both servers to, after the measurements (default none)")
	root := flags.String("root", ".", "the checkout")
	ports := flags.Int("port-base", portBase, "the first port on loopback, of about 60")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if err := s.validate(); err != nil {
		return err
	}
	// A short path: the socket of etcd is inside.
	dir, err := os.MkdirTemp("", "omni-bench")
	if err != nil {
		return err
	}
	b := newBench(lab.Lab{Root: *root, Dir: dir}, *ports, s)
	defer func() { err = errors.Join(err, b.lab.Down()) }()
	components := []string{"--components", "main-api,omni-apiserver", "--fsync", "--port-base", strconv.Itoa(*ports)}
	if err := b.lab.Up(ctx, components...); err != nil {
		return err
	}
	if err := b.measure(ctx); err != nil {
		return err
	}
	if *profiles != "" {
		if err := b.profile(ctx, *profiles); err != nil {
			return err
		}
	}
	b.result.print(os.Stdout)
	if *out != "" {
		return b.result.write(*out)
	}
	return nil
}
