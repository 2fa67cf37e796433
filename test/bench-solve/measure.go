// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"runtime"
	"slices"
	"syscall"
	"time"

	"github.com/castai/omni/pkg/scheduling"
	"github.com/castai/omni/pkg/scheduling/workload"
)

// cases are the workloads and how many times as many pods as in the file are solved.
var cases = []struct {
	workload string
	times    []int
}{
	{"generic-1000", []int{1, 5, 10, 20}},
	{"mixed-1000", []int{1, 5, 10, 20}},
	{"gpu-60jobs", []int{1}},
	{"constrained-1000", []int{1, 5}},
}

// result is what was measured of one problem.
type result struct {
	Workload  string  `json:"workload"`
	Pods      int     `json:"pods"`
	Locations string  `json:"locations"`
	Offerings int     `json:"offerings"`
	Overhead  float64 `json:"overhead"`

	HourlyBill float64 `json:"hourlyBill"`
	LowerBound float64 `json:"lowerBound"`
	Machines   int     `json:"machines"`
	Unplaced   int     `json:"unplaced"`

	P50Seconds       float64 `json:"p50Seconds"`
	P99Seconds       float64 `json:"p99Seconds"`
	PodsPerCPUSecond float64 `json:"podsPerCPUSecond"`
	Megabytes        float64 `json:"megabytes"`
	Allocations      uint64  `json:"allocations"`
}

// measure solves a problem so many times. CPU seconds are those of the whole process,
// the collector's included.
func measure(catalog *workload.Catalog, w *workload.Workload, locations string, overhead float64, times, runs int) result {
	many := *w
	many.Groups = slices.Clone(w.Groups)
	for i := range many.Groups {
		many.Groups[i].Count *= times
	}
	problem := scheduling.Problem{
		Pods:       many.Pods(),
		Candidates: catalog.Candidates(func(l string) bool { return locations == "all" || l == locations }, overhead),
	}
	var before, after runtime.MemStats
	var walls []time.Duration
	var decision scheduling.Decision
	runtime.GC()
	runtime.ReadMemStats(&before)
	cpu := cpuTime()
	for range runs {
		start := time.Now()
		decision = scheduling.Solve(problem)
		walls = append(walls, time.Since(start))
	}
	cpu = (cpuTime() - cpu) / time.Duration(runs)
	runtime.ReadMemStats(&after)
	slices.Sort(walls)
	return result{
		Workload: w.Name, Pods: len(problem.Pods), Locations: locations, Offerings: len(problem.Candidates), Overhead: overhead,
		HourlyBill: decision.Cost, LowerBound: decision.LowerBound,
		Machines: len(decision.Purchases), Unplaced: len(decision.Unschedulable),
		P50Seconds: walls[runs/2].Seconds(), P99Seconds: walls[runs*99/100].Seconds(),
		PodsPerCPUSecond: float64(len(problem.Pods)) / cpu.Seconds(),
		Megabytes:        float64(after.TotalAlloc-before.TotalAlloc) / float64(runs) / (1 << 20),
		Allocations:      (after.Mallocs - before.Mallocs) / uint64(runs),
	}
}

// cpuTime is what the process has used of the processors.
func cpuTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
