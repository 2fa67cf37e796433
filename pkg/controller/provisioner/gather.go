// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package provisioner

import (
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	podresource "k8s.io/component-helpers/resource"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/catalog"
	"github.com/castai/omni/pkg/cloud"
	"github.com/castai/omni/pkg/controller/edge"
	"github.com/castai/omni/pkg/controller/namespace"
	"github.com/castai/omni/pkg/controller/unavailable"
	"github.com/castai/omni/pkg/edgenode"
	"github.com/castai/omni/pkg/scheduling"
)

// gathered is the problem and the objects it was made of.
type gathered struct {
	problem   scheduling.Problem
	templates map[scheduling.Template]*v1beta1.NodeTemplate
	locations map[client.ObjectKey]*v1beta1.EdgeLocation
}

// pendingPods returns the pods of enabled namespaces that fit nowhere.
func (r *Reconciler) pendingPods(ctx context.Context) ([]*corev1.Pod, error) {
	var namespaces corev1.NamespaceList
	if err := r.Main.List(ctx, &namespaces, client.MatchingLabels{v1beta1.LabelEnableScheduling: "true"}); err != nil {
		return nil, fmt.Errorf("list namespaces: %w", err)
	}
	var pending []*corev1.Pod
	for i := range namespaces.Items {
		if !namespace.Enabled(&namespaces.Items[i]) {
			continue
		}
		var pods corev1.PodList
		if err := r.Main.List(ctx, &pods, client.InNamespace(namespaces.Items[i].Name)); err != nil {
			return nil, fmt.Errorf("list pods: %w", err)
		}
		for j := range pods.Items {
			if isPending(&pods.Items[j]) {
				pending = append(pending, &pods.Items[j])
			}
		}
	}
	return pending, nil
}

// gather reads everything the decision depends on.
func (r *Reconciler) gather(ctx context.Context, pods []*corev1.Pod) (*gathered, error) {
	var locations v1beta1.EdgeLocationList
	if err := r.Omni.List(ctx, &locations); err != nil {
		return nil, fmt.Errorf("list edge locations: %w", err)
	}
	var templates v1beta1.NodeTemplateList
	if err := r.Omni.List(ctx, &templates); err != nil {
		return nil, fmt.Errorf("list node templates: %w", err)
	}
	edges, err := r.edges(ctx)
	if err != nil {
		return nil, err
	}
	g := &gathered{
		problem:   scheduling.Problem{Pods: pods, Budgets: map[scheduling.Template]scheduling.Budget{}},
		templates: map[scheduling.Template]*v1beta1.NodeTemplate{},
		locations: map[client.ObjectKey]*v1beta1.EdgeLocation{},
	}
	for i := range locations.Items {
		g.locations[client.ObjectKeyFromObject(&locations.Items[i])] = &locations.Items[i]
	}
	for i := range templates.Items {
		if t := &templates.Items[i]; t.DeletionTimestamp.IsZero() {
			r.addTemplate(g, t, edges)
		}
	}
	for _, e := range edges {
		if err := r.addNode(ctx, g, e); err != nil {
			return nil, err
		}
	}
	return g, nil
}

// edges returns the edges of the cache and those bought so lately that the cache
// does not show them yet.
func (r *Reconciler) edges(ctx context.Context) ([]*v1beta1.Edge, error) {
	var list v1beta1.EdgeList
	if err := r.Omni.List(ctx, &list); err != nil {
		return nil, fmt.Errorf("list edges: %w", err)
	}
	var edges []*v1beta1.Edge
	for i := range list.Items {
		delete(r.bought, list.Items[i].UID)
		edges = append(edges, &list.Items[i])
	}
	for uid, e := range r.bought {
		// Either the cache lags, or the edge came and went between two looks.
		err := r.Direct.Get(ctx, client.ObjectKeyFromObject(e), &v1beta1.Edge{})
		if apierrors.IsNotFound(err) {
			delete(r.bought, uid)
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read an edge that was bought: %w", err)
		}
		edges = append(edges, e)
	}
	slices.SortFunc(edges, func(a, b *v1beta1.Edge) int { return a.CreationTimestamp.Compare(b.CreationTimestamp.Time) })
	return edges, nil
}

// addTemplate adds what the template may buy, and how much of it.
func (r *Reconciler) addTemplate(g *gathered, template *v1beta1.NodeTemplate, edges []*v1beta1.Edge) {
	key := scheduling.Template{Namespace: template.Namespace, Name: template.Name}
	g.templates[key] = template
	var used, milliCPU, memory int64
	price := 0.0
	for _, e := range edges {
		if e.Namespace != template.Namespace || e.Spec.NodeTemplateName != template.Name {
			continue
		}
		used++
		price += catalog.ParsePrice(e.Status.HourlyPrice)
		if o := r.offering(g, e); o != nil {
			milliCPU += o.VCPU * 1000
			memory += o.MemoryBytes
		}
	}
	g.problem.Budgets[key] = scheduling.LimitsOf(&template.Spec.Limits, used, milliCPU, memory, price)

	for locationKey, location := range g.locations {
		if locationKey.Namespace != template.Namespace || !template.Spec.EdgeLocations.Allows(location.Name) ||
			!location.DeletionTimestamp.IsZero() || !meta.IsStatusConditionTrue(location.Status.Conditions, v1beta1.ConditionReady) {
			continue
		}
		all := r.Catalog.Offerings(catalog.RegionOf(&location.Spec))
		for _, o := range catalog.Select(all, &template.Spec, location.UsableZones()) {
			if r.Unavailable.Has(unavailable.Offering{
				Location: locationKey.String(), InstanceType: o.InstanceType, Zone: o.Zone, CapacityType: o.CapacityType,
			}) {
				continue
			}
			planned := newEdge(template, location.Name, &o)
			g.problem.Candidates = append(g.problem.Candidates, scheduling.Candidate{
				Template: key, Location: location.Name, Offering: o,
				Labels: edgenode.Labels(planned, location, &o.Type), Taints: edgenode.PlannedTaints(planned),
			})
		}
	}
}

// addNode adds the room that an edge has, or will have.
func (r *Reconciler) addNode(ctx context.Context, g *gathered, e *v1beta1.Edge) error {
	location := g.locations[client.ObjectKey{Namespace: e.Namespace, Name: e.Spec.EdgeLocationName}]
	if !e.DeletionTimestamp.IsZero() || location == nil || refused(e) {
		return nil
	}
	var machine *catalog.Type
	offering := r.offering(g, e)
	if offering != nil {
		machine = &offering.Type
	}
	free := e.Status.Allocatable.DeepCopy()
	if free == nil {
		if offering == nil {
			return nil
		}
		free = offering.Allocatable.DeepCopy()
	}
	var pods corev1.PodList
	if err := r.Main.List(ctx, &pods, client.MatchingFields{edge.PodNodeField: v1beta1.EdgeNodeName(string(e.UID))}); err != nil {
		return fmt.Errorf("list the pods of a Node: %w", err)
	}
	for i := range pods.Items {
		if phase := pods.Items[i].Status.Phase; phase == corev1.PodSucceeded || phase == corev1.PodFailed {
			continue
		}
		used := podresource.PodRequests(&pods.Items[i], podresource.PodResourcesOptions{})
		used[corev1.ResourcePods] = onePod
		for name, quantity := range used {
			left := free[name]
			left.Sub(quantity)
			free[name] = left
		}
	}
	g.problem.Nodes = append(g.problem.Nodes, scheduling.Node{
		Name: e.Name, Labels: edgenode.Labels(e, location, machine), Taints: edgenode.PlannedTaints(e), Free: free,
	})
	return nil
}

// refused says that the cloud refused the machine for a reason that only a person
// can mend: no pod should wait for it.
func refused(e *v1beta1.Edge) bool {
	launched := meta.FindStatusCondition(e.Status.Conditions, v1beta1.ConditionLaunched)
	return launched != nil && launched.Status == metav1.ConditionFalse &&
		(launched.Reason == string(cloud.ClassConfig) || launched.Reason == string(cloud.ClassAuth))
}

// offering returns what the catalog knows of the machine of an edge, nil if it
// does not know it.
func (r *Reconciler) offering(g *gathered, e *v1beta1.Edge) *catalog.Offering {
	location := g.locations[client.ObjectKey{Namespace: e.Namespace, Name: e.Spec.EdgeLocationName}]
	if location == nil {
		return nil
	}
	return r.Catalog.OfType(catalog.RegionOf(&location.Spec), e.Spec.InstanceType)
}
