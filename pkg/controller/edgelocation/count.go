// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package edgelocation

import (
	"context"
	"fmt"
	"slices"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/catalog"
)

// count writes what the location is used for.
func (r *Reconciler) count(ctx context.Context, location *v1beta1.EdgeLocation) error {
	edges, err := r.edges(ctx, location)
	if err != nil {
		return err
	}
	price := 0.0
	for i := range edges {
		price += catalog.ParsePrice(edges[i].Status.HourlyPrice)
	}
	location.Status.Edges, location.Status.HourlyPrice = int32(len(edges)), catalog.FormatPrice(price)

	var templates v1beta1.NodeTemplateList
	if err := r.Omni.List(ctx, &templates, client.InNamespace(location.Namespace)); err != nil {
		return fmt.Errorf("list node templates: %w", err)
	}
	location.Status.NodeTemplates = nil
	for i := range templates.Items {
		if t := &templates.Items[i]; !location.IsCustom() && t.DeletionTimestamp.IsZero() && t.Spec.EdgeLocations.Allows(location.Name) {
			location.Status.NodeTemplates = append(location.Status.NodeTemplates, t.Name)
		}
	}
	slices.Sort(location.Status.NodeTemplates)
	return nil
}

func (r *Reconciler) edges(ctx context.Context, location *v1beta1.EdgeLocation) ([]v1beta1.Edge, error) {
	var list v1beta1.EdgeList
	if err := r.Omni.List(ctx, &list, client.InNamespace(location.Namespace)); err != nil {
		return nil, fmt.Errorf("list edges: %w", err)
	}
	return slices.DeleteFunc(list.Items, func(e v1beta1.Edge) bool { return e.Spec.EdgeLocationName != location.Name }), nil
}
