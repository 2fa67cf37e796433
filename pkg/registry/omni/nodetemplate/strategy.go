// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package nodetemplate holds the rules by which NodeTemplates are created, updated and
// selected.
package nodetemplate

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
	template := obj.(*omni.NodeTemplate)
	template.Status = omni.NodeTemplateStatus{}
	template.Generation = 1
}

func (strategy) PrepareForUpdate(_ context.Context, obj, old runtime.Object) {
	newNodeTemplate, oldNodeTemplate := obj.(*omni.NodeTemplate), old.(*omni.NodeTemplate)
	newNodeTemplate.Status = oldNodeTemplate.Status
	if !apiequality.Semantic.DeepEqual(newNodeTemplate.Spec, oldNodeTemplate.Spec) {
		newNodeTemplate.Generation = oldNodeTemplate.Generation + 1
	}
}

func (strategy) Validate(_ context.Context, obj runtime.Object) field.ErrorList {
	return validation.ValidateNodeTemplate(obj.(*omni.NodeTemplate))
}

func (strategy) ValidateUpdate(_ context.Context, obj, old runtime.Object) field.ErrorList {
	return validation.ValidateNodeTemplateUpdate(obj.(*omni.NodeTemplate), old.(*omni.NodeTemplate))
}

func (strategy) WarningsOnCreate(_ context.Context, obj runtime.Object) []string {
	return validation.NodeTemplateWarnings(obj.(*omni.NodeTemplate))
}

func (strategy) WarningsOnUpdate(_ context.Context, obj, _ runtime.Object) []string {
	return validation.NodeTemplateWarnings(obj.(*omni.NodeTemplate))
}

type statusStrategy struct{ endpoint.Strategy }

// NewStatusStrategy returns the rules of the status endpoint: it writes nothing
// but the status.
func NewStatusStrategy(scheme *runtime.Scheme) statusStrategy {
	return statusStrategy{endpoint.NewStatusStrategy(scheme)}
}

func (statusStrategy) PrepareForUpdate(_ context.Context, obj, old runtime.Object) {
	newNodeTemplate, oldNodeTemplate := obj.(*omni.NodeTemplate), old.(*omni.NodeTemplate)
	newNodeTemplate.Spec = oldNodeTemplate.Spec
	metav1.ResetObjectMetaForStatus(&newNodeTemplate.ObjectMeta, &oldNodeTemplate.ObjectMeta)
}

func (statusStrategy) ValidateUpdate(_ context.Context, obj, old runtime.Object) field.ErrorList {
	return validation.ValidateNodeTemplateStatusUpdate(obj.(*omni.NodeTemplate), old.(*omni.NodeTemplate))
}

// Selectable are the fields of a NodeTemplate that a selector may name: none but
// those of every object.
var Selectable = selection.Fields[*omni.NodeTemplate]{}
