// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Command bench-solve measures the solver: how far its bills are from the lower bound,
// and how long it takes for 1,000 to 20,000 pods and 198 types to all 5,020 offerings.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"text/tabwriter"

	"github.com/castai/omni/pkg/scheduling/workload"
)

func main() {
	data := flag.String("data", "pkg/scheduling/workload/testdata", "directory of the catalog and the workloads")
	out := flag.String("out", "", "file for the result as JSON; none without it")
	runs := flag.Int("runs", 5, "how often each problem is solved")
	seeds := flag.Int("seeds", 0, "how many drawn workloads of every shape are solved besides; they are in the table only")
	flag.Parse()
	if err := run(os.Stdout, *data, *out, *runs, *seeds); err != nil {
		fmt.Fprintln(os.Stderr, "bench-solve:", err)
		os.Exit(1)
	}
}

func run(stdout io.Writer, data, out string, runs, seeds int) error {
	if runs < 1 {
		return fmt.Errorf("--runs %d: must be at least 1", runs)
	}
	if seeds < 0 {
		return fmt.Errorf("--seeds %d: must not be below zero", seeds)
	}
	var names []string
	for _, c := range cases {
		names = append(names, c.workload)
	}
	catalog, workloads, err := workload.ReadDirectory(data, names...)
	if err != nil {
		return fmt.Errorf("--data: %w", err)
	}
	table := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "workload\tpods\tlocations\tofferings\toverhead\tbill\tbound\tratio\tmachines\tleft\tp50 ms\tp99 ms\tpods/CPU s\tMB\tallocations\t")
	var results []result
	for i, c := range cases {
		for _, locations := range []string{"all", workload.MainLocation} {
			for _, overhead := range []float64{0, 0.02} {
				for _, times := range c.times {
					r := measure(catalog, workloads[i], locations, overhead, times, runs)
					results = append(results, r)
					fmt.Fprintf(table, "%s\t%d\t%s\t%d\t%.2f\t%.4f\t%.4f\t%.4f\t%d\t%d\t%.1f\t%.1f\t%.0f\t%.1f\t%d\t\n",
						r.Workload, r.Pods, r.Locations, r.Offerings, r.Overhead, r.HourlyBill, r.LowerBound, r.HourlyBill/r.LowerBound,
						r.Machines, r.Unplaced, 1e3*r.P50Seconds, 1e3*r.P99Seconds, r.PodsPerCPUSecond, r.Megabytes, r.Allocations)
				}
			}
		}
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if seeds > 0 {
		if err := families(stdout, catalog, seeds); err != nil {
			return err
		}
	}
	if out == "" {
		return nil
	}
	encoded, err := json.MarshalIndent(results, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(out, append(encoded, '\n'), 0o644)
}
