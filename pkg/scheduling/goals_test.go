// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package scheduling_test

import (
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/castai/omni/pkg/scheduling"
	"github.com/castai/omni/pkg/scheduling/workload"
)

// TestBillsAreNearTheBound holds the solver to how far a bill may be above the lower
// bound.
func TestBillsAreNearTheBound(t *testing.T) {
	goals := []struct {
		workload  string
		all, main float64
	}{{"generic-1000", 1.02, 1.015}, {"mixed-1000", 1.01, 1.01}, {"gpu-60jobs", 1.001, 1.003}}
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

// TestDrawnBillsAreNearTheBound holds the solver to drawn workloads on which its bills
// were the farthest from the bound, with some slack.
func TestDrawnBillsAreNearTheBound(t *testing.T) {
	catalog, _, err := workload.ReadDirectory(data)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		shape    workload.Shape
		seed     uint64
		pods     int
		location string
		overhead float64
		most     float64
	}{
		{workload.Even, 3, 300, "all", 0.02, 1.05},
		{workload.Even, 13, 1000, "all", 0.02, 1.03},
		{workload.Even, 33, 300, workload.MainLocation, 0.02, 1.03},
		{workload.Tailed, 0, 300, "all", 0, 1.05},
		{workload.Tailed, 55, 1000, workload.MainLocation, 0.02, 1.06},
		{workload.GPUs, 51, 30, workload.MainLocation, 0.02, 1.01},
		{workload.Choosy, 41, 3000, "all", 0.02, 1.1},
	} {
		t.Run(fmt.Sprintf("%s-%d/%s", c.shape, c.seed, c.location), func(t *testing.T) {
			keep := func(location string) bool { return c.location == "all" || location == c.location }
			d := scheduling.Solve(scheduling.Problem{
				Pods: workload.Draw(c.shape, c.seed, c.pods).Pods(), Candidates: catalog.Candidates(keep, c.overhead),
			})
			if ratio := d.Cost / d.LowerBound; ratio > c.most || ratio < 1 {
				t.Errorf("bill %.4f, bound %.4f, ratio %.4f above %v", d.Cost, d.LowerBound, ratio, c.most)
			}
		})
	}
}

// TestConstrainedBillsAreNearTheBound holds the solver to bills of pods whose topology the
// bound leaves aside, at overheads at which little decides what looks best to buy.
func TestConstrainedBillsAreNearTheBound(t *testing.T) {
	catalog, workloads, err := workload.ReadDirectory(data, "constrained-1000")
	if err != nil {
		t.Fatal(err)
	}
	for location, most := range map[string]float64{"all": 1.45, workload.MainLocation: 1.2} {
		keep := func(l string) bool { return location == "all" || l == location }
		for _, overhead := range []float64{0, 0.01, 0.02} {
			d := scheduling.Solve(scheduling.Problem{Pods: workloads[0].Pods(), Candidates: catalog.Candidates(keep, overhead)})
			if ratio := d.Cost / d.LowerBound; ratio > most || ratio < 1 {
				t.Errorf("%s at %v: bill %.4f, bound %.4f, ratio %.4f above %v", location, overhead, d.Cost, d.LowerBound, ratio, most)
			}
		}
	}
}

// TestManyClasses holds the solver to a bill for 5,000 pods of 1,000 classes, which are
// too many for one linear program.
func TestManyClasses(t *testing.T) {
	catalog, _, err := workload.ReadDirectory(data)
	if err != nil {
		t.Fatal(err)
	}
	w := workload.Draw(workload.Even, 1, 1)
	group := w.Groups[0]
	w.Groups = nil
	for i := range 1000 {
		spec := group.Spec.DeepCopy()
		spec.Containers[0].Resources.Requests = corev1.ResourceList{
			corev1.ResourceCPU:    *resource.NewMilliQuantity(int64(37+3*i), resource.DecimalSI),
			corev1.ResourceMemory: *resource.NewQuantity(int64(100+i*7919%4000)<<20, resource.BinarySI),
		}
		w.Groups = append(w.Groups, workload.Group{Name: fmt.Sprintf("g%d", i), Namespace: "default", Count: 5, Spec: *spec})
	}
	everywhere := func(string) bool { return true }
	d := scheduling.Solve(scheduling.Problem{Pods: w.Pods(), Candidates: catalog.Candidates(everywhere, 0.02)})
	if ratio := d.Cost / d.LowerBound; ratio > 1.12 || ratio < 1 || len(d.Unschedulable) > 0 {
		t.Errorf("bill %.4f, bound %.4f, ratio %.4f above 1.12; %d pods left", d.Cost, d.LowerBound, ratio, len(d.Unschedulable))
	}
}
