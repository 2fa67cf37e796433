// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"regexp"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/castai/omni/pkg/apis/omni"
)

// The shapes of Google Cloud's names, as its API describes them: resources are
// RFC 1035 labels, and an image may be of another project, or be a family's newest.
var (
	gcpRegion           = regexp.MustCompile(`^[a-z]+-[a-z]+\d{1,2}$`)
	gcpZoneLetter       = regexp.MustCompile(`^[a-z]$`)
	gcpImage            = regexp.MustCompile(`^projects/[a-z][a-z0-9.:-]{4,80}/global/images/(family/)?[a-z]([-a-z0-9]{0,61}[a-z0-9])?$`)
	gcpMachineType      = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)+$`)
	gcpProject          = regexp.MustCompile(`^[a-z][a-z0-9-]{4,28}[a-z0-9]$`)
	gcpName             = regexp.MustCompile(`^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$`)
	gcpSubnetwork       = regexp.MustCompile(`^(projects/[a-z][a-z0-9-]{4,28}[a-z0-9]/regions/[a-z0-9-]{3,32}/subnetworks/)?[a-z]([-a-z0-9]{0,61}[a-z0-9])?$`)
	gcpServiceAccount   = regexp.MustCompile(`^[a-z0-9-]{1,63}@[a-z0-9.-]{1,80}\.gserviceaccount\.com$`)
	gcpIdentityProvider = regexp.MustCompile(`^projects/\d{1,20}/locations/global/workloadIdentityPools/[a-z0-9-]{4,32}/providers/[a-z0-9-]{4,32}$`)
)

func validateGCPLocation(gcp *omni.GCPLocation, region string, path *field.Path) field.ErrorList {
	allErrs := matches(gcp.ProjectID, gcpProject, path.Child("projectID"), "the ID of a project, for example my-project-123456")
	allErrs = append(allErrs, matches(gcp.Network, gcpName, path.Child("network"), "the name of a VPC network")...)
	allErrs = append(allErrs, matches(gcp.Subnetwork, gcpSubnetwork, path.Child("subnetwork"), "the name of a subnetwork, or projects/<host>/regions/<region>/subnetworks/<name>")...)
	names := namings[omni.ProviderGCP]
	for i, zone := range gcp.Zones {
		allErrs = append(allErrs, names.validateZone(zone, region, path.Child("zones").Index(i))...)
	}
	for i, tag := range gcp.NetworkTags {
		allErrs = append(allErrs, itemMatches(tag, gcpName, path.Child("networkTags").Index(i), "a network tag: lower-case letters, digits and dashes")...)
	}
	allErrs = append(allErrs, matches(gcp.ServiceAccount, gcpServiceAccount, path.Child("serviceAccount"), "the e-mail address of a service account")...)
	allErrs = append(allErrs, matches(gcp.WorkloadIdentityProvider, gcpIdentityProvider, path.Child("workloadIdentityProvider"),
		"projects/<number>/locations/global/workloadIdentityPools/<pool>/providers/<provider>")...)
	if (gcp.ServiceAccount == "") != (gcp.WorkloadIdentityProvider == "") {
		allErrs = append(allErrs, field.Required(path.Child("workloadIdentityProvider"), "set it and serviceAccount, or neither"))
	}
	return allErrs
}
