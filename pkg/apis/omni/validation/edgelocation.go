// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package validation holds the rules that objects of the omni.cast.ai API obey,
// on creation and on update.
package validation

import (
	"fmt"
	"regexp"
	"strings"

	apimachineryvalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/castai/omni/pkg/apis/omni"
)

const (
	// maxLocationName leaves room for prefixes in the names of cloud accounts;
	// 30 is the limit of a Google Cloud service account ID, the shortest of all.
	maxLocationName = 30
	// maxDescription bounds free text, in characters.
	maxDescription = 256
	// minDiskGiB holds an operating system; maxDiskGiB is the largest gp3
	// volume that every AWS region offers.
	minDiskGiB, maxDiskGiB = 8, 16384
)

// awsRegion is the shape of the names of AWS regions, such as us-west-2.
var awsRegion = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-\d$`)

// ValidateEdgeLocation validates a new EdgeLocation.
func ValidateEdgeLocation(location *omni.EdgeLocation) field.ErrorList {
	allErrs := apimachineryvalidation.ValidateObjectMeta(&location.ObjectMeta, true,
		apimachineryvalidation.NameIsDNSLabel, field.NewPath("metadata"))
	if len(location.Name) > maxLocationName {
		allErrs = append(allErrs, field.TooLong(field.NewPath("metadata", "name"), location.Name, maxLocationName))
	}
	return append(allErrs, validateEdgeLocationSpec(&location.Spec, field.NewPath("spec"))...)
}

// ValidateEdgeLocationUpdate validates the new EdgeLocation by the rules of
// creation and protects what cannot change.
func ValidateEdgeLocationUpdate(newLocation, oldLocation *omni.EdgeLocation) field.ErrorList {
	allErrs := apimachineryvalidation.ValidateObjectMetaUpdate(&newLocation.ObjectMeta, &oldLocation.ObjectMeta, field.NewPath("metadata"))
	allErrs = append(allErrs, ValidateEdgeLocation(newLocation)...)
	spec := field.NewPath("spec")
	allErrs = append(allErrs, immutable(newLocation.Spec.Provider, oldLocation.Spec.Provider, spec.Child("provider"))...)
	allErrs = append(allErrs, immutable(newLocation.Spec.Region, oldLocation.Spec.Region, spec.Child("region"))...)
	if oldLocation.Spec.AWS == nil {
		return allErrs
	}
	aws := spec.Child("aws")
	if newLocation.Spec.AWS == nil {
		return append(allErrs, field.Required(aws, "it cannot be removed once it is set"))
	}
	allErrs = append(allErrs, immutable(newLocation.Spec.AWS.AccountID, oldLocation.Spec.AWS.AccountID, aws.Child("accountID"))...)
	return append(allErrs, immutable(newLocation.Spec.AWS.VPCID, oldLocation.Spec.AWS.VPCID, aws.Child("vpcID"))...)
}

// ValidateEdgeLocationStatusUpdate validates the new status.
func ValidateEdgeLocationStatusUpdate(newLocation, oldLocation *omni.EdgeLocation) field.ErrorList {
	allErrs := apimachineryvalidation.ValidateObjectMetaUpdate(&newLocation.ObjectMeta, &oldLocation.ObjectMeta, field.NewPath("metadata"))
	status, path := &newLocation.Status, field.NewPath("status")
	allErrs = append(allErrs, oneOf(status.Phase, path.Child("phase"), "",
		omni.EdgeLocationPending, omni.EdgeLocationIncompleteSetup, omni.EdgeLocationInUse,
		omni.EdgeLocationFailed, omni.EdgeLocationOffboarding)...)
	allErrs = append(allErrs, metav1validation.ValidateConditions(status.Conditions, path.Child("conditions"))...)
	allErrs = append(allErrs, notNegative(int64(status.Edges), path.Child("edges"))...)
	return append(allErrs, validatePrice(status.HourlyPrice, path.Child("hourlyPrice"))...)
}

func validateEdgeLocationSpec(spec *omni.EdgeLocationSpec, path *field.Path) field.ErrorList {
	allErrs := oneOf(spec.Provider, path.Child("provider"), omni.ProviderAWS)
	allErrs = append(allErrs, validateRegion(spec.Region, path.Child("region"))...)
	seen := sets.New[string]()
	for i, zone := range spec.Zones {
		allErrs = append(allErrs, validateZone(zone, spec.Region, path.Child("zones").Index(i))...)
		if seen.Has(zone) {
			allErrs = append(allErrs, field.Duplicate(path.Child("zones").Index(i), zone))
		}
		seen.Insert(zone)
	}
	if len([]rune(spec.Description)) > maxDescription {
		allErrs = append(allErrs, field.TooLong(path.Child("description"), spec.Description, maxDescription))
	}
	if spec.AWS != nil {
		allErrs = append(allErrs, validateAWSLocation(spec.AWS, spec.Region, path.Child("aws"))...)
	}
	if spec.Credentials != nil && spec.Credentials.SecretRef != nil {
		allErrs = append(allErrs, validateSecretName(spec.Credentials.SecretRef.Name, path.Child("credentials", "secretRef", "name"))...)
	}
	controlPlane := path.Child("controlPlane")
	if external := spec.ControlPlane.External; external == nil {
		allErrs = append(allErrs, field.Required(controlPlane.Child("external"), "say where the edge cluster runs: external is the only choice"))
	} else {
		allErrs = append(allErrs, validateSecretName(external.KubeconfigSecretRef.Name, controlPlane.Child("external", "kubeconfigSecretRef", "name"))...)
	}
	if spec.NodeDefaults != nil {
		allErrs = append(allErrs, validateNodeDefaults(spec.NodeDefaults, path.Child("nodeDefaults"))...)
	}
	return allErrs
}

func validateRegion(region string, path *field.Path) field.ErrorList {
	if region == "" {
		return field.ErrorList{field.Required(path, "the cloud's name of the region, for example us-west-2")}
	}
	if !awsRegion.MatchString(region) {
		return field.ErrorList{field.Invalid(path, region, "must be the name of an AWS region, for example us-west-2")}
	}
	return nil
}

// validateZone: an AWS zone is its region and more (us-west-2a, us-west-2-lax-1a).
func validateZone(zone, region string, path *field.Path) field.ErrorList {
	rest, ok := strings.CutPrefix(zone, region)
	if !ok || rest == "" {
		return field.ErrorList{field.Invalid(path, zone, fmt.Sprintf("must be a zone of the region, for example %sa", region))}
	}
	if messages := apimachineryvalidation.NameIsDNSLabel(zone, false); len(messages) > 0 {
		return field.ErrorList{field.Invalid(path, zone, messages[0])}
	}
	return nil
}

func validateSecretName(name string, path *field.Path) field.ErrorList {
	if name == "" {
		return field.ErrorList{field.Required(path, "the name of a Secret in the same namespace")}
	}
	return validateName(name, path)
}

func validateName(name string, path *field.Path) field.ErrorList {
	var allErrs field.ErrorList
	for _, message := range apimachineryvalidation.NameIsDNSSubdomain(name, false) {
		allErrs = append(allErrs, field.Invalid(path, name, message))
	}
	return allErrs
}

func validateNodeDefaults(defaults *omni.NodeDefaults, path *field.Path) field.ErrorList {
	var allErrs field.ErrorList
	if defaults.DiskGiB != 0 && (defaults.DiskGiB < minDiskGiB || defaults.DiskGiB > maxDiskGiB) {
		allErrs = append(allErrs, field.Invalid(path.Child("diskGiB"), defaults.DiskGiB,
			fmt.Sprintf("must be from %d to %d GiB", minDiskGiB, maxDiskGiB)))
	}
	allErrs = append(allErrs, validateImage(defaults.Image, path.Child("image"))...)
	return append(allErrs, validateTags(defaults.Tags, path.Child("tags"))...)
}
