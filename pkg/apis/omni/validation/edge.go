// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	apiequality "k8s.io/apimachinery/pkg/api/equality"
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

// ValidateEdgeUpdate validates a changed Edge: the machine is bought, so its spec
// cannot change.
func ValidateEdgeUpdate(newEdge, oldEdge *omni.Edge) field.ErrorList {
	allErrs := apimachineryvalidation.ValidateObjectMetaUpdate(&newEdge.ObjectMeta, &oldEdge.ObjectMeta, field.NewPath("metadata"))
	allErrs = append(allErrs, ValidateEdge(newEdge)...)
	if !apiequality.Semantic.DeepEqual(newEdge.Spec, oldEdge.Spec) {
		allErrs = append(allErrs, field.Invalid(field.NewPath("spec"), newEdge.Spec.InstanceType,
			"spec is immutable: delete the Edge and create another one"))
	}
	return allErrs
}

// ValidateEdgeStatusUpdate validates the new status.
func ValidateEdgeStatusUpdate(newEdge, oldEdge *omni.Edge) field.ErrorList {
	allErrs := apimachineryvalidation.ValidateObjectMetaUpdate(&newEdge.ObjectMeta, &oldEdge.ObjectMeta, field.NewPath("metadata"))
	status, path := &newEdge.Status, field.NewPath("status")
	allErrs = append(allErrs, oneOf(status.Phase, path.Child("phase"), "",
		omni.EdgePending, omni.EdgeLaunching, omni.EdgeLaunched, omni.EdgeRegistered,
		omni.EdgeReady, omni.EdgeDraining, omni.EdgeTerminating)...)
	allErrs = append(allErrs, metav1validation.ValidateConditions(status.Conditions, path.Child("conditions"))...)
	return append(allErrs, validatePrice(status.HourlyPrice, path.Child("hourlyPrice"))...)
}

func validateEdgeSpec(spec *omni.EdgeSpec, path *field.Path) field.ErrorList {
	var allErrs field.ErrorList
	if spec.EdgeLocationName == "" {
		allErrs = append(allErrs, field.Required(path.Child("edgeLocationName"), "the name of an EdgeLocation in the same namespace"))
	} else {
		allErrs = append(allErrs, validateName(spec.EdgeLocationName, path.Child("edgeLocationName"))...)
	}
	if spec.NodeTemplateName != "" {
		allErrs = append(allErrs, validateName(spec.NodeTemplateName, path.Child("nodeTemplateName"))...)
	}
	allErrs = append(allErrs, matches(spec.InstanceType, awsInstanceType, path.Child("instanceType"), "the cloud's name of a machine type, for example m7i.large")...)
	if spec.Zone != "" {
		for _, message := range apimachineryvalidation.NameIsDNSLabel(spec.Zone, false) {
			allErrs = append(allErrs, field.Invalid(path.Child("zone"), spec.Zone, message))
		}
	}
	allErrs = append(allErrs, oneOf(spec.CapacityType, path.Child("capacityType"), omni.CapacitySpot, omni.CapacityOnDemand)...)
	allErrs = append(allErrs, validateImage(spec.Image, path.Child("image"))...)
	allErrs = append(allErrs, validateNodeLabels(spec.Labels, path.Child("labels"))...)
	return append(allErrs, validateTaints(spec.Taints, path.Child("taints"))...)
}
