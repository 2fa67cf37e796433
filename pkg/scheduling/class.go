// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package scheduling

import (
	"cmp"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	v1helper "k8s.io/component-helpers/scheduling/corev1"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
)

// class is a number of pods that scheduling cannot tell apart, preferences aside.
type class struct {
	// key are the bytes that are the same for all of them and for no others.
	key  string
	pods []*corev1.Pod
	// need of one pod, by the model's resources.
	need        []float64
	requirement int
	priority    int32
	group       group
	// tied says that the pods care for those around them: topology spread, pod
	// affinity or host ports.
	tied bool
}

func (c *class) sample() *corev1.Pod { return c.pods[0] }

// group is a set of pods that are all scheduled or none; the zero group is none.
type group struct{ namespace, name string }

func groupOf(pod *corev1.Pod) group {
	name := pod.Labels[v1beta1.LabelPodGroup]
	if name == "" {
		return group{}
	}
	return group{pod.Namespace, name}
}

// classifier sorts pods into classes.
type classifier struct {
	problem      *Problem
	encoder      encoder
	looked       map[string]bool
	company      bool
	classes      map[string]*class
	requirements map[string]int
	list         []*requirement
	unsuited     []Unschedulable
}

// classify returns the classes of the pods in an order that does not depend on
// that of the pods, what they require of nodes, and the pods that cannot be decided on.
func classify(problem *Problem) (classes []*class, requirements []*requirement, unsuited []Unschedulable) {
	c := &classifier{
		problem: problem, classes: map[string]*class{}, requirements: map[string]int{},
	}
	c.looked, c.company = lookedLabels(problem, false)
	for _, pod := range problem.Pods {
		c.add(pod)
	}
	for _, class := range c.classes {
		slices.SortFunc(class.pods, byName)
		classes = append(classes, class)
	}
	slices.SortFunc(classes, func(a, b *class) int { return cmp.Compare(a.key, b.key) })
	slices.SortFunc(c.unsuited, func(a, b Unschedulable) int { return byName(a.Pod, b.Pod) })
	return classes, c.list, c.unsuited
}

func byName(a, b *corev1.Pod) int {
	return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name), cmp.Compare(a.UID, b.UID))
}

func (c *classifier) add(pod *corev1.Pod) {
	volumes, reason := claimsOf(pod, c.problem.Claims)
	if reason != "" {
		c.unsuited = append(c.unsuited, Unschedulable{pod, reason})
		return
	}
	e := &c.encoder
	e.bytes = e.bytes[:0]
	e.requirement(pod, volumes)
	required := len(e.bytes)
	e.requests(&pod.Spec)
	e.ports(&pod.Spec)
	priority := v1helper.PodPriority(pod)
	e.int(int64(priority))
	group := groupOf(pod)
	e.text(group.name)
	e.text(group.namespace)
	if c.company {
		e.company(pod, c.looked, false)
	}
	if class, ok := c.classes[string(e.bytes)]; ok {
		class.pods = append(class.pods, pod)
		return
	}
	index, ok := c.requirements[string(e.bytes[:required])]
	if !ok {
		index = len(c.list)
		c.list = append(c.list, newRequirement(pod, volumes))
		c.requirements[string(e.bytes[:required])] = index
	}
	class := &class{key: string(e.bytes), pods: []*corev1.Pod{pod}, requirement: index, priority: priority, group: group}
	c.classes[class.key] = class
}

// lookedLabels returns the labels of pods that some selector looks at, and whether
// there is any selector: those of what pods require, or of what they prefer too.
func lookedLabels(problem *Problem, preferred bool) (labels map[string]bool, company bool) {
	labels = map[string]bool{}
	look := func(pod *corev1.Pod) {
		for _, c := range spreadConstraints(pod, preferred) {
			company = true
			lookSelector(labels, c.LabelSelector, c.MatchLabelKeys)
		}
		for _, term := range affinityTerms(pod, preferred) {
			company = true
			lookSelector(labels, term.LabelSelector, term.MatchLabelKeys, term.MismatchLabelKeys)
		}
	}
	for _, pod := range problem.Pods {
		look(pod)
	}
	for i := range problem.Nodes {
		for _, pod := range problem.Nodes[i].Pods {
			look(pod)
		}
	}
	return labels, company
}

func lookSelector(labels map[string]bool, selector *metav1.LabelSelector, keys ...[]string) {
	for _, list := range keys {
		for _, key := range list {
			labels[key] = true
		}
	}
	if selector == nil {
		return
	}
	for key := range selector.MatchLabels {
		labels[key] = true
	}
	for i := range selector.MatchExpressions {
		labels[selector.MatchExpressions[i].Key] = true
	}
}

// spreadConstraints returns the topology spread that a pod requires, or also that which
// it prefers.
func spreadConstraints(pod *corev1.Pod, preferred bool) (constraints []*corev1.TopologySpreadConstraint) {
	for i := range pod.Spec.TopologySpreadConstraints {
		if c := &pod.Spec.TopologySpreadConstraints[i]; preferred || c.WhenUnsatisfiable == corev1.DoNotSchedule {
			constraints = append(constraints, c)
		}
	}
	return constraints
}

// affinityTerms returns the terms of pod affinity and anti-affinity that a pod requires,
// or also those that it prefers.
func affinityTerms(pod *corev1.Pod, preferred bool) (terms []*corev1.PodAffinityTerm) {
	a := pod.Spec.Affinity
	if a == nil {
		return nil
	}
	addTerms := func(required []corev1.PodAffinityTerm, weighted []corev1.WeightedPodAffinityTerm) {
		for i := range required {
			terms = append(terms, &required[i])
		}
		for i := range weighted {
			if preferred {
				terms = append(terms, &weighted[i].PodAffinityTerm)
			}
		}
	}
	if a.PodAffinity != nil {
		addTerms(a.PodAffinity.RequiredDuringSchedulingIgnoredDuringExecution, a.PodAffinity.PreferredDuringSchedulingIgnoredDuringExecution)
	}
	if a.PodAntiAffinity != nil {
		addTerms(a.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution, a.PodAntiAffinity.PreferredDuringSchedulingIgnoredDuringExecution)
	}
	return terms
}
