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
	allErrs := ValidateVPCCIDR(request.Spec.VPCCIDR, path.Child("vpcCIDR"))
	if seconds := request.Spec.ExpirationSeconds; seconds < minTokenSeconds || seconds > MaxTokenSeconds {
		allErrs = append(allErrs, field.Invalid(path.Child("expirationSeconds"), seconds,
			fmt.Sprintf("must be from %d to %d seconds", minTokenSeconds, MaxTokenSeconds)))
	}
	return allErrs
}
