// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package aws

import (
	"errors"
	"slices"
	"strings"

	"github.com/aws/smithy-go"

	"github.com/castai/omni/pkg/cloud"
)

// codes maps EC2's error codes to classes. The capacity codes are those after
// which Karpenter's AWS provider tries another offering.
var codes = map[string]cloud.ErrorClass{
	"InsufficientInstanceCapacity":      cloud.ClassCapacity,
	"InsufficientHostCapacity":          cloud.ClassCapacity,
	"InsufficientCapacity":              cloud.ClassCapacity,
	"UnfulfillableCapacity":             cloud.ClassCapacity,
	"Unsupported":                       cloud.ClassCapacity,
	"InsufficientFreeAddressesInSubnet": cloud.ClassCapacity,
	"SpotMaxPriceTooLow":                cloud.ClassCapacity,
	"MaxSpotInstanceCountExceeded":      cloud.ClassQuota,
	"VcpuLimitExceeded":                 cloud.ClassQuota,
	"InstanceLimitExceeded":             cloud.ClassQuota,
	"MaxIOPSLimitExceeded":              cloud.ClassQuota,
	"RequestLimitExceeded":              cloud.ClassThrottle,
	"Throttling":                        cloud.ClassThrottle,
	"ThrottlingException":               cloud.ClassThrottle,
	"EC2ThrottledException":             cloud.ClassThrottle,
	"AuthFailure":                       cloud.ClassAuth,
	"UnauthorizedOperation":             cloud.ClassAuth,
	"AccessDenied":                      cloud.ClassAuth,
	"AccessDeniedException":             cloud.ClassAuth,
	"InvalidClientTokenId":              cloud.ClassAuth,
	"SignatureDoesNotMatch":             cloud.ClassAuth,
	"RequestExpired":                    cloud.ClassAuth, // our clock is wrong
	"ExpiredToken":                      cloud.ClassAuth,
	"ExpiredTokenException":             cloud.ClassAuth,
	"InvalidIdentityToken":              cloud.ClassAuth,
	"MissingAuthenticationToken":        cloud.ClassAuth,
	"OptInRequired":                     cloud.ClassAuth,
	"PendingVerification":               cloud.ClassAuth,
	"IdempotentParameterMismatch":       cloud.ClassIdempotency,
	"InternalError":                     cloud.ClassTransient,
	"InternalFailure":                   cloud.ClassTransient,
	"ServiceUnavailable":                cloud.ClassTransient,
	"Unavailable":                       cloud.ClassTransient,
	"IDPCommunicationError":             cloud.ClassTransient,
	"ServerInternal":                    cloud.ClassTransient,
}

// notFound are the codes for a machine that EC2 does not know (any more).
var notFound = []string{"InvalidInstanceID.NotFound", "InvalidInstanceID.Malformed"}

func isNotFound(err error) bool {
	var api smithy.APIError
	return errors.As(err, &api) && slices.Contains(notFound, api.ErrorCode())
}

// classify wraps an SDK error with its class. A client fault that is not in the
// table is our configuration; all else is unknown and so transient.
func classify(err error) error {
	if _, known := errors.AsType[*cloud.Error](err); known {
		return err
	}
	var api smithy.APIError
	if !errors.As(err, &api) {
		return &cloud.Error{Class: cloud.ClassTransient, Err: err}
	}
	class, ok := codes[api.ErrorCode()]
	switch {
	case ok:
	case api.ErrorFault() == smithy.FaultClient,
		strings.HasPrefix(api.ErrorCode(), "Invalid"), strings.HasSuffix(api.ErrorCode(), ".NotFound"):
		class = cloud.ClassConfig
	default:
		class = cloud.ClassTransient
	}
	return &cloud.Error{Class: class, Code: api.ErrorCode(), Err: errors.New(words(api))}
}

// words is what AWS said, less what differs each time (request IDs, the encoded
// message of a refusal): it is shown in conditions.
func words(api smithy.APIError) string {
	message, _, _ := strings.Cut(api.ErrorMessage(), " Encoded authorization failure message")
	return message
}
