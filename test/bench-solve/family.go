// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/castai/omni/pkg/scheduling"
	"github.com/castai/omni/pkg/scheduling/workload"
)

// family is what was measured of drawn workloads of a shape.
type family struct {
	Shape     workload.Shape
	Locations string
	Seeds     int
	// Worst and Mean are of bill by lower bound; WorstSeed is where the worst was.
	Worst            float64
	WorstSeed        uint64
	Mean             float64
	PodsPerCPUSecond float64
	SlowestSeconds   float64
}

// families solves so many drawn workloads of every shape and prints a table.
func families(stdout io.Writer, catalog *workload.Catalog, seeds int) error {
	table := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "\nshape\tlocations\tseeds\tworst\tat\tmean\tpods/CPU s\tslowest CPU ms\t")
	for _, shape := range workload.Shapes {
		for _, locations := range []string{"all", workload.MainLocation} {
			f := measureFamily(catalog, shape, locations, seeds)
			fmt.Fprintf(table, "%s\t%s\t%d\t%.4f\t%d\t%.4f\t%.0f\t%.1f\t\n",
				f.Shape, f.Locations, f.Seeds, f.Worst, f.WorstSeed, f.Mean, f.PodsPerCPUSecond, 1e3*f.SlowestSeconds)
		}
	}
	return table.Flush()
}

// sizes are how many pods are drawn, overheads what a machine costs besides its price:
// the seeds take them in turn, and all pairs come up.
var (
	sizes     = []int{300, 1000, 3000}
	overheads = []float64{0, 0.02}
)

func measureFamily(catalog *workload.Catalog, shape workload.Shape, locations string, seeds int) family {
	f := family{Shape: shape, Locations: locations, Seeds: seeds}
	keep := func(l string) bool { return locations == "all" || l == locations }
	pods, seconds := 0, 0.0
	for seed := range uint64(seeds) {
		size := sizes[seed%uint64(len(sizes))]
		if shape == workload.GPUs {
			size /= 10
		}
		problem := scheduling.Problem{
			Pods:       workload.Draw(shape, seed, size).Pods(),
			Candidates: catalog.Candidates(keep, overheads[seed%uint64(len(overheads))]),
		}
		before := cpuTime()
		d := scheduling.Solve(problem)
		took := (cpuTime() - before).Seconds()
		pods, seconds = pods+len(problem.Pods), seconds+took
		f.SlowestSeconds = max(f.SlowestSeconds, took)
		ratio := d.Cost / d.LowerBound
		f.Mean += ratio / float64(seeds)
		if ratio > f.Worst {
			f.Worst, f.WorstSeed = ratio, seed
		}
	}
	f.PodsPerCPUSecond = float64(pods) / seconds
	return f
}
