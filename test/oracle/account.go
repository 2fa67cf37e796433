// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"fmt"
	"math"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/castai/omni/pkg/scheduling"
)

// tolerance is what sums of prices may differ by, in US dollars per hour.
const tolerance = 1e-6

// account checks what needs no plugin: that each pod is in one list, that no
// template has bought more than it may, and that the cost is the sum of its parts
// and not below the bound.
func account(problem *scheduling.Problem, decision *scheduling.Decision, report *Report) {
	lists := map[*corev1.Pod]int{}
	for _, s := range steps(decision) {
		lists[s.pod]++
	}
	for _, u := range decision.Unschedulable {
		lists[u.Pod]++
		if u.Reason == "" {
			report.add(Finding{Kind: Unaccounted, Pod: key(u.Pod), Detail: "nothing says why it is unschedulable"})
		}
	}
	for _, pod := range problem.Pods {
		if lists[pod] != 1 {
			report.add(Finding{Kind: Unaccounted, Pod: key(pod), Detail: fmt.Sprintf("it is in %d lists of the decision, want 1", lists[pod])})
		}
		delete(lists, pod)
	}
	for pod := range lists {
		report.add(Finding{Kind: Unaccounted, Pod: key(pod), Detail: "the problem does not have it"})
	}

	if placed := len(steps(decision)); len(decision.Order) != placed {
		report.add(Finding{Kind: Unaccounted, Detail: fmt.Sprintf("%d pods are placed, and %d have an order", placed, len(decision.Order))})
	}

	spent, cost := map[scheduling.Template]spending{}, 0.0
	for i := range decision.Purchases {
		purchase := &decision.Purchases[i]
		cost += purchase.Candidate.Cost.Total()
		spent[purchase.Candidate.Template] = spent[purchase.Candidate.Template].plus(&purchase.Candidate)
		if len(purchase.Pods) == 0 {
			report.add(Finding{Kind: Unaccounted, Node: purchaseName(i), Detail: "it is bought for no pod"})
		}
		if !slices.ContainsFunc(problem.Candidates, func(c scheduling.Candidate) bool { return same(&c, &purchase.Candidate) }) {
			report.add(Finding{Kind: Unaccounted, Node: purchaseName(i), Detail: describe(&purchase.Candidate) + " is not for sale"})
		}
	}
	for template, total := range spent {
		if limit := total.over(problem.Budgets[template]); limit != "" {
			report.add(Finding{Kind: Overspent, Detail: fmt.Sprintf("node template %s/%s: %s", template.Namespace, template.Name, limit)})
		}
	}
	if math.Abs(cost-decision.Cost) > tolerance {
		report.add(Finding{Kind: Miscounted, Detail: fmt.Sprintf("the cost is %v, its parts add up to %v", decision.Cost, cost)})
	}
	if decision.LowerBound > cost+tolerance || decision.LowerBound < 0 || math.IsNaN(decision.LowerBound) {
		report.add(Finding{Kind: Miscounted, Detail: fmt.Sprintf("the lower bound is %v, the machines cost %v", decision.LowerBound, cost)})
	}
}

// same says whether two candidates are one offering of one template.
func same(a, b *scheduling.Candidate) bool {
	return a.Template == b.Template && a.Location == b.Location && a.Cost == b.Cost && a.Offering.InstanceType == b.Offering.InstanceType &&
		a.Offering.Zone == b.Offering.Zone && a.Offering.CapacityType == b.Offering.CapacityType
}

func describe(c *scheduling.Candidate) string {
	place := c.Location
	if c.Main() {
		place = "main"
	}
	return fmt.Sprintf("%s (%s, zone %q) in %s by %s/%s", c.Offering.InstanceType, c.Offering.CapacityType, c.Offering.Zone, place, c.Template.Namespace, c.Template.Name)
}

// spending is what a template has bought.
type spending struct {
	edges, milliCPU, memoryBytes, gpus int64
	hourlyPrice                        float64
}

// plus adds one machine. A template buys edges: those of the main cluster are
// bought by that cluster's own autoscaler and count for no limit of it.
func (s spending) plus(c *scheduling.Candidate) spending {
	if c.Main() {
		return s
	}
	milliCPU, memoryBytes, price := c.Capacity()
	return spending{s.edges + 1, s.milliCPU + milliCPU, s.memoryBytes + memoryBytes, s.gpus + c.Offering.GPUs, s.hourlyPrice + price}
}

// over names the limit that is passed; empty when none is.
func (s spending) over(b scheduling.Budget) string {
	switch {
	case b.Edges != nil && s.edges > max(0, *b.Edges):
		return fmt.Sprintf("%d edges of %d", s.edges, *b.Edges)
	case b.MilliCPU != nil && s.milliCPU > max(0, *b.MilliCPU):
		return fmt.Sprintf("%dm CPU of %dm", s.milliCPU, *b.MilliCPU)
	case b.MemoryBytes != nil && s.memoryBytes > max(0, *b.MemoryBytes):
		return fmt.Sprintf("%d bytes of %d", s.memoryBytes, *b.MemoryBytes)
	case b.GPUs != nil && s.gpus > max(0, *b.GPUs):
		return fmt.Sprintf("%d GPUs of %d", s.gpus, *b.GPUs)
	case b.HourlyPrice != nil && s.hourlyPrice > max(0, *b.HourlyPrice)+tolerance:
		return fmt.Sprintf("%v $/h of %v", s.hourlyPrice, *b.HourlyPrice)
	}
	return ""
}
