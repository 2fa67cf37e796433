// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package onboard renders the script that prepares a region of a cloud for OMNI
// and registers it, and the one that takes all of it down again. It is pure: no
// client, no clock, no state.
package onboard

import (
	"embed"
	"fmt"
	"strings"
	"text/template"
)

// DefaultVPCCIDR is the range of a VPC when none is asked for.
const DefaultVPCCIDR = "10.77.0.0/16"

// Parameters are what the onboarding script is made of. Equal parameters give
// equal bytes.
type Parameters struct {
	Place Place
	// Zones of the location; empty means every available zone of the region.
	Zones []string
	// VPCCIDR is the IPv4 range of the VPC, /16 to /24. Default: DefaultVPCCIDR.
	VPCCIDR string
	// Subject is the service account that may assume the role, for example
	// system:serviceaccount:omni-system:omni-controller.
	Subject string
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

// templates know one function, quote; every value of a script goes through it.
var templates = template.Must(template.New("").Funcs(template.FuncMap{"quote": quote}).ParseFS(scripts, "script/*.tmpl"))

// Render returns the onboarding script for a location in AWS. An error names the
// parameter that is not valid.
func Render(p Parameters) (string, error) {
	v, err := newView(p)
	if err != nil {
		return "", err
	}
	return execute("onboard.sh.tmpl", v)
}

func execute(name string, view any) (string, error) {
	var b strings.Builder
	if err := templates.ExecuteTemplate(&b, name, view); err != nil {
		return "", fmt.Errorf("render %s: %w", name, err)
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
