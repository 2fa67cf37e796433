// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package onboard

import (
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// view is what the template sees: parameters that are checked, and what follows
// from them.
type view struct {
	place
	Parameters
	// OnboardingPath is the path of OnboardingURL, for kubectl.
	OnboardingPath string
	// CABundle in base64.
	CA string
	// PublicCIDR is the subnet of the NAT gateway; PrivateCIDRs[i] is that of
	// the i-th zone by its letter.
	PublicCIDR   string
	PrivateCIDRs []string
	// TrustPolicy and Policy are JSON with @PARTITION@ and @ACCOUNT@ in them.
	TrustPolicy, Policy string
}

var tokenPattern = regexp.MustCompile(`^[A-Za-z0-9._~-]*$`)

func newView(p Parameters) (*view, error) {
	place, err := newPlace(p.Place)
	if err != nil {
		return nil, err
	}
	if err := match(parameter{"Subject", p.Subject, tagPattern}, parameter{"Token", p.Token, tokenPattern}); err != nil {
		return nil, err
	}
	if p.VPCCIDR == "" {
		p.VPCCIDR = DefaultVPCCIDR
	}
	v := &view{place: place, Parameters: p}
	for _, derive := range []func() error{v.zones, v.network, v.onboarding, v.ca, v.documents} {
		if err := derive(); err != nil {
			return nil, fmt.Errorf("onboard: %w", err)
		}
	}
	return v, nil
}

// lastZone is the last letter a zone may have: fifteen zones and the public subnet
// share the VPC.
const lastZone = 'o'

func (v *view) zones() error {
	for i, zone := range v.Zones {
		letter, ok := strings.CutPrefix(zone, v.Region)
		if !ok || len(letter) != 1 || letter[0] < 'a' || letter[0] > lastZone {
			return fmt.Errorf("parameter Zones[%d]: %q is not %s and a letter from a to %c", i, zone, v.Region, lastZone)
		}
	}
	return nil
}

// network cuts the VPC into sixteen equal parts: the first /28 of the first part
// for the NAT gateway, one of the others for each zone.
func (v *view) network() error {
	vpc, err := netip.ParsePrefix(v.VPCCIDR)
	if err != nil {
		return fmt.Errorf("VPCCIDR: %w", err)
	}
	if !vpc.Addr().Is4() || vpc != vpc.Masked() || vpc.Bits() < 16 || vpc.Bits() > 24 {
		return fmt.Errorf("VPCCIDR: %q is not the first address of an IPv4 range of /16 to /24", v.VPCCIDR)
	}
	base := vpc.Addr().As4()
	v.PublicCIDR = netip.PrefixFrom(vpc.Addr(), 28).String()
	part := uint32(1) << (32 - vpc.Bits() - 4)
	for i := uint32(1); i <= lastZone-'a'+1; i++ {
		offset := i * part
		a := netip.AddrFrom4([4]byte{base[0], base[1], base[2] + byte(offset>>8), base[3] + byte(offset)})
		v.PrivateCIDRs = append(v.PrivateCIDRs, netip.PrefixFrom(a, vpc.Bits()+4).String())
	}
	return nil
}

func (v *view) onboarding() error {
	u, err := url.Parse(v.OnboardingURL)
	if err != nil {
		return fmt.Errorf("OnboardingURL: %w", err)
	}
	if u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || !strings.HasSuffix(u.Path, "/onboarding") {
		return fmt.Errorf("OnboardingURL: %q is not https://<host>/.../onboarding", u.Redacted())
	}
	v.OnboardingURL, v.OnboardingPath = u.String(), u.EscapedPath()
	return nil
}

// ca keeps the certificates of the bundle and drops what stands around them.
func (v *view) ca() error {
	var kept []byte
	rest := v.CABundle
	for {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if block.Type == "CERTIFICATE" {
			kept = append(kept, pem.EncodeToMemory(&pem.Block{Type: block.Type, Bytes: block.Bytes})...)
		}
	}
	if len(v.CABundle) > 0 && len(kept) == 0 {
		return errors.New("CABundle: there is no certificate in PEM in it")
	}
	v.CA = base64.StdEncoding.EncodeToString(kept)
	return nil
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
