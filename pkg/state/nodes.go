// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package state

import (
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	podresource "k8s.io/component-helpers/resource"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/catalog"
	"github.com/castai/omni/pkg/cloud"
	"github.com/castai/omni/pkg/edgenode"
	"github.com/castai/omni/pkg/scheduling"
)

// onePod is what a pod takes of a node's room for pods.
var onePod = resource.MustParse("1")

// addNodes adds the nodes that exist or are on their way, and sorts the pending
// pods: those that an edge is on its way for wait for it.
func (r *Reader) addNodes(s *State, main *mainCluster, edges []v1beta1.Edge) {
	for i := range edges {
		if e := &edges[i]; s.location(e) != nil && coming(e) {
			s.Edges[v1beta1.EdgeNodeName(string(e.UID))] = e
		}
	}
	s.Plan = NewPlan(edges, r.Clock.Now())
	for _, pod := range main.pending {
		uid, planned := s.Plan.Pods[PlanKey(pod)]
		if name := v1beta1.EdgeNodeName(string(uid)); planned && s.Edges[name] != nil {
			s.Planned = append(s.Planned, pod)
			main.placed[name] = append(main.placed[name], pod)
			continue
		}
		s.Problem.Pods = append(s.Problem.Pods, pod)
	}
	for _, name := range slices.Sorted(maps.Keys(main.nodes)) {
		node := main.nodes[name]
		if node.Labels[v1beta1.LabelEdgeNode] != "true" && node.DeletionTimestamp.IsZero() {
			s.addNode(scheduling.Node{Name: name, Labels: node.Labels, Taints: taints(node), Free: node.Status.Allocatable}, main.placed[name])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.Edges)) {
		if node, ok := r.edgeNode(s, name, main.nodes[name]); ok {
			s.addNode(node, main.placed[name])
		}
	}
}

// Refused says that the machine of an edge does not come: the cloud has none, or
// refused it for a reason that only a person can mend. No pod should wait for it.
func Refused(e *v1beta1.Edge) bool {
	switch refusal(e) {
	case cloud.ClassCapacity, cloud.ClassQuota:
		return true
	}
	return needsMending(e)
}

// needsMending says that a person has to mend the location before it gives the edge,
// or any other, a machine.
func needsMending(e *v1beta1.Edge) bool {
	switch refusal(e) {
	case cloud.ClassConfig, cloud.ClassAuth:
		return true
	}
	return false
}

// refusal is what the cloud refused the machine of an edge for, if it did.
func refusal(e *v1beta1.Edge) cloud.ErrorClass {
	launched := meta.FindStatusCondition(e.Status.Conditions, v1beta1.ConditionLaunched)
	if launched == nil || launched.Status != metav1.ConditionFalse {
		return ""
	}
	return cloud.ErrorClass(launched.Reason)
}

// edgeNode is the Node of an edge as it is, or as it will be. What is not known of
// a machine that is not there yet counts for nothing.
func (r *Reader) edgeNode(s *State, name string, node *corev1.Node) (scheduling.Node, bool) {
	e := s.Edges[name]
	location := s.location(e)
	if node != nil && len(node.Status.Allocatable) > 0 && e.Status.Phase == v1beta1.EdgeReady {
		return scheduling.Node{Name: name, Edge: true, Labels: node.Labels, Taints: taints(node), Free: node.Status.Allocatable}, true
	}
	planned := scheduling.Node{Name: name, Edge: true, Taints: edgenode.PlannedTaints(e), Free: e.Status.Allocatable}
	offering := r.Catalog.OfType(catalog.RegionOf(&location.Spec), e.Spec.InstanceType)
	if offering == nil {
		planned.Labels = edgenode.Labels(e, location, nil)
		return planned, planned.Free != nil
	}
	planned.Labels = edgenode.Labels(e, location, &offering.Type)
	if planned.Free == nil {
		planned.Free = offering.Allocatable
	}
	return planned, true
}

// taints of a Node that keep pods away for longer than its start.
func taints(node *corev1.Node) []corev1.Taint {
	return slices.DeleteFunc(slices.Clone(node.Spec.Taints), func(t corev1.Taint) bool { return t.Key == v1beta1.TaintStartup })
}

func (s *State) addNode(node scheduling.Node, pods []*corev1.Pod) {
	node.Free, node.Pods = node.Free.DeepCopy(), pods
	if node.Free == nil { // its kubelet has not reported yet
		node.Free = corev1.ResourceList{}
	}
	for _, pod := range pods {
		used := podresource.PodRequests(pod, podresource.PodResourcesOptions{})
		used[corev1.ResourcePods] = onePod
		for name, quantity := range used {
			left := node.Free[name]
			left.Sub(quantity)
			node.Free[name] = left
		}
	}
	s.Problem.Nodes = append(s.Problem.Nodes, node)
}

// location of an edge, nil if it does not exist.
func (s *State) location(e *v1beta1.Edge) *v1beta1.EdgeLocation {
	return s.Locations[client.ObjectKey{Namespace: e.Namespace, Name: e.Spec.EdgeLocationName}]
}
