// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package oci_test

import (
	"crypto/rand"
	"crypto/rsa"
	"net/http/httptest"
	"testing"

	"github.com/oracle/oci-go-sdk/v65/core"
	"github.com/oracle/oci-go-sdk/v65/identity"
	"k8s.io/utils/clock"

	"github.com/castai/omni/test/emulator/oci/ocitest"
)

// TestHomeRegion: Identity is read everywhere and written in the home region only.
func TestHomeRegion(t *testing.T) {
	c := ocitest.StartAway(t, clock.RealClock{}, 0, 0)
	home := httptest.NewServer(c.Emulator.Home())
	t.Cleanup(home.Close)
	client := c.Identity(t)
	regions, err := client.ListRegionSubscriptions(t.Context(), identity.ListRegionSubscriptionsRequest{TenancyId: new(ocitest.TenancyID)})
	if err != nil || len(regions.Items) != 2 || *regions.Items[0].IsHomeRegion || !*regions.Items[1].IsHomeRegion {
		t.Fatalf("ListRegionSubscriptions = %+v, %v", regions.Items, err)
	}
	create := identity.CreateGroupRequest{CreateGroupDetails: identity.CreateGroupDetails{
		CompartmentId: new(ocitest.TenancyID), Name: new("g"), Description: new("g"),
	}}
	_, err = client.CreateGroup(t.Context(), create)
	wantError(t, err, 403, "NotAllowed")
	away := client
	away.Host = home.URL
	if _, err = away.CreateGroup(t.Context(), create); err != nil {
		t.Error(err)
	}
	list, err := client.ListGroups(t.Context(), identity.ListGroupsRequest{CompartmentId: new(ocitest.TenancyID), Name: new("g")})
	if err != nil || len(list.Items) != 1 {
		t.Errorf("ListGroups in another region = %+v, %v", list.Items, err)
	}
}

// TestUserEnds: whoever was deleted may do nothing; one in a group cannot be deleted.
func TestUserEnds(t *testing.T) {
	w := newWorld(t)
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	u := w.AddUser(t, "passing", key, []string{"Allow group passing to inspect vcns in tenancy"})
	network, err := core.NewVirtualNetworkClientWithConfigurationProvider(u.Signer())
	if err != nil {
		t.Fatal(err)
	}
	w.Use(&network.BaseClient)
	list := core.ListVcnsRequest{CompartmentId: new(ocitest.CompartmentID)}
	if _, err := network.ListVcns(t.Context(), list); err != nil {
		t.Fatal(err)
	}
	_, err = network.DeleteVcn(t.Context(), core.DeleteVcnRequest{VcnId: &w.vcn})
	wantError(t, err, 404, "NotAuthorizedOrNotFound")
	admin := w.Identity(t)
	deleteUser := func() error {
		_, err := admin.DeleteUser(t.Context(), identity.DeleteUserRequest{UserId: &u.ID})
		return err
	}
	wantError(t, deleteUser(), 409, "Conflict")
	members, err := admin.ListUserGroupMemberships(t.Context(), identity.ListUserGroupMembershipsRequest{CompartmentId: new(ocitest.TenancyID), UserId: &u.ID})
	if err != nil || len(members.Items) != 1 {
		t.Fatalf("ListUserGroupMemberships = %+v, %v", members.Items, err)
	}
	if _, err := admin.RemoveUserFromGroup(t.Context(), identity.RemoveUserFromGroupRequest{UserGroupMembershipId: members.Items[0].Id}); err != nil {
		t.Fatal(err)
	}
	if err := deleteUser(); err != nil {
		t.Fatal(err)
	}
	_, err = network.ListVcns(t.Context(), list)
	wantError(t, err, 401, "NotAuthenticated")
}

// TestRootInPolicies: the root compartment has a name there, and no OCID.
func TestRootInPolicies(t *testing.T) {
	w := newWorld(t)
	admin := w.Identity(t)
	_, err := admin.CreatePolicy(t.Context(), identity.CreatePolicyRequest{CreatePolicyDetails: identity.CreatePolicyDetails{
		CompartmentId: new(ocitest.TenancyID), Name: new("root"), Description: new("root"),
		Statements: []string{"Allow group g to manage vcns in compartment id " + ocitest.TenancyID},
	}})
	wantError(t, err, 400, "InvalidParameter")
}
