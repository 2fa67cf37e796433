// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package onboard

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"strings"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
)

// Place is the edge location that a script is for.
type Place struct {
	// Provider is the cloud.
	Provider v1beta1.CloudProvider
	// ClusterID names the main cluster in the tags of every resource.
	ClusterID string
	// Namespace and Location name the EdgeLocation.
	Namespace, Location string
	// Region of the location, as the cloud names it, for example us-west-2.
	Region string
	// Issuer is the URL of the main cluster's service account issuer.
	Issuer string
}

// place is what follows from a Place in every cloud.
type place struct {
	Place
	// IssuerPrivate says that the cloud may be unable to reach the Issuer.
	IssuerPrivate bool
}

// TagClusterID is the tag that says which cluster a thing was made for.
func (*place) TagClusterID() string { return v1beta1.TagClusterID }

var (
	issuerPattern = regexp.MustCompile(`^https://[A-Za-z0-9.-]+(:[0-9]+)?(/[A-Za-z0-9._~/-]*)?$`)
	// tagPattern is what AWS allows in the value of a tag, less the space:
	// https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html
	tagPattern = regexp.MustCompile(`^[A-Za-z0-9_.:/=+@-]{1,128}$`)
	// namePattern are the names of Kubernetes that are DNS labels or subdomains.
	namePattern = regexp.MustCompile(`^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$`)
)

// maxLocation is the longest name of an EdgeLocation.
const maxLocation = 30

// newPlace checks a place whose region is named like this.
func newPlace(p Place, region *regexp.Regexp) (place, error) {
	err := match(
		parameter{"ClusterID", p.ClusterID, tagPattern},
		parameter{"Namespace", p.Namespace, namePattern},
		parameter{"Location", p.Location, namePattern},
		parameter{"Region", p.Region, region},
		parameter{"Issuer", p.Issuer, issuerPattern},
	)
	if err != nil {
		return place{}, err
	}
	if len(p.Location) > maxLocation {
		return place{}, fmt.Errorf("parameter Location: %q has more than %d characters", p.Location, maxLocation)
	}
	v := place{Place: p}
	if v.IssuerPrivate, err = isPrivate(p.Issuer); err != nil {
		return place{}, err
	}
	return v, nil
}

// parameter is a value that has to match a pattern.
type parameter struct {
	field, value string
	pattern      *regexp.Regexp
}

func match(parameters ...parameter) error {
	for _, p := range parameters {
		if p.pattern.MatchString(p.value) {
			continue
		}
		value := p.value
		if p.field == "Token" {
			value = "(not shown)"
		}
		return fmt.Errorf("%s: %q does not match %s", p.field, value, p.pattern)
	}
	return nil
}

// parseRange reads the range of a network.
func parseRange(cidr string) (netip.Prefix, error) {
	vpc, err := netip.ParsePrefix(cidr)
	if err != nil {
		return vpc, fmt.Errorf("VPCCIDR: %w", err)
	}
	if !vpc.Addr().Is4() || vpc != vpc.Masked() || vpc.Bits() < 16 || vpc.Bits() > 24 {
		return vpc, fmt.Errorf("VPCCIDR: %q is not the first address of an IPv4 range of /16 to /24", cidr)
	}
	return vpc, nil
}

// RoleName is the IAM role of a location, and the network of one in Google Cloud:
// omni-<location>-<hash>. Clusters and namespaces may use the same name for a
// location in one account, and no other location may use the role. It stays below
// IAM's 64 characters and Compute Engine's 63.
func RoleName(clusterID, namespace, location string) string {
	return "omni-" + strings.ReplaceAll(location, ".", "-") + "-" + digest(clusterID, namespace, location)[:8]
}

// ServiceAccountID is the Google Cloud service account of a location, and its
// identity pool, for the same reason: omni-<hash>, below the limit of 30 characters.
func ServiceAccountID(clusterID, namespace, location string) string {
	return "omni-" + digest(clusterID, namespace, location)[:20]
}

// digest tells locations of all clusters and namespaces apart.
func digest(clusterID, namespace, location string) string {
	sum := sha256.Sum256([]byte(clusterID + "\n" + namespace + "\n" + location))
	return hex.EncodeToString(sum[:])
}

// isPrivate says whether an issuer has no name or address on the internet.
func isPrivate(issuer string) (bool, error) {
	u, err := url.Parse(issuer)
	if err != nil {
		return false, fmt.Errorf("parameter Issuer: %w", err)
	}
	host := u.Hostname()
	addr, err := netip.ParseAddr(host)
	isAddr := err == nil
	private := !strings.Contains(host, ".") || isAddr && (addr.IsPrivate() || addr.IsLoopback())
	for _, suffix := range []string{".svc", ".local", ".internal", ".localhost"} {
		private = private || strings.HasSuffix(host, suffix)
	}
	return private, nil
}
