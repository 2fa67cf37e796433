// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package gcp

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
)

// Error is an error of Google's APIs.
type Error struct {
	// Status is the HTTP status, Reason what programs read.
	Status  int
	Reason  string
	Message string
}

// statuses are the HTTP statuses of the reasons that are not 400:
// https://cloud.google.com/compute/docs/troubleshooting/troubleshooting-resource-availability
// and https://cloud.google.com/resource-manager/docs/core_errors.
var statuses = map[string]int{
	"aborted":               http.StatusConflict,
	"accessNotConfigured":   http.StatusForbidden,
	"alreadyExists":         http.StatusConflict,
	"authError":             http.StatusUnauthorized,
	"backendError":          http.StatusServiceUnavailable,
	"forbidden":             http.StatusForbidden,
	"internalError":         http.StatusInternalServerError,
	"notFound":              http.StatusNotFound,
	"notImplemented":        http.StatusNotImplemented,
	"quotaExceeded":         http.StatusForbidden,
	"rateLimitExceeded":     http.StatusForbidden,
	"userRateLimitExceeded": http.StatusForbidden,
}

// canonical are the names of google.rpc.Code.
var canonical = map[int]string{
	http.StatusBadRequest:          "INVALID_ARGUMENT",
	http.StatusUnauthorized:        "UNAUTHENTICATED",
	http.StatusForbidden:           "PERMISSION_DENIED",
	http.StatusNotFound:            "NOT_FOUND",
	http.StatusConflict:            "ALREADY_EXISTS",
	http.StatusTooManyRequests:     "RESOURCE_EXHAUSTED",
	http.StatusInternalServerError: "INTERNAL",
	http.StatusNotImplemented:      "UNIMPLEMENTED",
	http.StatusServiceUnavailable:  "UNAVAILABLE",
}

// conditions are the names of google.rpc.Code that share an HTTP status.
var conditions = map[string]string{"aborted": "ABORTED", "failedPrecondition": "FAILED_PRECONDITION"}

func newError(reason, format string, args ...any) *Error {
	status, ok := statuses[reason]
	if !ok {
		status = http.StatusBadRequest
	}
	return &Error{status, reason, fmt.Sprintf(format, args...)}
}

func invalid(format string, args ...any) *Error { return newError("invalid", format, args...) }

func notFound(path string) *Error {
	return newError("notFound", "The resource '%s' was not found", path)
}

func writeError(w http.ResponseWriter, e *Error) {
	body := object{"code": e.Status, "message": e.Message, "errors": []object{{"message": e.Message, "domain": "global", "reason": e.Reason}}}
	if name := cmp.Or(conditions[e.Reason], canonical[e.Status]); name != "" {
		body["status"] = name
	}
	writeJSON(w, e.Status, object{"error": body})
}

// writeOAuthError answers as the token endpoints do (RFC 6749, section 5.2).
func writeOAuthError(w http.ResponseWriter, code, description string) {
	writeJSON(w, http.StatusBadRequest, object{"error": code, "error_description": description})
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	out, err := json.Marshal(body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.WriteHeader(status)
	w.Write(out)
}
