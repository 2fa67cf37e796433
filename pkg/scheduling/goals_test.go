// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package scheduling_test

import (
	"fmt"
	"testing"

	"github.com/castai/omni/pkg/scheduling"
	"github.com/castai/omni/pkg/scheduling/workload"
)

// TestBillsAreNearTheBound holds the solver to how far a bill may be above the lower
// bound.
func TestBillsAreNearTheBound(t *testing.T) {
	goals := []struct {
		workload  string
		all, main float64
	}{{"generic-1000", 1.02, 1.05}, {"mixed-1000", 1.015, 1.01}, {"gpu-60jobs", 1.001, 1.003}}
	catalog, workloads, err := workload.ReadDirectory(data, goals[0].workload, goals[1].workload, goals[2].workload)
	if err != nil {
		t.Fatal(err)
	}
	for i, goal := range goals {
		for scope, most := range map[string]float64{"all": goal.all, workload.MainLocation: goal.main} {
			for _, overhead := range []float64{0, 0.02} {
				t.Run(fmt.Sprintf("%s/%s/%v", goal.workload, scope, overhead), func(t *testing.T) {
					keep := func(location string) bool { return scope == "all" || location == scope }
					d := scheduling.Solve(scheduling.Problem{Pods: workloads[i].Pods(), Candidates: catalog.Candidates(keep, overhead)})
					if ratio := d.Cost / d.LowerBound; ratio > most || ratio < 1 || len(d.Unschedulable) > 0 {
						t.Errorf("bill %.4f, bound %.4f, ratio %.4f above %v; %d pods left", d.Cost, d.LowerBound, ratio, most, len(d.Unschedulable))
					}
				})
			}
		}
	}
}
