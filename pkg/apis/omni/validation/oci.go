// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"maps"
	"regexp"
	"slices"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/castai/omni/pkg/apis/omni"
)

var (
	// The notation is that of pkg/cloud/oci/shape.
	ociShape  = regexp.MustCompile(`^(VM|BM)(\.[A-Za-z0-9]+)+(-[1-9][0-9]{0,4}-[1-9][0-9]{0,5})?$`)
	ociRegion = regexp.MustCompile(`^[a-z]{2,3}-[a-z]+(-[a-z]+)?-\d$`)
	// An availability domain without the prefix of the tenancy, which ends with a
	// colon: no label of a Node may have one.
	ociAvailabilityDomain = regexp.MustCompile(`^[A-Z0-9-]{3,32}-AD-\d$`)
)

// ocid is the shape of the OCID of a resource:
// ocid1.<type>.<realm>.[region][.future use].<unique ID>.
func ocid(resource string) *regexp.Regexp {
	return regexp.MustCompile(`^ocid1\.` + resource + `\.[a-z0-9-]{1,16}\.[a-z0-9-]{0,32}(\.[a-z0-9-]{0,32})?\.[a-z0-9]{1,128}$`)
}

var ocids = map[string]*regexp.Regexp{}

func init() {
	for _, resource := range []string{"tenancy", "compartment", "vcn", "subnet", "networksecuritygroup"} {
		ocids[resource] = ocid(resource)
	}
}

func validateOCILocation(oci *omni.OCILocation, path *field.Path) field.ErrorList {
	id := func(value, resource string, path *field.Path) field.ErrorList {
		return matches(value, ocids[resource], path, "the OCID of a "+resource+", ocid1."+resource+".…")
	}
	allErrs := id(oci.TenancyID, "tenancy", path.Child("tenancyID"))
	// The root compartment is the tenancy.
	if oci.CompartmentID != oci.TenancyID {
		allErrs = append(allErrs, id(oci.CompartmentID, "compartment", path.Child("compartmentID"))...)
	}
	allErrs = append(allErrs, id(oci.VCNID, "vcn", path.Child("vcnID"))...)
	names := namings[omni.ProviderOCI]
	subnets := path.Child("subnetIDs")
	for _, domain := range slices.Sorted(maps.Keys(oci.SubnetIDs)) {
		allErrs = append(allErrs, names.validateZone(domain, "", subnets.Key(domain))...)
		allErrs = append(allErrs, itemMatches(oci.SubnetIDs[domain], ocids["subnet"], subnets.Key(domain), "the OCID of a subnet")...)
	}
	return append(allErrs, id(oci.NSGID, "networksecuritygroup", path.Child("nsgID"))...)
}
