// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package scheduling

import (
	"fmt"
	"math"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"pgregory.net/rapid"
)

// drawProblem draws a few pods, some that choose a zone, and machines in two zones.
func drawProblem(t *rapid.T, most int) Problem {
	var p Problem
	for i := range rapid.IntRange(1, most).Draw(t, "pods") {
		cpu := rapid.SampledFrom([]string{"100m", "250m", "500m", "1", "1500m", "3"}).Draw(t, "cpu")
		next := pod(fmt.Sprintf("p%03d", i), cpu)
		next.Spec.Containers[0].Resources.Requests[corev1.ResourceMemory] =
			*resource.NewQuantity(rapid.SampledFrom([]int64{1 << 28, 1 << 30, 3 << 30, 6 << 30}).Draw(t, "memory"), resource.BinarySI)
		if zone := rapid.SampledFrom([]string{"", "", "a", "b"}).Draw(t, "zone"); zone != "" {
			next.Spec.NodeSelector = map[string]string{corev1.LabelTopologyZone: zone}
		}
		p.Pods = append(p.Pods, next)
	}
	for range rapid.IntRange(1, 4).Draw(t, "machines") {
		vcpu := rapid.SampledFrom([]int64{1, 2, 4, 8}).Draw(t, "vcpu")
		price := float64(rapid.IntRange(1, 60).Draw(t, "cents")) / 100
		zone := rapid.SampledFrom([]string{"a", "b"}).Draw(t, "in")
		p.Candidates = append(p.Candidates, candidate(fmt.Sprintf("m%d-%.2f", vcpu, price), zone, vcpu, price))
	}
	return p
}

// checkPlan counts by itself: every pod is in exactly one list, every machine takes and
// holds its pods, the cost is the sum, and the bound is not above it.
func checkPlan(t *rapid.T, p Problem, d Decision) {
	seen := map[*corev1.Pod]int{}
	sum := 0.0
	for _, purchase := range d.Purchases {
		if len(purchase.Pods) == 0 || !holds(purchase.Pods, &purchase.Candidate) {
			t.Fatalf("%s does not hold its %d pods", purchase.Candidate.Offering.InstanceType, len(purchase.Pods))
		}
		for _, pod := range purchase.Pods {
			seen[pod]++
		}
		sum += purchase.Candidate.Cost.Total()
	}
	for _, u := range d.Unschedulable {
		seen[u.Pod]++
		for i := range p.Candidates {
			if holds([]*corev1.Pod{u.Pod}, &p.Candidates[i]) {
				t.Fatalf("%s is left (%s), and %s takes it", u.Pod.Name, u.Reason, p.Candidates[i].Offering.InstanceType)
			}
		}
	}
	for _, pod := range p.Pods {
		if seen[pod] != 1 {
			t.Fatalf("%s is in %d lists", pod.Name, seen[pod])
		}
	}
	if math.Abs(sum-d.Cost) > 1e-9 || d.LowerBound > d.Cost+1e-9 {
		t.Fatalf("cost %v, sum %v, bound %v", d.Cost, sum, d.LowerBound)
	}
}

// holds adds up quantities, not figures.
func holds(pods []*corev1.Pod, c *Candidate) bool {
	cpu, memory := c.Offering.Allocatable.Cpu().DeepCopy(), c.Offering.Allocatable.Memory().DeepCopy()
	for _, pod := range pods {
		if zone := pod.Spec.NodeSelector[corev1.LabelTopologyZone]; zone != "" && zone != c.Offering.Zone {
			return false
		}
		requests := pod.Spec.Containers[0].Resources.Requests
		cpu.Sub(*requests.Cpu())
		memory.Sub(*requests.Memory())
	}
	return cpu.Sign() >= 0 && memory.Sign() >= 0 && int64(len(pods)) <= c.Offering.Allocatable.Pods().Value()
}

func TestEveryPlanHolds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawProblem(t, 60)
		checkPlan(t, p, Solve(p))
	})
}

// TestBoundIsBelowEveryPlan tries every partition of a few pods.
func TestBoundIsBelowEveryPlan(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawProblem(t, 6)
		d := Solve(p)
		var placed []*corev1.Pod
		for _, purchase := range d.Purchases {
			placed = append(placed, purchase.Pods...)
		}
		if best := cheapest(p, placed, nil); d.LowerBound > best+1e-9 {
			t.Fatalf("the bound is %v, and a plan costs %v", d.LowerBound, best)
		}
	})
}

// cheapest is the least cost of putting the pods on the machines begun, or new ones.
func cheapest(p Problem, pods []*corev1.Pod, begun [][]*corev1.Pod) float64 {
	if len(pods) == 0 {
		sum := 0.0
		for _, together := range begun {
			least := math.Inf(1)
			for i := range p.Candidates {
				if holds(together, &p.Candidates[i]) {
					least = min(least, p.Candidates[i].Cost.Total())
				}
			}
			sum += least
		}
		return sum
	}
	best := cheapest(p, pods[1:], append(slices.Clone(begun), []*corev1.Pod{pods[0]}))
	for i := range begun {
		next := slices.Clone(begun)
		next[i] = append(slices.Clone(begun[i]), pods[0])
		best = min(best, cheapest(p, pods[1:], next))
	}
	return best
}

func TestOrderDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawProblem(t, 40)
		first := fmt.Sprint(describe(Solve(p)))
		p.Pods = rapid.Permutation(p.Pods).Draw(t, "pod order")
		p.Candidates = rapid.Permutation(p.Candidates).Draw(t, "candidate order")
		if second := fmt.Sprint(describe(Solve(p))); first != second {
			t.Fatalf("%s\nthen\n%s", first, second)
		}
	})
}

func describe(d Decision) (lines []string) {
	for _, p := range d.Purchases {
		line := fmt.Sprintf("%s/%s:", p.Candidate.Offering.InstanceType, p.Candidate.Offering.Zone)
		for _, pod := range p.Pods {
			line += " " + pod.Name
		}
		if p.RunnerUp != nil {
			line += " before " + p.RunnerUp.Offering.InstanceType + "/" + p.RunnerUp.Offering.Zone
		}
		lines = append(lines, line)
	}
	for _, u := range d.Unschedulable {
		lines = append(lines, u.Pod.Name+": "+u.Reason)
	}
	return append(lines, fmt.Sprintf("%b %b", d.Cost, d.LowerBound))
}
