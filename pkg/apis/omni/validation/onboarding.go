// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"fmt"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/castai/omni/pkg/apis/omni"
)

// minTokenSeconds of the life of a registration token are enough to paste a script.
const minTokenSeconds = 60

// MaxTokenSeconds is the longest life of a registration token: a day.
const MaxTokenSeconds = 86400

// ValidateOnboardScriptRequest validates what is asked for.
func ValidateOnboardScriptRequest(request *omni.OnboardScriptRequest) field.ErrorList {
	path := field.NewPath("spec")
	allErrs := ValidateOnboardNetwork(request.Spec.VPCCIDR, request.Spec.Network, request.Spec.Subnetwork, path)
	if seconds := request.Spec.ExpirationSeconds; seconds < minTokenSeconds || seconds > MaxTokenSeconds {
		allErrs = append(allErrs, field.Invalid(path.Child("expirationSeconds"), seconds,
			fmt.Sprintf("must be from %d to %d seconds", minTokenSeconds, MaxTokenSeconds)))
	}
	return allErrs
}

// ValidateOnboardNetwork validates the network that a script is to make or, by
// Google Cloud's names, to use.
func ValidateOnboardNetwork(vpcCIDR, network, subnetwork string, path *field.Path) field.ErrorList {
	allErrs := ValidateVPCCIDR(vpcCIDR, path.Child("vpcCIDR"))
	if network == "" && subnetwork == "" {
		return allErrs
	}
	for _, f := range []struct{ name, value string }{{"network", network}, {"subnetwork", subnetwork}} {
		if f.value == "" {
			allErrs = append(allErrs, field.Required(path.Child(f.name), "network and subnetwork go together: set both, or neither"))
		}
		allErrs = append(allErrs, matches(f.value, gcpName, path.Child(f.name), "the name of a network or subnetwork in the project of the location")...)
	}
	if vpcCIDR != "" {
		allErrs = append(allErrs, field.Forbidden(path.Child("vpcCIDR"), "the range of a network of yours is what it is: leave it out"))
	}
	return allErrs
}
