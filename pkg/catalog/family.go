// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"regexp"
	"strings"
)

// ociSize is the size at the end of an OCI type: -4-32 of a flexible shape, .2 of a
// fixed one.
var ociSize = regexp.MustCompile(`(-\d+-\d+|\.\d+)$`)

// Family returns the family of a machine type, as its cloud calls it: m7i of AWS's
// m7i.large, c2d of GCP's c2d-standard-16, VM.Standard.E5.Flex of OCI's
// VM.Standard.E5.Flex-4-32, VM.GPU.A10 of VM.GPU.A10.2.
func Family(provider, instanceType string) string {
	switch provider {
	case "AWS":
		family, _, _ := strings.Cut(instanceType, ".")
		return family
	case "GCP":
		family, _, _ := strings.Cut(instanceType, "-")
		return family
	default:
		return ociSize.ReplaceAllString(instanceType, "")
	}
}
