// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package nodetemplate writes the status of node templates: which locations they
// resolve to and what they have bought.
package nodetemplate

import (
	"context"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/cluster"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/catalog"
	"github.com/castai/omni/pkg/controller/enqueue"
)

// Reconciler reconciles NodeTemplates.
type Reconciler struct {
	// Omni is the client of omni-apiserver.
	Omni client.Client
}

// SetupWithManager watches templates and what counts for them.
func (r *Reconciler) SetupWithManager(mgr ctrl.Manager, omni cluster.Cluster) error {
	ofEdge := func(_ context.Context, edge *v1beta1.Edge) []reconcile.Request {
		if edge.Spec.NodeTemplateName == "" {
			return nil
		}
		return []reconcile.Request{{NamespacedName: types.NamespacedName{Namespace: edge.Namespace, Name: edge.Spec.NodeTemplateName}}}
	}
	return ctrl.NewControllerManagedBy(mgr).
		Named("nodetemplate").
		WatchesRawSource(source.Kind(omni.GetCache(), &v1beta1.NodeTemplate{}, &handler.TypedEnqueueRequestForObject[*v1beta1.NodeTemplate]{})).
		WatchesRawSource(source.Kind(omni.GetCache(), &v1beta1.Edge{}, handler.TypedEnqueueRequestsFromMapFunc(ofEdge))).
		WatchesRawSource(source.Kind(omni.GetCache(), &v1beta1.EdgeLocation{}, handler.TypedEnqueueRequestsFromMapFunc(r.ofLocation))).
		Complete(r)
}

func (r *Reconciler) ofLocation(ctx context.Context, location *v1beta1.EdgeLocation) []reconcile.Request {
	return enqueue.Listed(ctx, r.Omni, &v1beta1.NodeTemplateList{}, client.InNamespace(location.Namespace))
}

// Reconcile implements reconcile.Reconciler.
func (r *Reconciler) Reconcile(ctx context.Context, request reconcile.Request) (reconcile.Result, error) {
	template := &v1beta1.NodeTemplate{}
	if err := r.Omni.Get(ctx, request.NamespacedName, template); err != nil {
		return reconcile.Result{}, client.IgnoreNotFound(err)
	}
	var locations v1beta1.EdgeLocationList
	if err := r.Omni.List(ctx, &locations, client.InNamespace(template.Namespace)); err != nil {
		return reconcile.Result{}, fmt.Errorf("list edge locations: %w", err)
	}
	var edges v1beta1.EdgeList
	if err := r.Omni.List(ctx, &edges, client.InNamespace(template.Namespace)); err != nil {
		return reconcile.Result{}, fmt.Errorf("list edges: %w", err)
	}
	before := template.DeepCopy()
	summarize(template, locations.Items, edges.Items)
	if equality.Semantic.DeepEqual(before.Status, template.Status) {
		return reconcile.Result{}, nil
	}
	return reconcile.Result{}, client.IgnoreNotFound(r.Omni.Status().Patch(ctx, template, client.MergeFrom(before)))
}

// summarize writes the status of a template.
func summarize(template *v1beta1.NodeTemplate, locations []v1beta1.EdgeLocation, edges []v1beta1.Edge) {
	status := &template.Status
	status.ObservedGeneration = template.Generation
	status.EdgeLocations = nil
	ready := 0
	for i := range locations {
		if !template.Spec.EdgeLocations.Allows(locations[i].Name) {
			continue
		}
		status.EdgeLocations = append(status.EdgeLocations, locations[i].Name)
		if meta.IsStatusConditionTrue(locations[i].Status.Conditions, v1beta1.ConditionReady) {
			ready++
		}
	}
	slices.Sort(status.EdgeLocations)

	status.Edges = 0
	price := 0.0
	for i := range edges {
		if edges[i].Spec.NodeTemplateName == template.Name {
			status.Edges++
			price += catalog.ParsePrice(edges[i].Status.HourlyPrice)
		}
	}
	status.HourlyPrice = catalog.FormatPrice(price)
	meta.SetStatusCondition(&status.Conditions, readiness(template, ready))
}

func readiness(template *v1beta1.NodeTemplate, ready int) metav1.Condition {
	c := metav1.Condition{
		Type: v1beta1.ConditionReady, Status: metav1.ConditionFalse, ObservedGeneration: template.Generation,
	}
	all := len(template.Status.EdgeLocations)
	switch {
	case !template.Spec.EdgeLocations.Enabled:
		c.Reason, c.Message = "EdgeLocationsDisabled", "spec.edgeLocations.enabled is false"
	case all == 0:
		c.Reason, c.Message = "NoEdgeLocation", "no edge location of the namespace has a name of spec.edgeLocations.names"
	case ready == 0:
		c.Reason, c.Message = "NoEdgeLocationReady", fmt.Sprintf("none of the %d edge locations is ready", all)
	default:
		c.Status, c.Reason, c.Message = metav1.ConditionTrue, "Ready", fmt.Sprintf("%d of %d edge locations are ready", ready, all)
	}
	return c
}
