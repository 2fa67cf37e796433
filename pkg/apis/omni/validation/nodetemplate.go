// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"fmt"
	"regexp"
	"slices"

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

// gpuName: L4, A100, H100 as the clouds name them.
var gpuName = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$`)

// ValidateNodeTemplate validates a new NodeTemplate. The name is the value of a
// Node label, which has at most 63 characters.
func ValidateNodeTemplate(template *omni.NodeTemplate) field.ErrorList {
	allErrs := apimachineryvalidation.ValidateObjectMeta(&template.ObjectMeta, true,
		apimachineryvalidation.NameIsDNSLabel, field.NewPath("metadata"))
	spec, path := &template.Spec, field.NewPath("spec")
	allErrs = append(allErrs, validateMainCluster(&spec.MainCluster, path.Child("mainCluster"))...)
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
	locations := template.Spec.EdgeLocations
	if len(locations.Names) == 0 {
		return nil
	}
	if !locations.Enabled {
		return []string{"spec.edgeLocations.names has no effect while spec.edgeLocations.enabled is false: set it to true to buy machines there"}
	}
	var warnings []string
	for i, adjustment := range locations.PriceAdjustments {
		if !slices.Contains(locations.Names, adjustment.Name) {
			warnings = append(warnings, fmt.Sprintf("spec.edgeLocations.priceAdjustments[%d] has no effect: %s is not in spec.edgeLocations.names", i, adjustment.Name))
		}
	}
	return warnings
}

// validateMainCluster: a main cluster that is compared with is one whose prices
// are known.
func validateMainCluster(main *omni.TemplateMainCluster, path *field.Path) field.ErrorList {
	var allErrs field.ErrorList
	if main.Enabled && main.Provider == "" {
		allErrs = append(allErrs, field.Required(path.Child("provider"), "the cloud of the main cluster, when enabled is true"))
	}
	if main.Enabled && main.Region == "" {
		allErrs = append(allErrs, field.Required(path.Child("region"), "the region of the main cluster, when enabled is true"))
	}
	if main.Provider == omni.ProviderCustom {
		return append(allErrs, field.NotSupported(path.Child("provider"), main.Provider,
			[]omni.CloudProvider{omni.ProviderAWS, omni.ProviderGCP, omni.ProviderOCI}))
	}
	names, ok := namings[main.Provider]
	if !ok || main.Region == "" {
		return allErrs
	}
	allErrs = append(allErrs, matches(main.Region, names.region, path.Child("region"), names.regionText)...)
	for i, zone := range main.Zones {
		allErrs = append(allErrs, names.validateZone(zone, main.Region, path.Child("zones").Index(i))...)
	}
	return allErrs
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
	if c.GPU != nil {
		allErrs = append(allErrs, validateGPU(c.GPU, path.Child("gpu"))...)
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

func validateGPU(gpu *omni.GPUConstraints, path *field.Path) field.ErrorList {
	allErrs := positive(gpu.MinMemory, path.Child("minMemory"))
	if gpu.MaxCount > 0 && gpu.MinCount > gpu.MaxCount {
		allErrs = append(allErrs, field.Invalid(path.Child("minCount"), gpu.MinCount, fmt.Sprintf("must not exceed maxCount, %d", gpu.MaxCount)))
	}
	for i, name := range gpu.Names {
		allErrs = append(allErrs, itemMatches(name, gpuName, path.Child("names").Index(i), "a model of GPU without its maker, for example L4")...)
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
