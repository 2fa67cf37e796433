// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/scheduling"
)

// group is a set of pods that are scheduled as one.
type group struct {
	name string
	// minimum is how many of the pending pods must be scheduled for any to be.
	minimum   int
	scheduled int
	waiting   []*corev1.Pod
}

// groups are those of a problem, by namespace/name.
type groups map[string]*group

func groupsOf(problem *scheduling.Problem, decision *scheduling.Decision) groups {
	all := groups{}
	for _, pod := range problem.Pods {
		if g := all.of(pod); g != nil {
			g.minimum++
		}
	}
	for _, pod := range problem.Pods {
		if g := all.of(pod); g != nil {
			if n, err := strconv.Atoi(pod.Annotations[v1beta1.AnnotationPodGroupMinAvailable]); err == nil {
				g.minimum = n - running(problem, pod)
			}
		}
	}
	for _, s := range steps(decision) {
		if g := all.of(s.pod); g != nil {
			g.scheduled++
		}
	}
	for _, u := range decision.Unschedulable {
		if g := all.of(u.Pod); g != nil {
			g.waiting = append(g.waiting, u.Pod)
		}
	}
	return all
}

// running is the number of pods of the pod's group that have a node already.
func running(problem *scheduling.Problem, pod *corev1.Pod) (n int) {
	for i := range problem.Nodes {
		for _, p := range problem.Nodes[i].Pods {
			if p.Namespace == pod.Namespace && p.Labels[v1beta1.LabelPodGroup] == pod.Labels[v1beta1.LabelPodGroup] {
				n++
			}
		}
	}
	return n
}

// of returns the group of the pod, nil when it has none.
func (all groups) of(pod *corev1.Pod) *group {
	name := pod.Labels[v1beta1.LabelPodGroup]
	if name == "" {
		return nil
	}
	name = pod.Namespace + "/" + name
	if all[name] == nil {
		all[name] = &group{name: name}
	}
	return all[name]
}

// waiting says whether the pod waits for others of its group.
func (all groups) waiting(pod *corev1.Pod) bool {
	g := all.of(pod)
	return g != nil && g.scheduled < g.minimum
}

// offer tries to place each group that waits, greedily, in the decision's order.
func (all groups) offer(ctx context.Context, c *cluster, m *market, problem *scheduling.Problem, decision *scheduling.Decision, report *Report) error {
	for _, name := range slices.Sorted(maps.Keys(all)) {
		g := all[name]
		if g.scheduled >= g.minimum {
			continue
		}
		if g.scheduled > 0 {
			report.add(Finding{Kind: Torn, Detail: fmt.Sprintf("group %s: %d pods are scheduled, %d are not, and at least %d must be", g.name, g.scheduled, len(g.waiting), g.minimum)})
			continue
		}
		placed, machines, err := g.place(ctx, c, m)
		if err != nil {
			return err
		}
		if len(placed) < g.minimum {
			report.Unschedulable += len(g.waiting)
			continue
		}
		holds, err := m.holds(ctx, problem, decision, machines, placed)
		if err != nil {
			return err
		}
		if holds {
			report.add(Finding{Kind: Missed, Detail: fmt.Sprintf("group %s: %d of its %d pods can be placed, and it wants %d", g.name, len(placed), len(g.waiting), g.minimum)})
		} else {
			report.Later += len(g.waiting)
		}
	}
	return nil
}

// place places what it can of the group, says where on which machines, and takes
// everything back.
func (g *group) place(ctx context.Context, c *cluster, m *market) (done []step, machines []*machine, err error) {
	trial := &market{candidates: m.candidates, budgets: m.budgets, spent: maps.Clone(m.spent)}
	for i, pod := range g.waiting {
		node, machine, err := trial.place(ctx, c, pod, fmt.Sprintf("fresh-%d", i))
		if err != nil {
			return nil, nil, err
		}
		if machine != nil {
			machines = append(machines, machine)
		}
		if node != "" {
			done = append(done, step{pod, node})
		}
	}
	return done, machines, c.undo(ctx, done, machines)
}

// undo takes pods off their nodes, and machines out of the cluster.
func (c *cluster) undo(ctx context.Context, done []step, machines []*machine) error {
	for _, s := range done {
		if err := c.unbind(ctx, s.pod, s.node); err != nil {
			return err
		}
	}
	for _, machine := range machines {
		if err := c.removeNode(ctx, machine.node); err != nil {
			return err
		}
	}
	return nil
}
