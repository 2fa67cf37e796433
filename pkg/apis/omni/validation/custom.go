// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"regexp"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/castai/omni/pkg/apis/omni"
)

// customName is a name that people give, and that ends as the value of a label.
var customName = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$`)

// customNaming is how people name what no cloud has named.
var customNaming = naming{
	region: customName, regionText: "a name of yours of at most 63 letters, digits, -, _ and ., for example berlin",
	instanceType: customName, instanceTypeText: "a name of yours of at most 63 letters, digits, -, _ and ., for example custom",
	image: regexp.MustCompile(`^$`), imageText: "empty: the machine has its system already",
	isZone: func(zone, _ string) bool { return customName.MatchString(zone) },
	zoneText: func(string) string {
		return "a name of yours of at most 63 letters, digits, -, _ and ., for example rack-4"
	},
}

// validateCustom refuses what only makes sense for machines that OMNI buys.
func validateCustom(spec *omni.EdgeLocationSpec, path *field.Path) field.ErrorList {
	var allErrs field.ErrorList
	if spec.Provider != omni.ProviderCustom {
		return nil
	}
	if spec.Credentials != nil {
		allErrs = append(allErrs, field.Forbidden(path.Child("credentials"), "a Custom location has no cloud to sign in to"))
	}
	if spec.NodeDefaults != nil {
		allErrs = append(allErrs, field.Forbidden(path.Child("nodeDefaults"), "machines of a Custom location are there before they join: set them up yourself"))
	}
	return allErrs
}

// validateCustomEdge refuses what only makes sense for a machine that OMNI buys.
func validateCustomEdge(spec *omni.EdgeSpec, path *field.Path) field.ErrorList {
	var allErrs field.ErrorList
	if spec.NodeTemplateName != "" {
		allErrs = append(allErrs, field.Forbidden(path.Child("nodeTemplateName"), "no template buys machines in a Custom location"))
	}
	if spec.CapacityType == omni.CapacitySpot {
		allErrs = append(allErrs, field.Forbidden(path.Child("capacityType"), "no cloud takes the machine of a Custom location back: leave it out"))
	}
	return allErrs
}
