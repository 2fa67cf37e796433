// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package oracle asks kube-scheduler's own plugins whether a decision of
// pkg/scheduling is right: whether they put every pod where the decision says, and
// refuse every pod that the decision calls unschedulable. It is a module of its own,
// because it imports k8s.io/kubernetes.
package oracle

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/klog/v2"

	"github.com/castai/omni/pkg/scheduling"
)

// Kind is what is wrong with a decision.
type Kind string

const (
	// Refused pods cannot be where the decision says.
	Refused Kind = "refused"
	// Missed pods are called unschedulable, and something takes them.
	Missed Kind = "missed"
	// Unaccounted pods are in no list of the decision, or in more than one, and
	// placements name nodes that are not there.
	Unaccounted Kind = "unaccounted"
	// Overspent templates have bought more than their budget.
	Overspent Kind = "overspent"
	// Miscounted costs are not the sum of their parts, or below the bound.
	Miscounted Kind = "miscounted"
	// Outranked pods wait for a budget that pods of lower priority have got.
	Outranked Kind = "outranked"
	// Demoted machines are of a template of lower priority than their pods need.
	Demoted Kind = "demoted"
	// Torn groups are neither scheduled as one nor left as one.
	Torn Kind = "torn"
)

// Finding is one thing that is wrong with a decision.
type Finding struct {
	Kind Kind
	// Pod is namespace/name, empty when it is about no single pod.
	Pod string
	// Node is the name of the node, or what the machine would be.
	Node string
	// Refusal is kube-scheduler's own, of a refused pod.
	Refusal *Refusal
	// Detail says the rest.
	Detail string
}

func (f Finding) String() string {
	text := string(f.Kind)
	if f.Pod != "" {
		text += " pod " + f.Pod
	}
	if f.Node != "" {
		text += " on " + f.Node
	}
	if f.Refusal != nil {
		text += ": " + f.Refusal.String()
	}
	if f.Detail != "" {
		text += ": " + f.Detail
	}
	return text
}

// Report is what the oracle has found out about a decision.
type Report struct {
	Findings []Finding
	// Accepted is the number of placements that kube-scheduler agrees with.
	Accepted int
	// Unschedulable is the number of pods that it refuses as the decision does,
	// OutOfBudget that of those which only a template's budget keeps away, and Later
	// that of those for which a machine can be bought only when the others are bound.
	Unschedulable, OutOfBudget, Later int
}

func (r *Report) add(f Finding) { r.Findings = append(r.Findings, f) }

// Check holds a decision against kube-scheduler. It places the pods one after
// another, with every existing node and every machine of the decision present, and
// then offers the unschedulable ones everything that is there and that may still be
// bought. An error means that the plugins could not be asked.
func Check(ctx context.Context, problem *scheduling.Problem, decision *scheduling.Decision) (*Report, error) {
	ctx, cancel := context.WithCancel(klog.NewContext(ctx, klog.Logger{}))
	defer cancel()
	report := &Report{}
	account(problem, decision, report)
	c, err := newCluster(ctx, problem)
	if err != nil {
		return nil, err
	}
	if err := c.addPurchases(ctx, decision); err != nil {
		return nil, err
	}
	if err := c.follow(ctx, inOrder(decision), report); err != nil {
		return nil, err
	}
	market := newMarket(problem, decision)
	if err := market.offer(ctx, c, problem, decision, report); err != nil {
		return nil, err
	}
	if len(report.Findings) > 0 {
		return report, nil // what follows moves pods that were placed
	}
	if err := market.demoted(ctx, c, decision, report); err != nil {
		return nil, err
	}
	return report, nil
}

// step is one pod that the decision puts on one node.
type step struct {
	pod  *corev1.Pod
	node string
}

// steps returns the placements in the order in which the decision lists them.
func steps(decision *scheduling.Decision) []step {
	var list []step
	for _, p := range decision.Placed {
		list = append(list, step{p.Pod, p.Node})
	}
	for i := range decision.Purchases {
		for _, pod := range decision.Purchases[i].Pods {
			list = append(list, step{pod, purchaseName(i)})
		}
	}
	return list
}

// inOrder returns the placements in the order in which the scheduler is to take
// them: each pod once, those that have no order last.
func inOrder(decision *scheduling.Decision) []step {
	listed := steps(decision)
	nodes := map[*corev1.Pod]string{}
	for _, s := range listed {
		nodes[s.pod] = s.node
	}
	var list []step
	take := func(pod *corev1.Pod) {
		if node, ok := nodes[pod]; ok {
			list = append(list, step{pod, node})
			delete(nodes, pod)
		}
	}
	for _, pod := range decision.Order {
		take(pod)
	}
	for _, s := range listed {
		take(s.pod)
	}
	return list
}

// follow places the pods one after another.
func (c *cluster) follow(ctx context.Context, list []step, report *Report) error {
	for _, s := range list {
		if _, err := c.snapshot.Get(s.node); err != nil {
			report.add(Finding{Kind: Unaccounted, Pod: key(s.pod), Node: s.node, Detail: "there is no such node"})
			continue
		}
		refusal, err := c.refusal(ctx, s.pod, s.node)
		if err != nil {
			return err
		}
		if refusal != nil {
			report.add(Finding{Kind: Refused, Pod: key(s.pod), Node: s.node, Refusal: refusal})
			continue
		}
		if err := c.bind(ctx, s.pod, s.node); err != nil {
			return err
		}
		report.Accepted++
	}
	return nil
}

func key(pod *corev1.Pod) string { return fmt.Sprintf("%s/%s", pod.Namespace, pod.Name) }
