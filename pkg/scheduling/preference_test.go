// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package scheduling

import (
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/castai/omni/test/object"
)

func ofApp(app string) func(*corev1.Pod) {
	return func(p *corev1.Pod) { p.Labels = map[string]string{"app": app} }
}

// apps selects the pods of an application.
func apps(app string) *metav1.LabelSelector {
	return &metav1.LabelSelector{MatchLabels: map[string]string{"app": app}}
}

func affinityOf(p *corev1.Pod) *corev1.Affinity {
	if p.Spec.Affinity == nil {
		p.Spec.Affinity = &corev1.Affinity{}
	}
	return p.Spec.Affinity
}

func spreadIfFree(key, app string) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.Spec.TopologySpreadConstraints = append(p.Spec.TopologySpreadConstraints, corev1.TopologySpreadConstraint{
			MaxSkew: 1, TopologyKey: key, WhenUnsatisfiable: corev1.ScheduleAnyway, LabelSelector: apps(app),
		})
	}
}

func prefersApart(key, app string, weight int32) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		affinityOf(p).PodAntiAffinity = &corev1.PodAntiAffinity{PreferredDuringSchedulingIgnoredDuringExecution: []corev1.WeightedPodAffinityTerm{
			{Weight: weight, PodAffinityTerm: corev1.PodAffinityTerm{TopologyKey: key, LabelSelector: apps(app)}},
		}}
	}
}

func prefersNear(key, app string, weight int32) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		affinityOf(p).PodAffinity = &corev1.PodAffinity{PreferredDuringSchedulingIgnoredDuringExecution: []corev1.WeightedPodAffinityTerm{
			{Weight: weight, PodAffinityTerm: corev1.PodAffinityTerm{TopologyKey: key, LabelSelector: apps(app)}},
		}}
	}
}

func prefersZone(zone string, weight int32) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		affinityOf(p).NodeAffinity = &corev1.NodeAffinity{PreferredDuringSchedulingIgnoredDuringExecution: []corev1.PreferredSchedulingTerm{{
			Weight: weight, Preference: corev1.NodeSelectorTerm{MatchExpressions: []corev1.NodeSelectorRequirement{{
				Key: corev1.LabelTopologyZone, Operator: corev1.NodeSelectorOpIn, Values: []string{zone},
			}}},
		}}}
	}
}

func inZone(zone string) func(*corev1.Pod) {
	return func(p *corev1.Pod) { p.Spec.NodeSelector = map[string]string{corev1.LabelTopologyZone: zone} }
}

// layout says which pods are on each machine, by zone, in an order of its own.
func layout(d Decision) string {
	var machines []string
	for _, purchase := range d.Purchases {
		var names []string
		for _, pod := range purchase.Pods {
			names = append(names, pod.Name)
		}
		slices.Sort(names)
		machines = append(machines, purchase.Candidate.Offering.Zone+":"+strings.Join(names, ","))
	}
	slices.Sort(machines)
	return strings.Join(machines, " ")
}

// Two pods of 900m fill a machine of two vCPUs.
func TestPreferencesAreKeptWhereTheyAreFree(t *testing.T) {
	const zone, host = corev1.LabelTopologyZone, corev1.LabelHostname
	a, b := candidate("m5.large", "a", 2, 0.10), candidate("m5.large", "b", 2, 0.10)
	dearer := candidate("m5.large", "b", 2, 0.11)
	avoided := candidate("m5.large", "a", 2, 0.10)
	avoided.Taints = append(avoided.Taints, corev1.Taint{Key: "old", Effect: corev1.TaintEffectPreferNoSchedule})
	lowly := candidate("m5.large", "a", 2, 0.10)
	lowly.Priority = -1
	likes := func(name string, mutate ...func(*corev1.Pod)) *corev1.Pod { return pod(name, "900m", mutate...) }
	running := func(zone string, mutate ...func(*corev1.Pod)) []Node {
		return []Node{{Name: "n", Labels: map[string]string{corev1.LabelTopologyZone: zone, host: "n"}, Pods: []*corev1.Pod{pod("running", "1", mutate...)}}}
	}
	for name, test := range map[string]struct {
		problem Problem
		// plain is how the pods are placed without preferences, empty when that is as with them.
		plain, want string
	}{
		"a zone that a pod likes": {
			problem: Problem{Pods: []*corev1.Pod{likes("p", prefersZone("b", 1))}, Candidates: []Candidate{a, b}},
			plain:   "a:p", want: "b:p",
		},
		"a zone that costs more": {
			problem: Problem{Pods: []*corev1.Pod{likes("p", prefersZone("b", 100))}, Candidates: []Candidate{a, dearer}},
			want:    "a:p",
		},
		"the zone that more pods like": {
			problem: Problem{Pods: []*corev1.Pod{likes("p", prefersZone("a", 10)), likes("q", prefersZone("b", 20))}, Candidates: []Candidate{a, b}},
			plain:   "a:p,q", want: "b:p,q",
		},
		"a taint that pods would rather avoid": {
			problem: Problem{Pods: []*corev1.Pod{likes("p")}, Candidates: []Candidate{avoided, b}},
			plain:   "a:p", want: "b:p",
		},
		"a taint whose avoidance costs": {
			problem: Problem{Pods: []*corev1.Pod{likes("p")}, Candidates: []Candidate{avoided, dearer}},
			want:    "a:p",
		},
		"a spread that is free": {
			problem: Problem{Candidates: []Candidate{a, b}, Pods: []*corev1.Pod{
				likes("p", ofApp("web"), spreadIfFree(zone, "web")), likes("q", ofApp("web"), spreadIfFree(zone, "web")),
				likes("r", ofApp("web"), spreadIfFree(zone, "web")), likes("s", ofApp("web"), spreadIfFree(zone, "web")),
			}},
			plain: "a:p,q a:r,s", want: "a:r,s b:p,q",
		},
		"a spread that costs": {
			problem: Problem{Candidates: []Candidate{a, dearer}, Pods: []*corev1.Pod{
				likes("p", ofApp("web"), spreadIfFree(zone, "web")), likes("q", ofApp("web"), spreadIfFree(zone, "web")),
				likes("r", ofApp("web"), spreadIfFree(zone, "web")), likes("s", ofApp("web"), spreadIfFree(zone, "web")),
			}},
			want: "a:p,q a:r,s",
		},
		"a spread that counts what runs": {
			problem: Problem{Pods: []*corev1.Pod{likes("p", ofApp("web"), spreadIfFree(zone, "web"))}, Candidates: []Candidate{a, b}, Nodes: running("a", ofApp("web"))},
			plain:   "a:p", want: "b:p",
		},
		"replicas apart on machines that are bought anyway": {
			problem: Problem{Candidates: []Candidate{a}, Pods: []*corev1.Pod{
				likes("p", ofApp("web"), prefersApart(host, "web", 1)), likes("q", ofApp("web"), prefersApart(host, "web", 1)), likes("r"), likes("s"),
			}},
			plain: "a:p,q a:r,s", want: "a:p,s a:q,r",
		},
		"replicas apart on machines of a template of low priority": {
			problem: Problem{Candidates: []Candidate{lowly}, Pods: []*corev1.Pod{
				likes("p", ofApp("web"), prefersApart(host, "web", 1)), likes("q", ofApp("web"), prefersApart(host, "web", 1)), pod("r", "850m"), pod("s", "850m"),
			}},
			plain: "a:p,q a:r,s", want: "a:p,s a:q,r",
		},
		"replicas apart that change places with smaller pods": {
			problem: Problem{Candidates: []Candidate{a}, Pods: []*corev1.Pod{
				likes("p", ofApp("web"), prefersApart(host, "web", 1)), likes("q", ofApp("web"), prefersApart(host, "web", 1)), pod("r", "850m"), pod("s", "850m"),
			}},
			plain: "a:p,q a:r,s", want: "a:p,s a:q,r",
		},
		"replicas apart for which another machine were needed": {
			problem: Problem{Candidates: []Candidate{a}, Pods: []*corev1.Pod{
				likes("p", ofApp("web"), prefersApart(host, "web", 100)), likes("q", ofApp("web"), prefersApart(host, "web", 100)),
			}},
			want: "a:p,q",
		},
		"a pod that moves to the machine of a zone it likes": {
			problem: Problem{Candidates: []Candidate{a, b}, Pods: []*corev1.Pod{
				pod("p", "100m", prefersZone("b", 1)), pod("q", "1800m", inZone("a")), pod("r", "1700m", inZone("b")),
			}},
			plain: "a:p,q b:r", want: "a:q b:p,r",
		},
		"a pod that no rule lets there": {
			problem: Problem{Candidates: []Candidate{a, b}, Pods: []*corev1.Pod{
				pod("p", "100m", ofApp("web"), prefersZone("b", 1)), pod("q", "1800m", inZone("a")), pod("r", "1700m", inZone("b"), apart(zone)),
			}},
			want: "a:p,q b:r",
		},
		"a pod that a running one would rather not have near": {
			problem: Problem{Pods: []*corev1.Pod{likes("p", ofApp("web"))}, Candidates: []Candidate{a, b}, Nodes: running("a", prefersApart(zone, "web", 1))},
			plain:   "a:p", want: "b:p",
		},
		"a pod near one that runs": {
			problem: Problem{Pods: []*corev1.Pod{likes("p", prefersNear(zone, "web", 1))}, Candidates: []Candidate{a, b}, Nodes: running("b", ofApp("web"))},
			plain:   "a:p", want: "b:p",
		},
		"the one of two pods alike that a running one would rather not have near": {
			problem: Problem{Candidates: []Candidate{a, b}, Nodes: running("a", prefersApart(zone, "web", 1)), Pods: []*corev1.Pod{
				likes("p", ofApp("web")), likes("q", ofApp("db")), pod("x", "950m", inZone("a")), pod("y", "950m", inZone("b")),
			}},
			plain: "a:p,x b:q,y", want: "a:q,x b:p,y",
		},
		"the one of two pods alike that would rather not be near a running one": {
			problem: Problem{Candidates: []Candidate{a, b}, Nodes: running("a", ofApp("web")), Pods: []*corev1.Pod{
				likes("p", prefersApart(zone, "web", 1)), likes("q"), pod("x", "950m", inZone("a")), pod("y", "950m", inZone("b")),
			}},
			plain: "a:p,x b:q,y", want: "a:q,x b:p,y",
		},
		"a node in no zone is for those that are not spread over zones": {
			problem: Problem{Candidates: []Candidate{a}, Nodes: []Node{{Name: "n", Free: a.Offering.Allocatable}}, Pods: []*corev1.Pod{
				pod("p", "1", ofApp("web"), spreadIfFree(zone, "web")), pod("q", "1"),
			}},
			plain: "a:q", want: "a:p",
		},
		"the heavier of two preferences": {
			problem: Problem{Pods: []*corev1.Pod{likes("p", prefersNear(zone, "web", 1), prefersZone("a", 2))}, Candidates: []Candidate{b, a}, Nodes: running("b", ofApp("web"))},
			want:    "a:p",
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := Solve(test.problem)
			if got := layout(d); got != test.want {
				t.Errorf("%s, want %s", got, test.want)
			}
			plain := Solve(withoutPreferences(test.problem))
			if got := layout(plain); test.plain != "" && got != test.plain {
				t.Errorf("without preferences %s, want %s", got, test.plain)
			}
			if d.Cost != plain.Cost {
				t.Errorf("the preferences cost %v", d.Cost-plain.Cost)
			}
		})
	}
}

// withoutPreferences returns the same problem of pods that prefer nothing, with no taints
// that they would rather avoid.
func withoutPreferences(p Problem) Problem {
	p.Pods, p.Nodes, p.Candidates = object.WithoutPreferences(p.Pods), slices.Clone(p.Nodes), slices.Clone(p.Candidates)
	for i := range p.Nodes {
		p.Nodes[i].Pods = object.WithoutPreferences(p.Nodes[i].Pods)
	}
	for i := range p.Candidates {
		p.Candidates[i].Taints = slices.DeleteFunc(slices.Clone(p.Candidates[i].Taints), soft)
	}
	return p
}

// A candidate that limits count differently, of another template or of the main cluster is
// not bought in place of another, whatever pods prefer.
func TestPreferencesLeaveTheRestAlone(t *testing.T) {
	a, b := candidate("m5.large", "a", 2, 0.10), candidate("m5.large", "b", 2, 0.10)
	b.Offering.GPUs = 1
	main, second := b, b
	main.Location, main.Taints = "", nil
	second.Template.Name = "second"
	none := int64(0)
	// What is required of zones makes them different kinds of machines.
	likes := pod("p", "1", prefersZone("b", 1), func(p *corev1.Pod) {
		p.Spec.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution = &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{{
			MatchExpressions: []corev1.NodeSelectorRequirement{{Key: corev1.LabelTopologyZone, Operator: corev1.NodeSelectorOpExists}},
		}}}
	})
	for name, test := range map[string]struct {
		other   Candidate
		budgets map[Template]Budget
		want    string
	}{
		"alike":            {b, nil, "b:p"},
		"limited":          {b, map[Template]Budget{template: {GPUs: &none}}, "a:p"},
		"main":             {main, nil, "a:p"},
		"another template": {second, nil, "a:p"},
	} {
		if got := layout(Solve(Problem{Pods: []*corev1.Pod{likes}, Candidates: []Candidate{a, test.other}, Budgets: test.budgets})); got != test.want {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
	}
}
