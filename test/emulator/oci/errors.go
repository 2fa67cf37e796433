// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package oci

import (
	"fmt"
	"net/http"
)

// Error is an error as OCI answers it: {"code": ..., "message": ...}.
type Error struct {
	Status        int
	Code, Message string
}

// Error implements error.
func (e *Error) Error() string { return fmt.Sprintf("%d %s: %s", e.Status, e.Code, e.Message) }

// statuses of the codes OCI documents for all services, and of those that Compute
// is known to answer: https://docs.oracle.com/iaas/Content/API/References/apierrors.htm
var statuses = map[string]int{
	"CannotParseRequest":                     http.StatusBadRequest,
	"InvalidParameter":                       http.StatusBadRequest,
	"MissingParameter":                       http.StatusBadRequest,
	"LimitExceeded":                          http.StatusBadRequest,
	"QuotaExceeded":                          http.StatusBadRequest,
	"RelatedResourceNotAuthorizedOrNotFound": http.StatusBadRequest,
	"NotAuthenticated":                       http.StatusUnauthorized,
	"SignUpRequired":                         http.StatusForbidden,
	"NotAuthorized":                          http.StatusForbidden,
	"NotAllowed":                             http.StatusForbidden,
	"NotAuthorizedOrNotFound":                http.StatusNotFound,
	"NotFound":                               http.StatusNotFound,
	"MethodNotAllowed":                       http.StatusMethodNotAllowed,
	"Conflict":                               http.StatusConflict,
	"IncorrectState":                         http.StatusConflict,
	"InvalidatedRetryToken":                  http.StatusConflict,
	"NotAuthorizedOrResourceAlreadyExists":   http.StatusConflict,
	"NoEtagMatch":                            http.StatusPreconditionFailed,
	"PayloadTooLarge":                        http.StatusRequestEntityTooLarge,
	"TooManyRequests":                        http.StatusTooManyRequests,
	"InternalError":                          http.StatusInternalServerError,
	"InternalServerError":                    http.StatusInternalServerError,
	"MethodNotImplemented":                   http.StatusNotImplemented,
	"ServiceUnavailable":                     http.StatusServiceUnavailable,
}

// refuse makes an Error of a code in statuses.
func refuse(code, format string, args ...any) *Error {
	return &Error{Status: statuses[code], Code: code, Message: fmt.Sprintf(format, args...)}
}

// notFound does not tell what is forbidden from what is not there, as OCI does.
func notFound() *Error {
	return refuse("NotAuthorizedOrNotFound", "Authorization failed or requested resource not found.")
}

// notEmulated is an answer no cloud gives: the emulator lacks something.
func notEmulated(format string, args ...any) *Error {
	return refuse("MethodNotImplemented", "the emulator lacks "+format, args...)
}
