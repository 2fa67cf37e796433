// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package onboard renders the script that prepares a region of a cloud for OMNI
// and registers it. It is pure: no client, no clock, no state.
package onboard

import (
	"embed"
	"fmt"
	"strings"
	"text/template"
)

// DefaultVPCCIDR is the range of a VPC when none is asked for.
const DefaultVPCCIDR = "10.77.0.0/16"

// Parameters are what a script is made of. Equal parameters give equal bytes.
type Parameters struct {
	// ClusterID names the main cluster in the tags of every resource.
	ClusterID string
	// Namespace and Location name the EdgeLocation.
	Namespace, Location string
	// Region of the location, as AWS names it, for example us-west-2.
	Region string
	// Zones of the location; empty means every available zone of the region.
	Zones []string
	// VPCCIDR is the IPv4 range of the VPC, /16 to /24. Default: DefaultVPCCIDR.
	VPCCIDR string
	// Issuer is the URL of the main cluster's service account issuer, and
	// Subject the service account that may assume the role, for example
	// system:serviceaccount:omni-system:omni-controller.
	Issuer, Subject string
	// OnboardingURL is the full https URL of .../edgelocations/<name>/onboarding.
	OnboardingURL string
	// CABundle verifies that URL, in PEM; empty means the system's authorities.
	CABundle []byte
	// Token registers the location. Empty: the script registers it with the
	// user's own kubectl.
	Token string
}

//go:embed script/*.tmpl
var scripts embed.FS

// awsTemplate knows one function, quote; every value of a script goes through it.
var awsTemplate = template.Must(template.New("aws.sh.tmpl").Funcs(template.FuncMap{"quote": quote}).ParseFS(scripts, "script/*.tmpl"))

// Render returns the script for a location in AWS. An error names the parameter
// that is not valid.
func Render(p Parameters) (string, error) {
	v, err := newView(p)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	if err := awsTemplate.Execute(&b, v); err != nil {
		return "", fmt.Errorf("render the onboarding script: %w", err)
	}
	return b.String(), nil
}

// quote makes one word of the shell of s. Between single quotes nothing is special
// but the quote itself; control characters are refused, as they can do harm in a
// terminal. https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html#tag_19_02_02
func quote(s string) (string, error) {
	if err := printable(s); err != nil {
		return "", err
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'", nil
}
