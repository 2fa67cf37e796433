// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"regexp"

	apimachineryvalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/castai/omni/pkg/apis/omni"
)

// cloudName has the characters that clouds name types, zones and images with.
var cloudName = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._:/-]{0,253}[A-Za-z0-9])?$`)

// ValidateEdge validates a new Edge.
func ValidateEdge(edge *omni.Edge) field.ErrorList {
	allErrs := apimachineryvalidation.ValidateObjectMeta(&edge.ObjectMeta, true,
		apimachineryvalidation.NameIsDNSLabel, field.NewPath("metadata"))
	return append(allErrs, validateEdgeSpec(&edge.Spec, field.NewPath("spec"))...)
}

// ValidateEdgeUpdate validates the new Edge by the rules of creation.
func ValidateEdgeUpdate(newEdge, oldEdge *omni.Edge) field.ErrorList {
	allErrs := apimachineryvalidation.ValidateObjectMetaUpdate(&newEdge.ObjectMeta, &oldEdge.ObjectMeta, field.NewPath("metadata"))
	return append(allErrs, ValidateEdge(newEdge)...)
}

// ValidateEdgeStatusUpdate validates the new status.
func ValidateEdgeStatusUpdate(newEdge, oldEdge *omni.Edge) field.ErrorList {
	allErrs := apimachineryvalidation.ValidateObjectMetaUpdate(&newEdge.ObjectMeta, &oldEdge.ObjectMeta, field.NewPath("metadata"))
	status, path := &newEdge.Status, field.NewPath("status")
	allErrs = append(allErrs, metav1validation.ValidateConditions(status.Conditions, path.Child("conditions"))...)
	allErrs = append(allErrs, validatePrice(status.HourlyPrice, path.Child("hourlyPrice"))...)
	if status.Decision != nil {
		allErrs = append(allErrs, validateDecision(status.Decision, path.Child("decision"))...)
	}
	return allErrs
}

func validateDecision(decision *omni.EdgeDecision, path *field.Path) field.ErrorList {
	allErrs := validatePrice(decision.RunnerUpCost, path.Child("runnerUpCost"))
	allErrs = append(allErrs, validatePrice(decision.Bill, path.Child("bill"))...)
	return append(allErrs, validatePrice(decision.LowerBound, path.Child("lowerBound"))...)
}

func validateEdgeSpec(spec *omni.EdgeSpec, path *field.Path) field.ErrorList {
	// The cloud is the location's, which is not known here: these are the
	// characters that all clouds use; ValidateEdgeInLocation knows more.
	allErrs := matches(spec.InstanceType, cloudName, path.Child("instanceType"), "the cloud's name of a machine type, for example m7i.large")
	allErrs = append(allErrs, matches(spec.Zone, cloudName, path.Child("zone"), "the cloud's name of a zone, for example us-west-2a")...)
	allErrs = append(allErrs, matches(spec.ImageID, cloudName, path.Child("imageID"), "the cloud's identifier of a machine image, for example ami-0a1b2c3d4e5f60718")...)
	allErrs = append(allErrs, validateNodeLabels(spec.Labels, path.Child("labels"))...)
	return append(allErrs, validateTaints(spec.Taints, path.Child("taints"))...)
}
