// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"context"

	corev1 "k8s.io/api/core/v1"

	"github.com/castai/omni/pkg/scheduling"
)

// holds says whether the decision could have bought more machines and placed more pods
// besides its own: whether everything is accepted, in some order, when those machines
// too are there from the start. A machine is a domain more, empty at first, and pods
// that are spread evenly without it may not be with it. Then the pods behind it have
// to wait for a later decision, when the others are bound. The orders that are tried
// are the decision's own, and those in which what is refused is tried again later.
func (m *market) holds(ctx context.Context, problem *scheduling.Problem, decision *scheduling.Decision, more []*machine, placed []step) (bool, error) {
	c, err := newCluster(ctx, problem)
	if err != nil {
		return false, err
	}
	if err := c.addPurchases(ctx, decision); err != nil {
		return false, err
	}
	for _, machine := range more {
		if err := c.addNode(ctx, machine.node); err != nil {
			return false, err
		}
	}
	waiting := append(inOrder(decision), placed...)
	for moved := true; moved && len(waiting) > 0; {
		var refused []step
		for _, s := range waiting {
			refusal, err := c.refusal(ctx, s.pod, s.node)
			if err != nil {
				return false, err
			}
			if refusal != nil {
				refused = append(refused, s)
			} else if err := c.bind(ctx, s.pod, s.node); err != nil {
				return false, err
			}
		}
		moved, waiting = len(refused) < len(waiting), refused
	}
	return len(waiting) == 0, nil
}

// addPurchases adds the machines that the decision buys.
func (c *cluster) addPurchases(ctx context.Context, decision *scheduling.Decision) error {
	for i := range decision.Purchases {
		if err := c.addNode(ctx, bought(purchaseName(i), &decision.Purchases[i].Candidate)); err != nil {
			return err
		}
	}
	return nil
}

// takers are what would take a pod that is called unschedulable.
type takers struct {
	// now is a node, or a machine beside which the decision holds; empty when there
	// is none.
	now string
	// later says that a machine takes it that a later decision can buy, and
	// beyondBudget that one does which no budget allows.
	later, beyondBudget bool
}

// takers returns what would take the pod.
func (m *market) takers(ctx context.Context, c *cluster, problem *scheduling.Problem, decision *scheduling.Decision, pod *corev1.Pod) (takers, error) {
	node, err := c.taker(ctx, pod)
	t := takers{now: node}
	for i := 0; i < len(m.candidates) && t.now == "" && err == nil; i++ {
		err = m.try(ctx, c, problem, decision, pod, &m.candidates[i], &t)
	}
	return t, err
}

// try adds to the takers whether a machine takes the pod.
func (m *market) try(ctx context.Context, c *cluster, problem *scheduling.Problem, decision *scheduling.Decision,
	pod *corev1.Pod, candidate *scheduling.Candidate, t *takers) error {
	node, err := c.tryMachine(ctx, bought("fresh", candidate), pod)
	if err != nil || node == nil {
		return err
	}
	if err := c.removeNode(ctx, node); err != nil {
		return err
	}
	if !m.affordable(candidate) {
		t.beyondBudget = true
		return nil
	}
	holds, err := m.holds(ctx, problem, decision, []*machine{{node, candidate}}, []step{{pod, node.Name}})
	if holds {
		t.now = "a fresh " + describe(candidate)
	} else {
		t.later = true
	}
	return err
}
