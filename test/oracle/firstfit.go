// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"cmp"
	"context"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	v1helper "k8s.io/component-helpers/scheduling/corev1"
	"k8s.io/klog/v2"

	"github.com/castai/omni/pkg/scheduling"
)

// FirstFit decides as kube-scheduler and the simplest of autoscalers would together:
// pod after pod, on the first node that takes it, else on the cheapest machine that
// does. It is dear, knows no lower bound and gives no reasons: the tests hold the
// oracle and the translation of recorded cases against it.
func FirstFit(ctx context.Context, problem *scheduling.Problem) (*scheduling.Decision, error) {
	ctx, cancel := context.WithCancel(klog.NewContext(ctx, klog.Logger{}))
	defer cancel()
	c, err := newCluster(ctx, problem)
	if err != nil {
		return nil, err
	}
	sorted := *problem
	sorted.Candidates = slices.Clone(problem.Candidates)
	slices.SortStableFunc(sorted.Candidates, func(a, b scheduling.Candidate) int {
		return cmp.Or(cmp.Compare(b.Priority, a.Priority), cmp.Compare(a.Cost.Total(), b.Cost.Total()))
	})
	f := &firstFit{cluster: c, market: newMarket(&sorted, &scheduling.Decision{}), decision: &scheduling.Decision{}}
	pods := slices.Clone(problem.Pods)
	slices.SortStableFunc(pods, func(a, b *corev1.Pod) int {
		return cmp.Compare(v1helper.PodPriority(b), v1helper.PodPriority(a))
	})
	if err := f.run(ctx, unitsOf(problem, pods)); err != nil {
		return nil, err
	}
	return f.decision, nil
}

// unit is a pod, or the pods of a group, of which so many must be placed.
type unit struct {
	pods    []*corev1.Pod
	minimum int
}

func unitsOf(problem *scheduling.Problem, pods []*corev1.Pod) []unit {
	var units []unit
	groups, index := groupsOf(problem, &scheduling.Decision{}), map[*group]int{}
	for _, pod := range pods {
		g := groups.of(pod)
		if g == nil {
			units = append(units, unit{[]*corev1.Pod{pod}, 1})
		} else if i, ok := index[g]; ok {
			units[i].pods = append(units[i].pods, pod)
		} else {
			index[g] = len(units)
			units = append(units, unit{[]*corev1.Pod{pod}, g.minimum})
		}
	}
	return units
}

type firstFit struct {
	cluster  *cluster
	market   *market
	decision *scheduling.Decision
	machines map[string]int
}

// run tries the units again and again, as pod affinity may need others first.
func (f *firstFit) run(ctx context.Context, waiting []unit) error {
	f.machines = map[string]int{}
	for progress := true; progress; {
		progress = false
		var rest []unit
		for _, u := range waiting {
			left, err := f.place(ctx, u)
			if err != nil {
				return err
			}
			progress = progress || len(left.pods) < len(u.pods)
			if len(left.pods) > 0 {
				rest = append(rest, left)
			}
		}
		waiting = rest
	}
	for _, u := range waiting {
		for _, pod := range u.pods {
			f.decision.Unschedulable = append(f.decision.Unschedulable, scheduling.Unschedulable{Pod: pod, Reason: "nothing takes it"})
		}
	}
	return nil
}

// place places a unit, or nothing of it, and returns what is left.
func (f *firstFit) place(ctx context.Context, u unit) (left unit, err error) {
	before := *f.market
	before.spent = maps.Clone(f.market.spent)
	var done []step
	var machines []*machine
	for _, pod := range u.pods {
		name := purchaseName(len(f.decision.Purchases) + len(machines))
		node, machine, err := f.market.place(ctx, f.cluster, pod, name)
		if err != nil {
			return unit{}, err
		}
		if machine != nil {
			machines = append(machines, machine)
		}
		if node != "" {
			done = append(done, step{pod, node})
		} else {
			left.pods = append(left.pods, pod)
		}
	}
	if len(done) < u.minimum {
		f.market = &before
		return u, f.cluster.undo(ctx, done, machines)
	}
	f.record(done, machines)
	left.minimum = 1
	return left, nil
}

func (f *firstFit) record(done []step, machines []*machine) {
	for _, m := range machines {
		f.machines[m.node.Name] = len(f.decision.Purchases)
		f.decision.Purchases = append(f.decision.Purchases, scheduling.Purchase{Candidate: *m.candidate})
		f.decision.Cost += m.candidate.Cost.Total()
	}
	for _, s := range done {
		f.decision.Order = append(f.decision.Order, s.pod)
		if i, ok := f.machines[s.node]; ok {
			f.decision.Purchases[i].Pods = append(f.decision.Purchases[i].Pods, s.pod)
		} else {
			f.decision.Placed = append(f.decision.Placed, scheduling.Placement{Pod: s.pod, Node: s.node})
		}
	}
}
