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
	// ClusterID names the main cluster in the tags of every resource.
	ClusterID string
	// Namespace and Location name the EdgeLocation.
	Namespace, Location string
	// Region of the location, as AWS names it, for example us-west-2.
	Region string
	// Issuer is the URL of the main cluster's service account issuer.
	Issuer string
}

// place is what follows from a Place: how its resources are named and found.
type place struct {
	Place
	// Name of the resources in AWS.
	Name string
	// RoleName is unique in the account.
	RoleName string
	// IssuerHost is the Issuer without its scheme, as IAM names it;
	// IssuerPrivate says that AWS may be unable to reach it.
	IssuerHost    string
	IssuerPrivate bool
	// Tags and Filters are the inner part of JSON lists.
	Tags, Filters string
}

// TagClusterID is the tag that says whose the role and the identity provider are.
func (*place) TagClusterID() string { return v1beta1.TagClusterID }

// TagTier is on every resource of the network that the onboarding script makes,
// and on no other: public, private, or shared by the two.
func (*place) TagTier() string { return "omni.cast.ai/tier" }

var (
	regionPattern = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-[0-9]$`)
	issuerPattern = regexp.MustCompile(`^https://[A-Za-z0-9.-]+(:[0-9]+)?(/[A-Za-z0-9._~/-]*)?$`)
	// tagPattern is what AWS allows in the value of a tag, less the space:
	// https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html
	tagPattern = regexp.MustCompile(`^[A-Za-z0-9_.:/=+@-]{1,128}$`)
	// namePattern are the names of Kubernetes that are DNS labels or subdomains.
	namePattern = regexp.MustCompile(`^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$`)
)

// maxLocation is the longest name of an EdgeLocation.
const maxLocation = 30

func newPlace(p Place) (place, error) {
	err := match(
		parameter{"ClusterID", p.ClusterID, tagPattern},
		parameter{"Namespace", p.Namespace, namePattern},
		parameter{"Location", p.Location, namePattern},
		parameter{"Region", p.Region, regionPattern},
		parameter{"Issuer", p.Issuer, issuerPattern},
	)
	if err != nil {
		return place{}, err
	}
	if len(p.Location) > maxLocation {
		return place{}, fmt.Errorf("onboard: Location: %q has more than %d characters", p.Location, maxLocation)
	}
	v := place{Place: p, Name: "omni-" + p.Location, RoleName: RoleName(p.ClusterID, p.Namespace, p.Location)}
	if err := v.issuer(); err != nil {
		return place{}, fmt.Errorf("onboard: %w", err)
	}
	if err := v.tags(); err != nil {
		return place{}, fmt.Errorf("onboard: %w", err)
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
		return fmt.Errorf("onboard: %s: %q does not match %s", p.field, value, p.pattern)
	}
	return nil
}

// RoleName is the IAM role of a location: omni-<location>-<hash>. Clusters and
// namespaces may use the same name for a location in one account, and no other
// location may use the role. It stays below IAM's 64 characters.
func RoleName(clusterID, namespace, location string) string {
	return "omni-" + strings.ReplaceAll(location, ".", "-") + "-" + digest(clusterID, namespace, location)[:8]
}

// ServiceAccountID is the Google Cloud service account of a location, for the same
// reason: omni-<hash>, below the limit of 30 characters.
func ServiceAccountID(clusterID, namespace, location string) string {
	return "omni-" + digest(clusterID, namespace, location)[:20]
}

// digest tells locations of all clusters and namespaces apart.
func digest(clusterID, namespace, location string) string {
	sum := sha256.Sum256([]byte(clusterID + "\n" + namespace + "\n" + location))
	return hex.EncodeToString(sum[:])
}

func (v *place) issuer() error {
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

// tags are put on all that is made, filters find it again.
func (v *place) tags() (err error) {
	type tag struct{ Key, Value string }
	type filter struct {
		Name   string
		Values []string
	}
	own := []tag{{v1beta1.TagClusterID, v.ClusterID}, {v1beta1.TagNamespace, v.Namespace}, {v1beta1.TagEdgeLocation, v.Location}}
	filters := make([]filter, 0, len(own))
	for _, t := range own {
		filters = append(filters, filter{"tag:" + t.Key, []string{t.Value}})
	}
	if v.Tags, err = marshal(append(own, tag{"Name", v.Name})); err != nil {
		return err
	}
	if v.Filters, err = marshal(filters); err != nil {
		return err
	}
	v.Tags, v.Filters = inner(v.Tags), inner(v.Filters)
	return nil
}

// inner is a JSON list without its brackets, so that the script can add to it.
func inner(list string) string { return list[1 : len(list)-1] }
