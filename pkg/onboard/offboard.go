// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package onboard

import "regexp"

// OffboardParameters are what the offboarding script is made of. Equal parameters
// give equal bytes.
type OffboardParameters struct {
	Place Place
	// AccountID, VPCID and RoleARN are what spec.aws of the location says; empty
	// when it is not registered.
	AccountID, VPCID, RoleARN string
}

// offboardView is what the template sees.
type offboardView struct {
	place
	OffboardParameters
}

var (
	accountPattern = regexp.MustCompile(`^([0-9]{12})?$`)
	vpcPattern     = regexp.MustCompile(`^(vpc-[0-9a-f]{8,17})?$`)
	// arnPattern is that of a role, which may have a path:
	// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
	arnPattern = regexp.MustCompile(`^(arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_/-]{1,576})?$`)
)

// RenderOffboard returns the script that deletes what the onboarding script made.
// An error names the parameter that is not valid.
func RenderOffboard(p OffboardParameters) (string, error) {
	place, err := newPlace(p.Place)
	if err != nil {
		return "", err
	}
	err = match(
		parameter{"AccountID", p.AccountID, accountPattern},
		parameter{"VPCID", p.VPCID, vpcPattern},
		parameter{"RoleARN", p.RoleARN, arnPattern},
	)
	if err != nil {
		return "", err
	}
	return execute("offboard.sh.tmpl", &offboardView{place: place, OffboardParameters: p})
}
