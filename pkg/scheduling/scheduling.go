// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package scheduling decides which machines to buy for pods that fit nowhere. It
// is pure and deterministic: no client, no clock, no randomness.
package scheduling

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/catalog"
)

// Problem is everything a decision depends on.
type Problem struct {
	// Pods are the pending pods that the scheduler could not place.
	Pods []*corev1.Pod
	// Nodes are the edges that exist or are on their way.
	Nodes []Node
	// Candidates are what may be bought.
	Candidates []Candidate
	// Budgets are what each template may still buy, by Template. A template
	// that is not in it has no bound.
	Budgets map[Template]Budget
}

// Node is an edge that exists or is on its way.
type Node struct {
	Name   string
	Labels map[string]string
	Taints []corev1.Taint
	// Free is what its pods leave.
	Free corev1.ResourceList
}

// Template identifies a NodeTemplate.
type Template struct{ Namespace, Name string }

// Candidate is a machine that may be bought.
type Candidate struct {
	Template Template
	// Location is the name of the EdgeLocation in the template's namespace.
	Location string
	Offering catalog.Offering
	// Labels and Taints are those the Node would have.
	Labels map[string]string
	Taints []corev1.Taint
}

// Budget is what a template may still buy; nil fields have no bound.
type Budget struct {
	Edges       *int64
	MilliCPU    *int64
	MemoryBytes *int64
	HourlyPrice *float64
}

// Decision is the answer to a Problem.
type Decision struct {
	// Placed pods fit on a Node; the scheduler will put them there.
	Placed []Placement
	// Purchases are the machines to buy, in the order of the decision.
	Purchases []Purchase
	// Unschedulable pods fit on nothing.
	Unschedulable []Unschedulable
}

// Placement says that a pod fits on an existing node.
type Placement struct {
	Pod  *corev1.Pod
	Node string
}

// Purchase is a machine to buy and the pods it is bought for.
type Purchase struct {
	Candidate Candidate
	Pods      []*corev1.Pod
	// RunnerUp is the next best candidate for the same pods, nil when there
	// was none.
	RunnerUp *Candidate
}

// Unschedulable is a pod that fits on nothing and one sentence that says why.
type Unschedulable struct {
	Pod    *corev1.Pod
	Reason string
}

// Capacity returns what a purchase adds to the totals that limits bound.
func (c *Candidate) Capacity() (milliCPU, memoryBytes int64, hourlyPrice float64) {
	return c.Offering.VCPU * 1000, c.Offering.MemoryBytes, c.Offering.HourlyPrice
}

// LimitsOf turns a template's limits and what it has bought into a Budget.
func LimitsOf(limits *v1beta1.TemplateLimits, edges, milliCPU, memoryBytes int64, hourlyPrice float64) Budget {
	var b Budget
	if limits.Edges != nil {
		b.Edges = left(int64(*limits.Edges), edges)
	}
	if limits.CPU != nil {
		b.MilliCPU = left(limits.CPU.MilliValue(), milliCPU)
	}
	if limits.Memory != nil {
		b.MemoryBytes = left(limits.Memory.Value(), memoryBytes)
	}
	if limits.HourlyPrice != "" {
		price := catalog.ParsePrice(limits.HourlyPrice) - hourlyPrice
		b.HourlyPrice = &price
	}
	return b
}

func left(bound, used int64) *int64 {
	rest := bound - used
	return &rest
}

// allows says whether the budget has room for one more candidate, and if not,
// which limit is in the way.
func (b Budget) allows(c *Candidate) (limit string, ok bool) {
	milliCPU, memoryBytes, price := c.Capacity()
	switch {
	case b.Edges != nil && *b.Edges < 1:
		return "limits.edges", false
	case b.MilliCPU != nil && *b.MilliCPU < milliCPU:
		return "limits.cpu", false
	case b.MemoryBytes != nil && *b.MemoryBytes < memoryBytes:
		return "limits.memory", false
	case b.HourlyPrice != nil && *b.HourlyPrice < price:
		return "limits.hourlyPrice", false
	}
	return "", true
}

// spend returns the budget after buying a candidate.
func (b Budget) spend(c *Candidate) Budget {
	milliCPU, memoryBytes, price := c.Capacity()
	if b.Edges != nil {
		b.Edges = left(*b.Edges, 1)
	}
	if b.MilliCPU != nil {
		b.MilliCPU = left(*b.MilliCPU, milliCPU)
	}
	if b.MemoryBytes != nil {
		b.MemoryBytes = left(*b.MemoryBytes, memoryBytes)
	}
	if b.HourlyPrice != nil {
		rest := *b.HourlyPrice - price
		b.HourlyPrice = &rest
	}
	return b
}
