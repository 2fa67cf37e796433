// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package edgelocation

import (
	"context"

	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/registry/rest"

	"github.com/castai/omni/pkg/apis/omni"
	"github.com/castai/omni/pkg/apis/omni/validation"
)

type onboardingStrategy struct{ strategy }

var _ rest.RESTUpdateStrategy = onboardingStrategy{}

// NewOnboardingStrategy returns the rules of the onboarding endpoint: the only
// one that writes spec and status at once, because a token must be spent with
// the very write it allows. It writes the network of the location's cloud (spec.aws,
// spec.gcp or spec.oci), status.registration and status.conditions, nothing else.
func NewOnboardingStrategy(s strategy) onboardingStrategy { return onboardingStrategy{s} }

func (onboardingStrategy) PrepareForUpdate(_ context.Context, obj, old runtime.Object) {
	newLocation, oldLocation := obj.(*omni.EdgeLocation), old.(*omni.EdgeLocation)
	allowed := oldLocation.DeepCopy()
	allowed.Spec.AWS, allowed.Spec.GCP, allowed.Spec.OCI = newLocation.Spec.AWS, newLocation.Spec.GCP, newLocation.Spec.OCI
	allowed.Status.Registration = newLocation.Status.Registration
	allowed.Status.Conditions = newLocation.Status.Conditions
	if !apiequality.Semantic.DeepEqual(allowed.Spec, oldLocation.Spec) {
		allowed.Generation++
	}
	*newLocation = *allowed
}

func (onboardingStrategy) ValidateUpdate(_ context.Context, obj, old runtime.Object) field.ErrorList {
	newLocation, oldLocation := obj.(*omni.EdgeLocation), old.(*omni.EdgeLocation)
	allErrs := validation.ValidateEdgeLocationUpdate(newLocation, oldLocation)
	return append(allErrs, validation.ValidateEdgeLocationStatusUpdate(newLocation, oldLocation)...)
}
