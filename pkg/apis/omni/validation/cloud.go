// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"regexp"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/castai/omni/pkg/apis/omni"
)

// naming is how a cloud names things; the texts say so to people.
type naming struct {
	region, image, instanceType             *regexp.Regexp
	regionText, imageText, instanceTypeText string
	// isZone says whether the zone may be one of the region.
	isZone func(zone, region string) bool
	// zoneText ends "must be a zone of the region, ".
	zoneText func(region string) string
}

// namings are those of the clouds. What provider may be is declared in its type.
var namings = map[omni.CloudProvider]naming{
	omni.ProviderAWS: {
		region: awsRegion, regionText: "the name of an AWS region, for example us-west-2",
		image: awsImage, imageText: "the ID of a machine image, for example ami-0a1b2c3d4e5f60718",
		instanceType: awsInstanceType, instanceTypeText: "an EC2 instance type, for example m7i.large",
		isZone:   isAWSZone,
		zoneText: func(region string) string { return "for example " + region + "a" },
	},
	omni.ProviderGCP: {
		region: gcpRegion, regionText: "the name of a Google Cloud region, for example us-central1",
		image: gcpImage, imageText: "an image or a family of images, for example projects/ubuntu-os-cloud/global/images/family/ubuntu-2404-lts-amd64",
		instanceType: gcpMachineType, instanceTypeText: "a machine type of Compute Engine, for example e2-standard-4",
		isZone: func(zone, region string) bool {
			letter, ok := strings.CutPrefix(zone, region+"-")
			return ok && gcpZoneLetter.MatchString(letter)
		},
		zoneText: func(region string) string { return "for example " + region + "-a" },
	},
	omni.ProviderOCI: {
		region: ociRegion, regionText: "the name of an OCI region, for example us-phoenix-1",
		image: ocid("image"), imageText: "the OCID of a machine image",
		instanceType: ociShape, instanceTypeText: "a shape, for example VM.GPU.A10.1, or a flexible one with vCPUs and GiB, for example VM.Standard.E5.Flex-4-32",
		// The name does not tell the region: older regions are called by airports.
		isZone: func(zone, _ string) bool { return ociAvailabilityDomain.MatchString(zone) },
		zoneText: func(string) string {
			return "which OCI calls an availability domain, without the prefix of the tenancy, for example PHX-AD-1"
		},
	},
	omni.ProviderCustom: customNaming,
}

// validateCloud checks all that depends on the cloud.
func validateCloud(spec *omni.EdgeLocationSpec, path *field.Path) field.ErrorList {
	names, ok := namings[spec.Provider]
	if !ok {
		return nil
	}
	allErrs := matches(spec.Region, names.region, path.Child("region"), names.regionText)
	for i, zone := range spec.Zones {
		allErrs = append(allErrs, names.validateZone(zone, spec.Region, path.Child("zones").Index(i))...)
	}
	if spec.NodeDefaults != nil && spec.Provider != omni.ProviderCustom {
		allErrs = append(allErrs, matches(spec.NodeDefaults.ImageID, names.image, path.Child("nodeDefaults", "imageID"), names.imageText)...)
	}
	if spec.AWS != nil {
		allErrs = append(allErrs, onlyFor(omni.ProviderAWS, spec, path.Child("aws"))...)
		allErrs = append(allErrs, validateAWSLocation(spec.AWS, spec.Region, path.Child("aws"))...)
	}
	if spec.GCP != nil {
		allErrs = append(allErrs, onlyFor(omni.ProviderGCP, spec, path.Child("gcp"))...)
		allErrs = append(allErrs, validateGCPLocation(spec.GCP, spec.Region, path.Child("gcp"))...)
	}
	if spec.OCI != nil {
		allErrs = append(allErrs, onlyFor(omni.ProviderOCI, spec, path.Child("oci"))...)
		allErrs = append(allErrs, validateOCILocation(spec.OCI, path.Child("oci"))...)
	}
	return allErrs
}

// ValidateEdgeInLocation checks the names that a new Edge gives by the cloud of its
// location, which the Edge alone does not tell.
func ValidateEdgeInLocation(edge *omni.Edge, location *omni.EdgeLocation) field.ErrorList {
	names, ok := namings[location.Spec.Provider]
	if !ok {
		return nil
	}
	spec, path := &edge.Spec, field.NewPath("spec")
	allErrs := matches(spec.InstanceType, names.instanceType, path.Child("instanceType"), names.instanceTypeText)
	if spec.Zone != "" {
		allErrs = append(allErrs, names.validateZone(spec.Zone, location.Spec.Region, path.Child("zone"))...)
	}
	allErrs = append(allErrs, matches(spec.ImageID, names.image, path.Child("imageID"), names.imageText)...)
	if location.Spec.Provider == omni.ProviderCustom {
		allErrs = append(allErrs, validateCustomEdge(spec, path)...)
	}
	return allErrs
}

func onlyFor(provider omni.CloudProvider, spec *omni.EdgeLocationSpec, path *field.Path) field.ErrorList {
	if spec.Provider == provider {
		return nil
	}
	return field.ErrorList{field.Forbidden(path, "only for the provider "+string(provider)+"; this location's is "+string(spec.Provider))}
}

func (n *naming) validateZone(zone, region string, path *field.Path) field.ErrorList {
	if n.isZone(zone, region) {
		return nil
	}
	return field.ErrorList{field.Invalid(path, zone, "must be a zone of the region, "+n.zoneText(region))}
}
