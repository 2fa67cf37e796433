// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"fmt"
	"maps"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	podresource "k8s.io/component-helpers/resource"

	"github.com/castai/omni/pkg/scheduling"
)

// mountsVolumes is a label that nodes of the main cluster have here, and that every
// volume asks for: kube-scheduler does not know that edges mount none.
const mountsVolumes = "oracle.omni.cast.ai/mounts-volumes"

// existing returns the Node of one that the problem says exists.
func existing(n *scheduling.Node) *corev1.Node {
	allocatable := n.Free.DeepCopy()
	if allocatable == nil {
		allocatable = corev1.ResourceList{}
	}
	for _, pod := range n.Pods {
		requests := podresource.PodRequests(pod, podresource.PodResourcesOptions{})
		requests[corev1.ResourcePods] = *resource.NewQuantity(1, resource.DecimalSI)
		for name, quantity := range requests {
			total := allocatable[name]
			total.Add(quantity)
			allocatable[name] = total
		}
	}
	return node(n.Name, n.Labels, n.Taints, allocatable, !n.Edge)
}

// bought returns the Node that a machine would become. The kubelet labels it with
// its name.
func bought(name string, candidate *scheduling.Candidate) *corev1.Node {
	labels := maps.Clone(candidate.Labels)
	if labels == nil {
		labels = map[string]string{}
	}
	labels[corev1.LabelHostname] = name
	return node(name, labels, candidate.Taints, candidate.Offering.Allocatable, candidate.Main())
}

// purchaseName is the name of the machine that a purchase becomes.
func purchaseName(index int) string { return fmt.Sprintf("purchase-%d", index) }

func node(name string, labels map[string]string, taints []corev1.Taint, allocatable corev1.ResourceList, main bool) *corev1.Node {
	labels = maps.Clone(labels)
	if main {
		if labels == nil {
			labels = map[string]string{}
		}
		labels[mountsVolumes] = "true"
	}
	return &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels},
		Spec:       corev1.NodeSpec{Taints: taints},
		Status:     corev1.NodeStatus{Allocatable: allocatable, Capacity: allocatable},
	}
}
