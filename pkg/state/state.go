// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package state reads what a decision about machines depends on, from the main
// cluster, from omni-apiserver and from the catalog, and makes a problem for the
// solver of it. It changes nothing.
package state

import (
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/catalog"
	"github.com/castai/omni/pkg/scheduling"
)

// DefaultEdgeOverhead is what a machine costs besides its price, in US dollars per
// hour: its kubelet, DaemonSets and virtual node take about half a CPU and a GiB,
// which cost about as much in small general-purpose machines.
const DefaultEdgeOverhead = 0.02

// Catalog knows what can be bought in a region.
type Catalog interface {
	// Offerings returns those of a region, cheapest first.
	Offerings(region catalog.Region) []catalog.Offering
	// OfType returns some offering of a machine type, nil if it is not known.
	OfType(region catalog.Region, instanceType string) *catalog.Offering
}

// Reader reads the state.
type Reader struct {
	// Main reads the main cluster. Omni reads omni-apiserver; edges are read with
	// Edges, which must not lag: an edge that is not seen is bought again.
	Main, Omni, Edges client.Reader
	Catalog           Catalog
	// Refused says that an offering cannot be had in a location just now; nil: all can.
	Refused func(location client.ObjectKey, o *catalog.Offering) bool
	// EdgeOverhead is what every machine costs besides its price, in US dollars per hour.
	EdgeOverhead float64
	Clock        clock.PassiveClock
}

// State is a problem and the objects it was made of. The pods are those of the
// cache: nobody may change them.
type State struct {
	Problem   scheduling.Problem
	Templates map[scheduling.Template]*v1beta1.NodeTemplate
	Locations map[client.ObjectKey]*v1beta1.EdgeLocation
	// Edges are those that take pods or will, by the names of their Nodes.
	Edges map[string]*v1beta1.Edge
	// Plan is what edges were bought for.
	Plan Plan
	// Planned are pending pods that an edge was bought for and that wait for it.
	// They are not in the problem; their edges have room for so much less.
	Planned []*corev1.Pod
}

// Pending says that the scheduler has looked at the pod and found no place.
func Pending(pod *corev1.Pod) bool {
	if pod.Spec.NodeName != "" || !pod.DeletionTimestamp.IsZero() || pod.Status.Phase != corev1.PodPending {
		return false
	}
	return slices.ContainsFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse && c.Reason == corev1.PodReasonUnschedulable
	})
}

// Read reads the state. When no pod is pending there is no problem to solve, and
// State has no pods.
func (r *Reader) Read(ctx context.Context) (*State, error) {
	main, err := r.readMain(ctx)
	if err != nil {
		return nil, err
	}
	s := &State{
		Problem:   scheduling.Problem{Budgets: map[scheduling.Template]scheduling.Budget{}, Namespaces: main.namespaces},
		Templates: map[scheduling.Template]*v1beta1.NodeTemplate{},
		Locations: map[client.ObjectKey]*v1beta1.EdgeLocation{},
		Edges:     map[string]*v1beta1.Edge{},
	}
	if len(main.pending) == 0 {
		return s, nil
	}
	var locations v1beta1.EdgeLocationList
	if err := r.Omni.List(ctx, &locations); err != nil {
		return nil, fmt.Errorf("list edge locations: %w", err)
	}
	for i := range locations.Items {
		s.Locations[client.ObjectKeyFromObject(&locations.Items[i])] = &locations.Items[i]
	}
	var templates v1beta1.NodeTemplateList
	if err := r.Omni.List(ctx, &templates); err != nil {
		return nil, fmt.Errorf("list node templates: %w", err)
	}
	var edges v1beta1.EdgeList
	if err := r.Edges.List(ctx, &edges); err != nil {
		return nil, fmt.Errorf("list edges: %w", err)
	}
	r.addNodes(s, main, edges.Items)
	for i := range templates.Items {
		if t := &templates.Items[i]; t.DeletionTimestamp.IsZero() {
			r.addTemplate(s, t, main, edges.Items)
		}
	}
	s.Problem.Claims, err = r.claims(ctx, s.Problem.Pods)
	return s, err
}

// mainCluster is what is read of the main cluster.
type mainCluster struct {
	namespaces map[string]map[string]string
	nodes      map[string]*corev1.Node
	// placed are the pods that take room on a node, by its name; pending those of
	// enabled namespaces that fit nowhere.
	placed  map[string][]*corev1.Pod
	pending []*corev1.Pod
}

func (r *Reader) readMain(ctx context.Context) (*mainCluster, error) {
	main := &mainCluster{
		namespaces: map[string]map[string]string{}, nodes: map[string]*corev1.Node{}, placed: map[string][]*corev1.Pod{},
	}
	var namespaces corev1.NamespaceList
	if err := r.Main.List(ctx, &namespaces, client.UnsafeDisableDeepCopy); err != nil {
		return nil, fmt.Errorf("list namespaces: %w", err)
	}
	enabled := map[string]bool{}
	for i := range namespaces.Items {
		ns := &namespaces.Items[i]
		main.namespaces[ns.Name], enabled[ns.Name] = ns.Labels, v1beta1.SchedulingEnabled(ns)
	}
	var pods corev1.PodList
	if err := r.Main.List(ctx, &pods, client.UnsafeDisableDeepCopy); err != nil {
		return nil, fmt.Errorf("list pods: %w", err)
	}
	for i := range pods.Items {
		pod := &pods.Items[i]
		switch phase := pod.Status.Phase; {
		case enabled[pod.Namespace] && Pending(pod):
			main.pending = append(main.pending, pod)
		case pod.Spec.NodeName != "" && phase != corev1.PodSucceeded && phase != corev1.PodFailed:
			main.placed[pod.Spec.NodeName] = append(main.placed[pod.Spec.NodeName], pod)
		}
	}
	if len(main.pending) == 0 {
		return main, nil
	}
	var nodes corev1.NodeList
	if err := r.Main.List(ctx, &nodes, client.UnsafeDisableDeepCopy); err != nil {
		return nil, fmt.Errorf("list nodes: %w", err)
	}
	for i := range nodes.Items {
		main.nodes[nodes.Items[i].Name] = &nodes.Items[i]
	}
	return main, nil
}
