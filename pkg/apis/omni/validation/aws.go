// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"fmt"
	"maps"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/castai/omni/pkg/apis/omni"
)

// The shapes of AWS identifiers: resource IDs have 8 (old) or 17 hexadecimal
// digits; a role's path and name have the characters of the IAM API's RoleName.
var (
	awsRegion          = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-\d$`)
	awsAccount         = regexp.MustCompile(`^\d{12}$`)
	awsRoleARN         = regexp.MustCompile(`^arn:aws[a-z-]*:iam::(\d{12}):role/[\w+=,.@/-]{1,512}$`)
	awsInstanceProfile = regexp.MustCompile(`^[\w+=,.@-]{1,128}$`)
	awsVPC             = regexp.MustCompile(`^vpc-([0-9a-f]{8}|[0-9a-f]{17})$`)
	awsSubnet          = regexp.MustCompile(`^subnet-([0-9a-f]{8}|[0-9a-f]{17})$`)
	awsSecurityGroup   = regexp.MustCompile(`^sg-([0-9a-f]{8}|[0-9a-f]{17})$`)
	awsInstanceType    = regexp.MustCompile(`^[a-z0-9-]+\.[a-z0-9-]+$`)
	awsImage           = regexp.MustCompile(`^ami-([0-9a-f]{8}|[0-9a-f]{17})$`)
)

const (
	// AWS allows a VPC from /16 to /28; below /24 the subnets of the zones
	// have no room.
	minVPCBits, maxVPCBits = 16, 24
	// The limits of EC2 tags, in characters.
	maxTagKey, maxTagValue = 128, 256
)

func validateAWSLocation(aws *omni.AWSLocation, region string, path *field.Path) field.ErrorList {
	allErrs := matches(aws.AccountID, awsAccount, path.Child("accountID"), "a 12-digit AWS account, for example 123456789012")
	if aws.RoleARN != "" {
		allErrs = append(allErrs, validateRoleARN(aws, path.Child("roleARN"))...)
	}
	allErrs = append(allErrs, matches(aws.InstanceProfile, awsInstanceProfile, path.Child("instanceProfile"), "the name of an IAM instance profile")...)
	allErrs = append(allErrs, matches(aws.VPCID, awsVPC, path.Child("vpcID"), "the ID of a VPC, for example vpc-0a1b2c3d4e5f60718")...)
	allErrs = append(allErrs, ValidateVPCCIDR(aws.VPCCIDR, path.Child("vpcCIDR"))...)
	subnets, names := path.Child("subnetIDs"), namings[omni.ProviderAWS]
	for _, zone := range slices.Sorted(maps.Keys(aws.SubnetIDs)) {
		subnet := aws.SubnetIDs[zone]
		allErrs = append(allErrs, names.validateZone(zone, region, subnets.Key(zone))...)
		allErrs = append(allErrs, itemMatches(subnet, awsSubnet, subnets.Key(zone), "the ID of a subnet, for example subnet-0a1b2c3d4e5f60718")...)
	}
	return append(allErrs, matches(aws.SecurityGroupID, awsSecurityGroup, path.Child("securityGroupID"),
		"the ID of a security group, for example sg-0a1b2c3d4e5f60718")...)
}

// isAWSZone: a zone is its region and more (us-west-2a, us-west-2-lax-1a).
func isAWSZone(zone, region string) bool {
	rest, ok := strings.CutPrefix(zone, region)
	return ok && rest != "" && len(utilvalidation.IsDNS1123Label(zone)) == 0
}

func validateRoleARN(aws *omni.AWSLocation, path *field.Path) field.ErrorList {
	parts := awsRoleARN.FindStringSubmatch(aws.RoleARN)
	if parts == nil {
		return field.ErrorList{field.Invalid(path, aws.RoleARN, "must be the ARN of an IAM role, for example arn:aws:iam::123456789012:role/omni-aws-oregon")}
	}
	if parts[1] != aws.AccountID {
		return field.ErrorList{field.Invalid(path, aws.RoleARN, "must be a role of the account "+aws.AccountID)}
	}
	return nil
}

// ValidateVPCCIDR accepts nothing (the default range) and private IPv4 ranges
// from /16 to /24.
func ValidateVPCCIDR(cidr string, path *field.Path) field.ErrorList {
	if cidr == "" {
		return nil
	}
	prefix, err := netip.ParsePrefix(cidr)
	switch {
	case err != nil || !prefix.Addr().Is4() || prefix != prefix.Masked():
		return field.ErrorList{field.Invalid(path, cidr, "must be an IPv4 range, for example 10.77.0.0/16")}
	case !prefix.Addr().IsPrivate() || prefix.Bits() < minVPCBits || prefix.Bits() > maxVPCBits:
		return field.ErrorList{field.Invalid(path, cidr, fmt.Sprintf("must be a private range (RFC 1918) from /%d to /%d", minVPCBits, maxVPCBits))}
	}
	return nil
}

func validateTags(tags map[string]string, path *field.Path) field.ErrorList {
	var allErrs field.ErrorList
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		value := tags[key]
		switch {
		case key == "" || utf8.RuneCountInString(key) > maxTagKey:
			allErrs = append(allErrs, field.Invalid(path, key, fmt.Sprintf("a tag's key must have 1 to %d characters", maxTagKey)))
		case strings.HasPrefix(strings.ToLower(key), "aws:"):
			allErrs = append(allErrs, field.Invalid(path.Key(key), key, "tags of AWS itself begin with aws:"))
		case isReserved(key):
			allErrs = append(allErrs, field.Invalid(path.Key(key), key, reservedMessage()))
		}
		if utf8.RuneCountInString(value) > maxTagValue {
			allErrs = append(allErrs, field.TooLong(path.Key(key), value, maxTagValue))
		}
	}
	return allErrs
}

// matches: whether a field may be empty is declared in its type.
func matches(value string, shape *regexp.Regexp, path *field.Path, want string) field.ErrorList {
	if value == "" {
		return nil
	}
	return itemMatches(value, shape, path, want)
}

// itemMatches: the items of lists and maps are never empty.
func itemMatches(value string, shape *regexp.Regexp, path *field.Path, want string) field.ErrorList {
	if !shape.MatchString(value) {
		return field.ErrorList{field.Invalid(path, value, "must be "+want)}
	}
	return nil
}

// reservedPrefixes begin the keys that only OMNI and Liqo write.
var reservedPrefixes = []string{"omni.cast.ai/", "liqo.io/"}

func isReserved(key string) bool {
	prefix, _, hasPrefix := strings.Cut(key, "/")
	return hasPrefix && slices.ContainsFunc(reservedPrefixes, func(reserved string) bool {
		return prefix+"/" == reserved || strings.HasSuffix(prefix+"/", "."+reserved)
	})
}

func reservedMessage() string {
	return "keys under " + strings.Join(reservedPrefixes, " and ") + " are set by OMNI and Liqo only"
}
