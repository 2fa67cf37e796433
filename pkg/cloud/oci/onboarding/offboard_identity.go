// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package onboarding

import (
	"context"

	"github.com/oracle/oci-go-sdk/v65/identity"
)

// removeIdentity deletes the policy, then the user, who must be in no group, then
// the group, which must be empty. The user's keys end with the user.
func (r *removal) removeIdentity(ctx context.Context) error {
	if err := r.removePolicy(ctx); err != nil {
		return err
	}
	if err := r.removeUser(ctx); err != nil {
		return err
	}
	return r.removeGroup(ctx)
}

// isOurs tells whether what has the name of the location also has its tags.
func (r *removal) isOurs(kind string, tags map[string]string) bool {
	if !r.ours(tags) {
		r.left(kind+" "+r.name, "it has not the tags of the location")
		return false
	}
	return true
}

func (r *removal) removePolicy(ctx context.Context) error {
	out, err := r.home.ListPolicies(ctx, identity.ListPoliciesRequest{CompartmentId: &r.CompartmentID, Name: &r.name})
	if err != nil {
		return r.refused(err, "list the policies", managePolicies, r.CompartmentID)
	}
	for _, p := range out.Items {
		if !r.isOurs("policy", p.FreeformTags) {
			continue
		}
		if _, err := r.home.DeletePolicy(ctx, identity.DeletePolicyRequest{PolicyId: p.Id}); err != nil {
			return r.refused(err, "delete the policy "+r.name, managePolicies, r.CompartmentID)
		}
		r.deleted("policy " + r.name)
	}
	return nil
}

func (r *removal) removeUser(ctx context.Context) error {
	out, err := r.home.ListUsers(ctx, identity.ListUsersRequest{CompartmentId: &r.tenancyID, Name: &r.name})
	if err != nil {
		return r.refused(err, "list the users", manageUsers, r.tenancyID)
	}
	for _, u := range out.Items {
		if !r.isOurs("user", u.FreeformTags) {
			continue
		}
		if err := r.leaveGroups(ctx, identity.ListUserGroupMembershipsRequest{UserId: u.Id}); err != nil {
			return err
		}
		if _, err := r.home.DeleteUser(ctx, identity.DeleteUserRequest{UserId: u.Id}); err != nil {
			return r.refused(err, "delete the user "+r.name, manageUsers, r.tenancyID)
		}
		r.deleted("user " + r.name)
	}
	return nil
}

func (r *removal) removeGroup(ctx context.Context) error {
	out, err := r.home.ListGroups(ctx, identity.ListGroupsRequest{CompartmentId: &r.tenancyID, Name: &r.name})
	if err != nil {
		return r.refused(err, "list the groups", manageGroups, r.tenancyID)
	}
	for _, g := range out.Items {
		if !r.isOurs("group", g.FreeformTags) {
			continue
		}
		if err := r.leaveGroups(ctx, identity.ListUserGroupMembershipsRequest{GroupId: g.Id}); err != nil {
			return err
		}
		if _, err := r.home.DeleteGroup(ctx, identity.DeleteGroupRequest{GroupId: g.Id}); err != nil {
			return r.refused(err, "delete the group "+r.name, manageGroups, r.tenancyID)
		}
		r.deleted("group " + r.name)
	}
	return nil
}

// leaveGroups ends memberships: those of a user, or those of a group.
func (r *removal) leaveGroups(ctx context.Context, request identity.ListUserGroupMembershipsRequest) error {
	request.CompartmentId = &r.tenancyID
	for {
		// What was deleted is on no later page: read the first again.
		out, err := r.home.ListUserGroupMemberships(ctx, request)
		if err != nil {
			return r.refused(err, "list the members of the group", manageGroups, r.tenancyID)
		}
		if len(out.Items) == 0 {
			return nil
		}
		for _, m := range out.Items {
			if _, err := r.home.RemoveUserFromGroup(ctx, identity.RemoveUserFromGroupRequest{UserGroupMembershipId: m.Id}); err != nil {
				return r.refused(err, "take the user out of the group", manageGroups, r.tenancyID)
			}
		}
	}
}
