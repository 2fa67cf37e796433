// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package cloud

import (
	"errors"
	"fmt"
)

// ErrorClass says what an error means for the caller.
type ErrorClass string

// The classes of errors.
const (
	// ClassCapacity: the cloud has no such machine now; another offering may do.
	ClassCapacity ErrorClass = "InsufficientCapacity"
	// ClassQuota: the account may not have more; a person must raise the quota.
	ClassQuota ErrorClass = "QuotaExceeded"
	// ClassThrottle: asked too often; ask again later.
	ClassThrottle ErrorClass = "Throttled"
	// ClassAuth: the credentials are wrong or lack a permission.
	ClassAuth ErrorClass = "CredentialsRejected"
	// ClassConfig: the request is wrong, for example a subnet that is gone.
	ClassConfig ErrorClass = "InvalidConfiguration"
	// ClassTransient: nothing is known; it may have happened or not.
	ClassTransient ErrorClass = "CloudUnreachable"
	// ClassIdempotency: the client token was used with another request.
	ClassIdempotency ErrorClass = "ClientTokenReused"
)

// Error is what a cloud said, with what it means.
type Error struct {
	Class ErrorClass
	// Code is the cloud's own code, empty when the cloud did not answer.
	Code string
	Err  error
}

// Error returns the cloud's words.
func (e *Error) Error() string {
	if e.Code == "" {
		return fmt.Sprintf("%s: %v", e.Class, e.Err)
	}
	return fmt.Sprintf("%s (%s): %v", e.Class, e.Code, e.Err)
}

// Unwrap returns the error of the cloud's SDK.
func (e *Error) Unwrap() error { return e.Err }

// ClassOf returns the class of an error. What is not known is transient, because
// an unknown answer must never change state.
func ClassOf(err error) ErrorClass {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Class
	}
	return ClassTransient
}
