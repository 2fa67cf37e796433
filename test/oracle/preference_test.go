// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"context"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"pgregory.net/rapid"

	"github.com/castai/omni/pkg/scheduling"
	"github.com/castai/omni/pkg/scheduling/workload"
	"github.com/castai/omni/test/object"
)

// indifferent returns the same problem of pods that prefer nothing.
func indifferent(p *scheduling.Problem) *scheduling.Problem {
	plain := *p
	plain.Pods, plain.Nodes, plain.Candidates = object.WithoutPreferences(p.Pods), slices.Clone(p.Nodes), slices.Clone(p.Candidates)
	soft := func(t corev1.Taint) bool { return t.Effect == corev1.TaintEffectPreferNoSchedule }
	for i := range plain.Nodes {
		plain.Nodes[i].Pods = object.WithoutPreferences(p.Nodes[i].Pods)
		plain.Nodes[i].Taints = slices.DeleteFunc(slices.Clone(p.Nodes[i].Taints), soft)
	}
	for i := range plain.Candidates {
		plain.Candidates[i].Taints = slices.DeleteFunc(slices.Clone(p.Candidates[i].Taints), soft)
	}
	return &plain
}

// scoresOf returns the score of what is decided without a look at preferences, and with it.
func scoresOf(t rapid.TB, problem *scheduling.Problem) (before, after int64, decision scheduling.Decision) {
	t.Helper()
	decision, plain := scheduling.Solve(*problem), scheduling.Solve(*indifferent(problem))
	if decision.Cost != plain.Cost || len(decision.Unschedulable) != len(plain.Unschedulable) {
		t.Fatalf("the bill is %v, %v without preferences; %d pods are left, %d without", decision.Cost, plain.Cost, len(decision.Unschedulable), len(plain.Unschedulable))
	}
	// The machines that were bought for pods without preferences have their taints after all.
	for i := range plain.Purchases {
		bought := &plain.Purchases[i].Candidate
		n := slices.IndexFunc(problem.Candidates, func(c scheduling.Candidate) bool { return same(&c, bought) })
		bought.Taints = problem.Candidates[n].Taints
	}
	before, err := Score(context.Background(), problem, &plain)
	if err != nil {
		t.Fatal(err)
	}
	if after, err = Score(context.Background(), problem, &decision); err != nil {
		t.Fatal(err)
	}
	return before, after, decision
}

// TestPreferences: what pods prefer costs nothing and leaves nobody behind,
// kube-scheduler accepts it, and its own scores of the nodes are better for it over all problems.
func TestPreferences(t *testing.T) {
	var before, after int64
	better, worse := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		problem := generateProblem(t)
		preferRather(t, problem)
		without, with, decision := scoresOf(t, problem)
		accept(t, problem, &decision)
		before, after = before+without, after+with
		if with > without {
			better++
		} else if with < without {
			worse++
		}
	})
	t.Logf("the scores add up to %d, %d without a look at preferences; %d are better, %d worse", after, before, better, worse)
	if after <= before || better <= worse {
		t.Errorf("the scores add up to %d, %d without a look at preferences; %d are better, %d worse", after, before, better, worse)
	}
}

// preferRather lets pods prefer what they require of each other, and tolerate edges.
func preferRather(t *rapid.T, problem *scheduling.Problem) {
	rather := func(required *[]corev1.PodAffinityTerm, preferred *[]corev1.WeightedPodAffinityTerm) {
		for _, term := range *required {
			*preferred = append(*preferred, corev1.WeightedPodAffinityTerm{Weight: generateWeight(t), PodAffinityTerm: term})
		}
		*required = nil
	}
	for _, pod := range problem.Pods {
		toleratesEdges(pod)
		for i := range pod.Spec.TopologySpreadConstraints {
			pod.Spec.TopologySpreadConstraints[i].WhenUnsatisfiable = corev1.ScheduleAnyway
			pod.Spec.TopologySpreadConstraints[i].MinDomains = nil
		}
		if a := pod.Spec.Affinity; a != nil && a.PodAffinity != nil {
			rather(&a.PodAffinity.RequiredDuringSchedulingIgnoredDuringExecution, &a.PodAffinity.PreferredDuringSchedulingIgnoredDuringExecution)
		}
		if a := pod.Spec.Affinity; a != nil && a.PodAntiAffinity != nil {
			rather(&a.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution, &a.PodAntiAffinity.PreferredDuringSchedulingIgnoredDuringExecution)
		}
	}
}

// TestPreferringWorkload: kube-scheduler accepts a thousand pods that are arranged by the
// preferences of many charts, and scores them higher; a plan that leaves nothing to
// arrange hardly lower, since kube-scheduler scales its scores and we add weights.
func TestPreferringWorkload(t *testing.T) {
	catalog := readData(t, "catalog-omni-v1.json", workload.ReadCatalog)
	var before, after int64
	for _, name := range []string{"generic-1000", "mixed-1000", "constrained-1000"} {
		pods := readData(t, "workload-"+name+".json", workload.Read)
		problem := scheduling.Problem{Pods: pods.Preferring().Pods(), Candidates: catalog.Candidates(func(string) bool { return true }, overhead)}
		without, with, decision := scoresOf(t, &problem)
		if report := check(t, &problem, &decision); len(report.Findings) > 0 {
			t.Errorf("%s: %d findings, the first of them: %s", name, len(report.Findings), report.Findings[0])
		}
		t.Logf("%s: %d points of the default profile for preferences, %d without a look at them", name, with, without)
		if float64(with) < 0.99*float64(without) {
			t.Errorf("%s: the scores add up to %d, %d without a look at preferences", name, with, without)
		}
		before, after = before+without, after+with
	}
	if after <= before {
		t.Errorf("the scores add up to %d, %d without a look at preferences", after, before)
	}
}
