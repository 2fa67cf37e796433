// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package onboarding

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"github.com/oracle/oci-go-sdk/v65/common"
)

// refused says what an error of OCI means for the person: doing is what could not
// be done, permission the verb and the resource that it needs in a compartment.
func (s *session) refused(err error, doing, permission, compartmentID string) error {
	failure, ok := common.IsServiceError(err)
	if !ok {
		return fmt.Errorf("cannot %s: OCI in %s does not answer: %w", doing, s.Region, reason(err))
	}
	switch {
	case failure.GetHTTPStatusCode() == http.StatusUnauthorized:
		return fmt.Errorf("cannot %s: OCI does not accept the key of your OCI configuration: "+
			"check its user, fingerprint, tenancy and key_file, and the clock of this machine (%s)", doing, failure.GetMessage())
	case slices.Contains([]string{"NotAuthorized", "NotAuthorizedOrNotFound", "NotAuthorizedOrResourceAlreadyExists"}, failure.GetCode()):
		return fmt.Errorf("cannot %s: you may not, or it is not there. A policy has to say: Allow group <yours> to %s %s (%s)",
			doing, permission, s.scope(compartmentID), failure.GetCode())
	case slices.Contains([]string{"LimitExceeded", "QuotaExceeded"}, failure.GetCode()):
		return fmt.Errorf("cannot %s: a limit of the tenancy is reached: %s. Delete what is not needed, "+
			"ask for more in the console under Governance, Limits, or bring your own network (%s)", doing, failure.GetMessage(), failure.GetCode())
	case failure.GetHTTPStatusCode() == http.StatusConflict:
		return fmt.Errorf("cannot %s: it is in use or it changes now: %s. Remove what uses it and is not OMNI's, and run this again (%s)",
			doing, failure.GetMessage(), failure.GetCode())
	}
	return fmt.Errorf("cannot %s: %s (%d %s)", doing, failure.GetMessage(), failure.GetHTTPStatusCode(), failure.GetCode())
}

// scope of a statement.
func (s *session) scope(compartmentID string) string {
	if compartmentID == s.tenancyID {
		return "in tenancy"
	}
	return "in compartment id " + compartmentID
}

// reason leaves out the URL, which says nothing to the person.
func reason(err error) error {
	if lost, ok := errors.AsType[*url.Error](err); ok {
		return lost.Err
	}
	return err
}

// isAbsent says that the thing is not there or not for us: nothing is left to
// delete of what was listed just before.
func isAbsent(err error) bool {
	failure, ok := common.IsServiceError(err)
	return ok && failure.GetHTTPStatusCode() == http.StatusNotFound
}
