// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	"net/url"

	"k8s.io/apimachinery/pkg/conversion"

	"github.com/castai/omni/pkg/apis/omni/query"
)

// The conversions of query parameters are the generated ones behind a strict check.

// Convert_url_Values_To_v1alpha1_InstanceOptions reads the query of nodetemplates/instances.
func Convert_url_Values_To_v1alpha1_InstanceOptions(in *url.Values, out *InstanceOptions, s conversion.Scope) error {
	if err := query.Check(*in, out); err != nil {
		return err
	}
	return autoConvert_url_Values_To_v1alpha1_InstanceOptions(in, out, s)
}

// Convert_url_Values_To_v1alpha1_OnboardScriptOptions reads the query of edgelocations/onboard-script.
func Convert_url_Values_To_v1alpha1_OnboardScriptOptions(in *url.Values, out *OnboardScriptOptions, s conversion.Scope) error {
	if err := query.Check(*in, out); err != nil {
		return err
	}
	return autoConvert_url_Values_To_v1alpha1_OnboardScriptOptions(in, out, s)
}

// Convert_url_Values_To_v1alpha1_OffboardScriptOptions reads the query of edgelocations/offboard-script.
func Convert_url_Values_To_v1alpha1_OffboardScriptOptions(in *url.Values, out *OffboardScriptOptions, s conversion.Scope) error {
	if err := query.Check(*in, out); err != nil {
		return err
	}
	return autoConvert_url_Values_To_v1alpha1_OffboardScriptOptions(in, out, s)
}

// Convert_url_Values_To_v1alpha1_ConsoleOutputOptions reads the query of edges/console-output.
func Convert_url_Values_To_v1alpha1_ConsoleOutputOptions(in *url.Values, out *ConsoleOutputOptions, s conversion.Scope) error {
	if err := query.Check(*in, out); err != nil {
		return err
	}
	return autoConvert_url_Values_To_v1alpha1_ConsoleOutputOptions(in, out, s)
}
