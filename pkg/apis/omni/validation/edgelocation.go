// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package validation holds the rules of the omni.cast.ai API that the tags of its
// types cannot declare: those about several fields, and the shapes of the
// identifiers of clouds.
package validation

import (
	apimachineryvalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/castai/omni/pkg/apis/omni"
)

const (
	// maxLocationName leaves room for prefixes in the names of cloud accounts;
	// 30 is the limit of a Google Cloud service account ID, the shortest of all.
	maxLocationName = 30
)

// ValidateEdgeLocation validates a new EdgeLocation.
func ValidateEdgeLocation(location *omni.EdgeLocation) field.ErrorList {
	allErrs := validateEdgeLocation(location)
	if location.Name == omni.MainCluster {
		allErrs = append(allErrs, field.Invalid(field.NewPath("metadata", "name"), location.Name, "is the name of the main cluster: choose another one"))
	}
	return allErrs
}

func validateEdgeLocation(location *omni.EdgeLocation) field.ErrorList {
	allErrs := apimachineryvalidation.ValidateObjectMeta(&location.ObjectMeta, true,
		apimachineryvalidation.NameIsDNSLabel, field.NewPath("metadata"))
	if len(location.Name) > maxLocationName {
		allErrs = append(allErrs, field.TooLong(field.NewPath("metadata", "name"), location.Name, maxLocationName))
	}
	return append(allErrs, validateEdgeLocationSpec(&location.Spec, field.NewPath("spec"))...)
}

// ValidateEdgeLocationUpdate validates the new EdgeLocation by the rules of
// creation, but for its name.
func ValidateEdgeLocationUpdate(newLocation, oldLocation *omni.EdgeLocation) field.ErrorList {
	allErrs := apimachineryvalidation.ValidateObjectMetaUpdate(&newLocation.ObjectMeta, &oldLocation.ObjectMeta, field.NewPath("metadata"))
	return append(allErrs, validateEdgeLocation(newLocation)...)
}

// ValidateEdgeLocationStatusUpdate validates the new status.
func ValidateEdgeLocationStatusUpdate(newLocation, oldLocation *omni.EdgeLocation) field.ErrorList {
	allErrs := apimachineryvalidation.ValidateObjectMetaUpdate(&newLocation.ObjectMeta, &oldLocation.ObjectMeta, field.NewPath("metadata"))
	status, path := &newLocation.Status, field.NewPath("status")
	allErrs = append(allErrs, metav1validation.ValidateConditions(status.Conditions, path.Child("conditions"))...)
	return append(allErrs, validatePrice(status.HourlyPrice, path.Child("hourlyPrice"))...)
}

func validateEdgeLocationSpec(spec *omni.EdgeLocationSpec, path *field.Path) field.ErrorList {
	allErrs := append(validateCloud(spec, path), validateCustom(spec, path)...)
	if spec.NodeDefaults != nil {
		allErrs = append(allErrs, validateTags(spec.NodeDefaults.Tags, path.Child("nodeDefaults", "tags"))...)
		allErrs = append(allErrs, validateUserData(spec.NodeDefaults.UserData, path.Child("nodeDefaults", "userData"))...)
	}
	return allErrs
}
