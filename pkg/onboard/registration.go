// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package onboard

import (
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
)

// registration is how a script tells the main cluster what it has made.
type registration struct {
	// OnboardingURL, and its path for kubectl.
	OnboardingURL, OnboardingPath string
	// CA is the bundle in base64.
	CA string
	// Token, or empty: the user's kubectl registers.
	Token string
}

var tokenPattern = regexp.MustCompile(`^[A-Za-z0-9._~-]*$`)

func newRegistration(p Parameters) (registration, error) {
	r := registration{OnboardingURL: p.OnboardingURL, Token: p.Token}
	if err := match(parameter{"Token", p.Token, tokenPattern}); err != nil {
		return r, err
	}
	if err := r.address(); err != nil {
		return r, err
	}
	return r, r.ca(p.CABundle)
}

func (r *registration) address() error {
	u, err := url.Parse(r.OnboardingURL)
	if err != nil {
		return fmt.Errorf("OnboardingURL: %w", err)
	}
	if u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || !strings.HasSuffix(u.Path, "/onboarding") {
		return fmt.Errorf("OnboardingURL: %q is not https://<host>/.../onboarding", u.Redacted())
	}
	r.OnboardingURL, r.OnboardingPath = u.String(), u.EscapedPath()
	return nil
}

// ca keeps the certificates of the bundle and drops what stands around them.
func (r *registration) ca(bundle []byte) error {
	var kept []byte
	rest := bundle
	for {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if block.Type == "CERTIFICATE" {
			kept = append(kept, pem.EncodeToMemory(&pem.Block{Type: block.Type, Bytes: block.Bytes})...)
		}
	}
	if len(bundle) > 0 && len(kept) == 0 {
		return errors.New("CABundle: there is no certificate in PEM in it")
	}
	r.CA = base64.StdEncoding.EncodeToString(kept)
	return nil
}
