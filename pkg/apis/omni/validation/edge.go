// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	apimachineryvalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/castai/omni/pkg/apis/omni"
)

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
	return append(allErrs, validatePrice(status.HourlyPrice, path.Child("hourlyPrice"))...)
}

func validateEdgeSpec(spec *omni.EdgeSpec, path *field.Path) field.ErrorList {
	allErrs := matches(spec.InstanceType, awsInstanceType, path.Child("instanceType"), "the cloud's name of a machine type, for example m7i.large")
	allErrs = append(allErrs, validateImage(spec.ImageID, path.Child("imageID"))...)
	allErrs = append(allErrs, validateNodeLabels(spec.Labels, path.Child("labels"))...)
	return append(allErrs, validateTaints(spec.Taints, path.Child("taints"))...)
}
