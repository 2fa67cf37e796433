// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package scheduling

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
)

var web = &metav1.LabelSelector{MatchLabels: map[string]string{"app": "web"}}

func webPods(n int, mutate ...func(*corev1.Pod)) (list []*corev1.Pod) {
	label := func(p *corev1.Pod) { p.Labels = map[string]string{"app": "web"} }
	for i := range n {
		list = append(list, pod(fmt.Sprintf("web-%02d", i), "1", append([]func(*corev1.Pod){label}, mutate...)...))
	}
	return list
}

func overZones(p *corev1.Pod) {
	p.Spec.TopologySpreadConstraints = []corev1.TopologySpreadConstraint{{
		MaxSkew: 1, TopologyKey: corev1.LabelTopologyZone, WhenUnsatisfiable: corev1.DoNotSchedule, LabelSelector: web,
	}}
}

func minDomains(n int32) func(*corev1.Pod) {
	return func(p *corev1.Pod) { p.Spec.TopologySpreadConstraints[0].MinDomains = &n }
}

func terms(key string) []corev1.PodAffinityTerm {
	return []corev1.PodAffinityTerm{{TopologyKey: key, LabelSelector: web}}
}

func apart(key string) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.Spec.Affinity = &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{RequiredDuringSchedulingIgnoredDuringExecution: terms(key)}}
	}
}

func together(key string) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.Spec.Affinity = &corev1.Affinity{PodAffinity: &corev1.PodAffinity{RequiredDuringSchedulingIgnoredDuringExecution: terms(key)}}
	}
}

func inGroup(name string) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		if p.Labels == nil {
			p.Labels = map[string]string{}
		}
		p.Labels[v1beta1.LabelPodGroup] = name
	}
}

func withClaim(name string) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.Spec.Volumes = []corev1.Volume{{Name: "v", VolumeSource: corev1.VolumeSource{
			PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: name},
		}}}
	}
}

func withPriority(n int32) func(*corev1.Pod) {
	return func(p *corev1.Pod) { p.Spec.Priority = &n }
}

// zones counts the pods that are bought for by zone.
func zones(d Decision) string {
	counts := map[string]int{}
	for _, p := range d.Purchases {
		counts[p.Candidate.Offering.Zone] += len(p.Pods)
	}
	var parts []string
	for _, zone := range slices.Sorted(maps.Keys(counts)) {
		parts = append(parts, fmt.Sprintf("%s:%d", zone, counts[zone]))
	}
	return strings.Join(parts, " ")
}

func TestTopology(t *testing.T) {
	const zone = corev1.LabelTopologyZone
	a, b, c := candidate("m5.4xlarge", "a", 16, 0.70), candidate("m5.4xlarge", "b", 16, 0.71), candidate("m5.4xlarge", "c", 16, 0.72)
	all := []Candidate{c, a, b}
	main := candidate("m5.4xlarge", "b", 16, 0.90)
	main.Location, main.Taints = "", nil
	host := func(c Candidate) Candidate {
		c.Labels = maps.Clone(c.Labels)
		c.Labels[corev1.LabelHostname] = "planned"
		return c
	}
	node := func(name, zone string, running ...*corev1.Pod) Node {
		return Node{
			Name: name, Labels: map[string]string{corev1.LabelTopologyZone: zone, corev1.LabelHostname: name},
			Free: corev1.ResourceList{}, Pods: running,
		}
	}
	one := int64(1)
	annotated := func(p *corev1.Pod) {
		p.Annotations = map[string]string{v1beta1.AnnotationPodGroupMinAvailable: "4"}
	}
	high := candidate("m5.large", "a", 2, 0.10)
	high.Priority, high.Template = 1, Template{"team-a", "first"}
	lowly := candidate("m5.large", "a", 2, 0.01)
	lowly.Priority, lowly.Template = -1, Template{"team-a", "last"}
	for name, test := range map[string]struct {
		problem  Problem
		machines int
		zones    string
		left     int
		reason   string
	}{
		"one zone is enough when there is no other": {problem: Problem{Pods: webPods(4, overZones), Candidates: all}, machines: 1, zones: "a:4"},
		"where a node is, its zone will do":         {problem: Problem{Pods: webPods(4, overZones), Candidates: all, Nodes: []Node{node("n", "b")}}, machines: 1, zones: "b:4"},
		"nodes in two zones make two":               {problem: Problem{Pods: webPods(4, overZones), Candidates: all, Nodes: []Node{node("n", "a"), node("o", "b")}}, machines: 2, zones: "a:2 b:2"},
		"minDomains makes three":                    {problem: Problem{Pods: webPods(6, overZones, minDomains(3)), Candidates: all}, machines: 3, zones: "a:2 b:2 c:2"},
		"pods of a zone share a machine": {problem: Problem{Pods: webPods(9, overZones, minDomains(3)), Candidates: []Candidate{
			candidate("m5.large", "a", 2, 0.41), candidate("m5.large", "b", 2, 0.41), candidate("m5.large", "c", 2, 0.41),
			candidate("m5.xlarge", "a", 4, 0.83), candidate("m5.xlarge", "b", 4, 0.83), candidate("m5.xlarge", "c", 4, 0.83),
		}}, machines: 3, zones: "a:3 b:3 c:3"},
		"a machine of a higher template lets one more in": {problem: Problem{
			Pods: webPods(4, overZones), Nodes: []Node{node("n", "b")}, Candidates: []Candidate{high, candidate("m5.large", "b", 2, 0.10)},
		}, machines: 4, zones: "a:2 b:2"},
		"what runs counts":                           {problem: Problem{Pods: webPods(3, overZones), Candidates: []Candidate{b}, Nodes: []Node{node("n", "a", webPods(2)...)}}, machines: 1, zones: "b:3"},
		"a zone that cannot grow bounds the others":  {problem: Problem{Pods: webPods(3, overZones), Candidates: []Candidate{b}, Nodes: []Node{node("n", "a")}}, machines: 1, zones: "b:1", left: 2, reason: "topology spread"},
		"one a host":                                 {problem: Problem{Pods: webPods(3, apart(corev1.LabelHostname)), Candidates: []Candidate{host(a), host(b)}}, machines: 3, zones: "a:3"},
		"one a zone":                                 {problem: Problem{Pods: webPods(4, apart(zone)), Candidates: all}, machines: 3, zones: "a:1 b:1 c:1", left: 1, reason: "affinity"},
		"all in one zone":                            {problem: Problem{Pods: webPods(20, together(zone)), Candidates: all}, machines: 2, zones: "a:20"},
		"where the others run":                       {problem: Problem{Pods: webPods(2, together(zone)), Candidates: all, Nodes: []Node{node("n", "c", webPods(1)...)}}, machines: 1, zones: "c:2"},
		"a running pod keeps others out of its zone": {problem: Problem{Pods: webPods(1), Candidates: []Candidate{a, b}, Nodes: []Node{node("n", "a", webPods(1, apart(zone))...)}}, machines: 1, zones: "b:1"},
		"volumes are for the main cluster":           {problem: Problem{Pods: webPods(1, withClaim("v")), Candidates: []Candidate{a, main}, Claims: map[types.NamespacedName]*corev1.NodeSelector{{Namespace: "team-a", Name: "v"}: nil}}, machines: 1, zones: "b:1"},
		"a volume nowhere in the main cluster":       {problem: Problem{Pods: webPods(1, withClaim("v")), Candidates: []Candidate{a}, Claims: map[types.NamespacedName]*corev1.NodeSelector{{Namespace: "team-a", Name: "v"}: nil}}, left: 1, reason: "mount no persistent volumes"},
		"a group that does not fit is left whole":    {problem: Problem{Pods: webPods(20, inGroup("job")), Candidates: []Candidate{a}, Budgets: map[Template]Budget{template: {Edges: &one}}}, left: 20, reason: "group job"},
		"a part of a group is enough if it says so":  {problem: Problem{Pods: webPods(20, inGroup("job"), annotated), Candidates: []Candidate{a}, Budgets: map[Template]Budget{template: {Edges: &one}}}, machines: 1, zones: "a:15", left: 5, reason: "limits.edges"},
		"machines of main count for no limit":        {problem: Problem{Pods: webPods(20), Candidates: []Candidate{a, main}, Budgets: map[Template]Budget{template: {Edges: &one}}}, machines: 2, zones: "a:15 b:5"},
		"a node's taint is asked, not that of its like": {problem: Problem{
			Pods: []*corev1.Pod{pod("p", "1"), pod("q", "1", func(p *corev1.Pod) { p.Spec.Tolerations = nil })}, Candidates: []Candidate{main},
			Nodes: []Node{{Name: "n", Edge: true, Taints: a.Taints, Free: a.Offering.Allocatable}},
		}, machines: 1, zones: "b:1"},
		"a template of low priority is the last": {problem: Problem{Pods: webPods(1), Candidates: []Candidate{a, lowly}}, machines: 1, zones: "a:1"},
	} {
		t.Run(name, func(t *testing.T) {
			d := Solve(test.problem)
			if len(d.Purchases) != test.machines || zones(d) != test.zones || len(d.Unschedulable) != test.left {
				t.Fatalf("%d machines, zones %s, left %d; want %d, %s, %d", len(d.Purchases), zones(d), len(d.Unschedulable), test.machines, test.zones, test.left)
			}
			if test.left > 0 && !strings.Contains(d.Unschedulable[0].Reason, test.reason) {
				t.Errorf("reason %q does not say %q", d.Unschedulable[0].Reason, test.reason)
			}
		})
	}
}

func TestPriorityDecidesWhoGetsTheLastMachine(t *testing.T) {
	one := int64(1)
	urgent := pod("z", "1", withPriority(10))
	d := Solve(Problem{
		Pods: append(webPods(15, withPriority(1)), urgent), Candidates: []Candidate{candidate("m5.4xlarge", "a", 16, 0.70)},
		Budgets: map[Template]Budget{template: {Edges: &one}},
	})
	if len(d.Purchases) != 1 || !slices.Contains(d.Purchases[0].Pods, urgent) || len(d.Unschedulable) != 1 {
		t.Errorf("decision = %+v", d)
	}
}

// The order of the candidates is not that in which zones are taken.
func TestSpreadDoesNotDependOnTheOrderOfCandidates(t *testing.T) {
	var pods []*corev1.Pod
	for i, memory := range []string{"256Mi", "6Gi", "6Gi", "256Mi", "3Gi"} {
		rule := apart(corev1.LabelHostname)
		if i > 2 {
			rule = overZones
		}
		pods = append(pods, pod(fmt.Sprint("p", i), "100m", rule, func(p *corev1.Pod) {
			p.Labels = web.MatchLabels
			p.Spec.Containers[0].Resources.Requests[corev1.ResourceMemory] = resource.MustParse(memory)
		}))
	}
	pods[2].Spec.NodeSelector = map[string]string{corev1.LabelTopologyZone: "a"}
	candidates := []Candidate{candidate("m0", "b", 2, 0.10), candidate("m1", "a", 1, 0.05)}
	first := fmt.Sprint(describe(Solve(Problem{Pods: pods, Candidates: candidates})))
	slices.Reverse(candidates)
	if second := fmt.Sprint(describe(Solve(Problem{Pods: pods, Candidates: candidates}))); first != second {
		t.Errorf("%s\nthen\n%s", first, second)
	}
}
