// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"fmt"
	"regexp"

	"k8s.io/apimachinery/pkg/api/resource"
	apimachineryvalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/castai/omni/pkg/apis/omni"
)

// instanceFamily is the part of an AWS instance type before the dot: m7i, u-6tb1.
// instanceFamily: m7i, e2, or as OCI names shapes, VM.Standard.E5.Flex.
var instanceFamily = regexp.MustCompile(`^([a-z0-9-]+|(VM|BM)(\.[A-Za-z0-9]+)+)$`)

// ValidateNodeTemplate validates a new NodeTemplate. The name is the value of a
// Node label, which has at most 63 characters.
func ValidateNodeTemplate(template *omni.NodeTemplate) field.ErrorList {
	allErrs := apimachineryvalidation.ValidateObjectMeta(&template.ObjectMeta, true,
		apimachineryvalidation.NameIsDNSLabel, field.NewPath("metadata"))
	spec, path := &template.Spec, field.NewPath("spec")
	allErrs = append(allErrs, validateConstraints(&spec.Constraints, path.Child("constraints"))...)
	allErrs = append(allErrs, validateNodeLabels(spec.Labels, path.Child("labels"))...)
	allErrs = append(allErrs, validateTaints(spec.Taints, path.Child("taints"))...)
	allErrs = append(allErrs, validateLimits(&spec.Limits, path.Child("limits"))...)
	if after := spec.Disruption.ConsolidateAfter; after != nil && after.Duration < 0 {
		allErrs = append(allErrs, field.Invalid(path.Child("disruption", "consolidateAfter"), after.Duration.String(), "must not be negative"))
	}
	return allErrs
}

// ValidateNodeTemplateUpdate validates the new NodeTemplate by the rules of
// creation.
func ValidateNodeTemplateUpdate(newTemplate, oldTemplate *omni.NodeTemplate) field.ErrorList {
	allErrs := apimachineryvalidation.ValidateObjectMetaUpdate(&newTemplate.ObjectMeta, &oldTemplate.ObjectMeta, field.NewPath("metadata"))
	return append(allErrs, ValidateNodeTemplate(newTemplate)...)
}

// ValidateNodeTemplateStatusUpdate validates the new status.
func ValidateNodeTemplateStatusUpdate(newTemplate, oldTemplate *omni.NodeTemplate) field.ErrorList {
	allErrs := apimachineryvalidation.ValidateObjectMetaUpdate(&newTemplate.ObjectMeta, &oldTemplate.ObjectMeta, field.NewPath("metadata"))
	status, path := &newTemplate.Status, field.NewPath("status")
	allErrs = append(allErrs, metav1validation.ValidateConditions(status.Conditions, path.Child("conditions"))...)
	return append(allErrs, validatePrice(status.HourlyPrice, path.Child("hourlyPrice"))...)
}

// NodeTemplateWarnings are about templates that are valid and surely not meant.
func NodeTemplateWarnings(template *omni.NodeTemplate) []string {
	if locations := template.Spec.EdgeLocations; len(locations.Names) > 0 && !locations.Enabled {
		return []string{"spec.edgeLocations.names has no effect while spec.edgeLocations.enabled is false: set it to true to buy machines there"}
	}
	return nil
}

func validateConstraints(c *omni.NodeConstraints, path *field.Path) field.ErrorList {
	var allErrs field.ErrorList
	if c.MaxCPU > 0 && c.MinCPU > c.MaxCPU {
		allErrs = append(allErrs, field.Invalid(path.Child("minCPU"), c.MinCPU, fmt.Sprintf("must not exceed maxCPU, %d", c.MaxCPU)))
	}
	allErrs = append(allErrs, positive(c.MinMemory, path.Child("minMemory"))...)
	allErrs = append(allErrs, positive(c.MaxMemory, path.Child("maxMemory"))...)
	if c.MinMemory != nil && c.MaxMemory != nil && c.MinMemory.Cmp(*c.MaxMemory) > 0 {
		allErrs = append(allErrs, field.Invalid(path.Child("minMemory"), c.MinMemory.String(), "must not exceed maxMemory, "+c.MaxMemory.String()))
	}
	excluded := sets.New(c.ExcludeInstanceFamilies...)
	for i, family := range c.InstanceFamilies {
		at := path.Child("instanceFamilies").Index(i)
		allErrs = append(allErrs, itemMatches(family, instanceFamily, at, "a family of machine types, for example m7i")...)
		if excluded.Has(family) {
			allErrs = append(allErrs, field.Invalid(at, family, "is excluded by excludeInstanceFamilies"))
		}
	}
	for i, family := range c.ExcludeInstanceFamilies {
		allErrs = append(allErrs, itemMatches(family, instanceFamily, path.Child("excludeInstanceFamilies").Index(i), "a family of machine types, for example t3")...)
	}
	return allErrs
}

func validateLimits(limits *omni.TemplateLimits, path *field.Path) field.ErrorList {
	allErrs := positive(limits.CPU, path.Child("cpu"))
	allErrs = append(allErrs, positive(limits.Memory, path.Child("memory"))...)
	return append(allErrs, validatePrice(limits.HourlyPrice, path.Child("hourlyPrice"))...)
}

func positive(quantity *resource.Quantity, path *field.Path) field.ErrorList {
	if quantity != nil && quantity.Sign() <= 0 {
		return field.ErrorList{field.Invalid(path, quantity.String(), "must be greater than 0")}
	}
	return nil
}
