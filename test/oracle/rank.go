// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	v1helper "k8s.io/component-helpers/scheduling/corev1"

	"github.com/castai/omni/pkg/scheduling"
)

// outranked names a machine that was bought for pods of lower priority only, and
// that the pod, which its template can buy nothing more for, would be taken by;
// empty when there is none.
func (m *market) outranked(ctx context.Context, c *cluster, pod *corev1.Pod, decision *scheduling.Decision) (string, error) {
	for i := range decision.Purchases {
		purchase := &decision.Purchases[i]
		if purchase.Candidate.Main() || highest(purchase.Pods) >= v1helper.PodPriority(pod) {
			continue
		}
		machine, err := c.tryMachine(ctx, bought("fresh", &purchase.Candidate), pod)
		if err != nil {
			return "", err
		}
		if machine != nil {
			return purchaseName(i), c.removeNode(ctx, machine)
		}
	}
	return "", nil
}

func highest(pods []*corev1.Pod) int32 {
	priority := v1helper.PodPriority(pods[0])
	for _, pod := range pods[1:] {
		priority = max(priority, v1helper.PodPriority(pod))
	}
	return priority
}

// demoted reports machines that were bought by a template of lower priority though
// one of higher priority could buy for each of their pods. What a machine has left
// may be given to any pod, and pods with topology spread may need a domain that
// only the lower one has when it is their turn.
func (m *market) demoted(ctx context.Context, c *cluster, decision *scheduling.Decision, report *Report) error {
	for i := range decision.Purchases {
		purchase, better := &decision.Purchases[i], ""
		for _, pod := range purchase.Pods {
			var err error
			if better, err = m.better(ctx, c, step{pod, purchaseName(i)}, purchase.Candidate.Priority); err != nil {
				return err
			}
			if better == "" || spreads(pod) {
				better = ""
				break
			}
		}
		if better != "" {
			report.add(Finding{Kind: Demoted, Node: purchaseName(i), Detail: fmt.Sprintf("%s has a higher priority", better)})
		}
	}
	return nil
}

// better describes a machine of a template of higher priority that takes the placed
// pod; empty when there is none.
func (m *market) better(ctx context.Context, c *cluster, placed step, priority int32) (string, error) {
	for i := range m.candidates {
		candidate := &m.candidates[i]
		if candidate.Priority <= priority || !m.affordable(candidate) {
			continue
		}
		if err := c.unbind(ctx, placed.pod, placed.node); err != nil {
			return "", err
		}
		machine, err := c.tryMachine(ctx, bought("fresh", candidate), placed.pod)
		if err != nil {
			return "", err
		}
		if machine != nil {
			if err := c.removeNode(ctx, machine); err != nil {
				return "", err
			}
		}
		if err := c.bind(ctx, placed.pod, placed.node); err != nil || machine != nil {
			return "a fresh " + describe(candidate), err
		}
	}
	return "", nil
}

// spreads says whether topology spread may keep the pod off a node.
func spreads(pod *corev1.Pod) bool {
	return slices.ContainsFunc(pod.Spec.TopologySpreadConstraints, func(c corev1.TopologySpreadConstraint) bool {
		return c.WhenUnsatisfiable == corev1.DoNotSchedule
	})
}
