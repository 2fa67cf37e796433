// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package onboarding_test

import (
	"reflect"
	"slices"
	"testing"

	"github.com/oracle/oci-go-sdk/v65/core"
	"github.com/oracle/oci-go-sdk/v65/identity"

	"github.com/castai/omni/test/emulator/oci/ocitest"
)

// TestRepair: what was changed by hand is set right by the next run.
func TestRepair(t *testing.T) {
	w := newWorld(t)
	first := w.mustOnboard(nil)
	admin, network, group := w.administrator(), w.Network(t), &first.OCI.NSGID
	policies, err := admin.ListPolicies(t.Context(), identity.ListPoliciesRequest{CompartmentId: new(ocitest.CompartmentID), Name: &first.Name})
	if err != nil || len(policies.Items) != 1 {
		t.Fatal(policies.Items, err)
	}
	tables, err := network.ListRouteTables(t.Context(), core.ListRouteTablesRequest{CompartmentId: new(ocitest.CompartmentID), DisplayName: &first.Name})
	if err != nil || len(tables.Items) != 1 {
		t.Fatal(tables.Items, err)
	}
	statements, table := policies.Items[0].Statements, tables.Items[0]
	for name, test := range map[string]struct {
		spoil func() error
		right func() (bool, error)
	}{
		"policy": {func() error {
			_, err := admin.UpdatePolicy(t.Context(), identity.UpdatePolicyRequest{PolicyId: policies.Items[0].Id, UpdatePolicyDetails: identity.UpdatePolicyDetails{Statements: statements[:1]}})
			return err
		}, func() (bool, error) {
			now, err := admin.GetPolicy(t.Context(), identity.GetPolicyRequest{PolicyId: policies.Items[0].Id})
			return slices.Equal(now.Statements, statements), err
		}},
		"membership": {func() error {
			members, err := admin.ListUserGroupMemberships(t.Context(), identity.ListUserGroupMembershipsRequest{CompartmentId: new(ocitest.TenancyID), UserId: &first.UserID})
			if err == nil {
				_, err = admin.RemoveUserFromGroup(t.Context(), identity.RemoveUserFromGroupRequest{UserGroupMembershipId: members.Items[0].Id})
			}
			return err
		}, func() (bool, error) { return w.Emulator.Count()["userGroupMemberships"] == 1, nil }},
		"rules": {func() error {
			rules, err := network.ListNetworkSecurityGroupSecurityRules(t.Context(), core.ListNetworkSecurityGroupSecurityRulesRequest{NetworkSecurityGroupId: group})
			if err == nil {
				_, err = network.RemoveNetworkSecurityGroupSecurityRules(t.Context(), core.RemoveNetworkSecurityGroupSecurityRulesRequest{
					NetworkSecurityGroupId: group, RemoveNetworkSecurityGroupSecurityRulesDetails: core.RemoveNetworkSecurityGroupSecurityRulesDetails{SecurityRuleIds: []string{*rules.Items[0].Id}},
				})
			}
			return err
		}, func() (bool, error) {
			rules, err := network.ListNetworkSecurityGroupSecurityRules(t.Context(), core.ListNetworkSecurityGroupSecurityRulesRequest{NetworkSecurityGroupId: group})
			return len(rules.Items) == 2, err
		}},
		"NAT gateway": {func() error {
			_, err := network.UpdateRouteTable(t.Context(), core.UpdateRouteTableRequest{RtId: table.Id, UpdateRouteTableDetails: core.UpdateRouteTableDetails{RouteRules: []core.RouteRule{}}})
			if err == nil {
				_, err = network.DeleteNatGateway(t.Context(), core.DeleteNatGatewayRequest{NatGatewayId: table.RouteRules[0].NetworkEntityId})
			}
			return err
		}, func() (bool, error) {
			now, err := network.GetRouteTable(t.Context(), core.GetRouteTableRequest{RtId: table.Id})
			return len(now.RouteRules) == 1 && *now.RouteRules[0].NetworkEntityId != *table.RouteRules[0].NetworkEntityId, err
		}},
	} {
		t.Run(name, func(t *testing.T) {
			if err := test.spoil(); err != nil {
				t.Fatal(err)
			}
			if ok, err := test.right(); ok || err != nil {
				t.Fatalf("it is not spoiled: %v", err)
			}
			if again := w.mustOnboard(nil); !reflect.DeepEqual(again, first) {
				t.Errorf("found %+v, want %+v", again, first)
			}
			if ok, err := test.right(); !ok || err != nil {
				t.Errorf("it is not right again: %v", err)
			}
		})
	}
}
