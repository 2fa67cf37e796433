// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package edgelocation holds the rules by which EdgeLocations are created, updated and
// selected.
package edgelocation

import (
	"context"
	"fmt"
	"slices"

	apiequality "k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/registry/rest"

	"github.com/castai/omni/pkg/apis/omni"
	"github.com/castai/omni/pkg/apis/omni/v1beta1"
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
	location := obj.(*omni.EdgeLocation)
	location.Status = omni.EdgeLocationStatus{Phase: omni.EdgeLocationPending}
	location.Generation = 1
}

func (strategy) PrepareForUpdate(_ context.Context, obj, old runtime.Object) {
	newEdgeLocation, oldEdgeLocation := obj.(*omni.EdgeLocation), old.(*omni.EdgeLocation)
	newEdgeLocation.Status = oldEdgeLocation.Status
	if !apiequality.Semantic.DeepEqual(newEdgeLocation.Spec, oldEdgeLocation.Spec) {
		newEdgeLocation.Generation = oldEdgeLocation.Generation + 1
	}
}

func (strategy) Validate(_ context.Context, obj runtime.Object) field.ErrorList {
	return validation.ValidateEdgeLocation(obj.(*omni.EdgeLocation))
}

func (strategy) ValidateUpdate(_ context.Context, obj, old runtime.Object) field.ErrorList {
	return validation.ValidateEdgeLocationUpdate(obj.(*omni.EdgeLocation), old.(*omni.EdgeLocation))
}

func (strategy) WarningsOnCreate(_ context.Context, obj runtime.Object) []string {
	return warnings(obj.(*omni.EdgeLocation))
}

func (strategy) WarningsOnUpdate(_ context.Context, obj, _ runtime.Object) []string {
	return warnings(obj.(*omni.EdgeLocation))
}

// warnings are about locations that are valid and surely not meant.
func warnings(location *omni.EdgeLocation) []string {
	external := &v1beta1.EdgeLocation{}
	if err := v1beta1.Convert_omni_EdgeLocation_To_v1beta1_EdgeLocation(location, external, nil); err != nil {
		return nil // a warning is no reason to fail
	}
	zones := external.NetworkZones()
	if zones == nil {
		return nil // the script makes a subnet in every zone that is asked for
	}
	var messages []string
	for i, zone := range location.Spec.Zones {
		if !slices.Contains(zones, zone) {
			messages = append(messages, fmt.Sprintf("spec.zones[%d]: no machine can be bought in %s, because the location has no subnet in it: "+
				"run the onboarding script again, or add the subnet", i, zone))
		}
	}
	return messages
}

type statusStrategy struct{ endpoint.Strategy }

// NewStatusStrategy returns the rules of the status endpoint: it writes nothing
// but the status.
func NewStatusStrategy(scheme *runtime.Scheme) statusStrategy {
	return statusStrategy{endpoint.NewStatusStrategy(scheme)}
}

func (statusStrategy) PrepareForUpdate(_ context.Context, obj, old runtime.Object) {
	newEdgeLocation, oldEdgeLocation := obj.(*omni.EdgeLocation), old.(*omni.EdgeLocation)
	newEdgeLocation.Spec = oldEdgeLocation.Spec
	metav1.ResetObjectMetaForStatus(&newEdgeLocation.ObjectMeta, &oldEdgeLocation.ObjectMeta)
}

func (statusStrategy) ValidateUpdate(_ context.Context, obj, old runtime.Object) field.ErrorList {
	return validation.ValidateEdgeLocationStatusUpdate(obj.(*omni.EdgeLocation), old.(*omni.EdgeLocation))
}

// Selectable are the fields of an EdgeLocation that a selector may name.
var Selectable = selection.Fields[*omni.EdgeLocation]{
	{Name: "spec.region", Value: func(l *omni.EdgeLocation) string { return l.Spec.Region }},
	{Name: "status.phase", Value: func(l *omni.EdgeLocation) string { return string(l.Status.Phase) }},
	{Name: "spec.provider", Value: func(l *omni.EdgeLocation) string { return string(l.Spec.Provider) }},
}
