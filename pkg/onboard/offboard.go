// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package onboard

import "fmt"

// OffboardParameters are what the offboarding script is made of. Equal parameters
// give equal bytes.
type OffboardParameters struct {
	Place Place
	// AWS, GCP and OCI are what spec.aws, spec.gcp or spec.oci of the location says;
	// empty when it is not registered.
	AWS AWSRegistered
	GCP GCPRegistered
	OCI OCIRegistered
}

// AWSRegistered is what tells the resources of a location in AWS.
type AWSRegistered struct{ AccountID, VPCID, RoleARN string }

// GCPRegistered is what tells the resources of a location in Google Cloud.
type GCPRegistered struct{ ProjectID, Network, ServiceAccount string }

// RenderOffboard returns the script that deletes what the onboarding script made.
// An error names the parameter that is not valid.
func RenderOffboard(p OffboardParameters) (string, error) {
	s, ok := scripts[p.Place.Provider]
	if !ok {
		return "", noScript(p.Place)
	}
	view, err := s.offboard(p)
	if err != nil {
		return "", fmt.Errorf("onboard: %w", err)
	}
	return s.execute("offboard.sh.tmpl", view)
}
