// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package onboard

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
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
	Parameters
	// Name of the resources in AWS.
	Name string
	// RoleName is unique in the account.
	RoleName string
	// Issuer without its scheme, as IAM names it, and whether AWS may be
	// unable to reach it.
	IssuerHost    string
	IssuerPrivate bool
	// OnboardingPath is the path of OnboardingURL, for kubectl.
	OnboardingPath string
	// CABundle in base64.
	CA string
	// PublicCIDR is the subnet of the NAT gateway; PrivateCIDRs[i] is that of
	// the i-th zone by its letter.
	PublicCIDR   string
	PrivateCIDRs []string
	// Tags and Filters are the inner part of JSON lists.
	Tags, Filters string
	// TrustPolicy and Policy are JSON with @PARTITION@ and @ACCOUNT@ in them.
	TrustPolicy, Policy string
}

var (
	regionPattern = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-[0-9]$`)
	tokenPattern  = regexp.MustCompile(`^[A-Za-z0-9._~-]*$`)
	issuerPattern = regexp.MustCompile(`^https://[A-Za-z0-9.-]+(:[0-9]+)?(/[A-Za-z0-9._~/-]*)?$`)
	// tagPattern is what AWS allows in the value of a tag, less the space:
	// https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html
	tagPattern = regexp.MustCompile(`^[A-Za-z0-9_.:/=+@-]{1,128}$`)
	// namePattern are the names of Kubernetes that are DNS labels or subdomains.
	namePattern = regexp.MustCompile(`^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$`)
)

// maxLocation is the longest name of an EdgeLocation.
const maxLocation = 30

func newView(p Parameters) (*view, error) {
	if p.VPCCIDR == "" {
		p.VPCCIDR = DefaultVPCCIDR
	}
	for _, c := range []struct {
		field, value string
		pattern      *regexp.Regexp
	}{
		{"ClusterID", p.ClusterID, tagPattern},
		{"Namespace", p.Namespace, namePattern},
		{"Location", p.Location, namePattern},
		{"Region", p.Region, regionPattern},
		{"Issuer", p.Issuer, issuerPattern},
		{"Subject", p.Subject, tagPattern},
		{"Token", p.Token, tokenPattern},
	} {
		if !c.pattern.MatchString(c.value) {
			value := c.value
			if c.field == "Token" {
				value = "(not shown)"
			}
			return nil, fmt.Errorf("onboard: %s: %q does not match %s", c.field, value, c.pattern)
		}
	}
	if len(p.Location) > maxLocation {
		return nil, fmt.Errorf("onboard: Location: %q has more than %d characters", p.Location, maxLocation)
	}
	v := &view{Parameters: p, Name: "omni-" + p.Location, RoleName: RoleName(p.ClusterID, p.Namespace, p.Location)}
	for _, derive := range []func() error{v.zones, v.network, v.issuer, v.onboarding, v.ca, v.documents} {
		if err := derive(); err != nil {
			return nil, fmt.Errorf("onboard: %w", err)
		}
	}
	return v, nil
}

// RoleName is the IAM role of a location: omni-<location>-<hash>. Clusters and
// namespaces may use the same name for a location in one account, and no other
// location may use the role. It stays below IAM's 64 characters.
func RoleName(clusterID, namespace, location string) string {
	sum := sha256.Sum256([]byte(clusterID + "\n" + namespace + "\n" + location))
	return "omni-" + strings.ReplaceAll(location, ".", "-") + "-" + hex.EncodeToString(sum[:4])
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

func (v *view) issuer() error {
	u, err := url.Parse(v.Issuer)
	if err != nil {
		return fmt.Errorf("parameter Issuer: %w", err)
	}
	v.IssuerHost = strings.TrimPrefix(v.Issuer, "https://")
	host := u.Hostname()
	addr, err := netip.ParseAddr(host)
	isAddr := err == nil
	v.IssuerPrivate = !strings.Contains(host, ".") || isAddr && (addr.IsPrivate() || addr.IsLoopback())
	for _, suffix := range []string{".svc", ".local", ".internal", ".localhost"} {
		v.IssuerPrivate = v.IssuerPrivate || strings.HasSuffix(host, suffix)
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
