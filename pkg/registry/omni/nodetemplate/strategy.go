// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package nodetemplate holds the rules by which NodeTemplates are created, updated and
// selected.
package nodetemplate

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

type statusStrategy struct{ strategy }

// NewStatusStrategy returns the rules of the status endpoint: it writes nothing
// but the status.
func NewStatusStrategy(s strategy) statusStrategy { return statusStrategy{s} }

func (statusStrategy) GetResetFields() map[fieldpath.APIVersion]*fieldpath.Set {
	return endpoint.ResetFields("spec", "metadata")
}

func (statusStrategy) PrepareForUpdate(_ context.Context, obj, old runtime.Object) {
	newNodeTemplate, oldNodeTemplate := obj.(*omni.NodeTemplate), old.(*omni.NodeTemplate)
	newNodeTemplate.Spec = oldNodeTemplate.Spec
	metav1.ResetObjectMetaForStatus(&newNodeTemplate.ObjectMeta, &oldNodeTemplate.ObjectMeta)
}

func (statusStrategy) ValidateUpdate(_ context.Context, obj, old runtime.Object) field.ErrorList {
	return validation.ValidateNodeTemplateStatusUpdate(obj.(*omni.NodeTemplate), old.(*omni.NodeTemplate))
}

func (statusStrategy) WarningsOnUpdate(context.Context, runtime.Object, runtime.Object) []string {
	return nil
}

// SelectableFields are the values a field selector compares with.
func SelectableFields(template *omni.NodeTemplate) fields.Set {
	return generic.AddObjectMetaFieldsSet(fields.Set{}, &template.ObjectMeta, true)
}

// GetAttrs returns the labels and the selectable fields of the NodeTemplate.
func GetAttrs(obj runtime.Object) (labels.Set, fields.Set, error) {
	template, ok := obj.(*omni.NodeTemplate)
	if !ok {
		return nil, nil, fmt.Errorf("%T is no NodeTemplate", obj)
	}
	return template.Labels, SelectableFields(template), nil
}
