// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package onboarding

import (
	"context"
	"fmt"
	"maps"
	"net/netip"
	"slices"

	"github.com/oracle/oci-go-sdk/v65/core"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
)

// anywhere is every IPv4 address.
const anywhere = "0.0.0.0/0"

// makeNetwork makes the network, or looks at the one that is brought along.
func (s *session) makeNetwork(ctx context.Context, domains map[string]string) (*v1beta1.OCILocation, error) {
	place := &v1beta1.OCILocation{TenancyID: s.tenancyID, CompartmentID: s.CompartmentID, NSGID: s.NSGID}
	made, err := s.only(ctx, s.vcns(), nil)
	if err != nil {
		return nil, err
	}
	if registered := s.Registered; registered != nil && made == nil && len(s.SubnetIDs) == 0 {
		s.SubnetIDs = slices.Compact(slices.Sorted(maps.Values(registered.SubnetIDs)))
		place.NSGID = registered.NSGID
	}
	if len(s.SubnetIDs) > 0 {
		err = s.bring(ctx, place, domains)
	} else {
		err = s.makeSubnet(ctx, place, domains)
	}
	if err != nil {
		return nil, err
	}
	if registered := s.Registered; registered != nil && registered.VCNID != place.VCNID {
		return nil, fmt.Errorf("the location is registered in the VCN %s (spec.oci.vcnID), which cannot be changed, not in %s: "+
			"delete the location and make it anew, or leave out --subnet", registered.VCNID, place.VCNID)
	}
	s.begin("Security group")
	if place.NSGID != "" {
		s.say("security group %s, yours", place.NSGID)
		return place, nil
	}
	place.NSGID, err = s.makeSecurityGroup(ctx, place.VCNID)
	return place, err
}

// bring finds out in which VCN and availability domains the subnets are.
func (s *session) bring(ctx context.Context, place *v1beta1.OCILocation, domains map[string]string) error {
	s.begin("VCN")
	s.say("yours")
	s.begin("NAT gateway and routes")
	s.say("yours: the machines need a way out, and none in")
	s.begin("Subnet")
	place.SubnetIDs = map[string]string{}
	for _, id := range s.SubnetIDs {
		out, err := s.network.GetSubnet(ctx, core.GetSubnetRequest{SubnetId: &id})
		if err != nil {
			return s.refused(err, "read the subnet "+id, "read virtual-network-family", s.CompartmentID)
		}
		if place.VCNID != "" && place.VCNID != *out.VcnId {
			return fmt.Errorf("the subnets are in two VCNs, %s and %s: name subnets of one", place.VCNID, *out.VcnId)
		}
		place.VCNID = *out.VcnId
		for zone, domain := range domains {
			// A subnet without a domain is in all of the region.
			if out.AvailabilityDomain == nil || *out.AvailabilityDomain == domain {
				place.SubnetIDs[zone] = id
			}
		}
		s.say("subnet %s, yours, in the VCN %s", id, place.VCNID)
	}
	if len(place.SubnetIDs) == 0 {
		return fmt.Errorf("none of the subnets is in an availability domain of the location, %q", slices.Sorted(maps.Keys(domains)))
	}
	return nil
}

// makeSubnet makes a VCN with one private subnet for all availability domains, whose
// only way out is a NAT gateway.
func (s *session) makeSubnet(ctx context.Context, place *v1beta1.OCILocation, domains map[string]string) error {
	prefix, err := subnetOf(s.VCNCIDR)
	if err != nil {
		return err
	}
	s.begin("VCN")
	place.VCNID, err = s.ensure(ctx, s.vcns(), nil, func() error {
		_, err := s.network.CreateVcn(ctx, core.CreateVcnRequest{CreateVcnDetails: core.CreateVcnDetails{
			CompartmentId: &s.CompartmentID, CidrBlocks: []string{s.VCNCIDR}, DisplayName: &s.name, FreeformTags: s.tags,
		}})
		return err
	})
	if err != nil {
		return err
	}
	s.begin("NAT gateway and routes")
	table, err := s.makeRoutes(ctx, &place.VCNID)
	if err != nil {
		return err
	}
	s.begin("Subnet")
	list, err := s.makeSecurityList(ctx, &place.VCNID)
	if err != nil {
		return err
	}
	subnet, err := s.ensure(ctx, s.subnets(), &place.VCNID, func() error {
		_, err := s.network.CreateSubnet(ctx, core.CreateSubnetRequest{CreateSubnetDetails: core.CreateSubnetDetails{
			CompartmentId: &s.CompartmentID, VcnId: &place.VCNID, CidrBlock: &prefix, RouteTableId: &table, SecurityListIds: []string{list},
			ProhibitPublicIpOnVnic: new(true), DisplayName: &s.name, FreeformTags: s.tags,
		}})
		return err
	})
	place.SubnetIDs = map[string]string{}
	for zone := range domains {
		place.SubnetIDs[zone] = subnet
	}
	return err
}

// subnetOf is the first half of a VCN: the other is left to the owner.
func subnetOf(vcn string) (string, error) {
	prefix, err := netip.ParsePrefix(vcn)
	if err != nil || !prefix.Addr().Is4() || prefix != prefix.Masked() || prefix.Bits() < 16 || prefix.Bits() > 29 {
		return "", fmt.Errorf("the range of the VCN %q is not the first address of an IPv4 range of /16 to /29, for example %s", vcn, DefaultVCNCIDR)
	}
	return netip.PrefixFrom(prefix.Addr(), prefix.Bits()+1).String(), nil
}

// makeRoutes makes a NAT gateway and a route table that leads to it.
func (s *session) makeRoutes(ctx context.Context, vcnID *string) (tableID string, err error) {
	gateway, err := s.ensure(ctx, s.natGateways(), vcnID, func() error {
		_, err := s.network.CreateNatGateway(ctx, core.CreateNatGatewayRequest{CreateNatGatewayDetails: core.CreateNatGatewayDetails{
			CompartmentId: &s.CompartmentID, VcnId: vcnID, DisplayName: &s.name, FreeformTags: s.tags,
		}})
		return err
	})
	if err != nil {
		return "", err
	}
	rules := []core.RouteRule{{Destination: new(anywhere), DestinationType: core.RouteRuleDestinationTypeCidrBlock, NetworkEntityId: &gateway}}
	tableID, err = s.ensure(ctx, s.routeTables(), vcnID, func() error {
		_, err := s.network.CreateRouteTable(ctx, core.CreateRouteTableRequest{CreateRouteTableDetails: core.CreateRouteTableDetails{
			CompartmentId: &s.CompartmentID, VcnId: vcnID, RouteRules: rules, DisplayName: &s.name, FreeformTags: s.tags,
		}})
		return err
	})
	if err != nil {
		return "", err
	}
	table, err := s.network.GetRouteTable(ctx, core.GetRouteTableRequest{RtId: &tableID})
	if err == nil && !slices.ContainsFunc(table.RouteRules, func(r core.RouteRule) bool { return *r.NetworkEntityId == gateway }) {
		// The gateway of the table was deleted since.
		_, err = s.network.UpdateRouteTable(ctx, core.UpdateRouteTableRequest{RtId: &tableID, UpdateRouteTableDetails: core.UpdateRouteTableDetails{RouteRules: rules}})
	}
	if err != nil {
		return "", s.refused(err, "read and set the routes of "+tableID, managed, s.CompartmentID)
	}
	return tableID, nil
}

// makeSecurityList makes a list that allows nothing: what is allowed stands in the
// security group. The default one of a VCN lets SSH in from everywhere.
func (s *session) makeSecurityList(ctx context.Context, vcnID *string) (string, error) {
	return s.ensure(ctx, s.securityLists(), vcnID, func() error {
		_, err := s.network.CreateSecurityList(ctx, core.CreateSecurityListRequest{CreateSecurityListDetails: core.CreateSecurityListDetails{
			CompartmentId: &s.CompartmentID, VcnId: vcnID, DisplayName: &s.name, FreeformTags: s.tags,
			IngressSecurityRules: []core.IngressSecurityRule{}, EgressSecurityRules: []core.EgressSecurityRule{},
		}})
		return err
	})
}

// makeSecurityGroup makes the group of the machines: everything from each other,
// nothing else in, everything out.
func (s *session) makeSecurityGroup(ctx context.Context, vcnID string) (string, error) {
	group, err := s.ensure(ctx, s.securityGroups(), &vcnID, func() error {
		_, err := s.network.CreateNetworkSecurityGroup(ctx, core.CreateNetworkSecurityGroupRequest{
			CreateNetworkSecurityGroupDetails: core.CreateNetworkSecurityGroupDetails{
				CompartmentId: &s.CompartmentID, VcnId: &vcnID, DisplayName: &s.name, FreeformTags: s.tags,
			},
		})
		return err
	})
	if err != nil {
		return "", err
	}
	out, err := s.network.ListNetworkSecurityGroupSecurityRules(ctx, core.ListNetworkSecurityGroupSecurityRulesRequest{NetworkSecurityGroupId: &group})
	if err != nil {
		return "", s.refused(err, "list the rules of "+group, managed, s.CompartmentID)
	}
	missing := slices.DeleteFunc(groupRules(&group), func(want core.AddSecurityRuleDetails) bool {
		return slices.ContainsFunc(out.Items, func(r core.SecurityRule) bool {
			return string(r.Direction) == string(want.Direction) && *r.Protocol == *want.Protocol &&
				same(r.Source, want.Source) && same(r.Destination, want.Destination)
		})
	})
	if len(missing) == 0 {
		return group, nil
	}
	_, err = s.network.AddNetworkSecurityGroupSecurityRules(ctx, core.AddNetworkSecurityGroupSecurityRulesRequest{
		NetworkSecurityGroupId:                      &group,
		AddNetworkSecurityGroupSecurityRulesDetails: core.AddNetworkSecurityGroupSecurityRulesDetails{SecurityRules: missing},
	})
	if err != nil {
		return "", s.refused(err, "set the rules of "+group, managed, s.CompartmentID)
	}
	return group, nil
}

func groupRules(group *string) []core.AddSecurityRuleDetails {
	return []core.AddSecurityRuleDetails{
		{
			Direction: core.AddSecurityRuleDetailsDirectionIngress, Protocol: new("all"), Description: new("from each other"),
			Source: group, SourceType: core.AddSecurityRuleDetailsSourceTypeNetworkSecurityGroup,
		},
		{
			Direction: core.AddSecurityRuleDetailsDirectionEgress, Protocol: new("all"), Description: new("to everywhere"),
			Destination: new(anywhere), DestinationType: core.AddSecurityRuleDetailsDestinationTypeCidrBlock,
		},
	}
}

func same(a, b *string) bool { return a == nil && b == nil || a != nil && b != nil && *a == *b }
