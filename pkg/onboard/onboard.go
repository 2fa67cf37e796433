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
	"unicode"
	"unicode/utf8"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
)

// DefaultVPCCIDR is the range of a VPC when none is asked for.
const DefaultVPCCIDR = "10.77.0.0/16"

// Parameters are what the onboarding script is made of. Equal parameters give
// equal bytes.
type Parameters struct {
	Place Place
	// Zones of the location; empty means every available zone of the region.
	Zones []string
	// VPCCIDR is the IPv4 range of the VPC, in Google Cloud of its one subnetwork,
	// /16 to /24. Default: DefaultVPCCIDR.
	VPCCIDR string
	// Network and Subnetwork are brought along, in Google Cloud; empty: the script
	// makes them.
	Network, Subnetwork string
	// GCP is what spec.gcp of the location says; empty when it is not registered.
	GCP GCPRegistered
	// Subject is the service account that may assume the role, or impersonate the
	// service account of Google Cloud. Example:
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

// script makes what the templates of a cloud see of parameters, which it checks.
type script struct {
	onboard  func(Parameters, registration) (any, error)
	offboard func(OffboardParameters) (any, error)
	// templates are those that all clouds share and the cloud's own.
	templates *template.Template
}

// scripts of the clouds.
var scripts = map[v1beta1.CloudProvider]script{
	v1beta1.ProviderAWS: {newAWSOnboarding, newAWSOffboarding, templates("aws")},
	v1beta1.ProviderGCP: {newGCPOnboarding, newGCPOffboarding, templates("gcp")},
	v1beta1.ProviderOCI: {newOCIOnboarding, newOCIOffboarding, templates("oci")},
}

//go:embed script
var files embed.FS

// templates know one function, quote; every value of a script goes through it.
func templates(cloud string) *template.Template {
	return template.Must(template.New("").Funcs(template.FuncMap{"quote": quote}).
		ParseFS(files, "script/*.tmpl", "script/"+cloud+"/*.tmpl"))
}

// Render returns the onboarding script for a location. An error names the
// parameter that is not valid.
func Render(p Parameters) (string, error) {
	s, ok := scripts[p.Place.Provider]
	if !ok {
		return "", noScript(p.Place)
	}
	if p.VPCCIDR == "" {
		p.VPCCIDR = DefaultVPCCIDR
	}
	err := match(parameter{"Subject", p.Subject, tagPattern})
	if err != nil {
		return "", fmt.Errorf("onboard: %w", err)
	}
	registration, err := newRegistration(p)
	if err != nil {
		return "", fmt.Errorf("onboard: %w", err)
	}
	view, err := s.onboard(p, registration)
	if err != nil {
		return "", fmt.Errorf("onboard: %w", err)
	}
	return s.execute("onboard.sh.tmpl", view)
}

func noScript(p Place) error {
	return fmt.Errorf("onboard: Provider: there is no script for %q", p.Provider)
}

func (s script) execute(name string, view any) (string, error) {
	var b strings.Builder
	if err := s.templates.ExecuteTemplate(&b, name, view); err != nil {
		return "", fmt.Errorf("onboard: render %s: %w", name, err)
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

// printable refuses control characters and what is not UTF-8.
func printable(s string) error {
	if !utf8.ValidString(s) {
		return fmt.Errorf("%q is not UTF-8", s)
	}
	if i := strings.IndexFunc(s, unicode.IsControl); i >= 0 {
		return fmt.Errorf("%q has a control character at byte %d", s, i)
	}
	return nil
}
