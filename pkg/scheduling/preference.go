// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package scheduling

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	v1helper "k8s.io/component-helpers/scheduling/corev1"
	"k8s.io/component-helpers/scheduling/corev1/nodeaffinity"
	"k8s.io/klog/v2"
)

// A preference changes neither what is bought and what it costs nor which pods are placed.
// All that is decided without a look at preferences; then pods change places, and machines
// their zone or whatever else costs nothing, as long as more is preferred than before.

// What the preferences weigh that have no weight of their own, on the scale of those that
// have one, which ends at 100.
const (
	// softTaint is what a PreferNoSchedule taint weighs that a pod does not tolerate.
	softTaint = 100
	// softSpread is what each other pod in the domain of a pod weighs that its topology
	// spread with ScheduleAnyway counts.
	softSpread = 100
)

// prefer arranges the plan as pods prefer it.
func (p *plan) prefer() {
	buys := slices.ContainsFunc(p.machines, func(m *machine) bool { return m.node < 0 })
	if buys && p.model.problem.prefers() {
		p.newArrangement().improve()
	}
}

// prefers says whether any pod prefers anything that pods to be placed have a part in.
func (p *Problem) prefers() bool {
	company := func(pod *corev1.Pod) bool { return len(preferredTerms(pod)) > 0 }
	if slices.ContainsFunc(p.Pods, func(pod *corev1.Pod) bool {
		return company(pod) || len(preferredNodeTerms(pod)) > 0 || len(softSpreads(pod)) > 0
	}) {
		return true
	}
	for i := range p.Nodes {
		if slices.ContainsFunc(p.Nodes[i].Pods, company) {
			return true
		}
	}
	for i := range p.Candidates {
		if slices.ContainsFunc(p.Candidates[i].Taints, soft) {
			return true
		}
	}
	return false
}

// soft are the taints that keep no pod away.
func soft(taint corev1.Taint) bool { return taint.Effect == corev1.TaintEffectPreferNoSchedule }

func softSpreads(pod *corev1.Pod) (constraints []*corev1.TopologySpreadConstraint) {
	for i := range pod.Spec.TopologySpreadConstraints {
		if c := &pod.Spec.TopologySpreadConstraints[i]; c.WhenUnsatisfiable == corev1.ScheduleAnyway {
			constraints = append(constraints, c)
		}
	}
	return constraints
}

func preferredNodeTerms(pod *corev1.Pod) []corev1.PreferredSchedulingTerm {
	if a := pod.Spec.Affinity; a != nil && a.NodeAffinity != nil {
		return a.NodeAffinity.PreferredDuringSchedulingIgnoredDuringExecution
	}
	return nil
}

// weighted is a preferred term of pod affinity, or, below zero, of anti-affinity.
type weighted struct {
	term   *corev1.PodAffinityTerm
	weight int64
}

func preferredTerms(pod *corev1.Pod) (terms []weighted) {
	a := pod.Spec.Affinity
	if a == nil {
		return nil
	}
	add := func(list []corev1.WeightedPodAffinityTerm, sign int64) {
		for i := range list {
			terms = append(terms, weighted{&list[i].PodAffinityTerm, sign * int64(list[i].Weight)})
		}
	}
	if a.PodAffinity != nil {
		add(a.PodAffinity.PreferredDuringSchedulingIgnoredDuringExecution, 1)
	}
	if a.PodAntiAffinity != nil {
		add(a.PodAntiAffinity.PreferredDuringSchedulingIgnoredDuringExecution, -1)
	}
	return terms
}

// likings returns, for each node, the sum of the weights of what a pod prefers and finds
// there.
func likings(pod *corev1.Pod, nodes []*profile) []int64 {
	likings := make([]int64, len(nodes))
	terms, err := nodeaffinity.NewPreferredSchedulingTerms(preferredNodeTerms(pod))
	for i, p := range nodes {
		for n := range p.node.Spec.Taints {
			taint := &p.node.Spec.Taints[n]
			if soft(*taint) && !v1helper.TolerationsTolerateTaint(klog.Background(), pod.Spec.Tolerations, taint, false) {
				likings[i] -= softTaint
			}
		}
		if err == nil { // terms that cannot be parsed are not preferred; the API server refuses them
			likings[i] += terms.Score(p.node)
		}
	}
	return likings
}
