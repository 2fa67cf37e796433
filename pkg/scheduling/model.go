// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package scheduling

import (
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// model is a problem in figures.
type model struct {
	problem *Problem
	// preferred says that profiles tell apart what pods prefer too.
	preferred    bool
	names        resources
	classes      []*class
	requirements []*requirement
	profiles     []*profile
	kinds        []kind
	// nodeProfiles and candidateProfiles are by the problem's nodes and
	// candidates.
	nodeProfiles      []int32
	candidateProfiles []int32
	nodeLabels        nodeLabels
	topology          *topology
	// residentOf is the place of each pod on a node among the topology's rules.
	residentOf map[*corev1.Pod]int32
}

// nodeLabels are the labels of nodes that some requirement or topology looks at, and
// whether one looks at the name.
type nodeLabels struct {
	keys []string
	name bool
}

// nobody is the host name of machines that do not exist yet: no selector knows it.
const nobody = "\x00"

func newModel(problem *Problem, classes []*class, requirements []*requirement) *model {
	m := &model{problem: problem, classes: classes, requirements: requirements}
	lists := make([]corev1.ResourceList, len(classes))
	for i, c := range classes {
		lists[i] = requestsOf(c.sample())
	}
	m.names = asked(lists)
	for i, c := range classes {
		c.need = m.names.vector(lists[i])
		c.need[placePods] = 1
	}
	m.nodeLabels = m.lookedNodeLabels()
	m.profile()
	m.kinds = m.findKinds()
	m.topology = m.newTopology()
	return m
}

// lookedNodeLabels collects what the classes' selectors and topologies look at.
func (m *model) lookedNodeLabels() (looked nodeLabels) {
	keys := map[string]bool{}
	lookTerm := func(term *corev1.NodeSelectorTerm) {
		for _, e := range term.MatchExpressions {
			keys[e.Key] = true
		}
		looked.name = looked.name || len(term.MatchFields) > 0
	}
	lookTerms := func(selector *corev1.NodeSelector) {
		for i := range selector.NodeSelectorTerms {
			lookTerm(&selector.NodeSelectorTerms[i])
		}
	}
	for _, c := range m.classes {
		spec := &c.sample().Spec
		for key := range spec.NodeSelector {
			keys[key] = true
		}
		if a := spec.Affinity; a != nil && a.NodeAffinity != nil && a.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution != nil {
			lookTerms(a.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution)
		}
		volumes, _ := claimsOf(c.sample(), m.problem.Claims)
		for _, selector := range volumes {
			if selector != nil {
				lookTerms(selector)
			}
		}
		for key := range topologyKeys(c.sample(), m.preferred) {
			keys[key] = true
		}
		for _, term := range preferredNodeTerms(c.sample()) {
			if m.preferred {
				lookTerm(&term.Preference)
			}
		}
	}
	for i := range m.problem.Nodes {
		for _, pod := range m.problem.Nodes[i].Pods {
			for key := range topologyKeys(pod, m.preferred) {
				keys[key] = true
			}
		}
	}
	looked.keys = slices.Sorted(maps.Keys(keys))
	return looked
}

// topologyKeys returns the labels that the pod's topologies look at. The host name
// is left out: every node has one of its own.
func topologyKeys(pod *corev1.Pod, preferred bool) map[string]bool {
	keys := map[string]bool{}
	for _, c := range spreadConstraints(pod, preferred) {
		keys[c.TopologyKey] = true
	}
	for _, term := range affinityTerms(pod, preferred) {
		keys[term.TopologyKey] = true
	}
	delete(keys, corev1.LabelHostname)
	return keys
}

// profile sorts the nodes and candidates into profiles.
func (m *model) profile() {
	var e encoder
	index := map[string]int32{}
	find := func(labels map[string]string, taints []corev1.Taint, name string, edge bool) int32 {
		e.bytes = e.bytes[:0]
		for _, key := range m.nodeLabels.keys {
			value, has := labels[key]
			if key == corev1.LabelHostname && name == nobody {
				value, has = nobody, true
			}
			e.bool(has)
			e.text(value)
		}
		if m.nodeLabels.name {
			e.text(name)
		}
		e.taints(taints, m.preferred)
		e.bool(edge)
		i, ok := index[string(e.bytes)]
		if !ok {
			i = int32(len(m.profiles))
			index[string(e.bytes)] = i
			m.profiles = append(m.profiles, m.newProfile(labels, taints, name, edge))
		}
		return i
	}
	for i := range m.problem.Nodes {
		n := &m.problem.Nodes[i]
		m.nodeProfiles = append(m.nodeProfiles, find(n.Labels, n.Taints, n.Name, n.Edge))
	}
	m.candidateProfiles = make([]int32, len(m.problem.Candidates))
	for i := range m.problem.Candidates {
		c := &m.problem.Candidates[i]
		m.candidateProfiles[i] = find(c.Labels, c.Taints, nobody, !c.Main())
	}
	for _, r := range m.requirements {
		r.answers = make([]answer, len(m.profiles))
	}
}

func (m *model) newProfile(labels map[string]string, taints []corev1.Taint, name string, edge bool) *profile {
	if name == nobody {
		labels = maps.Clone(labels)
		if labels == nil {
			labels = map[string]string{}
		}
		labels[corev1.LabelHostname] = nobody
	}
	return &profile{edge: edge, node: &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}, Spec: corev1.NodeSpec{Taints: taints},
	}}
}

// answer says whether a node of a profile will do for a requirement.
func (m *model) answer(requirement int, profile int32) *answer {
	a := &m.requirements[requirement].answers[profile]
	if !a.known {
		*a = m.requirements[requirement].judge(m.profiles[profile])
	}
	return a
}

// suits says whether pods of a class may be on nodes of a profile, room apart.
func (m *model) suits(c *class, profile int32) bool {
	return m.answer(c.requirement, profile).refusal == ""
}
