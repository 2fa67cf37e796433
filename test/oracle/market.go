// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"context"
	"encoding/json"

	corev1 "k8s.io/api/core/v1"

	"github.com/castai/omni/pkg/scheduling"
)

// market is what may be bought besides what a decision has bought.
type market struct {
	// candidates are one of each kind of machine: the same machine at another price
	// would not be taken otherwise.
	candidates []scheduling.Candidate
	budgets    map[scheduling.Template]scheduling.Budget
	spent      map[scheduling.Template]spending
}

func newMarket(problem *scheduling.Problem, decision *scheduling.Decision) *market {
	m := &market{budgets: problem.Budgets, spent: map[scheduling.Template]spending{}}
	seen := map[string]bool{}
	for i := range problem.Candidates {
		c := &problem.Candidates[i]
		milliCPU, memoryBytes, price := c.Capacity()
		if len(problem.Budgets) == 0 {
			milliCPU, memoryBytes, price = 0, 0, 0
		}
		kind, err := json.Marshal([]any{c.Template, c.Main(), c.Labels, c.Taints, c.Offering.Allocatable, milliCPU, memoryBytes, price})
		if err == nil && !seen[string(kind)] {
			seen[string(kind)] = true
			m.candidates = append(m.candidates, *c)
		}
	}
	for i := range decision.Purchases {
		m.buy(&decision.Purchases[i].Candidate)
	}
	return m
}

func (m *market) buy(c *scheduling.Candidate) { m.spent[c.Template] = m.spent[c.Template].plus(c) }

// affordable says whether the candidate's template may still buy it.
func (m *market) affordable(c *scheduling.Candidate) bool {
	return m.spent[c.Template].plus(c).over(m.budgets[c.Template]) == ""
}

// offer offers the unschedulable pods everything: each alone, those of a group
// together.
func (m *market) offer(ctx context.Context, c *cluster, problem *scheduling.Problem, decision *scheduling.Decision, report *Report) error {
	groups := groupsOf(problem, decision)
	for _, u := range decision.Unschedulable {
		if groups.waiting(u.Pod) {
			continue // below, as one
		}
		t, err := m.takers(ctx, c, problem, decision, u.Pod)
		if err != nil {
			return err
		}
		switch {
		case t.now != "":
			report.add(Finding{Kind: Missed, Pod: key(u.Pod), Node: t.now, Detail: "the decision says: " + u.Reason})
		case t.later:
			report.Later++
		case t.beyondBudget:
			report.OutOfBudget++
			outranking, err := m.outranked(ctx, c, u.Pod, decision)
			if err != nil {
				return err
			}
			if outranking != "" {
				report.add(Finding{Kind: Outranked, Pod: key(u.Pod), Node: outranking, Detail: "it was bought for pods of lower priority"})
			}
		default:
			report.Unschedulable++
		}
	}
	return groups.offer(ctx, c, m, problem, decision, report)
}

// taker names a node of the cluster that takes the pod; empty when there is none.
func (c *cluster) taker(ctx context.Context, pod *corev1.Pod) (string, error) {
	q, err := c.ask(ctx, pod)
	if err != nil {
		return "", err
	}
	nodes, err := c.snapshot.List()
	if err != nil {
		return "", err
	}
	for _, node := range nodes {
		refusal, err := q.of(ctx, node.Node().Name)
		if err != nil {
			return "", err
		}
		if refusal == nil {
			return node.Node().Name, nil
		}
	}
	return "", nil
}

// tryMachine adds the machine to the cluster and returns it when it takes the pod;
// when it does not, it takes it away again and returns nil.
func (c *cluster) tryMachine(ctx context.Context, machine *corev1.Node, pod *corev1.Pod) (*corev1.Node, error) {
	if err := c.addNode(ctx, machine); err != nil {
		return nil, err
	}
	refusal, err := c.refusal(ctx, pod, machine.Name)
	if err != nil {
		return nil, err
	}
	if refusal != nil {
		return nil, c.removeNode(ctx, machine)
	}
	return machine, nil
}

// machine is one that was bought to see whether it helps.
type machine struct {
	node      *corev1.Node
	candidate *scheduling.Candidate
}

// place puts the pod on a node that takes it or, when there is none, on a machine
// that it buys. It returns the name of the node, empty when nothing takes the pod,
// and the machine, nil when none is bought.
func (m *market) place(ctx context.Context, c *cluster, pod *corev1.Pod, name string) (node string, purchase *machine, err error) {
	if node, err = c.taker(ctx, pod); err != nil {
		return "", nil, err
	}
	for i := 0; node == "" && i < len(m.candidates); i++ {
		candidate := &m.candidates[i]
		if !m.affordable(candidate) {
			continue
		}
		fresh, err := c.tryMachine(ctx, bought(name, candidate), pod)
		if err != nil {
			return "", nil, err
		}
		if fresh != nil {
			m.buy(candidate)
			node, purchase = name, &machine{fresh, candidate}
		}
	}
	if node == "" {
		return "", nil, nil
	}
	return node, purchase, c.bind(ctx, pod, node)
}
