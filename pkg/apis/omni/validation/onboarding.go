// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"fmt"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/castai/omni/pkg/apis/omni"
)

// The life of a registration token, in seconds: long enough to paste a script,
// a day at most.
const minTokenSeconds, maxTokenSeconds = 60, 86400

// ValidateOnboardScriptRequest validates what is asked for.
func ValidateOnboardScriptRequest(request *omni.OnboardScriptRequest) field.ErrorList {
	path := field.NewPath("spec")
	allErrs := ValidateVPCCIDR(request.Spec.VPCCIDR, path.Child("vpcCIDR"))
	if seconds := request.Spec.ExpirationSeconds; seconds < minTokenSeconds || seconds > maxTokenSeconds {
		allErrs = append(allErrs, field.Invalid(path.Child("expirationSeconds"), seconds,
			fmt.Sprintf("must be from %d to %d seconds", minTokenSeconds, maxTokenSeconds)))
	}
	return allErrs
}
