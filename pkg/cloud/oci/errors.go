// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package oci

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/oracle/oci-go-sdk/v65/common"

	"github.com/castai/omni/pkg/cloud"
)

// codes maps OCI's error codes to classes:
// https://docs.oracle.com/iaas/Content/API/References/apierrors.htm
//
// NotAuthorizedOrNotFound is the credentials' fault unless the caller finds out
// that something else is not there: see explainLaunch and absent.
var codes = map[string]cloud.ErrorClass{
	"LimitExceeded":                        cloud.ClassQuota,
	"QuotaExceeded":                        cloud.ClassQuota,
	"TooManyRequests":                      cloud.ClassThrottle,
	"NotAuthenticated":                     cloud.ClassAuth,
	"NotAuthorized":                        cloud.ClassAuth,
	"NotAuthorizedOrNotFound":              cloud.ClassAuth,
	"SignUpRequired":                       cloud.ClassAuth,
	"NotAllowed":                           cloud.ClassConfig,
	"NotAuthorizedOrResourceAlreadyExists": cloud.ClassConfig,
	"Conflict":                             cloud.ClassConfig,
	"InvalidatedRetryToken":                cloud.ClassIdempotency,
	"IncorrectState":                       cloud.ClassTransient,
	"ExternalServerIncorrectState":         cloud.ClassTransient,
}

// statuses classify the codes that are not in the table. All else is unknown, and
// so transient.
var statuses = map[int]cloud.ErrorClass{
	http.StatusBadRequest:            cloud.ClassConfig,
	http.StatusUnauthorized:          cloud.ClassAuth,
	http.StatusForbidden:             cloud.ClassAuth,
	http.StatusNotFound:              cloud.ClassConfig,
	http.StatusRequestEntityTooLarge: cloud.ClassConfig,
	http.StatusUnprocessableEntity:   cloud.ClassConfig,
	http.StatusTooManyRequests:       cloud.ClassThrottle,
}

// noCapacity is what OCI says when it has no such machine. The status is 500 and
// the code InternalError: only these words tell it from a fault of OCI.
var noCapacity = []string{"out of host capacity", "out of capacity"}

// classify wraps an SDK error with its class.
func classify(err error) error {
	if _, known := errors.AsType[*cloud.Error](err); known {
		return err
	}
	failure, ok := common.IsServiceError(err)
	if !ok {
		// The URL names the machine and differs each time: it is shown in
		// conditions.
		if lost, ok := errors.AsType[*url.Error](err); ok {
			err = lost.Err
		}
		return &cloud.Error{Class: cloud.ClassTransient, Err: err}
	}
	return &cloud.Error{Class: classOf(failure), Code: failure.GetCode(), Err: errors.New(failure.GetMessage())}
}

func classOf(failure common.ServiceError) cloud.ErrorClass {
	message := strings.ToLower(failure.GetMessage())
	for _, words := range noCapacity {
		if strings.Contains(message, words) {
			return cloud.ClassCapacity
		}
	}
	if class, ok := codes[failure.GetCode()]; ok {
		return class
	}
	if class, ok := statuses[failure.GetHTTPStatusCode()]; ok {
		return class
	}
	return cloud.ClassTransient
}

// isNotFound says that what was asked for is not there, or not for us: OCI never
// tells which. A 404 with another code comes from a wrong endpoint or an ID that
// cannot be one: it says nothing of the thing.
func isNotFound(err error) bool {
	failure, ok := common.IsServiceError(err)
	return ok && failure.GetHTTPStatusCode() == http.StatusNotFound && failure.GetCode() == "NotAuthorizedOrNotFound"
}

// isConflict says that OCI answered 409: the state of the thing does not allow it.
func isConflict(err error) bool {
	failure, ok := common.IsServiceError(err)
	return ok && failure.GetHTTPStatusCode() == http.StatusConflict
}

func codeOf(err error) string {
	if failure, ok := common.IsServiceError(err); ok {
		return failure.GetCode()
	}
	return ""
}
