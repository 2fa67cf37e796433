// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package scheduling_test

import (
	"testing"

	"github.com/castai/omni/pkg/scheduling"
	"github.com/castai/omni/pkg/scheduling/workload"
)

const data = "workload/testdata"

func BenchmarkSolve(b *testing.B) {
	names := []string{"generic-1000", "mixed-1000", "gpu-60jobs", "constrained-1000"}
	catalog, workloads, err := workload.ReadDirectory(data, names...)
	if err != nil {
		b.Fatal(err)
	}
	candidates := catalog.Candidates(func(string) bool { return true }, 0.02)
	for i, name := range names {
		workloads = append(workloads, workloads[i].Preferring())
		names = append(names, name+"/preferring")
	}
	for i, name := range names {
		b.Run(name, func(b *testing.B) {
			problem := scheduling.Problem{Pods: workloads[i].Pods(), Candidates: candidates}
			b.ReportAllocs()
			for b.Loop() {
				d := scheduling.Solve(problem)
				b.ReportMetric(d.Cost/d.LowerBound, "bill/bound")
			}
			b.ReportMetric(float64(len(problem.Pods)*b.N)/b.Elapsed().Seconds(), "pods/s")
		})
	}
}
