// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/types"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/scheduling"
)

// decisionCase is a problem and a decision, right or wrong.
type decisionCase struct {
	problem  scheduling.Problem
	decision scheduling.Decision
	// want is a part of each finding, in order.
	want []string
}

func buy(candidate scheduling.Candidate, pods ...*corev1.Pod) scheduling.Purchase {
	return scheduling.Purchase{Candidate: candidate, Pods: pods}
}

func bill(purchases ...scheduling.Purchase) scheduling.Decision {
	d := scheduling.Decision{Purchases: purchases}
	for i := range purchases {
		d.Cost += purchases[i].Candidate.Cost.Total()
		d.Order = append(d.Order, purchases[i].Pods...)
	}
	return d
}

// problemOf returns the problem that is all about these pods and candidates.
func problemOf(pods []*corev1.Pod, candidates ...scheduling.Candidate) scheduling.Problem {
	return scheduling.Problem{Pods: pods, Candidates: candidates}
}

func decisionCases() map[string]decisionCase {
	small, big := newCandidate("", "z1", 2), newCandidate("", "z2", 8)
	edge := newCandidate("virginia", "z9", 8)
	a, b := newPod("a", "web", "1500m"), newPod("b", "web", "1500m")
	far := newPod("far", "web", "1", toleratesEdges)
	spread1, spread2, spread3 := newPod("s1", "web", "1", spread), newPod("s2", "web", "1", spread), newPod("s3", "web", "1", spread)
	inZ2 := newPod("in-z2", "db", "1", func(p *corev1.Pod) { p.Spec.NodeSelector = map[string]string{corev1.LabelTopologyZone: "z2"} })
	volume := newPod("volume", "db", "1", toleratesEdges, func(p *corev1.Pod) {
		p.Spec.Volumes = []corev1.Volume{{Name: "data", VolumeSource: corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "data"}}}}
	})
	withClaim := func(p scheduling.Problem, selector *corev1.NodeSelector) scheduling.Problem {
		p.Claims = map[types.NamespacedName]*corev1.NodeSelector{{Namespace: "default", Name: "data"}: selector}
		return p
	}
	inZone2 := &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{{MatchExpressions: []corev1.NodeSelectorRequirement{
		{Key: corev1.LabelTopologyZone, Operator: corev1.NodeSelectorOpIn, Values: []string{"z2"}},
	}}}}
	one := int64(1)
	limited := problemOf([]*corev1.Pod{far}, edge)
	limited.Budgets = map[scheduling.Template]scheduling.Budget{template: {Edges: new(int64)}}
	overspent := problemOf([]*corev1.Pod{far, newPod("far2", "web", "1", toleratesEdges)}, edge)
	overspent.Budgets = map[scheduling.Template]scheduling.Budget{template: {Edges: &one}}
	high := newCandidate("", "z1", 2)
	high.Priority, high.Template.Name = 10, "high"
	urgent := newPod("urgent", "web", "1", toleratesEdges, func(p *corev1.Pod) { p.Spec.Priority = new(int32(10)) })
	outranked := problemOf([]*corev1.Pod{urgent, far}, newCandidate("virginia", "z9", 1))
	outranked.Budgets = map[scheduling.Template]scheduling.Budget{template: {Edges: &one}}
	outranked.Candidates[0].Offering.Allocatable[corev1.ResourcePods] = resource.MustParse("1")
	member := func(name string) *corev1.Pod {
		return newPod(name, "job", "1500m", func(p *corev1.Pod) { p.Labels[v1beta1.LabelPodGroup] = "job" })
	}
	g1, g2 := member("g1"), member("g2")
	giant := newPod("giant", "job", "100", func(p *corev1.Pod) { p.Labels[v1beta1.LabelPodGroup] = "job" })

	return map[string]decisionCase{
		"right":                       {problemOf([]*corev1.Pod{a, b}, small), bill(buy(small, a), buy(small, b)), nil},
		"too much for the machine":    {problemOf([]*corev1.Pod{a, b}, small), bill(buy(small, a, b)), []string{"refused pod default/b on purchase-0: NodeResourcesFit: Insufficient cpu"}},
		"edge without toleration":     {problemOf([]*corev1.Pod{a}, edge), bill(buy(edge, a)), []string{"refused pod default/a on purchase-0: TaintToleration"}},
		"edge with toleration":        {problemOf([]*corev1.Pod{far}, edge), bill(buy(edge, far)), nil},
		"in two lists":                {problemOf([]*corev1.Pod{a}, small), bill(buy(small, a), buy(small, a)), []string{"unaccounted pod default/a"}},
		"in no list":                  {problemOf([]*corev1.Pod{a, b}, small), bill(buy(small, a)), []string{"unaccounted pod default/b"}},
		"on no node":                  {problemOf([]*corev1.Pod{a}, small), placed(scheduling.Placement{Pod: a, Node: "gone"}), []string{"there is no such node"}},
		"not for sale":                {problemOf([]*corev1.Pod{a}, small), bill(buy(big, a)), []string{"not for sale"}},
		"bought for nobody":           {problemOf(nil, small), bill(buy(small)), []string{"bought for no pod"}},
		"spread":                      {problemOf([]*corev1.Pod{spread1, spread2}, small, big), bill(buy(small, spread1), buy(big, spread2)), nil},
		"spread in another order":     {problemOf([]*corev1.Pod{spread1, spread2, spread3}, small, big), ordered(bill(buy(big, spread1, spread2), buy(small, spread3)), spread1, spread3, spread2), nil},
		"spread in the wrong order":   {problemOf([]*corev1.Pod{spread1, spread2, spread3}, small, big), bill(buy(big, spread1, spread2), buy(small, spread3)), []string{"refused pod default/s2 on purchase-0: PodTopologySpread"}},
		"no order":                    {problemOf([]*corev1.Pod{a}, small), ordered(bill(buy(small, a))), []string{"1 pods are placed, and 0 have an order"}},
		"skewed":                      {problemOf([]*corev1.Pod{spread1, spread2, spread3, a}, small, big), bill(buy(big, spread1, spread2, spread3), buy(small, a)), []string{"refused pod default/s2 on purchase-0: PodTopologySpread", "refused pod default/s3 on purchase-0: PodTopologySpread"}},
		"missed on a fresh machine":   {problemOf([]*corev1.Pod{a}, small), decide(scheduling.Decision{}, a), []string{"missed pod default/a on a fresh m2"}},
		"refused by all":              {problemOf([]*corev1.Pod{a}, edge), decide(scheduling.Decision{}, a), nil},
		"to be bought later":          {problemOf([]*corev1.Pod{spread1, spread2, inZ2}, small, big), decide(bill(buy(small, spread1, spread2)), inZ2), nil},
		"out of budget":               {limited, decide(scheduling.Decision{}, far), nil},
		"over the budget":             {overspent, bill(buy(edge, overspent.Pods[0]), buy(edge, overspent.Pods[1])), []string{"overspent: node template team/default: 2 edges of 1"}},
		"lower priority first":        {outranked, decide(bill(buy(outranked.Candidates[0], far)), urgent), []string{"outranked pod default/urgent on purchase-0"}},
		"higher priority first":       {outranked, decide(bill(buy(outranked.Candidates[0], urgent)), far), nil},
		"lower template first":        {problemOf([]*corev1.Pod{a}, small, high), bill(buy(small, a)), []string{"demoted on purchase-0"}},
		"higher template first":       {problemOf([]*corev1.Pod{a}, small, high), bill(buy(high, a)), nil},
		"volume in main":              {withClaim(problemOf([]*corev1.Pod{volume}, small, edge), nil), bill(buy(small, volume)), nil},
		"volume on an edge":           {withClaim(problemOf([]*corev1.Pod{volume}, small, edge), nil), bill(buy(edge, volume)), []string{"VolumeBinding"}},
		"volume in its zone":          {withClaim(problemOf([]*corev1.Pod{volume}, small, big), inZone2), bill(buy(big, volume)), nil},
		"volume in another zone":      {withClaim(problemOf([]*corev1.Pod{volume}, small, big), inZone2), bill(buy(small, volume)), []string{"VolumeBinding"}},
		"unknown claim":               {problemOf([]*corev1.Pod{volume}, small), bill(buy(small, volume)), []string{`"data" not found`}},
		"group as one":                {problemOf([]*corev1.Pod{g1, g2}, small), bill(buy(small, g1), buy(small, g2)), nil},
		"group torn":                  {problemOf([]*corev1.Pod{g1, giant}, small), decide(bill(buy(small, g1)), giant), []string{"torn: group default/job"}},
		"group that waits rightly":    {problemOf([]*corev1.Pod{g1, giant}, small), decide(scheduling.Decision{}, g1, giant), nil},
		"group that need not wait":    {problemOf([]*corev1.Pod{g1, g2}, small), decide(scheduling.Decision{}, g1, g2), []string{"missed: group default/job: 2 of its 2"}},
		"wrong sum":                   {problemOf([]*corev1.Pod{a}, small), priced(bill(buy(small, a)), 7), []string{"miscounted: the cost is 7"}},
		"bound above the cost":        {problemOf(nil, small), scheduling.Decision{LowerBound: 1}, []string{"miscounted: the lower bound is 1"}},
		"on a node that is too full":  {withNode(problemOf([]*corev1.Pod{a, b}, small), newNode("old", "z1", "2", newPod("c", "web", "60"))), placed(scheduling.Placement{Pod: a, Node: "old"}, scheduling.Placement{Pod: b, Node: "old"}), []string{"refused pod default/b on old"}},
		"missed on an existing node":  {withNode(problemOf([]*corev1.Pod{a}), newNode("old", "z1", "2")), decide(scheduling.Decision{}, a), []string{"missed pod default/a on old"}},
		"an existing node has enough": {withNode(problemOf([]*corev1.Pod{a}), newNode("old", "z1", "1500m", newPod("c", "web", "60"))), placed(scheduling.Placement{Pod: a, Node: "old"}), nil},
	}
}

func placed(list ...scheduling.Placement) scheduling.Decision {
	d := scheduling.Decision{Placed: list}
	for i := range list {
		d.Order = append(d.Order, list[i].Pod)
	}
	return d
}

func ordered(d scheduling.Decision, order ...*corev1.Pod) scheduling.Decision {
	d.Order = order
	return d
}

func priced(d scheduling.Decision, cost float64) scheduling.Decision {
	d.Cost = cost
	return d
}

// decide calls the pods unschedulable.
func decide(d scheduling.Decision, pods ...*corev1.Pod) scheduling.Decision {
	for _, pod := range pods {
		d.Unschedulable = append(d.Unschedulable, scheduling.Unschedulable{Pod: pod, Reason: "none"})
	}
	return d
}

func withNode(p scheduling.Problem, node scheduling.Node) scheduling.Problem {
	p.Nodes = append(p.Nodes, node)
	return p
}

// TestCheck: the oracle finds what is wrong, and nothing where nothing is.
func TestCheck(t *testing.T) {
	for name, test := range decisionCases() {
		t.Run(name, func(t *testing.T) {
			report := check(t, &test.problem, &test.decision)
			if len(report.Findings) != len(test.want) {
				t.Fatalf("found:\n%s\nwant %q", findings(report), test.want)
			}
			for i, want := range test.want {
				if got := report.Findings[i].String(); !strings.Contains(got, want) {
					t.Errorf("finding %d is %q, want %q", i, got, want)
				}
			}
		})
	}
}

// TestCheckCounts: what is kept away by a budget, or has to wait, is told from what
// nothing takes.
func TestCheckCounts(t *testing.T) {
	cases := decisionCases()
	for name, want := range map[string]Report{
		"right":                    {Accepted: 2},
		"refused by all":           {Unschedulable: 1},
		"out of budget":            {OutOfBudget: 1},
		"to be bought later":       {Accepted: 2, Later: 1},
		"group that waits rightly": {Unschedulable: 2},
	} {
		test := cases[name]
		got := check(t, &test.problem, &test.decision)
		if got.Accepted != want.Accepted || got.Unschedulable != want.Unschedulable || got.OutOfBudget != want.OutOfBudget || got.Later != want.Later {
			t.Errorf("%s: %+v, want %+v", name, *got, want)
		}
	}
}
