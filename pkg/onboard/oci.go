// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package onboard

import (
	"errors"
	"regexp"
)

// In Oracle Cloud the work is done by kubectl omni, which package
// pkg/cloud/oci/onboarding is part of: the scripts only call it. So every cloud is
// on-boarded and off-boarded in the same way.

// OCIRegistered is what tells the resources of a location in Oracle Cloud.
type OCIRegistered struct {
	CompartmentID, VCNID string
	// SecretName is the Secret of spec.credentials.
	SecretName string
}

// ociOffboarding is what the template sees.
type ociOffboarding struct {
	place
	OCIRegistered
}

var (
	ociRegionPattern      = regexp.MustCompile(`^[a-z]{2,3}(-[a-z]+){1,2}-[0-9]$`)
	ociCompartmentPattern = regexp.MustCompile(`^(ocid1\.(compartment|tenancy)\.[a-z0-9.-]{1,200})?$`)
	ociVCNPattern         = regexp.MustCompile(`^(ocid1\.vcn\.[a-z0-9.-]{1,200})?$`)
	secretPattern         = regexp.MustCompile(`^([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?)?$`)
)

func newOCIOnboarding(p Parameters, _ registration) (any, error) {
	if p.Token != "" {
		return nil, errors.New("a Token is of no use: the API key is kept in a Secret of the main cluster, so a kubeconfig of it is needed, and no token")
	}
	return newPlace(p.Place, ociRegionPattern)
}

func newOCIOffboarding(p OffboardParameters) (any, error) {
	place, err := newPlace(p.Place, ociRegionPattern)
	if err != nil {
		return nil, err
	}
	err = match(
		parameter{"CompartmentID", p.OCI.CompartmentID, ociCompartmentPattern},
		parameter{"VCNID", p.OCI.VCNID, ociVCNPattern},
		parameter{"SecretName", p.OCI.SecretName, secretPattern},
	)
	return ociOffboarding{place, p.OCI}, err
}
