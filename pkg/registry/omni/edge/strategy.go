// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package edge holds the rules by which Edges are created, updated and
// selected.
package edge

import (
	"context"

	apiequality "k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/registry/rest"

	"github.com/castai/omni/pkg/apis/omni"
	"github.com/castai/omni/pkg/apis/omni/validation"
	"github.com/castai/omni/pkg/registry/endpoint"
	"github.com/castai/omni/pkg/registry/selection"
)

type strategy struct{ endpoint.Strategy }

var (
	_ rest.CreateUpdateResetFieldsStrategy = strategy{}
	_ rest.RESTDeleteStrategy              = strategy{}
	_ rest.UpdateResetFieldsStrategy       = statusStrategy{}
)

// NewStrategy returns the rules of the main endpoint: it writes everything but
// the status.
func NewStrategy(scheme *runtime.Scheme) strategy { return strategy{endpoint.NewStrategy(scheme)} }

func (strategy) PrepareForCreate(_ context.Context, obj runtime.Object) {
	edge := obj.(*omni.Edge)
	edge.Status = omni.EdgeStatus{Phase: omni.EdgePending}
	edge.Generation = 1
}

func (strategy) PrepareForUpdate(_ context.Context, obj, old runtime.Object) {
	newEdge, oldEdge := obj.(*omni.Edge), old.(*omni.Edge)
	newEdge.Status = oldEdge.Status
	if !apiequality.Semantic.DeepEqual(newEdge.Spec, oldEdge.Spec) {
		newEdge.Generation = oldEdge.Generation + 1
	}
}

func (strategy) Validate(_ context.Context, obj runtime.Object) field.ErrorList {
	return validation.ValidateEdge(obj.(*omni.Edge))
}

func (strategy) ValidateUpdate(_ context.Context, obj, old runtime.Object) field.ErrorList {
	return validation.ValidateEdgeUpdate(obj.(*omni.Edge), old.(*omni.Edge))
}

type statusStrategy struct{ endpoint.Strategy }

// NewStatusStrategy returns the rules of the status endpoint: it writes nothing
// but the status.
func NewStatusStrategy(scheme *runtime.Scheme) statusStrategy {
	return statusStrategy{endpoint.NewStatusStrategy(scheme)}
}

func (statusStrategy) PrepareForUpdate(_ context.Context, obj, old runtime.Object) {
	newEdge, oldEdge := obj.(*omni.Edge), old.(*omni.Edge)
	newEdge.Spec = oldEdge.Spec
	metav1.ResetObjectMetaForStatus(&newEdge.ObjectMeta, &oldEdge.ObjectMeta)
}

func (statusStrategy) ValidateUpdate(_ context.Context, obj, old runtime.Object) field.ErrorList {
	return validation.ValidateEdgeStatusUpdate(obj.(*omni.Edge), old.(*omni.Edge))
}

// Selectable are the fields of an Edge that a selector may name.
var Selectable = selection.Fields[*omni.Edge]{
	{Name: "spec.edgeLocationName", Value: func(e *omni.Edge) string { return e.Spec.EdgeLocationName }},
	{Name: "spec.nodeTemplateName", Value: func(e *omni.Edge) string { return e.Spec.NodeTemplateName }},
	{Name: "status.phase", Value: func(e *omni.Edge) string { return string(e.Status.Phase) }},
}
