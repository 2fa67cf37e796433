// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package scheduling decides which machines to buy for pods that fit nowhere. It
// is pure and deterministic: no client, no clock, no randomness.
package scheduling

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/catalog"
)

// Problem is everything a decision depends on.
type Problem struct {
	// Pods are the pending pods that the scheduler could not place.
	Pods []*corev1.Pod
	// Nodes are those that exist or are on their way, of the main cluster and of
	// the edges.
	Nodes []Node
	// Candidates are what may be bought.
	Candidates []Candidate
	// Budgets are what each template may still buy, by Template. A template
	// that is not in it has no bound.
	Budgets map[Template]Budget
	// Namespaces are the labels of the namespaces by name, which the
	// namespaceSelector of a pod affinity term asks for.
	Namespaces map[string]map[string]string
	// Claims say where the volumes of PersistentVolumeClaims can be used: the
	// terms of a node affinity; nil means on every node of the main cluster. A
	// claim that is not in it is not known. Edges mount no volumes.
	Claims map[types.NamespacedName]*corev1.NodeSelector
}

// Node is a node that exists or is on its way.
type Node struct {
	Name   string
	Labels map[string]string
	Taints []corev1.Taint
	// Edge says that it is a machine in an edge location, not a node of the main
	// cluster.
	Edge bool
	// Free is what its pods leave.
	Free corev1.ResourceList
	// Pods are those that are on it, which topology spread, pod affinity and host
	// ports ask for. Free knows what they need.
	Pods []*corev1.Pod
}

// Template identifies a NodeTemplate.
type Template struct{ Namespace, Name string }

// Candidate is a machine that may be bought.
type Candidate struct {
	Template Template
	// Location is the name of the EdgeLocation in the template's namespace; empty
	// for a machine of the main cluster, which its own autoscaler would buy.
	Location string
	// Priority is that of the template: machines of a lower one are bought only
	// for pods that no machine of a higher one takes.
	Priority int32
	Offering catalog.Offering
	// Cost is what the choice is made by.
	Cost Cost
	// Labels and Taints are those the Node would have.
	Labels map[string]string
	Taints []corev1.Taint
}

// Main says that the machine is one of the main cluster.
func (c *Candidate) Main() bool { return c.Location == "" }

// Cost is what a machine costs, part by part, in US dollars per hour.
type Cost struct {
	// Price is what the cloud asks, Adjustment what the template adds to it for
	// the location (below zero: takes off).
	Price, Adjustment float64
	// Overhead is what every machine costs besides its price: its kubelet, its
	// DaemonSets and its virtual node in the main cluster.
	Overhead float64
	// Interruption is the expected cost of being taken back by the cloud.
	Interruption float64
	// Egress is the expected cost of the traffic that leaves the location.
	Egress float64
}

// Total is the sum of the parts, which is never below zero.
func (c Cost) Total() float64 {
	return max(0, c.Price+c.Adjustment+c.Overhead+c.Interruption+c.Egress)
}

// Budget is what a template may still buy in edge locations; nil fields have no
// bound. Machines of the main cluster count for none, as OMNI does not buy them.
type Budget struct {
	Edges       *int64
	MilliCPU    *int64
	MemoryBytes *int64
	GPUs        *int64
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
	// Order are the pods of Placed and Purchases in an order in which the scheduler
	// accepts them one after another, each on its node, when all the machines are
	// there. Topology spread and pod affinity ask for one.
	Order []*corev1.Pod
	// Cost is the sum over the purchases, and LowerBound what no choice of
	// machines for the same pods can be below, both in US dollars per hour.
	Cost, LowerBound float64
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
func LimitsOf(limits *v1beta1.TemplateLimits, edges, milliCPU, memoryBytes, gpus int64, hourlyPrice float64) Budget {
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
	if limits.GPU != nil {
		b.GPUs = left(int64(*limits.GPU), gpus)
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

// cent is one of a US dollar. Budgets are what subtractions of prices have left, which
// are right to a small part of it.
const cent = 0.01

// allows says whether the budget has room for one more candidate, and if not,
// which limit is in the way.
func (b Budget) allows(c *Candidate) (limit string, ok bool) {
	milliCPU, memoryBytes, price := c.Capacity()
	switch {
	case c.Main():
		return "", true
	case b.Edges != nil && *b.Edges < 1:
		return "limits.edges", false
	case b.MilliCPU != nil && *b.MilliCPU < milliCPU:
		return "limits.cpu", false
	case b.MemoryBytes != nil && *b.MemoryBytes < memoryBytes:
		return "limits.memory", false
	case b.GPUs != nil && *b.GPUs < c.Offering.GPUs:
		return "limits.gpu", false
	case b.HourlyPrice != nil && *b.HourlyPrice < price-cent/1e6:
		return "limits.hourlyPrice", false
	}
	return "", true
}

// spend returns the budget after buying a candidate.
func (b Budget) spend(c *Candidate) Budget {
	milliCPU, memoryBytes, price := c.Capacity()
	if c.Main() {
		return b
	}
	if b.Edges != nil {
		b.Edges = left(*b.Edges, 1)
	}
	if b.MilliCPU != nil {
		b.MilliCPU = left(*b.MilliCPU, milliCPU)
	}
	if b.MemoryBytes != nil {
		b.MemoryBytes = left(*b.MemoryBytes, memoryBytes)
	}
	if b.GPUs != nil {
		b.GPUs = left(*b.GPUs, c.Offering.GPUs)
	}
	if b.HourlyPrice != nil {
		rest := *b.HourlyPrice - price
		b.HourlyPrice = &rest
	}
	return b
}
