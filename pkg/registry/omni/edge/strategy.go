// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package edge holds the rules by which Edges are created, updated and
// selected.
package edge

import (
	"context"
	"fmt"

	apiequality "k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/registry/generic"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/apiserver/pkg/storage/names"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"

	"github.com/castai/omni/pkg/apis/omni"
	"github.com/castai/omni/pkg/apis/omni/validation"
	"github.com/castai/omni/pkg/registry/declarative"
	"github.com/castai/omni/pkg/registry/endpoint"
)

type strategy struct {
	runtime.ObjectTyper
	names.NameGenerator
	declarative.Validation
}

var (
	_ rest.CreateUpdateResetFieldsStrategy = strategy{}
	_ rest.RESTDeleteStrategy              = strategy{}
	_ rest.UpdateResetFieldsStrategy       = statusStrategy{}
)

// NewStrategy returns the rules of the main endpoint: it writes everything but
// the status.
func NewStrategy(scheme *runtime.Scheme) strategy {
	return strategy{scheme, names.SimpleNameGenerator, declarative.NewValidation(scheme)}
}

func (strategy) NamespaceScoped() bool                         { return true }
func (strategy) AllowCreateOnUpdate(context.Context) bool      { return false }
func (strategy) AllowUnconditionalUpdate(context.Context) bool { return false }
func (strategy) Canonicalize(runtime.Object)                   {}

// GetResetFields says what this endpoint ignores, so that server-side apply
// gives its writers no ownership of it.
func (strategy) GetResetFields() map[fieldpath.APIVersion]*fieldpath.Set {
	return endpoint.ResetFields("status")
}

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

func (strategy) WarningsOnCreate(context.Context, runtime.Object) []string {
	return nil
}

func (strategy) WarningsOnUpdate(context.Context, runtime.Object, runtime.Object) []string {
	return nil
}

type statusStrategy struct{ strategy }

// NewStatusStrategy returns the rules of the status endpoint: it writes nothing
// but the status.
func NewStatusStrategy(s strategy) statusStrategy { return statusStrategy{s} }

func (statusStrategy) GetResetFields() map[fieldpath.APIVersion]*fieldpath.Set {
	return endpoint.ResetFields("spec", "metadata")
}

func (statusStrategy) PrepareForUpdate(_ context.Context, obj, old runtime.Object) {
	newEdge, oldEdge := obj.(*omni.Edge), old.(*omni.Edge)
	newEdge.Spec = oldEdge.Spec
	metav1.ResetObjectMetaForStatus(&newEdge.ObjectMeta, &oldEdge.ObjectMeta)
}

func (statusStrategy) ValidateUpdate(_ context.Context, obj, old runtime.Object) field.ErrorList {
	return validation.ValidateEdgeStatusUpdate(obj.(*omni.Edge), old.(*omni.Edge))
}

func (statusStrategy) WarningsOnUpdate(context.Context, runtime.Object, runtime.Object) []string {
	return nil
}

// SelectableFields are the values a field selector compares with.
func SelectableFields(edge *omni.Edge) fields.Set {
	return generic.AddObjectMetaFieldsSet(fields.Set{
		"spec.edgeLocationName": edge.Spec.EdgeLocationName,
		"spec.nodeTemplateName": edge.Spec.NodeTemplateName,
		"status.phase":          string(edge.Status.Phase),
	}, &edge.ObjectMeta, true)
}

// GetAttrs returns the labels and the selectable fields of the Edge.
func GetAttrs(obj runtime.Object) (labels.Set, fields.Set, error) {
	edge, ok := obj.(*omni.Edge)
	if !ok {
		return nil, nil, fmt.Errorf("%T is no Edge", obj)
	}
	return edge.Labels, SelectableFields(edge), nil
}
