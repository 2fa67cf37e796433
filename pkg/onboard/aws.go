// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package onboard

import (
	"fmt"
	"net/netip"
	"regexp"
	"strings"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
)

// awsPlace is how the resources of a location in AWS are named and found.
type awsPlace struct {
	place
	// Name of the resources.
	Name string
	// RoleName is unique in the account.
	RoleName string
	// IssuerHost is the Issuer without its scheme, as IAM names it.
	IssuerHost string
	// Tags and Filters are the inner part of JSON lists.
	Tags, Filters string
}

// TagTier is on every resource of the network that the onboarding script makes,
// and on no other: public, private, or shared by the two.
func (*awsPlace) TagTier() string { return "omni.cast.ai/tier" }

var awsRegion = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-[0-9]$`)

func newAWSPlace(p Place) (awsPlace, error) {
	checked, err := newPlace(p, awsRegion)
	if err != nil {
		return awsPlace{}, err
	}
	v := awsPlace{
		place: checked, Name: "omni-" + p.Location, RoleName: RoleName(p.ClusterID, p.Namespace, p.Location),
		IssuerHost: strings.TrimPrefix(p.Issuer, "https://"),
	}
	return v, v.tags()
}

// tags are put on all that is made, filters find it again.
func (v *awsPlace) tags() (err error) {
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

// awsOnboarding is what the onboarding script of AWS is made of.
type awsOnboarding struct {
	awsPlace
	registration
	Zones   []string
	Subject string
	VPCCIDR string
	// PublicCIDR is the subnet of the NAT gateway; PrivateCIDRs[i] is that of
	// the i-th zone by its letter.
	PublicCIDR   string
	PrivateCIDRs []string
	// TrustPolicy and Policy are JSON with @PARTITION@ and @ACCOUNT@ in them.
	TrustPolicy, Policy string
}

func newAWSOnboarding(p Parameters, r registration) (any, error) {
	at, err := newAWSPlace(p.Place)
	if err != nil {
		return nil, err
	}
	v := &awsOnboarding{awsPlace: at, registration: r, Zones: p.Zones, Subject: p.Subject, VPCCIDR: p.VPCCIDR}
	for _, derive := range []func() error{v.zones, v.network, v.documents} {
		if err := derive(); err != nil {
			return nil, err
		}
	}
	return v, nil
}

// lastZone is the last letter a zone may have: fifteen zones and the public subnet
// share the VPC.
const lastZone = 'o'

func (v *awsOnboarding) zones() error {
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
func (v *awsOnboarding) network() error {
	vpc, err := parseRange(v.VPCCIDR)
	if err != nil {
		return err
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

// awsOffboarding is what the offboarding script of AWS is made of.
type awsOffboarding struct {
	awsPlace
	Registered AWSRegistered
}

var (
	accountPattern = regexp.MustCompile(`^([0-9]{12})?$`)
	vpcPattern     = regexp.MustCompile(`^(vpc-[0-9a-f]{8,17})?$`)
	// arnPattern is that of a role, which may have a path:
	// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
	arnPattern = regexp.MustCompile(`^(arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_/-]{1,576})?$`)
)

func newAWSOffboarding(p OffboardParameters) (any, error) {
	at, err := newAWSPlace(p.Place)
	if err != nil {
		return nil, err
	}
	err = match(
		parameter{"AWS.AccountID", p.AWS.AccountID, accountPattern},
		parameter{"AWS.VPCID", p.AWS.VPCID, vpcPattern},
		parameter{"AWS.RoleARN", p.AWS.RoleARN, arnPattern},
	)
	return &awsOffboarding{at, p.AWS}, err
}
