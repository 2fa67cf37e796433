// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package scheduling

import (
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"
)

// topology is what pods ask of the pods around them.
type topology struct {
	// keys are the labels whose values are domains; domains has, for each, that of
	// each profile, -1 when it has no such label. The host name is the first; each
	// machine is a domain of its own.
	keys    []string
	domains [][]int32
	names   []map[string]int32
	// rules are by class; nil when the class is not tied.
	rules []*rules
	// residents are classes of pods that run already, after the model's classes.
	residents []*corev1.Pod
	tallies   []*tallied
}

// hostKey is the place of the host name among the keys.
const hostKey = 0

// tallied says what a tally counts.
type tallied struct {
	key int
	// eligible are the profiles whose machines count, nil for all.
	eligible []bool
	// spread says that a domain without a pod counts too.
	spread bool
}

// rules of a class, in places of topology.tallies.
type rules struct {
	spreads  []spread
	affinity []int
	// selfAffine says that the first pod may be anywhere.
	selfAffine bool
	// without are tallies that must be zero where the pod goes.
	without []int
	// feeds are the tallies that count the pod.
	feeds []int
	ports []hostPort
}

type spread struct {
	tally            int
	maxSkew, domains int32
	self             int32
}

func (m *model) newTopology() *topology {
	t := &topology{keys: []string{corev1.LabelHostname}, rules: make([]*rules, len(m.classes))}
	pods := make([]*corev1.Pod, len(m.classes))
	for c, class := range m.classes {
		pods[c] = class.sample()
		t.rules[c] = &rules{ports: hostPorts(&class.sample().Spec)}
	}
	t.residents = m.residents()
	for range t.residents {
		t.rules = append(t.rules, &rules{})
	}
	pods = append(pods, t.residents...)
	for c, class := range m.classes {
		t.addSpreads(m, c, class, pods)
		t.addAffinity(m, c, pods)
	}
	for c, pod := range pods {
		t.addAntiAffinity(m, c, pod, pods)
	}
	for c, class := range m.classes {
		r := t.rules[c]
		class.tied = len(r.spreads)+len(r.affinity)+len(r.without)+len(r.feeds)+len(r.ports) > 0
	}
	return t
}

// residents returns one of each sort of pods that are on nodes, as far as selectors
// and anti-affinity can tell.
func (m *model) residents() (pods []*corev1.Pod) {
	if !slices.ContainsFunc(m.problem.Nodes, func(n Node) bool { return len(n.Pods) > 0 }) {
		return nil
	}
	looked, company := lookedLabels(m.problem, m.preferred)
	m.residentOf = map[*corev1.Pod]int32{}
	if !company {
		return nil
	}
	var e encoder
	index := map[string]int32{}
	for i := range m.problem.Nodes {
		for _, pod := range m.problem.Nodes[i].Pods {
			e.bytes = e.bytes[:0]
			e.company(pod, looked, m.preferred)
			n, ok := index[string(e.bytes)]
			if !ok {
				n = int32(len(m.classes) + len(pods))
				index[string(e.bytes)] = n
				pods = append(pods, pod)
			}
			m.residentOf[pod] = n
		}
	}
	return pods
}

// key returns the place of a label among the keys.
func (t *topology) key(m *model, label string) int {
	if k := slices.Index(t.keys, label); k >= 0 {
		return k
	}
	if len(t.domains) == 0 {
		t.domains, t.names = append(t.domains, nil), append(t.names, nil)
	}
	t.keys = append(t.keys, label)
	names := map[string]int32{}
	for _, profile := range m.profiles {
		if value, has := profile.node.Labels[label]; has {
			names[value] = 0
		}
	}
	for n, value := range slices.Sorted(maps.Keys(names)) { // not in the order of the candidates
		names[value] = int32(n)
	}
	domains := make([]int32, len(m.profiles))
	for p, profile := range m.profiles {
		domains[p] = -1
		if value, has := profile.node.Labels[label]; has {
			domains[p] = names[value]
		}
	}
	t.domains, t.names = append(t.domains, domains), append(t.names, names)
	return len(t.keys) - 1
}

// tally adds a tally of the pods that match, and returns its place.
func (t *topology) tally(key int, eligible []bool, pods []*corev1.Pod, matches func(*corev1.Pod) bool) int {
	for c, pod := range pods {
		if matches(pod) {
			t.rules[c].feeds = append(t.rules[c].feeds, len(t.tallies))
		}
	}
	t.tallies = append(t.tallies, &tallied{key: key, eligible: eligible})
	return len(t.tallies) - 1
}

func (t *topology) addSpreads(m *model, c int, class *class, pods []*corev1.Pod) {
	pod := class.sample()
	constraints := spreadConstraints(pod, false)
	for _, constraint := range constraints {
		selector := spreadSelector(pod, constraint)
		// The scheduler counts no pod that is being deleted, and none for a
		// selector without a requirement.
		tally := t.tally(t.key(m, constraint.TopologyKey), t.eligible(m, class, constraint, constraints), pods, func(other *corev1.Pod) bool {
			return !selector.labels.Empty() && other.DeletionTimestamp == nil && selector.matches(other, nil)
		})
		t.tallies[tally].spread = true
		s := spread{tally: tally, maxSkew: constraint.MaxSkew, domains: ptr.Deref(constraint.MinDomains, 1)}
		if selector.matches(pod, nil) {
			s.self = 1
		}
		t.rules[c].spreads = append(t.rules[c].spreads, s)
	}
}

// eligible returns the profiles whose machines count for a constraint: those with
// all the labels that the pod is spread by, on which it may be as far as the
// constraint's policies say.
func (t *topology) eligible(m *model, class *class, constraint *corev1.TopologySpreadConstraint, all []*corev1.TopologySpreadConstraint) []bool {
	honor := corev1.NodeInclusionPolicyHonor
	affinity := ptr.Deref(constraint.NodeAffinityPolicy, honor) == honor
	taints := ptr.Deref(constraint.NodeTaintsPolicy, corev1.NodeInclusionPolicyIgnore) == honor
	eligible := make([]bool, len(m.profiles))
	for p, profile := range m.profiles {
		a := m.answer(class.requirement, int32(p))
		eligible[p] = (a.affinity || !affinity) && (a.taints || !taints) &&
			!slices.ContainsFunc(all, func(other *corev1.TopologySpreadConstraint) bool {
				_, has := profile.node.Labels[other.TopologyKey]
				return !has
			})
	}
	return eligible
}

func (t *topology) addAffinity(m *model, c int, pods []*corev1.Pod) {
	a := pods[c].Spec.Affinity
	if a == nil || a.PodAffinity == nil {
		return
	}
	terms := a.PodAffinity.RequiredDuringSchedulingIgnoredDuringExecution
	var selectors []*podSelector
	for i := range terms {
		selectors = append(selectors, termSelector(pods[c], &terms[i]))
	}
	// One pod has to match all the terms.
	matchesAll := func(other *corev1.Pod) bool {
		return !slices.ContainsFunc(selectors, func(s *podSelector) bool { return !s.matches(other, m.problem.Namespaces) })
	}
	for i := range terms {
		t.rules[c].affinity = append(t.rules[c].affinity, t.tally(t.key(m, terms[i].TopologyKey), nil, pods, matchesAll))
	}
	t.rules[c].selfAffine = matchesAll(pods[c])
}

// addAntiAffinity adds the terms of a pod: where those that match are, it cannot be,
// and where it is, they cannot.
func (t *topology) addAntiAffinity(m *model, c int, pod *corev1.Pod, pods []*corev1.Pod) {
	a := pod.Spec.Affinity
	if a == nil || a.PodAntiAffinity == nil {
		return
	}
	for i := range a.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution {
		term := &a.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution[i]
		selector := termSelector(pod, term)
		matches := func(other *corev1.Pod) bool { return selector.matches(other, m.problem.Namespaces) }
		key := t.key(m, term.TopologyKey)
		if c < len(m.classes) {
			t.rules[c].without = append(t.rules[c].without, t.tally(key, nil, pods, matches))
		}
		having := t.tally(key, nil, pods, func(other *corev1.Pod) bool { return other == pod })
		for other := range m.classes {
			if matches(pods[other]) {
				t.rules[other].without = append(t.rules[other].without, having)
			}
		}
	}
}
