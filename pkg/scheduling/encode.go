// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package scheduling

import (
	"encoding/binary"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

// encoder writes what scheduling looks at as bytes, so that two things with the same
// bytes are treated alike. It writes neither names nor images, so that the pods of a
// deployment have the same bytes. Writing is much faster than comparing pods.
type encoder struct {
	bytes []byte
	names []string
}

func (e *encoder) int(n int64)   { e.bytes = binary.AppendVarint(e.bytes, n) }
func (e *encoder) text(s string) { e.int(int64(len(s))); e.bytes = append(e.bytes, s...) }
func (e *encoder) bool(b bool) {
	var bit byte
	if b {
		bit = 1
	}
	e.bytes = append(e.bytes, bit)
}

// message is an API type. Marshalling one sorts its maps and fails only when there is less
// room than its size.
type message interface {
	Size() int
	MarshalToSizedBuffer([]byte) (int, error)
}

func (e *encoder) message(m message) {
	size := m.Size()
	e.int(int64(size))
	e.bytes = slices.Grow(e.bytes, size)[:len(e.bytes)+size]
	_, _ = m.MarshalToSizedBuffer(e.bytes[len(e.bytes)-size:])
}

func (e *encoder) quantity(q resource.Quantity) {
	if n, exact := q.AsInt64(); exact {
		e.int(1)
		e.int(n)
		return
	}
	e.text(q.String())
}

func (e *encoder) list(list corev1.ResourceList) {
	e.int(int64(len(list)))
	e.names = e.names[:0]
	for name := range list {
		e.names = append(e.names, string(name))
	}
	slices.Sort(e.names)
	for _, name := range e.names {
		e.text(name)
		e.quantity(list[corev1.ResourceName(name)])
	}
}

func (e *encoder) labels(labels map[string]string) {
	e.int(int64(len(labels)))
	e.names = e.names[:0]
	for name := range labels {
		e.names = append(e.names, name)
	}
	slices.Sort(e.names)
	for _, name := range e.names {
		e.text(name)
		e.text(labels[name])
	}
}

// taints writes those that keep pods away, or also those that they would rather avoid.
func (e *encoder) taints(taints []corev1.Taint, preferred bool) {
	for i := range taints {
		if preferred || hard(&taints[i]) {
			e.bool(true)
			e.text(taints[i].Key)
			e.text(taints[i].Value)
			e.text(string(taints[i].Effect))
		}
	}
	e.bool(false)
}

// requirement writes what a pod asks of a node besides room.
func (e *encoder) requirement(pod *corev1.Pod, volumes []*corev1.NodeSelector) {
	e.labels(pod.Spec.NodeSelector)
	if a := pod.Spec.Affinity; a != nil && a.NodeAffinity != nil && a.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution != nil {
		e.message(a.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution)
	} else {
		e.int(0)
	}
	e.int(int64(len(pod.Spec.Tolerations)))
	for i := range pod.Spec.Tolerations {
		t := &pod.Spec.Tolerations[i]
		e.text(t.Key)
		e.text(string(t.Operator))
		e.text(t.Value)
		e.text(string(t.Effect))
	}
	e.int(int64(len(volumes)))
	for _, selector := range volumes {
		if selector == nil {
			e.int(0)
		} else {
			e.message(selector)
		}
	}
}

// requests writes what requestsOf is computed from.
func (e *encoder) requests(spec *corev1.PodSpec) {
	e.int(int64(len(spec.Containers)))
	for i := range spec.Containers {
		e.list(spec.Containers[i].Resources.Requests)
	}
	e.int(int64(len(spec.InitContainers)))
	for i := range spec.InitContainers {
		c := &spec.InitContainers[i]
		e.bool(c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways)
		e.list(c.Resources.Requests)
	}
	e.list(spec.Overhead)
	if spec.Resources != nil {
		e.list(spec.Resources.Requests)
	}
}

// ports writes the ports of the host that a pod wants.
func (e *encoder) ports(spec *corev1.PodSpec) {
	for _, port := range hostPorts(spec) {
		e.text(port.ip)
		e.text(string(port.protocol))
		e.int(int64(port.port))
	}
}

// company writes what a pod requires of the pods around it, or also what it prefers, and
// what it is to them: its namespace and those labels that some selector looks at.
func (e *encoder) company(pod *corev1.Pod, looked map[string]bool, preferred bool) {
	e.text(pod.Namespace)
	e.names = e.names[:0]
	for name := range pod.Labels {
		if looked[name] {
			e.names = append(e.names, name)
		}
	}
	slices.Sort(e.names)
	for _, name := range e.names {
		e.text(name)
		e.text(pod.Labels[name])
	}
	e.bool(pod.DeletionTimestamp != nil)
	constraints := spreadConstraints(pod, preferred)
	e.int(int64(len(constraints)))
	for _, c := range constraints {
		e.message(c)
	}
	var with corev1.PodAffinity
	var without corev1.PodAntiAffinity
	if a := pod.Spec.Affinity; a != nil && a.PodAffinity != nil {
		with = *a.PodAffinity
	}
	if a := pod.Spec.Affinity; a != nil && a.PodAntiAffinity != nil {
		without = *a.PodAntiAffinity
	}
	e.terms(with.RequiredDuringSchedulingIgnoredDuringExecution, with.PreferredDuringSchedulingIgnoredDuringExecution, preferred)
	e.terms(without.RequiredDuringSchedulingIgnoredDuringExecution, without.PreferredDuringSchedulingIgnoredDuringExecution, preferred)
}

func (e *encoder) terms(required []corev1.PodAffinityTerm, weighted []corev1.WeightedPodAffinityTerm, preferred bool) {
	e.int(int64(len(required)))
	for i := range required {
		e.message(&required[i])
	}
	if !preferred {
		return
	}
	e.int(int64(len(weighted)))
	for i := range weighted {
		e.message(&weighted[i])
	}
}

// preference writes what a pod prefers of its node.
func (e *encoder) preference(pod *corev1.Pod) {
	for i := range preferredNodeTerms(pod) {
		e.message(&preferredNodeTerms(pod)[i])
	}
}
