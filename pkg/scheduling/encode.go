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
func (e *encoder) blob(b []byte) { e.int(int64(len(b))); e.bytes = append(e.bytes, b...) }
func (e *encoder) bool(b bool) {
	var bit byte
	if b {
		bit = 1
	}
	e.bytes = append(e.bytes, bit)
}

func (e *encoder) message(m interface{ Marshal() ([]byte, error) }) {
	// Marshal of API types sorts maps and fails only when memory is out.
	b, _ := m.Marshal()
	e.blob(b)
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

func (e *encoder) taints(taints []corev1.Taint) {
	e.int(int64(len(taints)))
	for i := range taints {
		e.text(taints[i].Key)
		e.text(taints[i].Value)
		e.text(string(taints[i].Effect))
	}
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

// company writes what a pod asks of the pods around it, and what it is to them: its
// namespace and those labels that some selector looks at.
func (e *encoder) company(pod *corev1.Pod, looked map[string]bool) {
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
	for i := range pod.Spec.TopologySpreadConstraints {
		e.message(&pod.Spec.TopologySpreadConstraints[i])
	}
	if a := pod.Spec.Affinity; a != nil {
		if a.PodAffinity != nil {
			e.message(a.PodAffinity)
		}
		if a.PodAntiAffinity != nil {
			e.message(a.PodAntiAffinity)
		}
	}
}

// preference writes what a pod would rather have.
func (e *encoder) preference(pod *corev1.Pod) {
	if a := pod.Spec.Affinity; a != nil && a.NodeAffinity != nil {
		for i := range a.NodeAffinity.PreferredDuringSchedulingIgnoredDuringExecution {
			e.message(&a.NodeAffinity.PreferredDuringSchedulingIgnoredDuringExecution[i])
		}
	}
}
