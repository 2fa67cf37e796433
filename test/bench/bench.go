// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/version"

	"github.com/castai/omni/test/lab"
)

// sizes are how much is measured.
type sizes struct {
	Objects     int `json:"objects"`
	Clients     int `json:"clients"`
	Gets        int `json:"gets"`
	Watchers    int `json:"watchers"`
	Updates     int `json:"updates"`
	Repetitions int `json:"repetitions"`
}

func (s sizes) validate() error {
	for flag, value := range map[string]int{
		"objects": s.Objects, "clients": s.Clients, "gets": s.Gets,
		"watchers": s.Watchers, "updates": s.Updates, "repetitions": s.Repetitions,
	} {
		if value < 1 {
			return fmt.Errorf("--%s %d: must be at least 1", flag, value)
		}
	}
	if s.Objects%(2*s.Repetitions) != 0 {
		return errors.New("--objects: must be a multiple of twice --repetitions, for they are created in as many parts")
	}
	return nil
}

// bench is one run.
type bench struct {
	lab   lab.Lab
	sizes sizes
	// portBase is the first port of the lab.
	portBase int
	started  time.Time
	targets  map[string]target
	// storing are the processes whose memory counts for a target, serving those
	// that a request to it passes through.
	storing, serving map[string][]string
	result           result
}

func newBench(l lab.Lab, portBase int, s sizes) *bench {
	return &bench{lab: l, portBase: portBase, sizes: s, started: time.Now()}
}

// measure makes all measurements and concludes.
func (b *bench) measure(ctx context.Context) error {
	var err error
	if b.result.LoadStart, err = loadAverage(); err != nil {
		return err
	}
	var before, after map[string]used
	for _, step := range []struct {
		what string
		do   func(context.Context) error
	}{
		{"make the CRD and check that it is fair", func(ctx context.Context) error {
			return errors.Join(b.findTargets(), b.prepare(ctx))
		}},
		{"versions", b.versions},
		{"start of omni-apiserver, empty", func(ctx context.Context) error { return b.restart(ctx, ", empty") }},
		{"start without a cluster", b.standalone},
		{"memory and storage, empty", func(ctx context.Context) (err error) { before, err = b.used(ctx); return err }},
		{"create and update", b.fillObjects},
		{"memory and storage, full", func(ctx context.Context) (err error) { after, err = b.used(ctx); return err }},
		{"GET", b.getObjects},
		{"LIST", b.listObjects},
		{"watch", b.watchObjects},
		{"start of omni-apiserver, full", func(ctx context.Context) error { return b.restart(ctx, b.full()) }},
	} {
		b.print("%s", step.what)
		if err := step.do(ctx); err != nil {
			return fmt.Errorf("%s: %w", step.what, err)
		}
	}
	b.compare(before, after)
	if b.result.LoadEnd, err = loadAverage(); err != nil {
		return err
	}
	b.result.Time, b.result.CPUs, b.result.Sizes = b.started, runtime.NumCPU(), b.sizes
	b.result.Duration = time.Since(b.started).Round(time.Second).String()
	b.result.conclude()
	return nil
}

// full says how many objects there are in the names of measurements.
func (b *bench) full() string { return fmt.Sprintf(", %d objects", b.sizes.Objects) }

// print tells of the progress, with the seconds since the start.
func (b *bench) print(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "%5.0f s  %s\n", time.Since(b.started).Seconds(), fmt.Sprintf(format, args...))
}

// used is what a server uses.
type used struct {
	memory
	stored
}

func (b *bench) used(ctx context.Context) (map[string]used, error) {
	all := map[string]used{}
	for _, name := range []string{omni, crd} {
		t := b.targets[name]
		s, err := b.openStore(t)
		if err != nil {
			return nil, fmt.Errorf("etcd of %s: %w", name, err)
		}
		defer s.Close()
		var u used
		if u.stored, err = s.measure(ctx); err != nil {
			return nil, fmt.Errorf("etcd of %s: %w", name, err)
		}
		if u.memory, err = b.memoryOf(ctx, t); err != nil {
			return nil, err
		}
		all[name] = u
	}
	return all, nil
}

// compare notes how much the objects have added.
func (b *bench) compare(before, after map[string]used) {
	for _, name := range []string{omni, crd} {
		was, is := before[name], after[name]
		b.result.add("etcd, added to its file", megabytes, name, is.database-was.database)
		b.result.add("etcd, values", megabytes, name, is.values)
		b.result.add("memory (RSS) with etcd, empty", megabytes, name, was.rss)
		b.result.add("memory (RSS) with etcd"+b.full(), megabytes, name, is.rss)
		b.result.add("memory (RSS) with etcd, added", megabytes, name, is.rss-was.rss)
		b.result.add("live heap, added", megabytes, name, is.heap-was.heap)
	}
}

// versions notes what takes part.
func (b *bench) versions(ctx context.Context) error {
	commit, err := b.lab.Run(ctx, "git", "describe", "--always", "--dirty").Output()
	if err != nil {
		return fmt.Errorf("git: %w", err)
	}
	b.result.Commit = strings.TrimSpace(string(commit))
	b.result.Versions = map[string]string{"go": runtime.Version()}
	for name, program := range map[string]string{omni: "omni-apiserver", crd: "kube-apiserver"} {
		t := b.targets[name]
		c, err := t.newClient(t.admin)
		if err != nil {
			return err
		}
		body, err := raw(c.Get().AbsPath("/version").Do(ctx))
		if err != nil {
			return err
		}
		var info version.Info
		if err := json.Unmarshal(body, &info); err != nil {
			return err
		}
		b.result.Versions[program] = info.GitVersion
		s, err := b.openStore(t)
		if err != nil {
			return err
		}
		defer s.Close()
		if b.result.Versions["etcd of "+program], err = s.version(ctx); err != nil {
			return err
		}
	}
	return nil
}

func loadAverage() (string, error) {
	load, err := os.ReadFile("/proc/loadavg")
	return strings.TrimSpace(string(load)), err
}
