// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package gcp

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"golang.org/x/oauth2"
	"google.golang.org/api/compute/v1"
	"google.golang.org/api/googleapi"

	"github.com/castai/omni/pkg/cloud"
)

// codes maps the reasons of Google's errors and the codes of Compute Engine's
// operations to classes. The capacity codes are those after which Karpenter's GCP
// provider tries another offering.
var codes = map[string]cloud.ErrorClass{
	"ZONE_RESOURCE_POOL_EXHAUSTED":              cloud.ClassCapacity,
	"ZONE_RESOURCE_POOL_EXHAUSTED_WITH_DETAILS": cloud.ClassCapacity,
	"IP_SPACE_EXHAUSTED":                        cloud.ClassCapacity,
	"IP_SPACE_EXHAUSTED_WITH_DETAILS":           cloud.ClassCapacity,
	"UNSUPPORTED_OPERATION":                     cloud.ClassCapacity,
	"insufficientCapacity":                      cloud.ClassCapacity,
	"QUOTA_EXCEEDED":                            cloud.ClassQuota,
	"quotaExceeded":                             cloud.ClassQuota,
	"limitExceeded":                             cloud.ClassQuota,
	"RATE_LIMIT_EXCEEDED":                       cloud.ClassThrottle,
	"RESOURCE_OPERATION_RATE_EXCEEDED":          cloud.ClassThrottle,
	"OPERATION_RATE_EXCEEDED":                   cloud.ClassThrottle,
	"rateLimitExceeded":                         cloud.ClassThrottle,
	"userRateLimitExceeded":                     cloud.ClassThrottle,
	"PERMISSIONS_ERROR":                         cloud.ClassAuth,
	"authError":                                 cloud.ClassAuth,
	"forbidden":                                 cloud.ClassAuth,
	"insufficientPermissions":                   cloud.ClassAuth,
	"accessNotConfigured":                       cloud.ClassConfig,
	"SERVICE_DISABLED":                          cloud.ClassConfig,
	"CONDITION_NOT_MET":                         cloud.ClassConfig,
	"INVALID_FIELD_VALUE":                       cloud.ClassConfig,
	"INVALID_USAGE":                             cloud.ClassConfig,
	"RESOURCE_NOT_FOUND":                        cloud.ClassConfig,
	"RESOURCE_ALREADY_EXISTS":                   cloud.ClassIdempotency,
	"alreadyExists":                             cloud.ClassIdempotency,
	"INTERNAL_ERROR":                            cloud.ClassTransient,
	"RESOURCE_NOT_READY":                        cloud.ClassTransient,
	"resourceNotReady":                          cloud.ClassTransient,
	"backendError":                              cloud.ClassTransient,
	"internalError":                             cloud.ClassTransient,
}

// statuses are the classes of what has no known reason. All others are unknown and
// so transient.
var statuses = map[int]cloud.ErrorClass{
	http.StatusBadRequest:         cloud.ClassConfig,
	http.StatusUnauthorized:       cloud.ClassAuth,
	http.StatusForbidden:          cloud.ClassAuth,
	http.StatusNotFound:           cloud.ClassConfig,
	http.StatusConflict:           cloud.ClassIdempotency,
	http.StatusGone:               cloud.ClassConfig,
	http.StatusPreconditionFailed: cloud.ClassConfig,
	http.StatusTooManyRequests:    cloud.ClassThrottle,
}

// saysGone says whether an error means that a machine does not exist. That the
// project, or something else, does not exist is no answer to that question.
func saysGone(err error, machine string) bool {
	api, ok := errors.AsType[*googleapi.Error](err)
	return ok && api.Code == http.StatusNotFound && strings.Contains(api.Message, "/instances/"+machine)
}

// classify wraps an error of the SDK with its class; nil stays nil.
func classify(err error) error {
	if err == nil {
		return nil
	}
	if known, ok := errors.AsType[*cloud.Error](err); ok {
		return known
	}
	if api, ok := errors.AsType[*googleapi.Error](err); ok {
		return classifyAPI(api)
	}
	if refused, ok := errors.AsType[*oauth2.RetrieveError](err); ok && refused.Response != nil {
		return tokenError(refused.Response.StatusCode, refused.Body, "")
	}
	return &cloud.Error{Class: cloud.ClassTransient, Err: err}
}

func classifyAPI(api *googleapi.Error) error {
	code := ""
	if len(api.Errors) > 0 {
		code = api.Errors[0].Reason
	}
	class, ok := codes[code]
	if !ok {
		class, ok = statuses[api.Code]
	}
	if !ok {
		class = cloud.ClassTransient
	}
	message := api.Message
	if message == "" {
		message = http.StatusText(api.Code)
	}
	return &cloud.Error{Class: class, Code: code, Err: errors.New(message)}
}

// notOffered tells a zone without such machines, where another one may do, from a
// launch that is wrong. Google has no code for it, and not every zone of a region has
// every type.
func notOffered(err error, r *cloud.LaunchRequest) error {
	refused, ok := errors.AsType[*cloud.Error](err)
	if !ok || refused.Class != cloud.ClassConfig || !strings.Contains(refused.Err.Error(), r.InstanceType) {
		return err
	}
	for _, words := range []string{"does not exist", "cannot be found", "was not found"} {
		if strings.Contains(refused.Err.Error(), words) {
			return &cloud.Error{Class: cloud.ClassCapacity, Code: refused.Code, Err: fmt.Errorf("zone %s does not offer %s", r.Zone, r.InstanceType)}
		}
	}
	return err
}

// operationError returns what an operation ended with; nil when it succeeded.
func operationError(op *compute.Operation) error {
	if op.Error == nil || len(op.Error.Errors) == 0 {
		return nil
	}
	first := op.Error.Errors[0]
	class, ok := codes[first.Code]
	if !ok {
		class, ok = statuses[int(op.HttpErrorStatusCode)]
	}
	if !ok {
		class = cloud.ClassTransient
	}
	return &cloud.Error{Class: class, Code: first.Code, Err: errors.New(first.Message)}
}

// refusedToken classifies what the token endpoints answered: what they refuse is
// the credentials' fault. The Security Token Service answers as OAuth 2.0 does.
func refusedToken(err error) error {
	api, ok := errors.AsType[*googleapi.Error](err)
	if !ok {
		return classify(err)
	}
	return tokenError(api.Code, []byte(api.Body), api.Message)
}

// tokenError is the error of an OAuth 2.0 endpoint. What its answer is about is in
// the body; otherwise is told if it is not.
func tokenError(status int, answer []byte, otherwise string) error {
	class := cloud.ClassAuth
	switch {
	case status == http.StatusTooManyRequests:
		class = cloud.ClassThrottle
	case status >= http.StatusInternalServerError:
		class = cloud.ClassTransient
	}
	var body struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}
	if json.Unmarshal(answer, &body) != nil {
		body.Error, body.Description = "", otherwise
	}
	description := cmp.Or(strings.TrimSpace(body.Description), http.StatusText(status))
	return &cloud.Error{Class: class, Code: body.Error, Err: errors.New("Google refused to give an access token: " + description)}
}
