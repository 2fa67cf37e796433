// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package scheduling

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	v1helper "k8s.io/component-helpers/scheduling/corev1"
	"k8s.io/component-helpers/scheduling/corev1/nodeaffinity"
	"k8s.io/klog/v2"
	"pgregory.net/rapid"
)

// drawPreferring draws a problem of pods that require and prefer this and that, with nodes
// on which some run.
func drawPreferring(t *rapid.T) Problem {
	p := drawProblem(t, 30)
	for i := range p.Candidates {
		c := &p.Candidates[i]
		c.Cost.Price = float64(c.Offering.VCPU) / 20 // zones and types at one price
		c.Offering.InstanceType = fmt.Sprint("m", i)
		if rapid.IntRange(0, 4).Draw(t, "tainted") == 4 {
			c.Taints = append(c.Taints, corev1.Taint{Key: "old", Effect: corev1.TaintEffectPreferNoSchedule})
		}
	}
	for i := range rapid.IntRange(0, 2).Draw(t, "nodes") {
		free := corev1.ResourceList{corev1.ResourcePods: *p.Candidates[0].Offering.Allocatable.Pods()}
		if rapid.Bool().Draw(t, "free") {
			free = p.Candidates[0].Offering.Allocatable
		}
		n := Node{Name: fmt.Sprint("n", i), Labels: map[string]string{corev1.LabelHostname: fmt.Sprint("n", i)}, Free: free}
		if zone := rapid.SampledFrom([]string{"a", "b", ""}).Draw(t, "node zone"); zone != "" {
			n.Labels[corev1.LabelTopologyZone] = zone
		}
		n.Pods = []*corev1.Pod{pod(fmt.Sprint("running-", i), "1", drawCompany(t))}
		p.Nodes = append(p.Nodes, n)
	}
	// Replicas of a few sorts, so that there is something to exchange.
	sorts := rapid.SliceOfN(rapid.Custom(drawCompany), 1, 4).Draw(t, "sorts")
	for _, pod := range p.Pods {
		rapid.SampledFrom(sorts).Draw(t, "sort")(pod)
	}
	if rapid.IntRange(0, 3).Draw(t, "limited") == 3 {
		edges := rapid.Int64Range(0, 5).Draw(t, "edges")
		p.Budgets = map[Template]Budget{template: {Edges: &edges}}
	}
	return p
}

// drawCompany draws an application and what it is to others.
func drawCompany(t *rapid.T) func(*corev1.Pod) {
	app := rapid.SampledFrom([]string{"web", "db"}).Draw(t, "app")
	mutate := []func(*corev1.Pod){ofApp(app)}
	draw := func(label string, ways ...func(*corev1.Pod)) {
		if n := rapid.IntRange(0, 2*len(ways)).Draw(t, label); n > len(ways) {
			mutate = append(mutate, ways[n-len(ways)-1])
		}
	}
	draw("required", overZones, apart(corev1.LabelHostname), together(corev1.LabelTopologyZone))
	if len(mutate) == 1 {
		draw("apart", prefersApart(corev1.LabelHostname, app, 50), prefersApart(corev1.LabelTopologyZone, "db", 7))
		draw("near", prefersNear(corev1.LabelTopologyZone, "web", 30), prefersNear(corev1.LabelHostname, "db", 1))
	}
	draw("spread", spreadIfFree(corev1.LabelTopologyZone, app), spreadIfFree(corev1.LabelHostname, "web"))
	draw("zone", prefersZone("a", 20), prefersZone("b", 100))
	return func(p *corev1.Pod) {
		for _, m := range mutate {
			m(p)
		}
	}
}

// TestPreferencesCostNothing: what pods prefer changes neither the bill nor who is placed,
// and they like it no less than what is decided without it.
func TestPreferencesCostNothing(t *testing.T) {
	var before, after int64
	rapid.Check(t, func(t *rapid.T) {
		p := drawPreferring(t)
		with, plain := Solve(p), Solve(withoutPreferences(p))
		if with.Cost != plain.Cost || len(with.Purchases) != len(plain.Purchases) || with.LowerBound != plain.LowerBound {
			t.Fatalf("%v, without preferences %v", describe(with), describe(plain))
		}
		if a, b := leftIn(with), leftIn(plain); !maps.Equal(a, b) {
			t.Fatalf("left %v, without preferences %v", a, b)
		}
		if room := roomFor(with); room != "" && roomFor(plain) == "" {
			t.Fatalf("there is room for %s: %v\nwithout preferences %v", room, describe(with), describe(plain))
		}
		liked, unarranged := liked(p, with), liked(p, plain)
		if liked < unarranged {
			t.Fatalf("liked %d: %v\nwithout preferences %d: %v", liked, describe(with), unarranged, describe(plain))
		}
		before, after = before+unarranged, after+liked
	})
	t.Logf("liked %d, %d after", before, after)
	if after <= before {
		t.Errorf("the plans are liked %d, and %d without a look at preferences", after, before)
	}
}

func TestOrderDoesNotMatterToPreferences(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPreferring(t)
		first := fmt.Sprint(describe(Solve(p)))
		p.Pods = rapid.Permutation(p.Pods).Draw(t, "pod order")
		p.Candidates = rapid.Permutation(p.Candidates).Draw(t, "candidate order")
		p.Nodes = rapid.Permutation(p.Nodes).Draw(t, "node order")
		if second := fmt.Sprint(describe(Solve(p))); first != second {
			t.Fatalf("%s\nthen\n%s", first, second)
		}
	})
}

func leftIn(d Decision) map[string]string {
	left := map[string]string{}
	for _, u := range d.Unschedulable {
		left[u.Pod.Name] = u.Reason
	}
	return left
}

// roomFor names a pod that is left and for which there is room on a machine, as far as it
// asks for nothing else.
func roomFor(d Decision) string {
	for _, u := range d.Unschedulable {
		for i := range d.Purchases {
			if len(u.Pod.Spec.TopologySpreadConstraints) == 0 && len(affinityTerms(u.Pod, false)) == 0 &&
				holds(append(slices.Clone(d.Purchases[i].Pods), u.Pod), &d.Purchases[i].Candidate) {
				return u.Pod.Name
			}
		}
	}
	return ""
}

// located is a pod on a machine.
type located struct {
	pod  *corev1.Pod
	node *corev1.Node
	runs bool
}

// liked adds up what the pods of the problem prefer and have in a decision, pod by pod and
// pair by pair. The decision may be about other copies of them.
func liked(p Problem, d Decision) (sum int64) {
	list := locate(p, d)
	for _, one := range list {
		if !one.runs {
			sum += likedNode(one, list)
		}
		for _, other := range list {
			if one.pod.Name == other.pod.Name || (one.runs && other.runs) {
				continue
			}
			for _, preferred := range preferredTerms(one.pod) {
				here, has := one.node.Labels[preferred.term.TopologyKey]
				there, hasToo := other.node.Labels[preferred.term.TopologyKey]
				if has && hasToo && here == there && termSelector(one.pod, preferred.term).matches(other.pod, p.Namespaces) {
					sum += preferred.weight
				}
			}
		}
	}
	return sum
}

// likedNode is what a pod likes of its node and how its spread finds it.
func likedNode(one located, list []located) (sum int64) {
	terms, err := nodeaffinity.NewPreferredSchedulingTerms(preferredNodeTerms(one.pod))
	if err != nil {
		panic(err)
	}
	sum = terms.Score(one.node)
	for i := range one.node.Spec.Taints {
		if soft(one.node.Spec.Taints[i]) && !v1helper.TolerationsTolerateTaint(klog.Background(), one.pod.Spec.Tolerations, &one.node.Spec.Taints[i], false) {
			sum -= softTaint
		}
	}
	constraints := softSpreads(one.pod)
	counts := func(n *corev1.Node) bool {
		matches, err := nodeaffinity.GetRequiredNodeAffinity(one.pod).Match(n)
		return err == nil && matches && !slices.ContainsFunc(constraints, func(c *corev1.TopologySpreadConstraint) bool { return n.Labels[c.TopologyKey] == "" })
	}
	for _, c := range constraints {
		for _, other := range list {
			if !spreadSelector(one.pod, c).matches(other.pod, nil) {
				continue
			}
			switch here, there := one.node.Labels[c.TopologyKey], other.node.Labels[c.TopologyKey]; {
			case here == "":
				if !other.runs {
					sum -= softSpread
				}
			case here == there && one.pod.Name != other.pod.Name && counts(one.node) && counts(other.node):
				sum -= softSpread
			}
		}
	}
	return sum
}

func locate(p Problem, d Decision) (list []located) {
	pods := map[string]*corev1.Pod{}
	for _, pod := range p.Pods {
		pods[pod.Name] = pod
	}
	nodes := map[string]*corev1.Node{}
	for i := range p.Nodes {
		node := &corev1.Node{}
		node.Name, node.Labels, node.Spec.Taints = p.Nodes[i].Name, p.Nodes[i].Labels, p.Nodes[i].Taints
		nodes[node.Name] = node
		for _, pod := range p.Nodes[i].Pods {
			list = append(list, located{pod, node, true})
		}
	}
	for _, placed := range d.Placed {
		list = append(list, located{pods[placed.Pod.Name], nodes[placed.Node], false})
	}
	taints := map[string][]corev1.Taint{}
	for i := range p.Candidates {
		taints[p.Candidates[i].Offering.InstanceType] = p.Candidates[i].Taints
	}
	for i, purchase := range d.Purchases {
		node := &corev1.Node{}
		node.Labels, node.Spec.Taints = maps.Clone(purchase.Candidate.Labels), taints[purchase.Candidate.Offering.InstanceType]
		node.Labels[corev1.LabelHostname] = fmt.Sprint("bought-", i)
		for _, pod := range purchase.Pods {
			list = append(list, located{pods[pod.Name], node, false})
		}
	}
	return list
}
